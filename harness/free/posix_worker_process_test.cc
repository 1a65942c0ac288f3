// One worker: how it is started, what it is given, how it ended, and that it ends with whoever started it.
#include "harness/free/posix_worker_process.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/free/census.h"
#include "harness/free/posix_crew_for_test.h"
#include "harness/free/posix_descriptor_sweep_for_test.h"
#include "harness/free/posix_leaks.h"

namespace stampede {
namespace {

TEST(Worker, IsKnownByHowItEnded) {
  struct Case {
    const char* lines;
    ExitReason reason;
    int exit_value;
    const char* report;
    const char* problem;
    const char* output;
  };
  const Case cases[] = {
      {"printf Rabc >&4", ExitReason::exited, 0, "abc", "", ""},
      {"printf RWWabcW >&4", ExitReason::exited, 0, "abcW", "", ""},
      {"printf RaW >&4", ExitReason::exited, 0, "aW", "", ""},
      {"printf Rabc >&4; exit 3", ExitReason::exited, 3, "abc", "", ""},
      {"printf Rabc >&4; kill -TERM $$", ExitReason::signalled, SIGTERM, "abc", "", ""},
      {"printf R >&4", ExitReason::exited, 0, "", "it sent no report", ""},
      {"printf RW >&4", ExitReason::exited, 0, "", "it sent no report", ""},
      {"printf R >&4; kill -9 $$", ExitReason::signalled, SIGKILL, "", "it sent no report", ""},
      {"printf Qabc >&4", ExitReason::exited, 0, "abc", "what it reported is no report", ""},
      {"printf Q >&4", ExitReason::exited, 0, "", "what it reported is no report", ""},
      {"printf Xabcd >&4; exit 3", ExitReason::exited, 3, "abcd", "", ""},
      {"exit 0", ExitReason::exited, 0, "", "it was never ready", ""},
      {"kill -TERM $$", ExitReason::signalled, SIGTERM, "", "it was never ready", ""},
      {"echo words; echo out of order >&2; exit 3", ExitReason::exited, 3, "", "it was never ready",
       "words\nout of order\n"},
  };
  const TestDirectory directory;
  for (const Case& one : cases) {
    SCOPED_TRACE(one.lines);
    const CrewResult crew = run_script(directory, one.lines, 1);
    ASSERT_EQ(crew.members.size(), 1U);
    const ProcessRecord& record = crew.members[0].record;
    EXPECT_EQ(record.reason, one.reason);
    EXPECT_EQ(record.exit_value, one.exit_value);
    EXPECT_TRUE(record.reaped);
    EXPECT_EQ(crew.members[0].report, one.report);
    EXPECT_EQ(record.problem, one.problem);
    EXPECT_EQ(record.output, one.output);
    EXPECT_EQ(record.output_bytes, std::string(one.output).size());
    EXPECT_FALSE(record.report) << "for others to parse";
    EXPECT_EQ(crew.leaked_processes, 0U);
    EXPECT_FALSE(crew.interrupted);
  }
  expect_no_children();
}

TEST(Worker, IsCountedItsProcessorTime) {
  const TestDirectory directory;
  const auto spent_by_children = [] {
    rusage usage{};
    EXPECT_EQ(::getrusage(RUSAGE_CHILDREN, &usage), 0);
    std::chrono::microseconds sum{};
    for (const timeval& time : {usage.ru_utime, usage.ru_stime}) {
      sum += std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
    }
    return sum;
  };
  const auto before = spent_by_children();
  const CrewResult crew = run_script(directory, "printf R >&4; head -c 3000000 /dev/zero | tr x y | tail -c 1 >&4", 1);
  const auto spent = spent_by_children() - before;
  ASSERT_EQ(crew.members.size(), 1U);
  ASSERT_TRUE(crew.members[0].record.cpu_time);
  EXPECT_GT(spent.count(), 0);
  EXPECT_LE(std::chrono::abs(*crew.members[0].record.cpu_time - spent), std::chrono::microseconds(4))
      << "user and system";
}

TEST(Worker, IsGivenNothingButItsOwn) {
  // A descriptor that would be inherited, a blocked signal, and an ignored one.
  const TestDirectory directory;
  ASSERT_EQ(::dup2(STDERR_FILENO, 77), 77);
  sigset_t blocked, former;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ASSERT_EQ(::sigprocmask(SIG_BLOCK, &blocked, &former), 0);
  const auto former_handler = ::signal(SIGPIPE, SIG_IGN);
  const CrewResult crew = run_script(directory, R"sh(printf R >&4
for fd in /proc/$$/fd/*; do
  case ${fd##*/} in 0|1|2|3|4|10) ;; *) [ -e $fd ] && printf 'has %s;' ${fd##*/} >&4 ;; esac
done
[ "$(cut -d' ' -f5 /proc/$$/stat)" = $$ ] || printf 'no group;' >&4
grep -q 'SigBlk:.0000000000000000' /proc/self/status || printf 'blocked;' >&4
grep 'SigIgn' /proc/self/status | grep -q '[13579bdf]...$' && printf 'ignored;' >&4
printf "$1 $#" >&4)sh",
                                     1);
  ::signal(SIGPIPE, former_handler);
  ASSERT_EQ(::sigprocmask(SIG_SETMASK, &former, nullptr), 0);
  ::close(77);
  ASSERT_EQ(crew.members.size(), 1U);
  EXPECT_EQ(crew.members[0].report, " 0");
}

TEST(Worker, DiesWithTheHarness) {
  const TestDirectory directory;
  const std::string place = directory.path() + "/pid";
  ASSERT_EQ(::mkfifo(place.c_str(), 0600), 0);
  const PosixOrphanage orphanage;  // a worker whose harness died is ours to reap
  const pid_t harness = ::fork();
  if (harness == 0) {
    run_script(directory, "printf R >&4; echo $$ > " + place + "; exec tail -f /dev/null", 1);
    ::_exit(0);
  }
  pid_t worker = -1;
  std::ifstream(place) >> worker;
  ASSERT_GT(worker, 0);
  const int process = static_cast<int>(::syscall(SYS_pidfd_open, worker, 0));
  ASSERT_GE(process, 0);
  ::kill(harness, SIGKILL);
  EXPECT_EQ(::waitpid(harness, nullptr, 0), harness);
  pollfd polled{.fd = process, .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&polled, 1, 10'000), 1) << "it outlives its harness";
  ::close(process);
  EXPECT_EQ(orphanage.end_leaked_processes({}), 0U);
}

TEST(Worker, IsNotStartedWhereDescriptorsRunOut) {
  const TestDirectory directory;
  const auto before = count_open_descriptors();
  const int failures = sweep_descriptors([&] {
    const CrewResult crew = run_script(directory, "printf Rx >&4", 1);
    EXPECT_EQ(crew.members.size(), 1U);
    if (crew.members.size() != 1) return true;
    const ProcessRecord& record = crew.members[0].record;
    if (record.reason == ExitReason::exited) {
      EXPECT_EQ(crew.members[0].report, "x");
      EXPECT_EQ(record.problem, "");
      return true;
    }
    EXPECT_EQ(record.reason, ExitReason::not_started);
    EXPECT_TRUE(record.problem == "start: Too many open files" || record.problem == "watch: Too many open files")
        << record.problem;
    return false;
  });
  EXPECT_GE(failures, 7) << "what is to be watched, the barrier, the specification, two pipes, and the process";
  EXPECT_EQ(count_open_descriptors(), before);
  expect_no_children();
}

}  // namespace
}  // namespace stampede
