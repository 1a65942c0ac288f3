// Tests of which steps do not commute.
#include "harness/strategy/step_access.h"

#include <gtest/gtest.h>

#include "harness/strategy/shared_step.h"
#include "harness/strategy/toy_world.h"

namespace stampede {
namespace {

PendingStep open_of(std::string path, modelcache::OpenMode mode) {
  return PendingStep{
      .kind = StepKind::open, .path = std::move(path), .to_path = {}, .mode = static_cast<std::uint32_t>(mode)};
}

bool do_conflict(const PendingStep& left, const PendingStep& right, const PathAliases& aliases = {}) {
  const bool is_so = may_conflict(left, right, aliases);
  EXPECT_EQ(may_conflict(right, left, aliases), is_so) << "it has no direction";
  return is_so;
}

TEST(StepAccess, ConflictsOnOneObjectWhereOneWrites) {
  const auto read = step_on(StepKind::read, "entries/a");
  const auto write = step_on(StepKind::write, "entries/a");
  EXPECT_FALSE(do_conflict(read, read));
  EXPECT_TRUE(do_conflict(read, write));
  EXPECT_TRUE(do_conflict(write, write));
  EXPECT_FALSE(do_conflict(write, step_on(StepKind::write, "entries/b")));
  EXPECT_FALSE(do_conflict(step_on(StepKind::now, ""), write));
  EXPECT_TRUE(do_conflict(step_on(StepKind::stat_name, "entries/a"), write));
}

TEST(StepAccess, ConflictsOnNames) {
  using modelcache::OpenMode;
  const auto look = open_of("entries/a", OpenMode::read);
  EXPECT_FALSE(do_conflict(look, look));
  EXPECT_TRUE(do_conflict(look, step_on(StepKind::rename, "tmp/t", "entries/a")));
  EXPECT_TRUE(do_conflict(look, step_on(StepKind::rename, "entries/a", "tmp/t")));
  EXPECT_TRUE(do_conflict(look, step_on(StepKind::unlink, "entries/a")));
  EXPECT_TRUE(do_conflict(look, open_of("entries/a", OpenMode::create_new)));
  EXPECT_FALSE(do_conflict(look, step_on(StepKind::rename, "tmp/t", "entries/b")));
  EXPECT_TRUE(
      do_conflict(step_on(StepKind::rename, "tmp/t", "entries/a"), step_on(StepKind::rename, "tmp/u", "entries/a")));
}

TEST(StepAccess, ConflictsOnDirectories) {
  using modelcache::OpenMode;
  const auto list = step_on(StepKind::list, "tmp");
  EXPECT_TRUE(do_conflict(list, open_of("tmp/a", OpenMode::create_new)));
  EXPECT_TRUE(do_conflict(list, step_on(StepKind::rename, "tmp/a", "entries/a")));
  EXPECT_FALSE(do_conflict(list, step_on(StepKind::write, "tmp/a")));
  EXPECT_FALSE(do_conflict(list, open_of("entries/a", OpenMode::create_new)));
  EXPECT_TRUE(do_conflict(step_on(StepKind::list, ""), step_on(StepKind::unlink, "manifest.json")));
  EXPECT_TRUE(do_conflict(step_on(StepKind::make_directory, "entries"), open_of("entries", OpenMode::directory)));
  EXPECT_TRUE(do_conflict(step_on(StepKind::make_directory, "entries"), open_of("entries/a", OpenMode::read)));
  EXPECT_TRUE(do_conflict(step_on(StepKind::make_directory, ""), open_of("locks", OpenMode::directory)));
  EXPECT_FALSE(do_conflict(step_on(StepKind::make_directory, "ent"), open_of("entries/a", OpenMode::read)));
}

TEST(StepAccess, ConflictsOnLocksAndWhoWaitsForThem) {
  const auto lock = step_on(StepKind::try_lock, "locks/a");
  const auto close = step_on(StepKind::close, "locks/a");
  const auto sleep = step_on(StepKind::sleep_until, "");
  EXPECT_TRUE(do_conflict(lock, lock));
  EXPECT_TRUE(do_conflict(lock, close));
  EXPECT_FALSE(do_conflict(lock, step_on(StepKind::close, "locks/b")));
  EXPECT_TRUE(do_conflict(sleep, lock));
  EXPECT_TRUE(do_conflict(sleep, close));
  EXPECT_FALSE(do_conflict(sleep, sleep));
  EXPECT_FALSE(do_conflict(sleep, step_on(StepKind::write, "entries/a")));
  auto hang_up = step_on(StepKind::close, "");
  hang_up.connection = 3;
  EXPECT_FALSE(do_conflict(sleep, hang_up));
}

TEST(StepAccess, ConflictsOnTurnsAndLives) {
  const auto connect = step_on(StepKind::connect, "");
  EXPECT_TRUE(do_conflict(connect, connect));
  EXPECT_TRUE(do_conflict(step_on(StepKind::liveness, ""), step_on(StepKind::now, "")));
}

TEST(StepAccess, KnowsFilesByAllTheirNames) {
  const auto write = step_on(StepKind::write, "tmp/t");
  const auto read = step_on(StepKind::read, "entries/b");
  PathAliases aliases;
  EXPECT_FALSE(do_conflict(write, read, aliases));
  aliases.note(step_on(StepKind::rename, "tmp/t", "entries/a"));
  EXPECT_FALSE(do_conflict(write, read, aliases));
  aliases.note(step_on(StepKind::link, "entries/a", "entries/b"));
  EXPECT_TRUE(do_conflict(write, read, aliases));
  aliases.note(step_on(StepKind::unlink, "entries/b", ""));
  EXPECT_TRUE(do_conflict(write, read, aliases)) << "who has it open still has it";
  aliases.clear();
  EXPECT_FALSE(do_conflict(write, read, aliases));
}

// The table of shared steps calls none private that touches something, but for bytes under tmp/ and requests.
TEST(StepAccess, AgreesWithTheTableOfSharedSteps) {
  for (std::size_t i = 0; i < kStepKinds; ++i) {
    const auto step = step_on(static_cast<StepKind>(i), "entries/a", "entries/b");
    const AccessList accesses = accesses_of(step);
    const bool touches = accesses.begin() != accesses.end() && step.kind != StepKind::send;
    EXPECT_EQ(touches, is_shared(step)) << name_of(step.kind);
  }
}

}  // namespace
}  // namespace stampede
