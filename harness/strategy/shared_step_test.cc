// Tests of which steps are shared.
#include "harness/strategy/shared_step.h"

#include <gtest/gtest.h>

#include <set>

namespace stampede {
namespace {

PendingStep step_of_connection(StepKind kind, std::string path, ConnectionNumber connection = 0) {
  return PendingStep{.kind = kind, .path = std::move(path), .to_path = {}, .connection = connection};
}

TEST(SharedStep, IsNoneThatOnlyItsProcessSees) {
  const std::set<StepKind> own = {StepKind::now,     StepKind::wall_time, StepKind::sleep_until,
                                  StepKind::random,  StepKind::self,      StepKind::liveness,
                                  StepKind::resolve, StepKind::send,      StepKind::receive};
  for (std::size_t i = 0; i < kStepKinds; ++i) {
    const auto kind = static_cast<StepKind>(i);
    EXPECT_EQ(is_shared(step_of_connection(kind, "entries/sha256-0")), !own.contains(kind)) << name_of(kind);
  }
}

TEST(SharedStep, IsNoneOnTheBytesOfTemporaries) {
  const std::set<StepKind> bytes = {StepKind::read, StepKind::write, StepKind::truncate, StepKind::sync_file};
  for (const StepKind kind : bytes) EXPECT_FALSE(is_shared(step_of_connection(kind, "tmp/a.tmp"))) << name_of(kind);
  for (const StepKind kind : bytes) EXPECT_TRUE(is_shared(step_of_connection(kind, "tmp2/a.tmp"))) << name_of(kind);
  // Their names and locks are seen by all who sweep.
  for (const StepKind kind : {StepKind::open, StepKind::rename, StepKind::link, StepKind::unlink, StepKind::try_lock,
                              StepKind::close, StepKind::stat_name, StepKind::sync_directory}) {
    EXPECT_TRUE(is_shared(step_of_connection(kind, "tmp/a.tmp"))) << name_of(kind);
  }
}

TEST(SharedStep, IsTheCloseOfAFileAlone) {
  EXPECT_TRUE(is_shared(step_of_connection(StepKind::close, "locks/a.lock")));
  EXPECT_FALSE(is_shared(step_of_connection(StepKind::close, "", 1)));
}

}  // namespace
}  // namespace stampede
