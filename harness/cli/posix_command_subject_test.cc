// Commands as subjects of the live world, and what the machine offers, as people ask for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "harness/cli/posix_command_for_test.h"

namespace stampede {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const std::vector<std::string> kShellCacheNeeds = {"flock", "curl", "sha256sum"};

// Two processes of the shell cache: the second comes before the first publishes, and waits for its lock.
constexpr const char* kShellCachePlan =
    R"({"plan": 1, "subject": "shell_cache", "models": [{"name": "m0", "bytes": 1000}],
    "processes": [{"operations": [{"get": "m0"}]}, {"operations": [{"get": "m0"}]}],
    "schedule": {"switches": [[448, 0, 65]]}})";

TEST(CommandSubject, IsReplayedFromItsPlan) {
  const TestDirectory directory;
  const std::string file = directory.path() + "/plan.json";
  std::ofstream(file) << kShellCachePlan;
  std::string text, why_not;
  const int status = run_or_say_why({"replay", file, "--json"}, &text, &why_not, kShellCacheNeeds);
  if (!why_not.empty()) GTEST_SKIP() << why_not;
  EXPECT_EQ(status, 0) << text;
  EXPECT_EQ(run({"show", file}, &text), 0);
  EXPECT_THAT(text, HasSubstr("curl: connect"));
  EXPECT_THAT(text, HasSubstr("mv: rename"));
}

TEST(CommandSubject, IsExploredWithoutDivergence) {
  std::string text, why_not;
  const int status =
      run_or_say_why({"explore", "--world", "live", "--subject", "shell_cache", "--runs", "4", "--seed", "1", "--json"},
                     &text, &why_not, kShellCacheNeeds);
  if (!why_not.empty()) GTEST_SKIP() << why_not;
  EXPECT_EQ(status, 0) << text;
  const json said = json::parse(text, nullptr, false);
  EXPECT_EQ(said.at("plans"), 4) << text;
  EXPECT_EQ(said.at("violation_count"), 0) << text;
  EXPECT_EQ(said.at("divergences"), 0) << text;
  EXPECT_EQ(said.at("uncontrolled"), 0) << text;
  EXPECT_EQ(said.at("subject"), "shell_cache");
  EXPECT_GT(said.at("judged").at("bytes_are_what_was_asked"), 0);
}

// Locks that do nothing: the second process empties what the first has verified and is about to rename.
constexpr const char* kTwoWriters = R"({"plan": 1, "subject": "shell_cache", "models": [{"name": "m0", "bytes": 1024}],
    "processes": [{"operations": [{"get": "m0"}]}, {"operations": [{"get": "m0"}]}],
    "disk": [{"step": "try_lock", "effect": "does_nothing", "times": 0}],
    "process_faults": [{"stop": {"process": 1, "step": 31, "time": "1ms"}},
                       {"stop": {"process": 1, "step": 13, "time": "1ms"}}],
    "schedule": {"switches": [[0, 0, 65], [128, 1, 192], [64, 5, 256], [64, 6, 384], [384, 2, 129]],
                 "time_runs_first": true}})";

TEST(CommandSubject, IsShrunkAndExplained) {
  const TestDirectory directory;
  const std::string file = directory.path() + "/plan.json", small = directory.path() + "/small.json";
  std::ofstream(file) << kTwoWriters;
  std::string text, why_not;
  const int status = run_or_say_why({"shrink", file, "--out", small, "--json"}, &text, &why_not, kShellCacheNeeds);
  if (!why_not.empty()) GTEST_SKIP() << why_not;
  ASSERT_EQ(status, 0) << text;
  const json shrunk = json::parse(std::ifstream(small), nullptr, false);
  EXPECT_EQ(shrunk.at("expect"), "visible_means_complete");
  EXPECT_EQ(shrunk.at("processes").size(), 2U);
  EXPECT_LT(shrunk.at("process_faults").size(), 2U);
  EXPECT_LE(shrunk.at("schedule").at("switches").size(), 2U) << shrunk;
  EXPECT_EQ(run({"replay", small, "--strict"}, &text), 1);
  EXPECT_THAT(text, HasSubstr("visible_means_complete"));
  EXPECT_EQ(run({"show", small, "--explain"}, &text), 0) << text;
  EXPECT_THAT(text, HasSubstr("What decides is the order of two steps"));
  EXPECT_THAT(text, HasSubstr("(A) process 1 (rm) looks at (m0).part"));
}

// Says that all is done, and does nothing.
constexpr const char* kLiar =
    R"({"subject": 1, "name": "liar", "summary": "says it has it", "argv": ["true"], "artifact": "{cache}/{sha256}"})";

