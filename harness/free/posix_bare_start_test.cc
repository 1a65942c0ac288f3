// Bare starts are as many as were asked, each with the arguments that end it at once.
#include "harness/free/posix_bare_start.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "harness/free/directory_for_test.h"

namespace stampede {
namespace {

TEST(BareStart, StartsAsManyAsItIsAsked) {
  const TestDirectory directory;
  const std::string program = directory.script("[ \"$*\" = 'worker --exit' ] && echo x >> \"$(dirname \"$0\")/log\"");
  const auto seconds = measure_bare_starts(program, 3);
  ASSERT_TRUE(seconds);
  EXPECT_GT(*seconds, 0);
  EXPECT_LT(*seconds, 60);
  EXPECT_EQ(std::filesystem::file_size(directory.path() + "/log"), 6U);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "one was not reaped";
}

TEST(BareStart, HasNoTimeWhereOneDidNotEndWell) {
  const TestDirectory directory;
  // All fail but the first that makes the directory, whoever that is.
  for (const char* failure : {"exit 1", "kill -9 $$"}) {
    std::filesystem::remove(directory.path() + "/mark");
    const std::string script = R"(mkdir "$(dirname "$0")/mark" 2>/dev/null || )" + std::string(failure);
    EXPECT_FALSE(measure_bare_starts(directory.script(script), 2)) << failure;
  }
  EXPECT_FALSE(measure_bare_starts("/nonexistent/program", 1));
  EXPECT_TRUE(measure_bare_starts(STAMPEDE_PROGRAM, 1));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

}  // namespace
}  // namespace stampede
