// Crews of scripts: what starts, hangs, talks too much or leaves children behind is known for what it is.
#include "harness/free/posix_crew.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "harness/free/census.h"
#include "harness/free/posix_crew_for_test.h"
#include "harness/free/tracker.h"

namespace stampede {
namespace {

using std::chrono::milliseconds;

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
  ASSERT_EQ(crew.members.size(), 8U);
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
  ASSERT_EQ(after.members.size(), 2U);
  for (const CrewMember& member : after.members) {
    EXPECT_EQ(member.record.reason, ExitReason::hang);
    EXPECT_EQ(member.record.exit_value, SIGKILL);
    EXPECT_TRUE(member.record.reaped);
    EXPECT_EQ(member.record.problem, "it sent no report");
  }
  const CrewResult before = run_script(directory, "exec tail -f /dev/null", 2, options);
  for (const CrewMember& member : before.members) {
    EXPECT_EQ(member.record.reason, ExitReason::hang);
    EXPECT_EQ(member.record.problem, "it was never ready");
  }
  expect_no_children();
}

TEST(Crew, TellsTimesInTheirOrder) {
  const TestDirectory directory;
  const MachineTime before = machine_now();
  const CrewResult crew = run_script(directory, "printf R >&4; cat <&3; printf x >&4", 2);
  const MachineTime after = machine_now();
  ASSERT_EQ(crew.members.size(), 2U);
  EXPECT_LT(before, crew.began_at);
  EXPECT_LT(crew.began_at, crew.members[0].record.started_at);
  EXPECT_LT(crew.members[0].record.started_at, crew.members[1].record.started_at);
  EXPECT_LT(crew.members[1].record.started_at, crew.released_at);
  EXPECT_LT(crew.released_at, crew.ended_at);
  EXPECT_LT(crew.ended_at, after);
}

TEST(Crew, EndsWhoIsNotReadyAndLetsTheOthersGoOn) {
  const TestDirectory directory;
  CrewOptions options;
  options.timeout = milliseconds(2000);  // more than a busy machine needs for the others
  options.program = directory.script(
      "read -r which; [ $which = hangs ] && exec tail -f /dev/null; printf R >&4; cat <&3; printf done >&4");
  const auto command = [](const char* which) {
    return WorkerCommand{.arguments = {"worker"}, .specification = std::string(which) + "\n"};
  };
  const CrewResult crew = run_crew({command("works"), command("hangs"), command("works")}, options);
  ASSERT_EQ(crew.members.size(), 3U);
  EXPECT_EQ(crew.members[1].record.reason, ExitReason::hang);
  for (const std::size_t i : {0U, 2U}) {
    EXPECT_EQ(crew.members[i].record.reason, ExitReason::exited);
    EXPECT_EQ(crew.members[i].report, "done");
  }
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
    EXPECT_EQ(member.report.size(), 999U) << "and the mark";
    EXPECT_EQ(member.record.problem, "its report is longer than 1000 bytes");
  }
}

TEST(Crew, EndsAndCountsWhatAWorkerLeftBehind) {
  const TestDirectory directory;
  const CrewResult crew = run_script(directory, "tail -f /dev/null & printf 'R{}' >&4", 3);
  EXPECT_EQ(crew.leaked_processes, 3U);
  ASSERT_EQ(crew.members.size(), 3U);
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
    return waiting < 2 ? std::vector<std::size_t>{} : std::vector<std::size_t>{0, 1, 2, 3};  // the last is nobody
  };
  const auto command = [](const char* which) {
    return WorkerCommand{.arguments = {"worker"}, .specification = std::string(which) + "\n"};
  };
  const CrewResult crew = run_crew({command("holds"), command("waits"), command("waits")}, options);
  ASSERT_EQ(crew.members.size(), 3U);
  for (const CrewMember& member : crew.members) {
    EXPECT_EQ(member.record.reason, ExitReason::killed_by_plan);
    EXPECT_EQ(member.record.exit_value, SIGKILL);
    EXPECT_EQ(member.report, "") << "marks are no part of it";
  }
  EXPECT_EQ(most_waiting, 2U);
  EXPECT_FALSE(crew.interrupted);
  expect_no_children();
}

TEST(Crew, TakesAReportThatIsJustShortEnough) {
  const TestDirectory directory;
  CrewOptions options;
  options.report_bytes_max = 1000;
  options.output_bytes_kept = 100;
  const CrewResult crew = run_script(directory, "printf R >&4; printf %0100d 7; printf %0999d 7 >&4", 1, options);
  ASSERT_EQ(crew.members.size(), 1U);
  EXPECT_EQ(crew.members[0].report, std::string(998, '0') + "7");
  EXPECT_EQ(crew.members[0].record.problem, "");
  EXPECT_EQ(crew.members[0].record.output, std::string(99, '0') + "7");
  EXPECT_EQ(crew.members[0].record.output_bytes, 100U);
}

TEST(Crew, CountsNobodyAsWaitingWhoIsGone) {
  // The first waits, and ends when that was seen; then nobody waits.
  const TestDirectory directory;
  const std::string gate = directory.path() + "/gate";
  ASSERT_EQ(::mkfifo(gate.c_str(), 0600), 0);
  CrewOptions options;
  options.timeout = milliseconds(20'000);
  bool has_waited = false;
  options.victims = [&](std::size_t waiting) {
    if (waiting == 1 && !has_waited) {
      has_waited = true;
      std::ofstream(gate) << "go\n";
    }
    return has_waited && waiting == 0 ? std::vector<std::size_t>{1} : std::vector<std::size_t>{};
  };
  options.program = directory.script(
      "printf R >&4; read -r which; [ $which = stays ] && exec tail -f /dev/null; "
      "printf W >&4; read -r go < " +
      gate + "; printf done >&4");
  const auto command = [](const char* which) {
    return WorkerCommand{.arguments = {"worker"}, .specification = std::string(which) + "\n"};
  };
  const CrewResult crew = run_crew({command("waits"), command("stays")}, options);
  ASSERT_EQ(crew.members.size(), 2U);
  EXPECT_EQ(crew.members[0].record.reason, ExitReason::exited);
  EXPECT_EQ(crew.members[0].report, "done");
  EXPECT_EQ(crew.members[1].record.reason, ExitReason::killed_by_plan);
}

TEST(Crew, EndsWhoWorksWhenInterrupted) {
  const TestDirectory directory;
  const std::string place = directory.path() + "/interrupt";
  ASSERT_EQ(::mkfifo(place.c_str(), 0600), 0);
  CrewOptions options;
  options.interrupt_descriptor = ::open(place.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(options.interrupt_descriptor, 0);
  const CrewResult crew =
      run_script(directory, "printf R >&4; cat <&3; echo I > " + place + "; exec tail -f /dev/null", 2, options);
  ::close(options.interrupt_descriptor);
  EXPECT_TRUE(crew.interrupted);
  ASSERT_EQ(crew.members.size(), 2U);
  for (const CrewMember& member : crew.members) {
    EXPECT_EQ(member.record.reason, ExitReason::interrupted);
    EXPECT_EQ(member.record.exit_value, SIGKILL);
  }
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
  EXPECT_TRUE(crew.members[0].record.reaped);
  for (const std::size_t i : {1U, 2U}) {
    EXPECT_EQ(crew.members[i].record.reason, ExitReason::not_started);
    EXPECT_FALSE(crew.members[i].record.reaped);
  }
  expect_no_children();
  ::close(pipe[0]);
  ::close(pipe[1]);
}

}  // namespace
}  // namespace stampede
