// Workers that a zygote forked are like those that were executed: ours to watch, to kill and to reap.
#include "harness/free/posix_zygote.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <fstream>

#include "harness/free/census.h"
#include "harness/free/directory_for_test.h"
#include "harness/free/posix_crew.h"
#include "harness/free/posix_leaks.h"
#include "harness/free/worker_text.h"

namespace stampede {
namespace {

constexpr std::chrono::milliseconds kPatience{20'000};

CrewResult run_forked(PosixZygote& zygote, std::size_t count, const WorkerSpecification& specification = {}) {
  CrewOptions options;
  options.zygote = &zygote;
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
  ASSERT_EQ(crew.members.size(), 20U);
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

TEST(Zygote, ForksWorkersThatDoWhatTheirSpecificationSays) {
  auto zygote = PosixZygote::start(STAMPEDE_PROGRAM, kPatience);
  ASSERT_TRUE(zygote) << zygote.error().message();
  const TestDirectory directory;
  WorkerSpecification specification;
  specification.counts_descriptors = false;
  specification.operations = {
      {.url = "http://127.0.0.1:1/m", .sha256 = modelcache::sha256_of("m"), .directory = directory.path() + "/cache"}};
  const CrewResult crew = run_forked(*zygote, 2, specification);
  ASSERT_EQ(crew.members.size(), 2U);
  for (const CrewMember& member : crew.members) {
    const auto report = parse_report(member.report);
    ASSERT_TRUE(report) << report.error().message() << member.record.output;
    EXPECT_FALSE(report->descriptors_before || report->descriptors_after) << "nobody asked";
    ASSERT_EQ(report->operations.size(), 1U);
    EXPECT_EQ(report->operations[0].error_code, "refused");
    EXPECT_GE(report->operations[0].began_at, crew.released_at);
    EXPECT_LE(report->operations[0].ended_at, crew.ended_at);
    ASSERT_TRUE(report->measures.times.contains("get"));
    EXPECT_EQ(report->measures.times.at("get").size(), 1U);
  }
}

// Readable once the process has ended.
PosixDescriptor process_in(const std::string& fifo) {
  pid_t pid = -1;
  std::ifstream(fifo) >> pid;
  EXPECT_GT(pid, 0);
  return PosixDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

TEST(Zygote, DiesWithTheHarnessAsItsWorkersDo) {
  const TestDirectory directory;
  const std::string zygote_place = directory.path() + "/zygote", worker_place = directory.path() + "/worker";
  ASSERT_EQ(::mkfifo(zygote_place.c_str(), 0600), 0);
  ASSERT_EQ(::mkfifo(worker_place.c_str(), 0600), 0);
  const PosixOrphanage orphanage;  // whoever's harness died is ours to reap
  const pid_t harness = ::fork();
  if (harness == 0) {
    auto zygote = PosixZygote::start(STAMPEDE_PROGRAM, kPatience);
    if (!zygote) ::_exit(1);
    std::ofstream(zygote_place) << zygote->pid() << std::endl;
    WorkerSpecification specification;
    specification.operations.resize(1);
    specification.operations[0].command =
        CommandGet{.line = {.argv = {"/bin/sh", "-c", "echo $PPID > " + worker_place + "; exec tail -f /dev/null"},
                            .environment = {"PATH=/usr/bin:/bin"}},
                   .artifact = "x"};
    run_forked(*zygote, 1, specification);
    ::_exit(0);
  }
  const PosixDescriptor processes[] = {process_in(zygote_place), process_in(worker_place)};
  ::kill(harness, SIGKILL);
  EXPECT_EQ(::waitpid(harness, nullptr, 0), harness);
  for (const PosixDescriptor& process : processes) {
    ASSERT_TRUE(process.is_open());
    pollfd polled{.fd = process.get(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&polled, 1, 10'000), 1) << "it outlives its harness";
  }
  static_cast<void>(orphanage.end_leaked_processes({}));
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
  siginfo_t end{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(zygote->pid()), &end, WEXITED | WNOWAIT), 0);
  const CrewResult crew = run_forked(*zygote, 3);
  ASSERT_EQ(crew.members.size(), 3U);
  for (const CrewMember& member : crew.members) {
    EXPECT_EQ(member.record.reason, ExitReason::not_started);
    EXPECT_EQ(member.record.problem, "start zygote: Broken pipe (io)");
    EXPECT_FALSE(member.record.reaped || member.record.cpu_time);
  }
  EXPECT_FALSE(zygote->measure_bare_forks(1));
}

TEST(Zygote, CannotBeAnyProgram) {
  const auto missing = PosixZygote::start("/nonexistent/program", kPatience);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message().find("No such file"), std::string::npos) << missing.error().message();
  const TestDirectory directory;
  const auto ends = PosixZygote::start(directory.script("exit 0"), kPatience);
  ASSERT_FALSE(ends);
  EXPECT_EQ(ends.error().code, modelcache::ErrorCode::io);
  EXPECT_EQ(ends.error().detail, "it has ended");
  const auto talks = PosixZygote::start(directory.script("printf abc >&3"), kPatience);
  ASSERT_FALSE(talks);
  EXPECT_EQ(talks.error().code, modelcache::ErrorCode::io);
  EXPECT_EQ(talks.error().detail, "expected an answer");
  const auto silent = PosixZygote::start(directory.script("exec tail -f /dev/null"), std::chrono::milliseconds(100));
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().code, modelcache::ErrorCode::timed_out);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

}  // namespace
}  // namespace stampede