TEST(CommandSubject, IsReplayedByTheCommandThatIsPrinted) {
  const TestDirectory directory;
  const std::string liar = directory.file("liar.json", kLiar), out = directory.path() + "/found";
  std::string text, why_not;
  const int status = run_or_say_why(
      {"explore", "--world", "live", "--subject", liar, "--runs", "1", "--seed", "1", "--out", out}, &text, &why_not);
  if (!why_not.empty()) GTEST_SKIP() << why_not;
  EXPECT_EQ(status, 1) << text;
  constexpr std::string_view kReplay = "\nreplay:   stampede ";
  const auto at = text.find(kReplay);
  ASSERT_NE(at, std::string::npos) << text;
  std::istringstream line(text.substr(at + kReplay.size(), text.find('\n', at + 1) - at - kReplay.size()));
  const std::vector<std::string> words{std::istream_iterator<std::string>(line), {}};
  EXPECT_EQ(words.size(), 2U) << line.str();
  EXPECT_EQ(run(words, &text, true), 0);  // and the plan expects what it violates
  EXPECT_THAT(text, HasSubstr("1 replayed in live: 1 as expected"));
}

// The second get of a process leaves a file whose name is drawn: in a smaller plan it is another one.
constexpr const char* kLitterer = R"({"subject": 1, "name": "litterer", "summary": "leaves a file",
    "argv": ["sh", "-c", "[ $4 = 0 ] || mktemp -p $1 >&2; exec $0 --cache-dir $1 --quiet get $2 --sha256 $3",
             "PROGRAM", "{cache}", "{url}", "{sha256}", "{operation}"],
    "artifact": "stdout", "may_stay": ["manifest.json", "locks/*"]})";

TEST(CommandSubject, IsShrunkWhereItsNamesAreDrawn) {
  const TestDirectory directory;
  std::string description = kLitterer;
  const std::string program = std::filesystem::path(STAMPEDE_PROGRAM).parent_path() / "modelcache";
  description.replace(description.find("PROGRAM"), std::string_view("PROGRAM").size(), program);
  const std::string subject = directory.file("litterer.json", description);
  const std::string file =
      directory.file("plan.json", R"({"plan": 1, "subject": ")" + subject +
                                      R"(", "models": [{"name": "m0", "bytes": 1000}], "processes": [
      {"operations": [{"get": "m0"}]}, {"operations": [{"get": "m0"}, {"get": "m0"}]}]})");
  std::string text, why_not;
  const int status = run_or_say_why({"shrink", file, "--json"}, &text, &why_not);
  if (!why_not.empty()) GTEST_SKIP() << why_not;
  ASSERT_EQ(status, 0) << text;
  const json shrunk = json::parse(text, nullptr, false).at("shrunk").at(0);
  EXPECT_EQ(shrunk.at("invariant"), "nothing_left_over");
  EXPECT_EQ(shrunk.at("after").at("processes"), 1) << text;
  EXPECT_EQ(shrunk.at("after").at("operations"), 2) << text;
}

TEST(CommandSubject, IsTimedBesideTheSameCommandsBare) {
  std::string text, why_not;
  const int status = run_or_say_why(
      {"bench", "--world", "live", "--scenario", "live_exec_modelcache", "--runs", "1", "--json"}, &text, &why_not);
  if (!why_not.empty()) GTEST_SKIP() << why_not;
  EXPECT_EQ(status, 0) << text;
  const json said = json::parse(text, nullptr, false);
  EXPECT_EQ(said.at("world"), "live");
  const json& row = said.at("rows").at(0);
  EXPECT_EQ(row.at("world"), "live");
  EXPECT_EQ(row.at("commands"), 5);  // of three processes, and of the epilogue, which gets one model more
  EXPECT_EQ(row.at("uncontrolled"), 0);
  EXPECT_GT(row.at("ratios").at("bare_start"), 0);
  EXPECT_GT(row.at("ratios").at("bare_start_cpu"), 0);
}

TEST(CommandSubject, IsRefusedWhereItCannotRun) {
  std::string text;
  EXPECT_EQ(run({"explore", "--world", "sim", "--subject", "shell_cache", "--runs", "1"}, &text, true), 2);
  EXPECT_THAT(text, HasSubstr("needs --world live"));
  EXPECT_EQ(run({"explore", "--world", "live", "--subject", "nobody", "--runs", "1"}, &text, true), 2);
  EXPECT_THAT(text, HasSubstr("nobody"));
}

TEST(Doctor, SaysWhetherTheLiveWorldRunsHere) {
  std::string text;
  const int status = run({"doctor", "--json"}, &text);
  const json said = json::parse(text, nullptr, false);
  ASSERT_TRUE(said.is_object()) << text;
  const bool runs = said.at("live").at("runs_here") && said.at("live_commands").at("runs_here");
  EXPECT_EQ(status, runs ? 0 : kCannotRunHere);
  EXPECT_GE(said.at("cores"), 1);
  EXPECT_FALSE(said.at("not_controlled").empty());
  if (!runs) return;
  EXPECT_TRUE(said.at("seccomp").at("user_notification"));
  EXPECT_TRUE(said.at("seccomp").at("wait_killable_recv"));
}

}  // namespace
}  // namespace stampede
