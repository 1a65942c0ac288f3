// Lets descriptors run out, one place after the other.
#ifndef STAMPEDE_FREE_POSIX_DESCRIPTOR_SWEEP_FOR_TEST_H
#define STAMPEDE_FREE_POSIX_DESCRIPTOR_SWEEP_FOR_TEST_H

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

namespace stampede {

// Below it no descriptor can be lifted.
inline constexpr rlim_t kLiftedDescriptors = 11;

// Tries with no number from `first` on, then with one more each time, until `succeeds` says so. Returns how often it
// did not. The first number that can be lifted to is taken meanwhile: whoever started the test may have left it open or
// not.
template <class Succeeds>
int sweep_descriptors(Succeeds succeeds, rlim_t first = kLiftedDescriptors) {
  rlimit before{};
  EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  constexpr int kTaken = kLiftedDescriptors - 1;
  const bool is_free = ::fcntl(kTaken, F_GETFD) < 0;
  if (is_free) {
    EXPECT_EQ(::dup3(STDERR_FILENO, kTaken, O_CLOEXEC), kTaken);
  }
  int failures = 0;
  bool has_succeeded = false;
  constexpr rlim_t kLast = 80;
  for (rlim_t limit = first; limit < kLast && !has_succeeded; ++limit) {
    const rlimit few{.rlim_cur = limit, .rlim_max = before.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    has_succeeded = succeeds();
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    failures += has_succeeded ? 0 : 1;
  }
  if (is_free) ::close(kTaken);
  EXPECT_TRUE(has_succeeded) << "it never succeeds";
  return failures;
}

}  // namespace stampede

#endif  // STAMPEDE_FREE_POSIX_DESCRIPTOR_SWEEP_FOR_TEST_H
