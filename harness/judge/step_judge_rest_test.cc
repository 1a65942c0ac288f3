// Histories that break what is promised of the manifest, of lists, and of what is left at rest.
#include <gtest/gtest.h>

#include <cerrno>

#include "cache/manifest.h"
#include "harness/judge/history_for_test.h"

namespace stampede {
namespace {

using modelcache::EntryState;
using modelcache::ErrorCode;
using modelcache::OpenMode;
using Ids = std::set<std::string>;

TEST(StepJudgeManifest, AlwaysParses) {
  const Bytes garbage(3, std::byte{'x'});
  History renamed(plan_of({OperationKind::get}));
  renamed.make_cache();
  const std::string temporary = renamed.temporary("manifest");
  renamed.open(temporary, OpenMode::create_new);
  renamed.write(temporary, renamed.disk().file_at(temporary), garbage);
  renamed.sync_file(temporary, renamed.disk().file_at(temporary));
  renamed.rename(temporary, "manifest.json");
  expect_trips(renamed, {"manifest_always_parses"});
  History emptied(plan_of({OperationKind::get}));
  emptied.make_cache();
  emptied.list();
  emptied.truncate("manifest.json", emptied.disk().file_at("manifest.json"), 0);
  expect_trips(emptied, {"manifest_always_parses", "published_bytes_never_change"});
  History made(plan_of({OperationKind::get}));
  made.make_cache();
  made.open("manifest.json", OpenMode::open_or_create);
  expect_trips(made, {"manifest_always_parses"});
}

TEST(StepJudgeManifest, LosesItsNameOnlyWhereItIsBad) {
  for (const bool is_bad : {true, false}) {
    Plan plan = plan_of({OperationKind::get}, true);
    if (is_bad) plan.start.damage = {{DamageKind::manifest_garbage, 0}};
    History history(plan);
    warm_up(history);
    const FileNumber manifest = history.disk().file_at("manifest.json");
    if (is_bad) history.disk().set_bytes(manifest, Bytes(3, std::byte{'x'}));
    history.rename("manifest.json", "manifest.json.bad");
    expect_trips(history, is_bad ? Ids{} : Ids{"manifest_always_parses"});
  }
  History unlinked(plan_of({OperationKind::get}));
  unlinked.make_cache();
  unlinked.list();
  unlinked.unlink("manifest.json");
  expect_trips(unlinked, {"manifest_always_parses"});
}

// Without its lock a good one may come between the look at a bad one and its setting aside.
TEST(StepJudgeManifest, MayLoseItsNameWhereItsOwnLockLies) {
  for (const char* lock : {"locks/manifest.lock", "locks/other.lock"}) {
    History history(plan_of({OperationKind::get}, true));
    warm_up(history);
    history.open(lock, OpenMode::open_or_create);
    history.try_lock(lock, {0, StepFault::does_nothing});
    history.rename("manifest.json", "manifest.json.bad");
    EXPECT_EQ(history.violated().contains("manifest_always_parses"), lock == std::string("locks/other.lock"));
  }
}

TEST(StepJudgeManifest, IsCompleteAtRest) {
  History unlisted(plan_of({OperationKind::get}));
  unlisted.make_cache();
  unlisted.lock(0);
  unlisted.connect();
  unlisted.publish(unlisted.stage(0), 0);
  unlisted.release(0);
  unlisted.succeeds(false);
  unlisted.finish();
  expect_trips(unlisted, {"manifest_is_complete"});
  History stale(plan_of({OperationKind::remove}, true));
  warm_up(stale);
  stale.lock(0);
  stale.unlink(stale.entry(0));
  stale.sync_directory("entries");
  stale.release(0);
  stale.succeeds(false);
  stale.stage_ends();
  expect_trips(stale, {"manifest_is_complete"});
}

TEST(StepJudgeManifest, NeedNotBeCompleteAfterADeathUntilTheEpilogueListsIt) {
  for (const bool epilogue_lists : {true, false}) {
    History history(plan_of({OperationKind::get}));
    history.make_cache();
    history.lock(0);
    history.connect();
    history.publish(history.stage(0), 0);
    history.disk().descriptors = 0;
    history.process_ends(ProcessEnd::killed);
    history.stage_ends();
    history.begin_stage(StageKind::epilogue);
    history.look(0);
    if (epilogue_lists) history.list();
    history.succeeds(true);
    history.miss_unlisted(1);
    if (epilogue_lists) history.list();
    history.succeeds(false);
    history.stage_ends();
    expect_trips(history, epilogue_lists ? Ids{} : Ids{"manifest_is_complete"});
  }
}

// A removal that gives up after it took the listing away; or another that has no business there.
TEST(StepJudgeManifest, NeedNotListWhatSomebodyBeganToRemove) {
  for (const OperationKind kind : {OperationKind::remove, OperationKind::recover}) {
    Plan plan = plan_of({OperationKind::get});
    plan.processes.push_back({.operations = {{kind, 0}}});
    History history(plan);
    history.by(0).make_cache();
    history.miss(0);
    const std::string text = modelcache::Manifest{}.print();
    const auto bytes = std::as_bytes(std::span(text));
    const std::string temporary = history.by(1).temporary("manifest");
    history.open(temporary, OpenMode::create_new);
    const FileNumber file = history.disk().file_at(temporary);
    history.write(temporary, file, Bytes(bytes.begin(), bytes.end()));
    history.sync_file(temporary, file);
    history.rename(temporary, "manifest.json");
    history.close(temporary, History::fails(EIO));
    history.fails_with(ErrorCode::io);
    history.stage_ends();
    expect_trips(history, kind == OperationKind::remove ? Ids{} : Ids{"manifest_is_complete"});
  }
}

TEST(StepJudgeManifest, NeedNotBeCompleteWhereItsLockWasGivenUp) {
  History history(plan_of({OperationKind::get}));
  history.make_cache();
  history.lock(0);
  history.connect();
  history.publish(history.stage(0), 0);
  history.open("locks/manifest.lock", OpenMode::open_or_create);
  history.try_lock("locks/manifest.lock", History::is_told(EWOULDBLOCK));
  history.close("locks/manifest.lock");
  history.release(0);
  history.succeeds(false);
  history.stage_ends();
  expect_trips(history, {});
}

modelcache::Entry entry_with(const std::string& key) {
  modelcache::Entry entry;
  entry.key = key;
  return entry;
}

TEST(StepJudgeLists, NameWhatIsThereAndNothingElse) {
  const auto tell = [](bool names_it, bool names_another) {
    History history(plan_of({OperationKind::list}, true));
    warm_up(history);
    OperationOutcome outcome = history.outcome();
    if (names_it) outcome.entries.push_back(entry_with(history.key(0)));
    if (names_another) outcome.entries.push_back(entry_with("sha256-" + std::string(64, '1')));
    history.ends(outcome);
    history.finish();
    return history.violated();
  };
  EXPECT_EQ(tell(true, false), Ids{});
  EXPECT_EQ(tell(false, false), Ids{"nobody_lists_lies"});
  EXPECT_EQ(tell(true, true), Ids{"nobody_lists_lies"});
}

TEST(StepJudgeLists, HaveNoEntryThatWasRemoved) {
  for (const bool removes : {true, false}) {
    History history(plan_of({OperationKind::remove}, true));
    warm_up(history);
    history.lock(0);
    if (removes) history.unlink(history.entry(0));
    history.sync_directory("entries");
    history.list();
    history.release(0);
    history.succeeds(false);
    expect_trips(history, removes ? Ids{} : Ids{"nobody_lists_lies"});
  }
}

TEST(StepJudgeLists, MayNameOrLeaveOutWhatCameOrWent) {
  for (const bool names_it : {true, false}) {
    Plan plan = plan_of({OperationKind::list}, true);
    plan.processes.push_back({.operations = {{OperationKind::remove, 0}}});
    History history(plan);
    warm_up(history);
    history.by(1).unlink(history.entry(0));
    OperationOutcome outcome = history.by(0).outcome();
    if (names_it) outcome.entries.push_back(entry_with(history.key(0)));
    history.ends(outcome);
    expect_trips(history, {});
  }
}

TEST(StepJudgeLists, MayLeaveOutWhatCameMeanwhile) {
  Plan plan = plan_of({OperationKind::list});
  plan.processes.push_back({.operations = {{OperationKind::get, 0}}});
  History history(plan);
  history.by(1).make_cache();
  history.miss(0);
  history.by(0).ends(history.by(0).outcome());
  expect_trips(history, {});
}

Ids violated_by_report(OperationKind kind, EntryState state, bool removed, bool is_damaged) {
  Plan plan = plan_of({kind}, true);
  if (is_damaged) plan.start.damage = {{DamageKind::cut, 0}};
  History history(plan);
  warm_up(history);
  if (is_damaged) history.disk().set_bytes(history.disk().file_at(history.entry(0)), Bytes(50));
  history.look(0);
  OperationOutcome outcome = history.outcome();
  modelcache::VerifyReport report;
  report.entry = entry_with(history.key(0));
  report.state = state;
  report.removed = removed;
  outcome.reports = {report};
  history.ends(outcome);
  return history.violated();
}

TEST(StepJudgeLists, CallGoodWhatIsGood) {
  EXPECT_EQ(violated_by_report(OperationKind::verify, EntryState::good, false, false), Ids{});
  EXPECT_EQ(violated_by_report(OperationKind::verify, EntryState::corrupt, false, true), Ids{});
  const Ids trips = {"nobody_lists_lies"};
  EXPECT_EQ(violated_by_report(OperationKind::verify, EntryState::corrupt, false, false), trips);
  EXPECT_EQ(violated_by_report(OperationKind::verify, EntryState::good, false, true), trips);
  EXPECT_EQ(violated_by_report(OperationKind::verify, EntryState::not_a_file, false, false), trips);
  EXPECT_EQ(violated_by_report(OperationKind::verify, EntryState::unreadable, false, false), trips);
  EXPECT_EQ(violated_by_report(OperationKind::repair, EntryState::corrupt, true, true),
            (Ids{"nobody_lists_lies", "upkeep_mends_what_it_can"}));
}

// A listing without its file, which a fault kept from being opened.
TEST(StepJudgeLists, MayNameWhatCouldNotBeLookedAt) {
  for (const EntryState state : {EntryState::unreadable, EntryState::corrupt}) {
    History history(plan_of({OperationKind::verify}));
    history.make_cache();
    history.open(history.entry(0), OpenMode::read, History::fails(ESTALE));
    OperationOutcome outcome = history.outcome();
    modelcache::VerifyReport report;
    report.entry = entry_with(history.key(0));
    report.state = state;
    outcome.reports = {report};
    history.ends(outcome);
    expect_trips(history, state == EntryState::unreadable ? Ids{} : Ids{"nobody_lists_lies"});
  }
}

TEST(StepJudgeLists, CountWhatRecoveryDid) {
  const auto tell = [](std::uint64_t removed, std::uint64_t bad, std::uint64_t adopted, bool sweeps) {
    Plan plan = plan_of({OperationKind::recover}, true);
    plan.start.damage = {{DamageKind::dead_temporary, 0}};
    History history(plan);
    warm_up(history);
    const std::string temporary = "tmp/" + history.key(0) + ".1.2.3.4.tmp";
    history.disk().make(temporary, modelcache::FileType::regular, 0644);
    if (sweeps) history.unlink(temporary);
    OperationOutcome outcome = history.outcome();
    outcome.recovery.emplace();
    outcome.recovery->temporaries_removed = removed;
    outcome.recovery->entries_bad = bad;
    outcome.recovery->entries_adopted = adopted;
    history.ends(outcome);
    return history.violated();
  };
  EXPECT_EQ(tell(1, 0, 0, true), Ids{});
  EXPECT_EQ(tell(0, 0, 0, false), Ids{"orphans_go_with_the_next_miss"});
  const Ids trips = {"nobody_lists_lies"};
  EXPECT_EQ(tell(0, 0, 0, true), trips);
  EXPECT_EQ(tell(1, 0, 0, false), (Ids{"nobody_lists_lies", "orphans_go_with_the_next_miss"}));
  EXPECT_EQ(tell(1, 1, 0, true), trips);
  EXPECT_EQ(tell(1, 0, 1, true), trips);
  Plan plan = plan_of({OperationKind::recover}, true);
  History lying(plan);
  warm_up(lying);
  lying.open("locks/manifest.lock", OpenMode::open_or_create);
  lying.try_lock("locks/manifest.lock", {0, StepFault::does_nothing});
  lying.close("locks/manifest.lock");
  OperationOutcome outcome = lying.outcome();
  outcome.recovery.emplace();
  outcome.recovery->entries_adopted = 1;
  lying.ends(outcome);
  expect_trips(lying, {});
}

TEST(StepJudgeRest, LeavesNoTemporary) {
  History history(plan_of({OperationKind::get}));
  history.make_cache();
  const std::string temporary = history.stage(0);
  history.close(temporary);
  history.open("entries/x", OpenMode::read, History::fails(EIO));
  history.fails_with(ErrorCode::io);
  history.stage_ends();
  expect_trips(history, {});  // its removal may have failed
  history.epilogue();         // whose miss sweeps nothing here
  expect_trips(history, {"nothing_left_over", "orphans_go_with_the_next_miss"});
  History quiet(plan_of({OperationKind::list}));
  quiet.make_cache();
  quiet.close(quiet.stage(0));
  quiet.stage_ends();
  expect_trips(quiet, {"nothing_left_over"});
}

TEST(StepJudgeRest, KnowsAllNames) {
  for (const char* path : {"x", "locks/x.lock", "tmp/x", "entries.old", "manifest.json.bad"}) {
    History history(plan_of({OperationKind::list}));
    history.make_cache();
    history.disk().make(path, modelcache::FileType::regular, 0644);
    history.stage_ends();
    expect_trips(history, {"nothing_left_over"});
  }
  Plan plan = plan_of({OperationKind::list});
  plan.start.damage = {{DamageKind::manifest_garbage, 0}};
  History set_aside(plan);
  set_aside.make_cache();
  set_aside.disk().make("manifest.json.bad", modelcache::FileType::regular, 0644);
  set_aside.stage_ends();
  expect_trips(set_aside, {});
}

TEST(StepJudgeRest, HasNoOpenDescriptors) {
  History own(plan_of({OperationKind::list}));
  own.make_cache();
  own.open("entries", OpenMode::directory);
  own.disk().descriptors = 0;
  own.stage_ends();
  expect_trips(own, {"nothing_left_over"});
  EXPECT_EQ(own.judge().violations()[0].object, "process 0");
  History at_rest(plan_of({OperationKind::list}));
  at_rest.make_cache();
  at_rest.disk().descriptors = 1;
  at_rest.stage_ends();
  expect_trips(at_rest, {"nothing_left_over"});
  History killed(plan_of({OperationKind::list}));
  killed.make_cache();
  killed.open("entries", OpenMode::directory);
  killed.disk().descriptors = 0;
  killed.process_ends(ProcessEnd::killed);
  killed.stage_ends();
  expect_trips(killed, {});
}

}  // namespace
}  // namespace stampede
