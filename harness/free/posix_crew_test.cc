// Crews of scripts: what starts, dies, hangs, talks too much or leaves children behind is known for what it is.
#include "harness/free/posix_crew.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "harness/free/census.h"
#include "harness/free/directory_for_test.h"

namespace stampede {
namespace {

using std::chrono::milliseconds;

CrewResult run_script(const TestDirectory& directory, std::string_view lines, std::size_t count,
                      CrewOptions options = {}) {
  options.program = directory.script(lines);
  return run_crew(std::vector<WorkerCommand>(count, WorkerCommand{.arguments = {"worker"}, .specification = "s"}),
                  options);
}

void expect_no_children() {
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(Crew, CollectsReportsAndReapsEveryProcess) {
  const TestDirectory directory;
  const auto before = count_open_descriptors();
  ASSERT_TRUE(before);
  const CrewResult crew = run_script(directory, "printf R >&4; cat <&3; printf 'got ' >&4; cat >&4", 5);
  ASSERT_EQ(crew.members.size(), 5U);
  for (const CrewMember& member : crew.members) {
    EXPECT_EQ(member.record.reason, ExitReason::exited) << member.record.output;
    EXPECT_EQ(member.record.exit_value, 0);
    EXPECT_TRUE(member.record.reaped);
    EXPECT_EQ(member.report, "got s");
    EXPECT_EQ(member.record.problem, "");
  }
  EXPECT_EQ(crew.leaked_processes, 0U);
  EXPECT_EQ(count_open_descriptors(), before);
  expect_no_children();
}

TEST(Crew, OpensTheBarrierOnlyWhenAllAreReady) {
  // Each one leaves a mark when it is ready, and counts all marks behind the barrier.
  const TestDirectory directory;
  const CrewResult crew = run_script(
      directory, "d=$(dirname \"$0\"); : > \"$d/mark.$$\"; printf R >&4; cat <&3; ls \"$d\" | grep -c mark >&4", 8);
  for (const CrewMember& member : crew.members) EXPECT_EQ(member.report, "8\n");
}

TEST(Crew, KnowsThatAProgramCannotBeExecuted) {
  CrewOptions options;
  options.program = "/nonexistent/program";
  const CrewResult crew = run_crew({WorkerCommand{.arguments = {"worker"}, .specification = {}}}, options);
  EXPECT_EQ(crew.members.at(0).record.reason, ExitReason::not_started);
  EXPECT_EQ(crew.members.at(0).record.problem, "execute: No such file or directory");
  EXPECT_TRUE(crew.members.at(0).report.empty());
  expect_no_children();
}

TEST(Crew, KillsAndNamesAWorkerThatHangs) {
  const TestDirectory directory;
  CrewOptions options;
  options.timeout = milliseconds(200);
  const CrewResult after = run_script(directory, "printf R >&4; exec tail -f /dev/null", 2, options);
  for (const CrewMember& member : after.members) EXPECT_EQ(member.record.reason, ExitReason::hang);
  const CrewResult before = run_script(directory, "exec tail -f /dev/null", 2, options);
  for (const CrewMember& member : before.members) {
    EXPECT_EQ(member.record.reason, ExitReason::hang);
    EXPECT_EQ(member.record.problem, "it was never ready");
  }
  expect_no_children();
}

TEST(Crew, KnowsHowAProcessEnded) {
  const TestDirectory directory;
  const CrewResult killed = run_script(directory, "printf R >&4; kill -9 $$", 1);
  EXPECT_EQ(killed.members[0].record.reason, ExitReason::signalled);
  EXPECT_EQ(killed.members[0].record.exit_value, 9);
  EXPECT_EQ(killed.members[0].record.problem, "it sent no report");
  const CrewResult failed = run_script(directory, "echo out of order >&2; exit 3", 1);
  EXPECT_EQ(failed.members[0].record.exit_value, 3);
  EXPECT_EQ(failed.members[0].record.output, "out of order\n");
  EXPECT_EQ(failed.members[0].record.problem, "it was never ready");
}

TEST(Crew, CutsWhatIsTooLong) {
  const TestDirectory directory;
  CrewOptions options;
  options.report_bytes_max = 1000;
  options.output_bytes_kept = 100;
  const CrewResult crew =
      run_script(directory, "printf R >&4; head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&4", 2, options);
  for (const CrewMember& member : crew.members) {
    EXPECT_EQ(member.record.output.size(), 100U);
    EXPECT_EQ(member.record.output_bytes, 3'000'000U);
    EXPECT_LT(member.report.size(), 1000U);
    EXPECT_EQ(member.record.problem, "its report is longer than 1000 bytes");
  }
}

TEST(Crew, EndsAndCountsWhatAWorkerLeftBehind) {
  const TestDirectory directory;
  const CrewResult crew = run_script(directory, "tail -f /dev/null & printf 'R{}' >&4", 3);
  EXPECT_EQ(crew.leaked_processes, 3U);
  for (const CrewMember& member : crew.members) EXPECT_EQ(member.report, "{}");
}

TEST(Crew, FindsADaemonThatLeftItsGroupAndItsParents) {
  const TestDirectory directory;
  const CrewResult crew = run_script(directory, "(setsid tail -f /dev/null &) ; printf 'R{}' >&4", 2);
  EXPECT_EQ(crew.leaked_processes, 2U);
  expect_no_children();
}

TEST(Crew, KillsWhoThePlanNamesOnceTheOthersWait) {
  // Nobody ends by himself; all are named as soon as two have said that they wait.
  const TestDirectory directory;
  CrewOptions options;
  std::size_t most_waiting = 0;
  options.timeout = milliseconds(20'000);
  options.program = directory.script(
      "printf R >&4; cat <&3; read -r which; [ \"$which\" = waits ] && printf WW >&4; exec tail -f /dev/null");
  options.victims = [&](std::size_t waiting) {
    most_waiting = std::max(most_waiting, waiting);
    return waiting < 2 ? std::vector<std::size_t>{} : std::vector<std::size_t>{0, 1, 2};
  };
  const auto command = [](const char* which) {
    return WorkerCommand{.arguments = {"worker"}, .specification = std::string(which) + "\n"};
  };
  const CrewResult crew = run_crew({command("holds"), command("waits"), command("waits")}, options);
  for (const CrewMember& member : crew.members) EXPECT_EQ(member.record.reason, ExitReason::killed_by_plan);
  EXPECT_EQ(most_waiting, 2U);
  expect_no_children();
}

TEST(Crew, EndsAllWhenInterrupted) {
  const TestDirectory directory;
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  ASSERT_EQ(::write(pipe[1], "I", 1), 1);
  CrewOptions options;
  options.interrupt_descriptor = pipe[0];
  const CrewResult crew = run_script(directory, "exec tail -f /dev/null", 3, options);
  EXPECT_TRUE(crew.interrupted);
  ASSERT_EQ(crew.members.size(), 3U);
  EXPECT_EQ(crew.members[0].record.reason, ExitReason::interrupted);
  expect_no_children();
  ::close(pipe[0]);
  ::close(pipe[1]);
}

}  // namespace
}  // namespace stampede
