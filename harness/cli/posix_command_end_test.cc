// How an exploration of commands ends when it is told to, or killed: what it says then, and what it leaves behind.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "harness/cli/posix_command_for_test.h"
#include "harness/free/directory_for_test.h"
#include "harness/live/no_process_numbers_for_test.h"

namespace stampede {
namespace {

using nlohmann::json;

constexpr int kInterrupted = 130;

// Each command appends the path of its cache directory to a file outside of it: so a test sees that it runs, and where.
constexpr const char* kDescription = R"({"subject": 1, "name": "observed", "summary": "says where it runs",
    "argv": ["sh", "-c", "echo \"$1\" >>\"$0\"; exec \"$2\" --cache-dir \"$1\" --quiet get \"$3\" --sha256 \"$4\"",
             "{here}/places", "{cache}", "PROGRAM", "{url}", "{sha256}"],
    "artifact": "stdout", "may_stay": ["manifest.json", "locks/*"]})";
constexpr const char* kPlan = R"({"plan": 1, "models": [{"name": "m0", "bytes": 1000}],
    "processes": [{"operations": [{"get": "m0"}]}, {"operations": [{"get": "m0"}]}]})";

class EndOfCommands : public testing::Test {
 protected:
  void SetUp() override {
    std::string description = kDescription;
    const std::string program = std::filesystem::path(STAMPEDE_PROGRAM).parent_path() / "modelcache";
    description.replace(description.find("PROGRAM"), std::string_view("PROGRAM").size(), program);
    subject_ = directory_.file("observed.json", description);
    plan_ = directory_.file("plan.json", kPlan);
    places_ = directory_.file("places", "");
    std::string text, why_not;
    const int status = run_or_say_why(arguments("1"), &text, &why_not);
    if (!why_not.empty()) GTEST_SKIP() << why_not;
    ASSERT_EQ(status, 0) << text;
    begun_before_ = places().size();
    ASSERT_GT(begun_before_, 0U);
  }

  [[nodiscard]] std::vector<std::string> arguments(const std::string& runs) const {
    return {"explore", "--world", "live",   "--subject", subject_, "--plan",          plan_,
            "--runs",  runs,      "--seed", "1",         "--out",  directory_.path(), "--json"};
  }
  [[nodiscard]] std::vector<std::string> places() const {
    std::ifstream file(places_);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }

