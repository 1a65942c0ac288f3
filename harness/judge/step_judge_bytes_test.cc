// Histories that break what is promised of bytes and names, and such as come close and do not.
#include <gtest/gtest.h>

#include <cerrno>

#include "cache/key.h"
#include "harness/judge/history_for_test.h"

namespace stampede {
namespace {

using modelcache::LockUse;
using modelcache::OpenMode;
using Ids = std::set<std::string>;

Bytes other_bytes(std::size_t size) { return Bytes(size, std::byte{7}); }

TEST(StepJudgeBytes, AreThoseThatWereAskedFor) {
  History history(plan_of({OperationKind::get}));
  history.make_cache();
  history.lock(0);
  history.connect();
  history.publish(history.stage(0), 0);
  history.list();
  history.release(0);
  OperationOutcome outcome = history.outcome();
  outcome.claimed_attempts = 1;
  outcome.path = "entries/sha256-" + std::string(64, '0');
  history.ends(outcome);
  history.finish();
  expect_trips(history, {"bytes_are_what_was_asked"});
  EXPECT_EQ(history.judge().violations()[0].object, "m0");
}

TEST(StepJudgeHits, ADownloadTellsOfAnAttempt) {
  for (const unsigned attempts : {0U, 1U}) {
    History history(plan_of({OperationKind::get}));
    history.make_cache();
    history.lock(0);
    history.connect();
    history.publish(history.stage(0), 0);
    history.list();
    history.release(0);
    OperationOutcome outcome = history.outcome();
    outcome.claimed_attempts = attempts;
    outcome.lock = LockUse::held;
    outcome.path = history.entry(0);
    history.ends(outcome);
    history.finish();
    expect_trips(history, attempts == 0 ? Ids{"hits_caused_no_request"} : Ids{});
  }
}

TEST(StepJudgeBytes, OfAnEntryThatWentMeanwhileAreNobodysFault) {
  Plan plan = plan_of({OperationKind::get}, true);
  plan.processes.push_back(plan.processes[0]);
  plan.processes[1].operations[0].kind = OperationKind::remove;
  History history(plan);
  warm_up(history);
  history.by(0).look(0);
  history.by(1).lock(0);
  history.unlink(history.entry(0));
  history.sync_directory("entries");
  history.list();
  history.release(0);
  history.succeeds(false);
  history.by(0).succeeds(true);
  history.finish();
  expect_trips(history, {});
}

TEST(StepJudgeBytes, OfAnEntryThatWentBeforeAreMissing) {
  Plan plan = plan_of({OperationKind::get, OperationKind::get}, true);
  plan.processes.push_back({.operations = {{OperationKind::remove, 0}}});
  History history(plan);
  warm_up(history);
  history.by(0).look(0);
  history.by(1).lock(0);
  history.unlink(history.entry(0));
  history.sync_directory("entries");
  history.list();
  history.release(0);
  history.succeeds(false);
  history.by(0).succeeds(true);  // it had seen it
  expect_trips(history, {});
  history.by(0).open(history.entry(0), OpenMode::read, History::is_told(ENOENT));
  history.succeeds(true);  // from memory, perhaps
  expect_trips(history, {"bytes_are_what_was_asked"});
}

TEST(StepJudgeBytes, OfALieAreRightWithoutAChecksumAlone) {
  for (const bool is_lie : {false, true}) {
    Plan plan = plan_of({OperationKind::get_by_url});
    if (is_lie) plan.network.faults = {parse_turn("flip_byte:3").value()};
    History history(plan);
    history.make_cache();
    const std::string key = modelcache::key_of_url("http://127.0.0.1/m0");
    history.open("locks/" + key + ".lock", OpenMode::open_or_create);
    history.try_lock("locks/" + key + ".lock");
    history.connect(is_lie ? "flip_byte:3" : "none", !is_lie);
    const std::string temporary = history.temporary(key);
    history.open(temporary, OpenMode::create_new);
    const FileNumber file = history.disk().file_at(temporary);
    history.write(temporary, file, other_bytes(100));
    history.sync_file(temporary, file);
    history.rename(temporary, "entries/" + key);
    history.close(temporary);
    history.sync_directory("entries");
    history.list();
    history.close("locks/" + key + ".lock");
    OperationOutcome outcome = history.outcome();
    outcome.path = "entries/" + key;
    outcome.claimed_attempts = 1;
    outcome.lock = LockUse::held;
    history.ends(outcome);
    history.finish();
    expect_trips(history, is_lie ? Ids{} : Ids{"visible_means_complete", "bytes_are_what_was_asked"});
  }
}

TEST(StepJudgeBytes, OfABadEntryMayBeBelievedByWhoAskedForThat) {
  for (const auto policy : {modelcache::VerifyPolicy::never, modelcache::VerifyPolicy::always}) {
    Plan plan = plan_of({OperationKind::get}, true);
    plan.processes[0].verify = policy;
    plan.start.damage = {{DamageKind::flip_byte, 0}};
    History history(plan);
    warm_up(history);
    history.disk().set_bytes(history.disk().file_at(history.entry(0)), other_bytes(100));
    history.hit(0);
    history.stage_ends();
    const bool believes = policy == modelcache::VerifyPolicy::never;
    expect_trips(history, believes ? Ids{} : Ids{"bytes_are_what_was_asked"});
  }
}

TEST(StepJudgeVisible, MeansCompleteWhenAFileGetsItsName) {
  History history(plan_of({OperationKind::get}));
  history.make_cache();
  history.lock(0);
  history.connect("none", true);
  const std::string temporary = history.temporary(history.key(0));
  history.open(temporary, OpenMode::create_new);
  const FileNumber file = history.disk().file_at(temporary);
  history.write(temporary, file, other_bytes(50));
  history.sync_file(temporary, file);
  history.rename(temporary, history.entry(0));  // before it is all there
  expect_trips(history, {"visible_means_complete"});
  EXPECT_EQ(history.judge().violations()[0].object, "m0");
}

TEST(StepJudgeVisible, MeansCompleteAlsoForLinksAndForWhatIsMadeInPlace) {
  History linked(plan_of({OperationKind::get}));
  linked.make_cache();
  const std::string temporary = linked.temporary(linked.key(0));
  linked.open(temporary, OpenMode::create_new);
  linked.link(temporary, linked.entry(0));
  expect_trips(linked, {"visible_means_complete"});
  for (const OpenMode mode : {OpenMode::create_new, OpenMode::open_or_create}) {
    History made(plan_of({OperationKind::get}));
    made.make_cache();
    made.open(made.entry(0), mode);
    expect_trips(made, {"visible_means_complete"});
  }
}

TEST(StepJudgeVisible, MeansAFileUnderAKey) {
  History directory(plan_of({OperationKind::get}));
  directory.make_cache();
  directory.make_directory("entries/sha256-0");
  expect_trips(directory, {"visible_means_complete"});
  History renamed(plan_of({OperationKind::get}));
  renamed.make_cache();
  renamed.rename(renamed.stage(0), "entries/m0.onnx");
  expect_trips(renamed, {"visible_means_complete"});
}

// A directory and a link have no bytes, which is what an empty model has.
TEST(StepJudgeVisible, MeansAFileAlsoForAnEmptyModel) {
  for (const auto type : {modelcache::FileType::symlink, modelcache::FileType::regular}) {
    Plan plan = plan_of({OperationKind::get});
    plan.models[0].size_bytes = 0;
    History history(plan);
    history.make_cache();
    const std::string temporary = history.temporary(history.key(0));
    history.disk().make(temporary, type, 0644);
    history.rename(temporary, history.entry(0));
    expect_trips(history, type == modelcache::FileType::regular ? Ids{} : Ids{"visible_means_complete"});
  }
}

TEST(StepJudgeVisible, IsLookedAtAtRest) {
  History history(plan_of({OperationKind::get}));
  history.make_cache();
  history.miss(0);
  history.disk().set_bytes(history.disk().file_at(history.entry(0)), other_bytes(100));  // by no step
  history.stage_ends();
  EXPECT_TRUE(history.violated().contains("visible_means_complete"));
}

TEST(StepJudgePublished, BytesNeverChange) {
  History history(plan_of({OperationKind::get}));
  history.make_cache();
  history.miss(0);
  const FileNumber file = history.disk().file_at(history.entry(0));
  history.write("tmp/x", file, *history.model(0).bytes);  // the same bytes again
  expect_trips(history, {"published_bytes_never_change"});
}

TEST(StepJudgePublished, BytesNeverChangeForWhoHoldsThemOpen) {
  History history(plan_of({OperationKind::get, OperationKind::remove}));
  history.make_cache();
  history.miss(0);
  const FileNumber file = history.disk().file_at(history.entry(0));
  history.unlink(history.entry(0));
  history.truncate("tmp/x", file, 3);
  EXPECT_TRUE(history.violated().contains("published_bytes_never_change")) << history.told();
  EXPECT_FALSE(history.violated().contains("visible_means_complete")) << history.told();
}

TEST(StepJudgePublished, MayBeCutToNothingOnlyByRename) {
  History history(plan_of({OperationKind::get}));
  history.make_cache();
  history.miss(0);
  history.truncate(history.entry(0), history.disk().file_at(history.entry(0)), 0);
  expect_trips(history, {"published_bytes_never_change", "visible_means_complete"});
}

TEST(StepJudgeEntries, VanishOnlyByWhoWasToldTo) {
  const struct {
    OperationKind kind;
    bool is_legal;
  } cases[] = {{OperationKind::remove, true},
               {OperationKind::get, false},
               {OperationKind::repair, false},
               {OperationKind::recover, false}};
  for (const auto& c : cases) {
    History history(plan_of({c.kind}, true));
    warm_up(history);
    history.unlink(history.entry(0));
    expect_trips(history, c.is_legal ? Ids{} : Ids{"no_entry_vanishes"});
    EXPECT_EQ(history.judged("no_entry_vanishes"), 1U);
  }
}

TEST(StepJudgeEntries, MayBeRepairedAndReplaced) {
  Plan plan = plan_of({OperationKind::repair}, true);
  plan.start.damage = {{DamageKind::cut, 0}};
  History history(plan);
  warm_up(history);
  history.disk().set_bytes(history.disk().file_at(history.entry(0)), other_bytes(50));
  history.unlink(history.entry(0));
  expect_trips(history, {});
  History replaced(plan_of({OperationKind::get}, true));
  warm_up(replaced);
  replaced.rename(replaced.stage(0), replaced.entry(0));
  expect_trips(replaced, {});
  History moved(plan_of({OperationKind::remove}, true));
  warm_up(moved);
  moved.rename(moved.entry(0), "manifest.json.bad");
  expect_trips(moved, {"no_entry_vanishes"});
  History renamed(plan_of({OperationKind::remove}, true));
  warm_up(renamed);
  renamed.rename(renamed.entry(0), "entries/" + modelcache::key_of_url("http://127.0.0.1/m0"));
  expect_trips(renamed, {"no_entry_vanishes"});
}

// A repair is stopped before its removal, and somebody does not wait any longer.
TEST(StepJudgeEntries, MayVanishWhereSomebodyDidNotWaitForARepair) {
  Plan plan = plan_of({OperationKind::repair}, true);
  plan.start.damage = {{DamageKind::cut, 0}};
  plan.processes.push_back({.operations = {{OperationKind::get, 0}}, .lock_wait = std::chrono::milliseconds(1)});
  History history(plan);
  warm_up(history);
  history.disk().set_bytes(history.disk().file_at(history.entry(0)), other_bytes(50));
  history.by(0).lock(0);
  history.by(1).open(history.lock_path(0), OpenMode::open_or_create);
  history.try_lock(history.lock_path(0), History::is_told(EWOULDBLOCK));
  history.pass(std::chrono::milliseconds(1)).try_lock(history.lock_path(0), History::is_told(EWOULDBLOCK));
  history.connect();
  history.rename(history.stage(0), history.entry(0));
  history.by(0).unlink(history.entry(0));
  expect_trips(history, {});
}

TEST(StepJudgeEntries, OfAnotherModelStay) {
  Plan plan = plan_of({OperationKind::remove}, true);
  plan.models.push_back({"m1", 20});
  plan.processes[0].operations[0].model = 1;
  History history(plan);
  warm_up(history);
  history.unlink(history.entry(0));
  expect_trips(history, {"no_entry_vanishes"});
}

}  // namespace
}  // namespace stampede
