// A test of the live world is skipped where the probe says that live is not possible, and nowhere else.
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "harness/live/live_skip_for_test.h"

namespace stampede {
namespace {

class LiveSkip : public testing::Test {
 protected:
  void SetUp() override {
    if (kIsSanitized) GTEST_SKIP() << "not applicable: under a sanitizer the probe is not asked";
    directory_ = (std::filesystem::temp_directory_path() / "stampede-probe-XXXXXX").string();
    ASSERT_NE(::mkdtemp(directory_.data()), nullptr);
    probe_ = directory_ + "/probe.py";
  }
  ~LiveSkip() override { std::filesystem::remove_all(directory_); }
  void write_probe(const std::string& lines) const { std::ofstream(probe_) << "import os, sys\n" << lines << "\n"; }

  inline static std::string directory_, probe_;
};

TEST_F(LiveSkip, IsForWhatTheMachineCannotDo) {
  write_probe("sys.exit(3 if sys.argv[1:] == ['curl', '--process-numbers'] else 0)");
  EXPECT_EQ(not_live_here("no filter", {"curl", "--process-numbers"}, probe_), "no filter");
}

TEST_F(LiveSkip, IsAFailureWhereLiveIsPossible) {
  write_probe("sys.exit(0)");
  EXPECT_FATAL_FAILURE(not_live_here("no filter", {}, probe_),
                       "live is possible here, so this is no reason to skip: no filter");
}

TEST_F(LiveSkip, IsAFailureWhereNobodyKnows) {
  for (const auto& [lines, status] :
       {std::pair{"sys.exit(1)", "status 1"}, {"os.kill(os.getpid(), 9)", "status 137"}}) {
    write_probe(lines);
    EXPECT_FATAL_FAILURE(not_live_here("no filter", {}, probe_), status);
  }
  EXPECT_FATAL_FAILURE(not_live_here("no filter", {}, directory_ + "/missing.py"), "status 2");
}

// A program that nobody has is one that the true probe misses too.
TEST_F(LiveSkip, AsksTheProbeOfTheProject) {
  EXPECT_EQ(run_live_probe(live_probe(), {"a-program-that-nobody-has"}), 3);
}

}  // namespace
}  // namespace stampede
