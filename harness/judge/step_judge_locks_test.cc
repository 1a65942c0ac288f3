// Histories that break what is promised of locks, temporaries, confinement and modes.
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>

#include "harness/judge/history_for_test.h"

namespace stampede {
namespace {

using modelcache::OpenMode;
using Ids = std::set<std::string>;

TEST(StepJudgeLocks, HaveOneHolder) {
  History history;
  history.by(0).make_cache();
  history.lock(0);
  history.by(1).lock(0);
  expect_trips(history, {"one_holder_per_lock"});
  EXPECT_EQ(history.judge().violations()[0].object, "m0");
}

// The same name, another file: whoever unlinks a lock file breaks it for those who wait.
TEST(StepJudgeLocks, AreKnownByTheirNames) {
  History history;
  history.by(0).make_cache();
  history.lock(0);
  history.unlink(history.lock_path(0));
  history.by(1).lock(0);
  expect_trips(history, {"one_holder_per_lock"});
}

TEST(StepJudgeLocks, AreFreeAfterUnlockCloseAndDeath) {
  for (int way = 0; way < 3; ++way) {
    History history;
    history.by(0).make_cache();
    history.lock(0);
    if (way == 0) history.unlock(history.lock_path(0));
    if (way == 1) history.close(history.lock_path(0));
    if (way == 2) history.process_ends(ProcessEnd::killed);
    history.by(1).lock(0);
    expect_trips(history, {});
    EXPECT_EQ(history.judged("one_holder_per_lock"), 2U);
  }
}

TEST(StepJudgeLocks, ThatDoNothingHaveAnyNumberOfHolders) {
  History history;
  history.by(0).make_cache();
  history.lock(0);
  history.by(1).open(history.lock_path(0), OpenMode::open_or_create);
  history.try_lock(history.lock_path(0), {0, StepFault::does_nothing});
  expect_trips(history, {});
}

TEST(StepJudgeTemporaries, OfTheLivingStay) {
  for (const bool is_moved : {false, true}) {
    History history;
    history.by(0).make_cache();
    const std::string temporary = history.stage(0);
    history.by(1);
    if (is_moved) {
      history.rename(temporary, history.entry(0));
    } else {
      history.unlink(temporary);
    }
    expect_trips(history, {"only_the_dead_are_swept"});
    EXPECT_EQ(history.judge().violations()[0].object, "m0");
  }
}

TEST(StepJudgeTemporaries, OfTheDeadAndOnesOwnMayGo) {
  History own;
  own.by(0).make_cache();
  own.unlink(own.stage(0));
  expect_trips(own, {});
  History dead;
  dead.by(0).make_cache();
  const std::string temporary = dead.stage(0);
  dead.process_ends(ProcessEnd::killed);
  dead.by(1).unlink(temporary);
  expect_trips(dead, {});
  EXPECT_EQ(dead.judged("only_the_dead_are_swept"), 1U);
}

TEST(StepJudgeConfinement, HoldsForAllThatChangesSomething) {
  const std::function<void(History&)> escapes[] = {
      [](History& history) { history.open("/etc/x", OpenMode::create_new); },
      [](History& history) { history.open("/etc/x", OpenMode::read_write, History::is_told(ENOENT)); },
      [](History& history) { history.open("entries/../../x", OpenMode::open_or_create); },
      [](History& history) { history.make_directory("/sim"); },
      [](History& history) { history.unlink("/etc/x", History::is_told(ENOENT)); },
      [](History& history) { history.rename(history.stage(0), "/etc/x"); },
      [](History& history) { history.rename("/etc/x", "tmp/y", History::is_told(ENOENT)); },
      [](History& history) { history.link(history.stage(0), "../x"); },
      [](History& history) { history.write("/etc/x", 1, Bytes(1), History::is_told(EIO)); },
      [](History& history) { history.open("/etc/x", OpenMode::read, History::is_told(ENOENT)); },
      [](History& history) { history.open("..x/..", OpenMode::directory, History::is_told(ENOENT)); },
  };
  for (const auto& escape : escapes) {
    History history;
    history.by(0).make_cache();
    escape(history);
    expect_trips(history, {"confined_to_the_directory"});
  }
}

TEST(StepJudgeConfinement, LetsTheParentBeOpenedAndSynced) {
  History history;
  history.by(0).make_cache();
  history.open("/sim", OpenMode::root);
  history.sync_directory("/sim");
  history.make_directory("..x");
  expect_trips(history, {});
}

TEST(StepJudgeModes, FollowTheUmaskOfWhoPublishes) {
  Plan plan = plan_of({OperationKind::get});
  plan.processes[0].umask = 027;
  for (const unsigned mode : {0640U, 0644U, 0600U}) {
    History history(plan);
    history.make_cache();
    const std::string temporary = history.stage(0);
    history.disk().set_mode(history.disk().file_at(temporary), mode);
    history.rename(temporary, history.entry(0));
    expect_trips(history, mode == 0640U ? Ids{} : Ids{"published_modes"});
  }
}

TEST(StepJudgeModes, OfDirectoriesAndTheManifestToo) {
  History directory(plan_of({OperationKind::get}));
  directory.make_directory("");
  directory.plan().processes[0].umask = 0;
  directory.make_directory("entries");
  directory.plan().processes[0].umask = 022;
  expect_trips(directory, {});  // 0777 was right for umask 0
  directory.disk().set_mode(directory.disk().file_at("entries"), 0700);
  directory.stage_ends();
  expect_trips(directory, {"published_modes"});
  EXPECT_EQ(directory.judge().violations()[0].object, "entries");
  History manifest(plan_of({OperationKind::get}));
  manifest.make_cache();
  manifest.list();
  manifest.disk().set_mode(manifest.disk().file_at("manifest.json"), 0600);
  manifest.link("manifest.json", "tmp/x");
  manifest.rename("tmp/x", "manifest.json");
  expect_trips(manifest, {"published_modes"});
}

TEST(StepJudgeModes, InheritTheGroupBitAndAreJudgedAtRest) {
  History history(plan_of({OperationKind::get}));
  history.make_cache();
  history.disk().set_mode(history.disk().file_at("entries"), 02755);
  history.lock(0);
  history.release(0);
  history.stage_ends();
  expect_trips(history, {});
  history.disk().set_mode(history.disk().file_at(history.lock_path(0)), 0666);
  history.begin_stage(StageKind::epilogue);
  history.stage_ends();
  EXPECT_TRUE(history.violated().contains("published_modes"));
}

}  // namespace
}  // namespace stampede
