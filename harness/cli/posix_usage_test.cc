// Every command tells its options and exit statuses, refuses what it does not take, and says that it was not heard.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "harness/cli/posix_command_for_test.h"
#include "harness/plan/network_fault.h"

namespace stampede {
namespace {

using testing::HasSubstr;
using testing::Not;

using Words = std::vector<std::string>;

// What `--help` says of each option and argument, by its name, as words between single spaces.
std::map<std::string, std::string> told_options(const std::string& help) {
  std::map<std::string, std::string> told;
  std::istringstream lines(help.substr(0, help.rfind("\n\n")));
  std::string name;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word;
    if (line.starts_with("  ") && line[2] != ' ') {
      words >> name;
      told[name];
    } else if (!line.starts_with("  ")) {
      name.clear();
    }
    while (!name.empty() && words >> word) told[name] += " " + word;
  }
  return told;
}

TEST(Usage, IsToldByEveryCommand) {
  const struct {
    std::string command;
    std::map<std::string, Words> options;  // with words that must be there
    std::vector<int> statuses;
    bool are_all = true;
  } cases[] = {
      {"explore",
       {{"--models", {" WHAT ", "generated:64KiB,1MiB"}},
        {"--model-count", {" K:POSITIVE "}},
        {"--world", {"{free,sim,live,both}=free "}},
        {"--subject", {"NAME|FILE=modelcache "}},
        {"--processes", {"N:INT in [1 - 10000]=8 "}},
        {"--operations-per-process", {"N:INT in [1 - 100000] "}},
        {"--directories", {"{shared,separate}=shared "}},
        {"--fault-share", {"P:FLOAT in [0 - 1]=0 "}},
        {"--kills", {"K:INT in [0 - 10000] "}},
        {"--start", {"{exec,fork}=exec "}},
        {"--worker-timeout", {"SECONDS:FLOAT in [0.01 - 86400]=60 "}},
        {"--strategy", {"NAME=mix "}},
        {"--skew", {"STEPS:INT in [0 - 10000] "}},
        {"--sweep", {"{kills,kill-pairs} "}},
        {"--jobs", {"J:INT in [1 - 256]=1 "}},
        {"--shard", {"I/N=0/1 "}}},
       {0, 1, 2, 3, 130},
       false},
      {"replay", {{"--world", {"{sim,live,both}=sim "}}, {"--subject", {"FILE.so=modelcache "}}}, {0, 1, 2, 3}, false},
      {"bench",
       {{"--models", {" WHAT ", "generated:64KiB,1MiB"}},
        {"--model-count", {" K:POSITIVE "}},
        {"--world", {"{free,sim,live,all}=all "}},
        {"--start", {"{exec,fork,both}=both "}},
        {"--runs", {"N:INT in [1 - 100000]=5 "}}},
       {0, 1, 2, 3},
       false},
      {"mutants",
       {{"--world", {"{sim,live}=sim "}},
        {"--strategy", {"NAME=mix "}},
        {"--seed", {" N=1 "}},
        {"--runs", {"MAX:POSITIVE=10000 "}},
        {"--seeds", {"K:INT in [1 - 10000]=1 "}},
        {"--skew", {"STEPS:INT in [0 - 1000] "}},
        {"--proof", {" N=20000 "}},
        {"--jobs", {"J:INT in [1 - 256]=1 "}}},
       {0, 1, 2, 3, 130},
       false},
      {"shrink", {{"--world", {"{sim,live}=sim "}}, {"--subject", {"FILE.so=modelcache "}}}, {0, 1, 2}, false},
      {"show",
       {{"PLAN", {"plan's file"}},
        {"--seed", {" N ", "Excludes: --explain", "draws from this seed"}},
        {"--subject", {"FILE.so=modelcache", "whose code runs"}},
        {"--width", {"N:INT in [60 - 1000]=160", "columns"}},
        {"--all", {"clocks, random numbers"}},
        {"--explain", {"Excludes: --seed --width --all", "why it fails"}}},
       {0, 2, 3}},
      {"check", {{"DIR", {"REQUIRED", "the cache directory"}}, {"--json", {"one JSON object"}}}, {0, 1, 2}},
      {"doctor", {{"--json", {"one JSON object"}}}, {0, 3}},
      {"invariants", {{"ID", {"...", "all when none is named"}}, {"--json", {"one JSON object"}}}, {0, 2}},
      {"subjects", {{"--json", {"one JSON object"}}}, {0, 2}},
      {"serve",
       {{"DIR", {"REQUIRED", "is served"}},
        {"--faults", {" FILE ", "Excludes: --fault --repeat --fault-every", "A fault file"}},
        {"--fault", {"...", "Excludes: --faults", "may be repeated"}},
        {"--repeat", {"Excludes: --faults", "begin again"}},
        {"--fault-every", {"N:INT in [1 - 1000000]", "Excludes: --faults", "N - 1 good responses"}},
        {"--port", {"=0 ", "a free one"}},
        {"--address", {"=127.0.0.1 ", "Numeric address"}},
        {"--https", {"TLS"}},
        {"--ca-out", {" FILE ", "Needs: --https", "certificate"}},
        {"--max-bytes", {"=2GiB ", "All files together"}},
        {"--json", {"JSON lines"}}},
       {0, 2, 3},
       false},  // faults are told like options
      {"live-calls", {{"DIRECTORY", {"REQUIRED"}}, {"KIND", {"REQUIRED"}}, {"COUNT", {"REQUIRED"}}}, {0, 2}},
      {"live-zygote", {{"--subject", {"plugin"}}}, {}},
      {"worker", {{"--exit", {"start, end"}}}, {}},
      {"zygote", {}, {}},
      {"live-calls-zygote", {}, {}},
      {"live-command-zygote", {}, {}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.command);
    std::string help;
    EXPECT_EQ(run({c.command, "--help"}, &help), 0);
    EXPECT_EQ(help.find("\nScenarios:\n") != std::string::npos, c.command == "bench");
    std::map<std::string, std::string> told = told_options(help);
    EXPECT_EQ(told.erase("-h,--help"), 1U) << help;
    for (const auto& [option, words] : c.options) {
      ASSERT_TRUE(told.contains(option)) << option << "\n" << help;
      for (const std::string& word : words) EXPECT_THAT(told[option], HasSubstr(word)) << option;
      told.erase(option);
    }
    if (c.are_all) {
      EXPECT_TRUE(told.empty()) << testing::PrintToString(told);
    }
    const std::size_t at = help.find("Exit status:");
    ASSERT_TRUE(c.statuses.empty() || at != std::string::npos) << help;
    for (const int status : c.statuses) EXPECT_THAT(help.substr(at), HasSubstr(" " + std::to_string(status) + " "));
  }
}

TEST(Usage, OfTheProgramListsWhatIsForPeople) {
  std::string help;
  EXPECT_EQ(run({"--help"}, &help), 0);
  std::set<std::string> commands;
  const std::size_t at = help.find("\nSubcommands:\n");
  ASSERT_NE(at, std::string::npos) << help;
  std::istringstream lines(help.substr(at + 14));
  for (std::string line; std::getline(lines, line) && !line.empty();) {
    commands.insert(line.substr(2, line.find(' ', 2) - 2));
  }
  EXPECT_EQ(commands, (std::set<std::string>{"explore", "replay", "shrink", "show", "mutants", "invariants", "bench",
                                             "check", "serve", "subjects", "doctor"}));
  for (const char* const status : {"0 all held", "1 a violation", "2 usage", "3 this machine", "130 interrupted"}) {
    EXPECT_THAT(help, HasSubstr(status));
  }
}

TEST(Usage, OfServeListsEveryFaultOfAServerThatListens) {
  std::string help;
  EXPECT_EQ(run({"serve", "--help"}, &help), 0);
  for (const FaultKind kind : all_fault_kinds()) {
    const std::string line = "\n  " + std::string(name_of(kind)) + " ";
    EXPECT_EQ(help.find(line) != std::string::npos, kind != FaultKind::refused) << line;
    if (kind != FaultKind::refused) {
      EXPECT_THAT(help, HasSubstr(" " + std::string(description_of(kind)) + "\n"));
    }
  }
}

TEST(Usage, IsRefusedWithAMessageThatNamesWhatIsWrong) {
  const struct {
    Words words;
    std::string message;
  } cases[] = {
      {{}, "A subcommand is required"},
      {{"frobnicate"}, "frobnicate"},
      {{"--frob"}, "--frob"},
      {{"show", "--frob"}, "--frob"},
      {{"show", "a", "b"}, "b"},
      {{"show", "--seed", "x"}, "--seed: expected a whole number below 2^64, got x"},
      {{"show", "a", "--width", "59"}, "--width: Value 59 not in range"},
      {{"show", "a", "--width", "1001"}, "--width: Value 1001 not in range"},
      {{"show", "a", "--width", "x"}, "--width"},
      {{"check"}, "DIR is required"},
      {{"check", "a", "b"}, "b"},
      {{"check", "a", "--frob"}, "--frob"},
      {{"doctor", "a"}, "a"},
      {{"doctor", "--frob"}, "--frob"},
      {{"invariants", "--frob"}, "--frob"},
      {{"invariants", "one_download", "no_such"}, "as `stampede invariants` lists them, got \"no_such\"\n"},
      {{"subjects", "a"}, "a"},
      {{"subjects", "--frob"}, "--frob"},
      {{"serve"}, "DIR is required"},
      {{"serve", "/nonexistent/models"}, "/nonexistent/models"},
      {{"serve", "a", "--frob"}, "--frob"},
      {{"serve", "a", "--port", "65536"}, "--port"},
      {{"serve", "a", "--port", "x"}, "--port"},
      {{"serve", "a", "--fault-every", "0"}, "--fault-every: Value 0 not in range"},
      {{"serve", "a", "--fault-every", "1000001"}, "--fault-every: Value 1000001 not in range"},
      {{"serve", "a", "--max-bytes", "5XB"}, "5XB"},
      {{"worker", "extra"}, "extra"},
      {{"zygote", "extra"}, "extra"},
      {{"live-zygote", "extra"}, "extra"},
      {{"live-calls-zygote", "extra"}, "extra"},
      {{"live-command-zygote", "extra"}, "extra"},
      {{"live-calls", "/tmp", "read", "x"}, "COUNT"},
      {{"live-calls", "/tmp", "reed", "1"}, "live-calls: reed in /tmp: no call could be timed"},
      {{"explore", "--models", "generated:1KiB", "--model-count", "0"},
       "--model-count: expected a number above 0, got 0"},
      {{"live-calls", "/tmp", "read"}, "COUNT is required"},
      {{"live-calls", "/nonexistent/d", "read", "1"}, "live-calls: read in /nonexistent/d: no call could be timed"},
  };
  const TestDirectory scratch;
  for (const auto& c : cases) {
    RunningCommand command(c.words, scratch.path(), RunningCommand::Heard::errors);
    EXPECT_EQ(command.wait(), 2) << testing::PrintToString(c.words);
    EXPECT_THAT(command.text(), HasSubstr(c.message));
  }
}

// Only the harness gives them what they need.
TEST(HiddenCommands, SayThatTheyWereNotStartedByTheHarness) {
  // Nor what a harness would have left open for them.
  const auto has_no_input = [] {
    return ::close_range(STDERR_FILENO + 1, ~0U, 0) == 0 &&
           ::dup2(::open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO) == 0;
  };
  const struct {
    Words words;
    int status;
    std::string message;
  } cases[] = {
      {{"worker"}, 2, "worker: parse worker specification"},
      {{"worker", "--exit"}, 0, ""},
      {{"zygote"}, 2, ""},
      {{"live-zygote"}, 2, ""},
      {{"live-zygote", "--subject", "/nonexistent/x.so"}, 3, ""},
      {{"live-calls-zygote"}, 2, ""},
      {{"live-command-zygote"}, 2, ""},
  };
  const TestDirectory scratch;
  for (const auto& c : cases) {
    RunningCommand command(c.words, scratch.path(), RunningCommand::Heard::output_and_errors, has_no_input);
    EXPECT_EQ(command.wait(), c.status) << testing::PrintToString(c.words);
    EXPECT_THAT(command.text(), testing::StartsWith(c.message));
    if (c.message.empty()) {
      EXPECT_EQ(command.text(), "") << testing::PrintToString(c.words);
    }
  }
}

TEST(HiddenCommands, HaveASmallProgramThatSaysTheSame) {
  const auto small = std::filesystem::path(STAMPEDE_PROGRAM).parent_path() / "stampede-live-zygote";
  if (!std::filesystem::exists(small))
    GTEST_SKIP() << "not applicable: this build has none, its zygote is stampede itself";
  const TestDirectory scratch;
  RunningCommand command({}, scratch.path(), RunningCommand::Heard::output_and_errors, nullptr, small);
  EXPECT_EQ(command.wait(), 2);
  EXPECT_EQ(command.text(), "");
}

TEST(HiddenCommands, TimeCalls) {
  const TestDirectory directory;
  for (const std::string kind : {"read", "stat_name"}) {
    std::string text;
    EXPECT_EQ(run({"live-calls", directory.path(), kind, "5"}, &text), 0);
    EXPECT_GT(text.size(), 1U);
    EXPECT_EQ(text.find_first_not_of("0123456789"), text.size() - 1) << text;
  }
}

bool write_to_a_full_disk() { return ::dup2(::open("/dev/full", O_WRONLY | O_CLOEXEC), STDOUT_FILENO) == 1; }

TEST(FullDisk, IsToldAndNeverSuccess) {
  const TestDirectory directory;
  directory.file("bad/entries/sha256-x", "wrong");
  for (int i = 0; i < 100; ++i) directory.file("models/m" + std::to_string(i), "bytes");
  const struct {
    Words words;
    int status;
    std::string message;
  } cases[] = {
      {{"invariants"}, 3, "stampede: write to standard output: failed, so the report is not whole\n"},
      {{"subjects"}, 3, "stampede: write to standard output: failed"},
      {{"show", "--seed", "1"}, 3, "stampede: write to standard output: failed"},
      {{"check", directory.path() + "/bad"}, 1, "stampede: write to standard output: failed"},
      {{"serve", directory.path() + "/models", "--json"}, 3, "stampede: cannot write to file"},
  };
  for (const auto& c : cases) {
    RunningCommand command(c.words, directory.path(), RunningCommand::Heard::output_and_errors, write_to_a_full_disk);
    EXPECT_EQ(command.wait(), c.status) << testing::PrintToString(c.words);
    EXPECT_THAT(command.text(), HasSubstr(c.message));
  }
}

}  // namespace
}  // namespace stampede
