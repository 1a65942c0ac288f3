// What strace's program says is its time, and anything else is none: with an strace of our own.
#include "harness/run/posix_traced_calls.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <cstdlib>

#include "harness/free/directory_for_test.h"

namespace stampede {
namespace {

using std::chrono::nanoseconds;

// While it lives, `strace` is a script of these lines, run with $1 to $13 as it was called.
class FakeStrace {
 public:
  explicit FakeStrace(std::string_view lines) : path_(std::getenv("PATH")) {
    std::filesystem::rename(directory_.script(lines), directory_.path() + "/strace");
    ::setenv("PATH", (directory_.path() + ":" + path_).c_str(), 1);
  }
  ~FakeStrace() { ::setenv("PATH", path_.c_str(), 1); }
  FakeStrace(const FakeStrace&) = delete;
  FakeStrace& operator=(const FakeStrace&) = delete;

 private:
  TestDirectory directory_;
  std::string path_;
};

int cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  EXPECT_EQ(::sched_getaffinity(0, sizeof set, &set), 0);
  return CPU_COUNT(&set);
}

TEST(TracedCalls, AreTimedByTheFasterOfTwoRuns) {
  const int before = cores();
  // The first run says one thing, the second another.
  const std::string twice = R"(mark=$(dirname "$0")/mark; [ -e $mark ] && echo %s || echo %s; : > $mark)";
  const auto lines = [&](std::string_view second, std::string_view first) {
    std::string text = twice;
    text.replace(text.find("%s"), 2, second);
    text.replace(text.find("%s"), 2, first);
    return text;
  };
  for (const auto& [first, second, expected] :
       {std::tuple("300", "200", 200), std::tuple("100", "400", 100), std::tuple("100", "no number", 100)}) {
    const FakeStrace strace(lines(second, first));
    EXPECT_EQ(time_traced_calls("p", "read", 5), nanoseconds(expected)) << first << second;
  }
  EXPECT_EQ(cores(), before) << "it stays on one core";
}

TEST(TracedCalls, RunTheSecondTimeOnOneCore) {
  if (cores() == 1) GTEST_SKIP() << "one core alone";
  const FakeStrace strace(R"(mark=$(dirname "$0")/mark; [ -e $mark ] && nproc || echo 900; : > $mark)");
  EXPECT_EQ(time_traced_calls("p", "read", 5), nanoseconds(1));
}

TEST(TracedCalls, FollowTheProgramAsItIsAsked) {
  const FakeStrace strace(
      R"([ "$1 $2 $3 $4 $5 $6" = "-f --seccomp-bpf -e trace=pread64,newfstatat -o /dev/null" ] || exit 1
[ "$7 $8 ${10} ${11} $#" = "/the/program live-calls stat_name 77 11" ] && [ -d "$9" ] && echo 42)");
  EXPECT_EQ(time_traced_calls("/the/program", "stat_name", 77), nanoseconds(42));
}

TEST(TracedCalls, HaveNoTimeWhereStraceFails) {
  for (const char* lines : {"echo 300; exit 1", "echo 0", "echo -5", "echo text", "exit 0", "echo 300; kill -9 $$"}) {
    const FakeStrace strace(lines);
    EXPECT_EQ(time_traced_calls("p", "read", 5), std::nullopt) << lines;
  }
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nonexistent", 1);
  EXPECT_EQ(time_traced_calls("p", "read", 5), std::nullopt) << "there is none";
  ::setenv("PATH", path.c_str(), 1);
}

}  // namespace
}  // namespace stampede
