// Workers that a zygote forked are like those that were executed: ours to watch, to kill and to reap.
#include "harness/free/posix_zygote.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <cerrno>
#include <fstream>

#include "harness/free/census.h"
#include "harness/free/directory_for_test.h"
#include "harness/free/posix_crew.h"
#include "harness/free/worker_text.h"

namespace stampede {
namespace {

constexpr std::chrono::milliseconds kPatience{20'000};

CrewResult run_forked(PosixZygote& zygote, std::size_t count) {
  CrewOptions options;
  options.zygote = &zygote;
  WorkerSpecification specification;
  return run_crew(
      std::vector<WorkerCommand>(count, WorkerCommand{.arguments = {}, .specification = print(specification)}),
      options);
}

TEST(Zygote, ForksWorkersThatReportAndAreReapedHere) {
  auto zygote = PosixZygote::start(STAMPEDE_PROGRAM, kPatience);
  ASSERT_TRUE(zygote) << zygote.error().message();
  const auto before = count_open_descriptors();
  ASSERT_TRUE(before);
  const CrewResult crew = run_forked(*zygote, 20);
  for (const CrewMember& member : crew.members) {
    EXPECT_EQ(member.record.reason, ExitReason::exited) << member.record.problem << member.record.output;
    EXPECT_EQ(member.record.exit_value, 0) << member.record.output;
    EXPECT_TRUE(member.record.reaped);
    const auto report = parse_report(member.report);
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_GT(report->ready_at, member.record.started_at);
    EXPECT_LE(report->ready_at, crew.released_at);
    ASSERT_TRUE(report->descriptors_before);
    EXPECT_EQ(report->descriptors_before, report->descriptors_after);
    EXPECT_TRUE(member.record.cpu_time && report->peak_memory_bytes > 0U);
  }
  EXPECT_EQ(crew.leaked_processes, 0U);
  EXPECT_EQ(count_open_descriptors(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), 0) << "only the zygote is still our child";
}

TEST(Zygote, MeasuresBareForks) {
  auto zygote = PosixZygote::start(STAMPEDE_PROGRAM, kPatience);
  ASSERT_TRUE(zygote) << zygote.error().message();
  const auto seconds = zygote->measure_bare_forks(30);
  ASSERT_TRUE(seconds);
  EXPECT_GT(*seconds, 0);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), 0);
}

TEST(Zygote, IsGoneAfterItsEnd) {
  {
    auto zygote = PosixZygote::start(STAMPEDE_PROGRAM, kPatience);
    ASSERT_TRUE(zygote) << zygote.error().message();
    const pid_t pid = zygote->pid();
    EXPECT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(Zygote, IsMissedWhenItDies) {
  auto zygote = PosixZygote::start(STAMPEDE_PROGRAM, kPatience);
  ASSERT_TRUE(zygote) << zygote.error().message();
  ::kill(zygote->pid(), SIGKILL);
  const CrewResult crew = run_forked(*zygote, 3);
  for (const CrewMember& member : crew.members) {
    EXPECT_EQ(member.record.reason, ExitReason::not_started);
    EXPECT_FALSE(member.record.problem.empty());
  }
  EXPECT_FALSE(zygote->measure_bare_forks(1));
}

TEST(Zygote, CannotBeAnyProgram) {
  const auto missing = PosixZygote::start("/nonexistent/program", kPatience);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message().find("No such file"), std::string::npos) << missing.error().message();
  const TestDirectory directory;
  const auto ends = PosixZygote::start(directory.script("exit 0"), kPatience);
  EXPECT_FALSE(ends);
  const auto silent = PosixZygote::start(directory.script("exec tail -f /dev/null"), std::chrono::milliseconds(100));
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().code, modelcache::ErrorCode::timed_out);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

}  // namespace
}  // namespace stampede
