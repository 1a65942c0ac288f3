// What would survive a power loss, step by step.
#include "harness/judge/durability.h"

#include <gtest/gtest.h>

#include <set>

#include "harness/judge/writing_steps.h"

namespace stampede {
namespace {

TEST(Durability, FollowsWritesAndSyncs) {
  Durability durability;
  durability.begin();
  EXPECT_TRUE(durability.is_synced(3));  // nobody wrote
  durability.sync(3);
  EXPECT_TRUE(durability.is_synced(3));
  durability.write(3);
  EXPECT_FALSE(durability.is_synced(3));
  EXPECT_TRUE(durability.is_synced(2));
  EXPECT_TRUE(durability.is_synced(4));
  durability.write(3);
  EXPECT_FALSE(durability.is_synced(3));
  durability.sync(3);
  EXPECT_TRUE(durability.is_synced(3));
  durability.empty(3);
  EXPECT_FALSE(durability.is_synced(3));
  durability.write(3);
  durability.sync(3);
  EXPECT_TRUE(durability.is_synced(3));
}

TEST(Durability, IsLostAfterAFailedSyncUntilAllIsCut) {
  Durability durability;
  durability.begin();
  durability.write(1);
  durability.fail_sync(1);
  durability.sync(1);
  EXPECT_FALSE(durability.is_synced(1));
  durability.write(1);
  durability.sync(1);
  EXPECT_FALSE(durability.is_synced(1));
  durability.empty(1);
  EXPECT_FALSE(durability.is_synced(1));
  durability.sync(1);
  EXPECT_TRUE(durability.is_synced(1));
  durability.fail_sync(2);  // of what was synced
  EXPECT_FALSE(durability.is_synced(2));
}

TEST(Durability, BeginsAnew) {
  Durability durability;
  durability.begin();
  durability.write(1);
  durability.fail_sync(2);
  durability.is_root_named = durability.is_entries_named = durability.is_manifest_named = false;
  durability.begin();
  EXPECT_TRUE(durability.is_synced(1) && durability.is_synced(2));
  EXPECT_TRUE(durability.is_root_named);
  EXPECT_TRUE(durability.is_entries_named);
  EXPECT_TRUE(durability.is_manifest_named);
}

Step step_of(StepKind kind, modelcache::OpenMode mode = modelcache::OpenMode::read) {
  Step step;
  step.kind = kind;
  step.path = "x";
  step.mode = static_cast<std::uint32_t>(mode);
  return step;
}

TEST(WritingSteps, AreThese) {
  using modelcache::OpenMode;
  const std::set<StepKind> writing = {StepKind::write, StepKind::truncate, StepKind::rename,
                                      StepKind::link,  StepKind::unlink,   StepKind::make_directory};
  for (std::size_t i = 0; i < kStepKinds; ++i) {
    const auto kind = static_cast<StepKind>(i);
    EXPECT_EQ(is_writing(step_of(kind)), writing.contains(kind)) << name_of(kind);
  }
  Step root = step_of(StepKind::make_directory);
  root.path.clear();
  EXPECT_FALSE(is_writing(root));
  const struct {
    OpenMode mode;
    bool writes, creates, is_directory;
  } rows[] = {{OpenMode::read, false, false, false},     {OpenMode::read_write, true, false, false},
              {OpenMode::create_new, true, true, false}, {OpenMode::open_or_create, true, true, false},
              {OpenMode::root, false, false, true},      {OpenMode::directory, false, false, true}};
  for (const auto& row : rows) {
    const Step step = step_of(StepKind::open, row.mode);
    EXPECT_EQ(is_writing(step), row.writes) << step.mode;
    EXPECT_EQ(may_create(step), row.creates) << step.mode;
    EXPECT_EQ(opens_directory(step), row.is_directory) << step.mode;
  }
}

}  // namespace
}  // namespace stampede
