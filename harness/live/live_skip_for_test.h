// Where a test of the live world is skipped, and where that is a failure: decided here alone.
#ifndef STAMPEDE_LIVE_LIVE_SKIP_FOR_TEST_H
#define STAMPEDE_LIVE_LIVE_SKIP_FOR_TEST_H

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "harness/plan/sanitized.h"

namespace stampede {

// The compiler has found this header from the top of the project.
inline std::string live_probe() {
  const std::filesystem::path top = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path();
  return top / "scripts/live_probe.py";
}

// Its exit status; 127 where it cannot be started.
inline int run_live_probe(const std::string& probe, std::vector<std::string> needs) {
  needs.insert(needs.begin(), {"python3", probe});
  std::vector<char*> words;
  for (std::string& need : needs) words.push_back(need.data());
  words.push_back(nullptr);
  pid_t child = 0;
  int status = 0;
  if (::posix_spawnp(&child, words[0], nullptr, nullptr, words.data(), environ) != 0) return 127;
  if (::waitpid(child, &status, 0) != child) return 127;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// For GTEST_SKIP: why there is no live world, in its own words. It is not believed: fails the test where the probe,
// which shares nothing with the live world, says that this machine has all that is needed. `needs` are the probe's
// arguments. A sanitizer is a reason of its own.
inline std::string not_live_here(const std::string& why, const std::vector<std::string>& needs = {},
                                 const std::string& probe = live_probe()) {
  constexpr int kNotPossible = 3;
  if (kIsSanitized) return why;
  const int status = run_live_probe(probe, needs);
  // Fatal, or the body would run after a SetUp that was to skip it.
  [&] {
    if (status == 0) FAIL() << "live is possible here, so this is no reason to skip: " << why;
    if (status != kNotPossible) FAIL() << probe << " ended with status " << status << ", so nobody knows: " << why;
  }();
  return why;
}

}  // namespace stampede

#endif  // STAMPEDE_LIVE_LIVE_SKIP_FOR_TEST_H
