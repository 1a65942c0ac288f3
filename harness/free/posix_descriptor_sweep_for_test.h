// Lets descriptors run out, one place after the other.
#ifndef STAMPEDE_FREE_POSIX_DESCRIPTOR_SWEEP_FOR_TEST_H
#define STAMPEDE_FREE_POSIX_DESCRIPTOR_SWEEP_FOR_TEST_H

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace stampede {

// Below it no descriptor can be lifted.
inline constexpr rlim_t kLiftedDescriptors = 11;

// Tries with no number from `first` on, then with one more each time, until `succeeds` says so. Returns how often it
// did not.
template <class Succeeds>
int sweep_descriptors(Succeeds succeeds, rlim_t first = kLiftedDescriptors) {
  rlimit before{};
  EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  int failures = 0;
  constexpr rlim_t kLast = 80;
  for (rlim_t limit = first; limit < kLast; ++limit, ++failures) {
    const rlimit few{.rlim_cur = limit, .rlim_max = before.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    const bool has_succeeded = succeeds();
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    if (has_succeeded) return failures;
  }
  ADD_FAILURE() << "it never succeeds";
  return failures;
}

}  // namespace stampede

#endif  // STAMPEDE_FREE_POSIX_DESCRIPTOR_SWEEP_FOR_TEST_H
