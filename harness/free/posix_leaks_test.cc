// What is left alive is found by its group or its parents, ended and counted; nothing else is.
#include "harness/free/posix_leaks.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace stampede {
namespace {

// A process that does `work` and then stays until it is killed. Returns when the work is done.
template <class Work>
pid_t start(Work work) {
  int pipe[2];
  EXPECT_EQ(::pipe(pipe), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(pipe[0]);
    work();
    [[maybe_unused]] const ssize_t count = ::write(pipe[1], "D", 1);
    for (;;) ::pause();
  }
  ::close(pipe[1]);
  char byte = 0;
  EXPECT_EQ(::read(pipe[0], &byte, 1), 1);
  ::close(pipe[0]);
  return pid;
}

void nothing() {}

bool is_alive(pid_t pid) { return ::kill(pid, 0) == 0 && ::waitpid(pid, nullptr, WNOHANG) == 0; }

void end(pid_t pid) {
  ::kill(pid, SIGKILL);
  EXPECT_EQ(::waitpid(pid, nullptr, 0), pid);
}

int is_subreaper() {
  int value = -1;
  ::prctl(PR_GET_CHILD_SUBREAPER, &value);
  return value;
}

TEST(Orphanage, AdoptsWhileItLives) {
  ASSERT_EQ(is_subreaper(), 0);
  {
    const PosixOrphanage orphanage;
    EXPECT_EQ(is_subreaper(), 1);
    {
      const PosixOrphanage inner;
      EXPECT_EQ(is_subreaper(), 1);
    }
    EXPECT_EQ(is_subreaper(), 1) << "as it was before the inner one";
  }
  EXPECT_EQ(is_subreaper(), 0);
}

TEST(Orphanage, EndsWhatCameSinceItWasMadeAndSparesTheWorkers) {
  const pid_t earlier = start(nothing);
  const PosixOrphanage orphanage;
  EXPECT_EQ(orphanage.end_leaked_processes({}), 0U);
  const pid_t worker = start(nothing);
  const pid_t leaked = start(nothing);
  EXPECT_EQ(orphanage.end_leaked_processes({worker}), 1U);
  EXPECT_TRUE(is_alive(earlier));
  EXPECT_TRUE(is_alive(worker));
  EXPECT_EQ(::waitpid(leaked, nullptr, WNOHANG), -1) << "killed and reaped";
  EXPECT_EQ(errno, ECHILD);
  end(worker);
  end(earlier);
}

TEST(Orphanage, ReapsButDoesNotCountWhatEndedByItself) {
  const PosixOrphanage orphanage;
  const pid_t ended = ::fork();
  if (ended == 0) ::_exit(0);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(ended), &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(orphanage.end_leaked_processes({}), 0U);
  EXPECT_EQ(::waitpid(ended, nullptr, WNOHANG), -1);
}

TEST(Orphanage, FindsTheGrandchildrenOfGrandchildren) {
  // Each in a session of its own, so that only parents tell whose they are; they become ours round by round.
  const PosixOrphanage orphanage;
  const auto nest = [](const auto& self, int depth) -> void {
    ::setsid();
    if (depth > 0) start([&] { self(self, depth - 1); });
  };
  start([&] { nest(nest, 3); });
  EXPECT_EQ(orphanage.end_leaked_processes({}), 4U);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "someone is still there";
}

TEST(Orphanage, FindsTheGroupOfAWorkerWhateverItsProcessesAreCalled) {
  const PosixOrphanage orphanage;
  pid_t worker = -1;
  worker = start([] {
    ::setpgid(0, 0);
    start([] { ::prctl(PR_SET_NAME, ") S 1 1"); });
    start(nothing);
  });
  EXPECT_EQ(orphanage.end_leaked_processes({worker}), 2U) << "children of a worker that lives, in its group";
  EXPECT_TRUE(is_alive(worker));
  end(worker);
  // Both were killed and are ours now; when each of them ends is up to the kernel.
  int status = 0;
  int killed = 0;
  while (::waitpid(-1, &status, 0) > 0) killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 1 : 0;
  EXPECT_EQ(killed, 2);
}

}  // namespace
}  // namespace stampede
