// Histories of who mends nothing, leaves temporaries, or keeps what he opened; and such as have a reason.
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>

#include "harness/judge/history_for_test.h"

namespace stampede {
namespace {

using modelcache::EntryState;
using modelcache::OpenMode;
using Ids = std::set<std::string>;
using Steps = std::function<void(History&)>;

// A repair of a bad entry that takes `steps` and says that it is bad.
Ids violated_by_repair(const Steps& steps) {
  Plan plan = plan_of({OperationKind::repair}, true);
  plan.start.damage = {{DamageKind::cut, 0}};
  History history(plan);
  warm_up(history);
  history.disk().set_bytes(history.disk().file_at(history.entry(0)), Bytes(50));
  history.look(0);
  steps(history);
  OperationOutcome outcome = history.outcome();
  modelcache::VerifyReport report;
  report.entry.key = history.key(0);
  report.state = EntryState::corrupt;
  report.removed = history.disk().file_at(history.entry(0)) == 0;
  outcome.reports = {report};
  history.ends(outcome);
  return history.violated();
}

TEST(StepJudgeUpkeep, RepairsWhatIsBad) {
  EXPECT_EQ(violated_by_repair([](History&) {}), Ids{"upkeep_mends_what_it_can"});
  EXPECT_EQ(violated_by_repair([](History& history) {
              history.unlink(history.entry(0));
              history.sync_directory("entries");
            }),
            Ids{});
}

TEST(StepJudgeUpkeep, NeedNotRepairAgainstAFailureOrALock) {
  EXPECT_EQ(violated_by_repair([](History& history) {
              history.open(history.lock_path(0), OpenMode::open_or_create, History::fails(EACCES));
            }),
            Ids{});
  const auto waits_for = [](const std::string& lock, bool in_vain) {
    return violated_by_repair([=](History& history) {
      history.open(lock, OpenMode::open_or_create);
      history.try_lock(lock, History::is_told(EWOULDBLOCK));
      if (!in_vain) history.try_lock(lock);
      history.close(lock);
    });
  };
  const History names(plan_of({OperationKind::repair}));
  EXPECT_EQ(waits_for(names.lock_path(0), true), Ids{});
  EXPECT_EQ(waits_for("locks/manifest.lock", true), Ids{});
  EXPECT_EQ(waits_for(names.lock_path(0), false), Ids{"upkeep_mends_what_it_can"});
  EXPECT_EQ(waits_for(names.lock_path(1), true), Ids{"upkeep_mends_what_it_can"});
}

// A recovery that takes `steps` on a cache with one model, after `damage` was done.
Ids violated_by_recovery(DamageKind damage, const Steps& damages, const Steps& steps) {
  Plan plan = plan_of({OperationKind::recover}, true);
  plan.start.damage = {{damage, 0}};
  History history(plan);
  warm_up(history);
  damages(history);
  history.look(0);
  steps(history);
  OperationOutcome outcome = history.outcome();
  outcome.recovery.emplace();
  history.ends(outcome);
  return history.violated();
}

const Steps kNothing = [](History&) {};

TEST(StepJudgeUpkeep, ListsWhatIsThere) {
  const Steps unlist = [](History& history) { history.disk().move("manifest.json", "", false); };
  EXPECT_EQ(violated_by_recovery(DamageKind::unlisted, unlist, kNothing), Ids{"upkeep_mends_what_it_can"});
  EXPECT_EQ(violated_by_recovery(DamageKind::unlisted, unlist, [](History& history) { history.list(); }), Ids{});
  EXPECT_EQ(violated_by_recovery(DamageKind::unlisted, unlist,
                                 [](History& history) {
                                   history.open("locks/manifest.lock", OpenMode::open_or_create);
                                   history.try_lock("locks/manifest.lock", History::is_told(EWOULDBLOCK));
                                   history.close("locks/manifest.lock");
                                 }),
            Ids{});
}

TEST(StepJudgeUpkeep, DropsListingsAndMakesABadManifestAnew) {
  Plan plan = plan_of({OperationKind::remove, OperationKind::recover}, true);
  for (const bool drops : {true, false}) {
    History history(plan);
    warm_up(history);
    history.unlink(history.entry(0));
    history.sync_directory("entries");
    history.succeeds(false);
    if (drops) history.list();
    OperationOutcome outcome = history.outcome();
    outcome.recovery.emplace();
    history.ends(outcome);
    expect_trips(history, drops ? Ids{} : Ids{"upkeep_mends_what_it_can"});
  }
  const Steps spoil = [](History& history) {
    history.disk().set_bytes(history.disk().file_at("manifest.json"), Bytes(3, std::byte{'x'}));
  };
  EXPECT_EQ(violated_by_recovery(DamageKind::manifest_garbage, spoil, kNothing), Ids{"upkeep_mends_what_it_can"});
  EXPECT_EQ(violated_by_recovery(DamageKind::manifest_garbage, spoil, [](History& history) { history.list(); }), Ids{});
}

// The second operation of a process begins after the death.
Ids violated_by_second_get(bool sweeps, bool is_refused, bool fails) {
  Plan plan = History::one_get();
  plan.processes[0].operations = {{OperationKind::list, 0}, {OperationKind::get, 0}};
  History history(plan);
  history.by(1).make_cache();
  const std::string temporary = history.stage(0);
  history.process_ends(ProcessEnd::killed);
  history.by(0).succeeds(false);
  history.lock(0);
  if (is_refused) history.try_lock(temporary, History::is_told(EWOULDBLOCK));
  if (fails) history.open(temporary, OpenMode::read_write, History::fails(EACCES));
  if (sweeps) history.unlink(temporary);
  history.connect();
  history.publish(history.stage(0), 0);
  history.list();
  history.release(0);
  history.succeeds(false);
  return history.violated();
}

TEST(StepJudgeOrphans, StayOnlyWhereSomebodyHasThemOrTheyCannotBeTaken) {
  const Ids trips = {"orphans_go_with_the_next_miss"};
  EXPECT_EQ(violated_by_second_get(false, false, false), trips);
  EXPECT_EQ(violated_by_second_get(true, false, false), Ids{});
  EXPECT_EQ(violated_by_second_get(false, true, false), Ids{});
  EXPECT_EQ(violated_by_second_get(false, false, true), Ids{});
}

TEST(StepJudgeOrphans, OfWhoDiedMeanwhileMayStay) {
  History history;
  history.by(1).make_cache();
  history.stage(0);
  history.by(0).look(0);
  history.by(1).process_ends(ProcessEnd::killed);
  history.by(0).miss(0);
  expect_trips(history, {});
}

TEST(StepJudgeTemporaries, AreFew) {
  for (const bool cannot_remove : {false, true}) {
    History history(plan_of({OperationKind::get}));
    history.make_cache();
    const std::string first = history.stage(0);
    history.stage(0);
    EXPECT_EQ(history.violated(), Ids{});
    if (cannot_remove) history.unlink(first, History::fails(EACCES));
    history.stage(0);
    expect_trips(history, cannot_remove ? Ids{} : Ids{"temporaries_are_few"});
  }
  History swept(plan_of({OperationKind::get}));
  swept.make_cache();
  for (int i = 0; i < 5; ++i) swept.unlink(swept.stage(0));
  expect_trips(swept, {});
}

TEST(StepJudgeOperations, CloseWhatTheyOpened) {
  const Steps leaks[] = {
      [](History& history) { history.open("entries/x", OpenMode::read); },
      [](History& history) { history.open("manifest.json", OpenMode::read); },
      [](History& history) { history.lock(0); },
      [](History& history) {
        for (int i = 0; i < 5; ++i) history.open("entries", OpenMode::directory);
      },
      [](History& history) {  // closed, and still held by another descriptor
        history.lock(0);
        history.close("entries/x");
      },
  };
  for (const Steps& leak : leaks) {
    History history(plan_of({OperationKind::list}));
    history.make_cache();
    leak(history);
    history.ends(history.outcome());
    EXPECT_TRUE(history.violated().contains("operations_close_what_they_opened")) << history.told();
  }
  History good(plan_of({OperationKind::list}));
  good.make_cache();
  for (const char* directory : {"", "entries", "tmp", "locks"}) good.open(directory, OpenMode::directory);
  good.open("manifest.json", OpenMode::read);
  good.close("manifest.json", History::fails(EIO));  // closes all the same
  good.ends(good.outcome());
  expect_trips(good, {});
}

}  // namespace
}  // namespace stampede