  // Returns in the midst of the third run at the earliest: the first was finished then, with its repetition.
  void await_third_run() const {
    const int watch = ::inotify_init1(IN_CLOEXEC);
    ASSERT_GE(::inotify_add_watch(watch, places_.c_str(), IN_MODIFY), 0);
    while (places().size() <= 3 * begun_before_) {
      pollfd polled{.fd = watch, .events = POLLIN, .revents = 0};
      ASSERT_EQ(::poll(&polled, 1, 60'000), 1) << "no command began";
      char events[4096];
      ASSERT_GT(::read(watch, events, sizeof events), 0);
    }
    ::close(watch);
  }

  // Every directory in which a command ran is below that of its world.
  [[nodiscard]] bool is_any_place_there() const {
    const std::vector<std::string> all = places();
    return std::any_of(all.begin(), all.end(), [](const std::string& place) {
      return std::filesystem::exists(std::filesystem::path(place).parent_path().parent_path());
    });
  }

  TestDirectory directory_, scratch_;
  std::string subject_, plan_, places_;
  std::size_t begun_before_ = 0;  // commands of one run
};

TEST_F(EndOfCommands, IsTheSameWithoutNamespacesOfProcessNumbers) {
  const auto said = [&](std::vector<std::string> words, bool (*prepare)()) {
    words.emplace_back("--json");
    RunningCommand command(std::move(words), scratch_.path(), RunningCommand::Heard::output, prepare);
    EXPECT_EQ(command.wait(), 0) << command.text();
    return json::parse(command.text(), nullptr, false);
  };
  EXPECT_EQ(said({"doctor"}, give_up_process_numbers).at("process_namespaces"), false);
  const std::vector<std::string> words{"explore", "--world", "live", "--subject", subject_,         "--runs",
                                       "6",       "--seed",  "1",    "--out",     directory_.path()};
  const json with = said(words, nullptr), without = said(words, give_up_process_numbers);
  EXPECT_EQ(without.at("uncontrolled"), without.at("repetitions")) << "names have the numbers of processes in them";
  EXPECT_GT(without.at("judged").at("bytes_are_what_was_asked"), 0);
  for (const char* const key : {"judged", "drawn", "schedules", "steps", "divergences", "violation_count"}) {
    EXPECT_EQ(without.at(key), with.at(key)) << key;
  }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a process was left behind";
  EXPECT_FALSE(is_any_place_there()) << places().back();
}

class SignalledCommands : public EndOfCommands, public testing::WithParamInterface<int> {};

TEST_P(SignalledCommands, EndWithAReportAndLeaveNothing) {
  RunningCommand command(arguments("1000000"), scratch_.path());
  await_third_run();
  if (HasFatalFailure()) return;
  command.signal(GetParam());
  EXPECT_EQ(command.wait(), kInterrupted);
  const json said = json::parse(command.text(), nullptr, false);
  ASSERT_TRUE(said.is_object()) << command.text();
  EXPECT_EQ(said.at("interrupted"), true);
  EXPECT_EQ(said.at("subject"), subject_);
  EXPECT_GE(said.at("schedules"), 2);
  EXPECT_EQ(said.at("uncontrolled"), 0);
  EXPECT_EQ(said.at("divergences"), 0);
  EXPECT_EQ(said.at("violation_count"), 0) << said.at("violations");
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a process was left behind";
  EXPECT_EQ(errno, ECHILD);
  EXPECT_FALSE(is_any_place_there()) << places().back();
  EXPECT_TRUE(std::filesystem::is_empty(scratch_.path())) << "files were left behind";
}

INSTANTIATE_TEST_SUITE_P(End, SignalledCommands, testing::Values(SIGINT, SIGTERM),
                         [](const auto& info) { return info.param == SIGINT ? "Interrupt" : "Termination"; });

// Nobody is there to end them: the kernel does, or they see it.
TEST_F(EndOfCommands, ComesWithTheDeathOfTheSupervisor) {
  RunningCommand command(arguments("1000000"), scratch_.path());
  await_third_run();
  if (HasFatalFailure()) return;
  command.signal(SIGKILL);
  EXPECT_EQ(command.wait(), -SIGKILL);  // and nobody holds its output any more
  int orphans = 0;
  while (::waitpid(-1, nullptr, 0) > 0) ++orphans;  // comes to an end: nobody is left
  EXPECT_EQ(errno, ECHILD);
  EXPECT_GE(orphans, 1) << "the zygote was started by it";
  // Its directory is all that stays, until the next one comes, here or in a test beside.
  EXPECT_EQ(run(arguments("1")), 0);
  EXPECT_FALSE(is_any_place_there()) << places().back();
}

// Where a real Ctrl-C goes: to the whole foreground group of its terminal.
class LiveOnATerminal : public EndOfCommands, public testing::WithParamInterface<const char*> {
 protected:
  // What the command prints; on the terminal behind it, it shows progress, and gets Ctrl-C once that says something.
  json interrupted(std::vector<std::string> words, int& status) {
    int output[2], terminal = -1;
    if (::pipe2(output, O_CLOEXEC) != 0) return {};
    const pid_t child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
    if (child == 0) {
      ::dup2(output[1], STDOUT_FILENO);
      execute_stampede(std::move(words));
    }
    ::close(output[1]);
    std::string shown, printed;
    char buffer[4096];
    bool is_told = false;
    for (ssize_t size = 0; (size = ::read(terminal, buffer, sizeof buffer)) > 0;) {  // EIO once all have closed it
      shown.append(buffer, static_cast<std::size_t>(size));
      if (!is_told && shown.find("3 schedules") != std::string::npos) is_told = ::write(terminal, "\003", 1) == 1;
    }
    for (ssize_t size = 0; (size = ::read(output[0], buffer, sizeof buffer)) > 0;) {
      printed.append(buffer, static_cast<std::size_t>(size));
    }
    ::close(terminal);
    ::close(output[0]);
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(is_told) << shown;
    return json::parse(printed, nullptr, false);
  }
};

TEST_P(LiveOnATerminal, EndsWithAReportAfterControlC) {
  const bool is_command = GetParam() == std::string("commands");
  int status = 0;
  const json said =
      interrupted(is_command ? arguments("1000000")
                             : std::vector<std::string>{"explore", "--world", "live", "--plan", plan_, "--runs",
                                                        "1000000", "--seed", "1", "--out", directory_.path(), "--json"},
                  status);
  EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), kInterrupted);
  ASSERT_TRUE(said.is_object());
  EXPECT_EQ(said.at("interrupted"), true);
  EXPECT_GE(said.at("schedules"), 3);
  EXPECT_EQ(said.at("uncontrolled"), 0);
  EXPECT_EQ(said.at("divergences"), 0);
  EXPECT_EQ(said.at("violation_count"), 0) << said.at("violations");
}

INSTANTIATE_TEST_SUITE_P(Of, LiveOnATerminal, testing::Values("built_in", "commands"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace stampede
