// The command as people run it: exit statuses, JSON, and what Ctrl-C leaves behind.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/cli/posix_command_for_test.h"
#include "harness/cli/report_for_test.h"
#include "harness/free/directory_for_test.h"

namespace stampede {
namespace {

using nlohmann::json;

constexpr std::string_view kPrintsNothing =
    R"({"subject": 1, "name": "liar", "summary": "says it has it", "argv": ["true"], "artifact": "stdout"})";

TEST(Command, ExploresAndSaysSoInJson) {
  std::string text;
  EXPECT_EQ(run({"explore", "--models", "generated:1KiB,20KiB", "--processes", "3", "--runs", "2", "--fault-share",
                 "0.5", "--seed", "3", "--json"},
                &text),
            0);
  const json object = json::parse(text, nullptr, false);
  ASSERT_TRUE(object.is_object()) << text;
  EXPECT_EQ(object.at("world"), "free");
  EXPECT_EQ(object.at("plans"), 2);
  EXPECT_EQ(object.at("processes"), 6);
  EXPECT_EQ(object.at("seed"), 3);
  EXPECT_TRUE(object.at("violations").empty());
  EXPECT_GT(object.at("judged").at("bytes_are_what_was_asked"), 0);
  EXPECT_EQ(object.at("drawn").at("get"), 12);
  EXPECT_TRUE(object.at("trace_hash").is_null());
}

TEST(Command, SaysWhatIsViolatedAndExitsWithOne) {
  // No get ends within a hundredth of a second: a process that hangs violates the plan.
  std::string text;
  const int status = run({"explore", "--models", "generated:64MiB", "--processes", "2", "--runs", "1", "--seed", "5",
                          "--worker-timeout", "0.01"},
                         &text);
  EXPECT_EQ(status, 1);
  EXPECT_TRUE(text.starts_with("violated: ")) << text;
  EXPECT_NE(text.find("\nplan:     "), std::string::npos) << text;
  EXPECT_NE(text.find("\nrepeat:   stampede explore --world free --processes 2 --models generated:64MiB "
                      "--worker-timeout 0.01 --seed 5"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("\nVIOLATED: "), std::string::npos) << text;
}

TEST(Command, PrintsACommandThatRepeatsWhatWasExplored) {
  const TestDirectory directory;
  const std::string models = "it's mine";
  directory.file(models + "/m", std::string(std::size_t{64} << 20U, 'm'));
  std::string text;
  EXPECT_EQ(run({"explore", "--models", directory.path() + "/" + models, "--processes", "2", "--runs", "1", "--seed",
                 "5", "--worker-timeout", "0.01"},
                &text),
            1);
  const std::string command = "repeat:   stampede explore --world free --processes 2 --models '" + directory.path() +
                              "/it'\\''s mine' --worker-timeout 0.01 --seed 5 --runs 1 ";
  EXPECT_NE(text.find(command), std::string::npos) << text.substr(0, 1000);
}

TEST(Command, RepeatsEveryOptionThatIsNotTheDefault) {
  const TestDirectory directory;
  const std::string file = directory.file("liar.json", kPrintsNothing);
  const std::vector<std::string> options = {"--processes",
                                            "3",
                                            "--subject",
                                            file,
                                            "--models",
                                            "generated:1KiB",
                                            "--models",
                                            "generated:2KiB",
                                            "--model-count",
                                            "2",
                                            "--operations-per-process",
                                            "2",
                                            "--directories",
                                            "separate",
                                            "--fault-share",
                                            "0.5",
                                            "--fault",
                                            "drip:1",
                                            "--fault",
                                            "none",
                                            "--kills",
                                            "1",
                                            "--start",
                                            "fork",
                                            "--refused-models",
                                            "1",
                                            "--worker-timeout",
                                            "30"};
  std::vector<std::string> arguments = {"explore", "--runs", "1", "--seed", "5"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  std::string text, command = "\nrepeat:   stampede explore --world free";
  EXPECT_EQ(run(arguments, &text), 1) << text;
  for (const std::string& word : options) command += " " + word;
  EXPECT_NE(text.find(command + " --seed 5 --runs 1 "), std::string::npos) << text << command;
}

TEST(Command, NamesInTheFreeWorldWhatWasNeverJudged) {
  // Nobody gets anything, so nothing is hashed.
  const std::vector<std::string> arguments = {
      "explore", "--models", "generated:1KiB", "--processes", "1", "--runs", "1", "--refused-models", "1"};
  std::string text;
  EXPECT_EQ(run(arguments, &text), 0) << text;
  EXPECT_TRUE(last_line(text).starts_with("held as far as judged: 0 violations in 1 runs, 1 processes, 1 gets; "))
      << text;
  EXPECT_NE(last_line(text).find("judged 0 times: bytes_are_what_was_asked"), std::string::npos) << text;
  std::vector<std::string> required = arguments;
  required.emplace_back("--require-judged");
  EXPECT_EQ(run(required), 3);
}

TEST(Command, ShowsExamplesInItsHelp) {
  for (const std::string command : {"explore", "bench", "check", "subjects"}) {
    std::string text;
    EXPECT_EQ(run({command, "--help"}, &text), 0);
    EXPECT_NE(text.find("Examples:\n  stampede " + command + " "), std::string::npos) << text;
  }
}

TEST(Command, ListsSubjectsAndWhatTheyMiss) {
  std::string text;
  EXPECT_EQ(run({"subjects", "--json"}, &text), 0);
  const json object = json::parse(text, nullptr, false);
  ASSERT_TRUE(object.is_object()) << text;
  std::vector<std::string> names;
  for (const json& subject : object.at("subjects")) {
    names.push_back(subject.at("name"));
    EXPECT_EQ(subject.at("runs_here"), subject.at("missing").empty()) << subject;
    EXPECT_FALSE(subject.at("summary").get<std::string>().empty()) << subject;
  }
  EXPECT_EQ(names, (std::vector<std::string>{"modelcache", "aria2", "modelcache_command", "pooch", "shell_cache"}));
  EXPECT_EQ(object.at("subjects").at(0).at("runs_here"), true);
  EXPECT_EQ(run({"subjects"}, &text), 0);
  EXPECT_TRUE(text.starts_with("modelcache ")) << text;
}

TEST(Command, ExploresASubjectThatAFileDescribes) {
  const TestDirectory directory;
  const std::string file = directory.file("liar.json", kPrintsNothing);
  std::string text;
  EXPECT_EQ(run({"explore", "--subject", file, "--models", "generated:1KiB", "--processes", "2", "--runs", "1",
                 "--seed", "3"},
                &text),
            1);
  EXPECT_TRUE(text.starts_with("violated: bytes_are_what_was_asked: ")) << text;
  EXPECT_NE(text.find("\nrepeat:   stampede explore --world free --processes 2 --subject " + file +
                      " --models generated:1KiB --seed 3"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("\nliar: 2 processes, "), std::string::npos) << text;
  EXPECT_EQ(
      run({"explore", "--subject", file, "--models", "generated:1KiB", "--processes", "2", "--runs", "1", "--json"},
          &text),
      1);
  const json object = json::parse(text, nullptr, false);
  ASSERT_TRUE(object.is_object()) << text;
  EXPECT_EQ(object.at("subject"), "liar");
}

TEST(Command, SaysWhatIsBrokenAndNotPromised) {
  const TestDirectory directory;
  std::string description(kPrintsNothing);
  description.insert(description.size() - 1, R"(, "not_promised": {"bytes_are_what_was_asked": "it lies",
    "success_needs_bytes": "it lies", "one_download": "it lies", "recovery_needs_no_hands": "it lies"})");
  const std::string file = directory.file("liar.json", description);
  std::string text;
  EXPECT_EQ(run({"explore", "--subject", file, "--models", "generated:1KiB", "--processes", "2", "--runs", "1"}, &text),
            0);
  EXPECT_NE(text.find("\nbroken, and not promised\n  bytes_are_what_was_asked: 2 times in 1 of 1 runs; it lies\n"),
            std::string::npos)
      << text;
  EXPECT_EQ(
      run({"explore", "--subject", file, "--models", "generated:1KiB", "--processes", "2", "--runs", "1", "--json"},
          &text),
      0);
  const json object = json::parse(text, nullptr, false);
  ASSERT_TRUE(object.is_object()) << text;
  EXPECT_TRUE(object.at("violations").empty());
  EXPECT_EQ(object.at("not_promised")[0].at("invariant"), "bytes_are_what_was_asked");
  EXPECT_EQ(object.at("not_promised")[0].at("times"), 2);
}

TEST(Command, RefusesASubjectThatCannotRunWithThree) {
  const TestDirectory directory;
  std::string description(kPrintsNothing);
  description.insert(description.size() - 1, R"(, "needs": [{"program": "nonexistent-program", "package": "none"}])");
  const std::string file = directory.file("absent.json", description);
  EXPECT_EQ(run({"explore", "--subject", file, "--models", "generated:1KiB", "--runs", "1"}), 3);
  EXPECT_EQ(run({"explore", "--subject", "frob", "--models", "generated:1KiB", "--runs", "1"}), 2);
  EXPECT_EQ(run({"explore", "--subject", directory.file("bad.json", "{"), "--models", "generated:1KiB"}), 2);
}

TEST(Command, RefusesBadUsageWithTwo) {
  EXPECT_EQ(run({}), 2);
  EXPECT_EQ(run({"frobnicate"}), 2);
  EXPECT_EQ(run({"explore", "--models", "/nonexistent/models"}), 2);
  EXPECT_EQ(run({"explore", "--models", "generated:1KiB", "--fault", "bogus"}), 2);
  EXPECT_EQ(run({"explore", "--models", "generated:1KiB", "--fault-share", "2"}), 2);
  EXPECT_EQ(run({"explore", "--models", "generated:1KiB", "--model-count", "2"}), 2);
  EXPECT_EQ(run({"check", "/nonexistent/directory"}), 2);
  EXPECT_EQ(run({"--help"}), 0);
}

// One run that lasts until it is interrupted: the worker's directory shows that it has begun.
TEST(Command, LeavesNothingBehindWhenInterrupted) {
  const TestDirectory scratch;
  const int watch = ::inotify_init1(IN_CLOEXEC);
  ASSERT_GE(::inotify_add_watch(watch, scratch.path().c_str(), IN_CREATE), 0);
  RunningCommand command({"explore", "--models", "generated:256KiB", "--processes", "6", "--runs", "1000000", "--json"},
                         scratch.path());
  for (int begun = 0; begun < 3;) {  // in the third run at the latest processes have been started
    pollfd polled{.fd = watch, .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&polled, 1, 60'000), 1) << "no run began";
    char events[4096];
    const ssize_t size = ::read(watch, events, sizeof(events));
    for (ssize_t at = 0; at < size; ++begun) {
      const auto* event = reinterpret_cast<const inotify_event*>(events + at);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
  }
  command.signal(SIGINT);
  EXPECT_EQ(command.wait(), 130);
  ::close(watch);
  const json object = json::parse(command.text(), nullptr, false);
  ASSERT_TRUE(object.is_object()) << command.text();
  EXPECT_EQ(object.at("interrupted"), true);
  EXPECT_GE(object.at("plans"), 1);
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path())) << "files were left behind";
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a process was left behind";
  EXPECT_EQ(errno, ECHILD);
}

// Says that it runs where `place` is a FIFO, and ignores what can be ignored.
std::vector<std::string> stubborn(const std::string& place) {
  return {"-c", "trap '' HUP INT TERM; : >" + place + "; exec sleep 60"};
}

TEST(RunningCommand, IsEndedWhereATestGivesUp) {
  const TestDirectory directory;
  const std::string place = directory.path() + "/place";
  ASSERT_EQ(::mkfifo(place.c_str(), 0600), 0);
  {
    const RunningCommand command(stubborn(place), directory.path(), RunningCommand::Heard::output, nullptr, "/bin/sh");
    (void)std::ifstream(place).get();
    command.signal(SIGINT);
  }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "it was left behind";
  EXPECT_EQ(errno, ECHILD);
}

TEST(RunningCommand, DiesWithTheTest) {
  const TestDirectory directory;
  const std::string place = directory.path() + "/place";
  ASSERT_EQ(::mkfifo(place.c_str(), 0600), 0);
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);  // orphans come here
  const pid_t test = ::fork();
  if (test == 0) {
    const RunningCommand command(stubborn(place), directory.path(), RunningCommand::Heard::output, nullptr, "/bin/sh");
    (void)std::ifstream(place).get();
    ::_exit(::kill(::getpid(), SIGKILL));
  }
  int status = 0;
  ASSERT_EQ(::waitpid(test, &status, 0), test);
  EXPECT_EQ(WIFSIGNALED(status) ? WTERMSIG(status) : 0, SIGKILL);
  ASSERT_GT(::waitpid(-1, &status, 0), 0) << "the command";
  EXPECT_EQ(WIFSIGNALED(status) ? WTERMSIG(status) : 0, SIGKILL) << "it slept to its end";
}

}  // namespace
}  // namespace stampede
