// A signal is noted while someone wants to know, and does what it did before afterwards.
#include "harness/free/posix_interrupt.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>

namespace stampede {
namespace {

int former_calls = 0;
void count_call(int) { ++former_calls; }

bool is_readable(int descriptor) {
  pollfd polled{.fd = descriptor, .events = POLLIN, .revents = 0};
  return ::poll(&polled, 1, 0) == 1;
}

TEST(Interrupt, IsNotedForEachOfItsSignals) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    SCOPED_TRACE(signal);
    struct sigaction former{};
    ASSERT_EQ(::sigaction(signal, nullptr, &former), 0);
    ::signal(signal, count_call);
    former_calls = 0;
    int descriptor = -1;
    {
      const PosixInterrupt interrupt;
      descriptor = interrupt.descriptor();
      ASSERT_GE(descriptor, 0);
      EXPECT_EQ(::fcntl(descriptor, F_GETFD), FD_CLOEXEC);
      EXPECT_FALSE(interrupt.happened()) << "an earlier one is over";
      EXPECT_FALSE(is_readable(descriptor));
      struct sigaction present{};
      ASSERT_EQ(::sigaction(signal, nullptr, &present), 0);
      EXPECT_NE(present.sa_flags & SA_RESTART, 0);
      errno = 77;
      ::raise(signal);
      EXPECT_EQ(errno, 77);
      EXPECT_TRUE(interrupt.happened());
      EXPECT_TRUE(is_readable(descriptor));
      EXPECT_EQ(former_calls, 0);
      const int bytes = ::fcntl(descriptor, F_SETPIPE_SZ, 4096);
      for (int i = 0; i < bytes; ++i) ::raise(signal);  // more than the pipe holds
      EXPECT_TRUE(interrupt.happened());
    }
    EXPECT_EQ(::fcntl(descriptor, F_GETFD), -1) << "its pipe is still open";
    ::raise(signal);
    EXPECT_EQ(former_calls, 1);
    ASSERT_EQ(::sigaction(signal, &former, nullptr), 0);
  }
}

TEST(Terminal, IsWhatPeopleLookAt) {
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  EXPECT_FALSE(is_terminal(pipe[0]));
  EXPECT_FALSE(is_terminal(-1));
  ::close(pipe[0]);
  ::close(pipe[1]);
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0) GTEST_SKIP() << "no pseudo-terminal here";
  EXPECT_TRUE(is_terminal(terminal));
  ::close(terminal);
}

}  // namespace
}  // namespace stampede
