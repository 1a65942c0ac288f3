// Crews whose workers are scripts.
#ifndef STAMPEDE_FREE_POSIX_CREW_FOR_TEST_H
#define STAMPEDE_FREE_POSIX_CREW_FOR_TEST_H

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cerrno>
#include <string_view>
#include <vector>

#include "harness/free/directory_for_test.h"
#include "harness/free/posix_crew.h"

namespace stampede {

inline CrewResult run_script(const TestDirectory& directory, std::string_view lines, std::size_t count,
                             CrewOptions options = {}) {
  options.program = directory.script(lines);
  return run_crew(std::vector<WorkerCommand>(count, WorkerCommand{.arguments = {"worker"}, .specification = "s"}),
                  options);
}

inline void expect_no_children() {
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

}  // namespace stampede

#endif  // STAMPEDE_FREE_POSIX_CREW_FOR_TEST_H
