// Histories that break what is promised of downloads and hits, and such as come close and do not.
#include <gtest/gtest.h>

#include <cerrno>

#include "cache/key.h"
#include "harness/judge/history_for_test.h"

namespace stampede {
namespace {

using modelcache::LockUse;
using modelcache::OpenMode;
using Ids = std::set<std::string>;

// Existence is checked only before the lock.
TEST(StepJudgeDownloads, NeedAMissUnderTheLock) {
  History history;
  history.by(0).make_cache();
  history.look(0);
  history.by(1).look(0);
  history.by(0).lock(0);
  history.connect();
  history.publish(history.stage(0), 0);
  history.list();
  history.release(0);
  history.succeeds(false);
  history.by(1).lock(0);
  history.connect();
  history.rename(history.stage(0), history.entry(0));
  history.release(0);
  history.succeeds(false);
  history.stage_ends();
  EXPECT_TRUE(history.violated().contains("one_download")) << history.told();
  EXPECT_EQ(history.judge().violations()[0].invariant, "one_download");
  EXPECT_EQ(history.judge().violations()[0].process, 1U);
}

TEST(StepJudgeDownloads, NeedTheLock) {
  History history;
  history.by(0).make_cache();
  history.connect();
  expect_trips(history, {"one_download"});
}

TEST(StepJudgeDownloads, GoWithoutTheLockAfterWaitingForIt) {
  for (const bool has_waited : {true, false}) {
    History history;
    history.plan().processes[1].lock_wait = std::chrono::milliseconds(10);
    history.by(0).make_cache();
    history.lock(0);
    history.by(1).open(history.lock_path(0), OpenMode::open_or_create);
    history.try_lock(history.lock_path(0), History::is_told(EWOULDBLOCK));
    if (has_waited) history.pass(std::chrono::milliseconds(10));
    history.try_lock(history.lock_path(0), History::is_told(EWOULDBLOCK));
    history.connect();
    expect_trips(history, has_waited ? Ids{} : Ids{"one_download"});
  }
}

TEST(StepJudgeDownloads, MayBeManyWhereLocksDoNothing) {
  History history;
  history.by(0).make_cache();
  for (const std::uint32_t process : {0U, 1U}) {
    history.by(process).open(history.lock_path(0), OpenMode::open_or_create);
    history.try_lock(history.lock_path(0), {0, StepFault::does_nothing});
  }
  for (const std::uint32_t process : {0U, 1U}) {
    history.by(process).connect();
    history.rename(history.stage(0), history.entry(0));
  }
  expect_trips(history, {});
}

// By URL the judge knows no lock's name, but the ledger counts.
TEST(StepJudgeDownloads, ByUrlAreCounted) {
  Plan plan = plan_of({OperationKind::get_by_url});
  plan.processes.push_back(plan.processes[0]);
  for (const bool went_without : {true, false}) {
    History history(plan);
    history.by(0).make_cache();
    const std::string key = modelcache::key_of_url("http://127.0.0.1/m0");
    for (const std::uint32_t process : {0U, 1U}) {
      history.by(process).connect();
      const std::string temporary = history.stage(0);
      history.rename(temporary, "entries/" + key);
      history.close(temporary);
      history.sync_directory("entries");
      history.list();
      OperationOutcome outcome = history.outcome();
      outcome.path = "entries/" + key;
      outcome.claimed_attempts = 1;
      if (went_without) outcome.lock = LockUse::gave_up;
      history.ends(outcome);
    }
    history.finish();
    expect_trips(history, went_without ? Ids{} : Ids{"one_download"});
  }
}

TEST(StepJudgeDownloads, OfWhoDiedAreNotCounted) {
  History history;
  history.by(0).make_cache();
  history.lock(0);
  history.connect();
  const std::string temporary = history.stage(0);
  history.disk().descriptors = 0;
  history.process_ends(ProcessEnd::killed);
  history.by(1).lock(0);
  history.unlink(temporary);
  history.connect();
  history.publish(history.stage(0), 0);
  history.list();
  history.release(0);
  history.succeeds(false);
  history.finish();
  expect_trips(history, {});
}

// Nobody took a step between the damage and the epilogue, which must mend it.
TEST(StepJudgeDownloads, MendDamageThatNobodyHasSeen) {
  Plan plan = plan_of({OperationKind::get}, true);
  plan.start.damage = {{DamageKind::cut, 0}};
  History history(plan);
  warm_up(history);
  history.disk().set_bytes(history.disk().file_at(history.entry(0)), Bytes(50));
  history.process_ends(ProcessEnd::killed);
  history.stage_ends();
  history.begin_stage(StageKind::epilogue);
  history.lock(0);
  history.connect();
  history.publish(history.stage(0), 0);
  history.list();
  history.release(0);
  history.succeeds(false);
  history.miss(1);
  history.stage_ends();
  expect_trips(history, {});
}

TEST(StepJudgeSuccess, NeedsBytesFromTheServer) {
  History history(plan_of({OperationKind::get}));
  history.make_cache();
  history.lock(0);
  history.connect("status:503", false);
  history.publish(history.stage(0), 0);
  history.list();
  history.release(0);
  history.succeeds(false);
  history.finish();
  expect_trips(history, {"success_needs_bytes"});
}

TEST(StepJudgeHits, AskNobodyAndMissesSomebody) {
  History claims_hit(plan_of({OperationKind::get}));
  claims_hit.make_cache();
  claims_hit.lock(0);
  claims_hit.connect();
  claims_hit.publish(claims_hit.stage(0), 0);
  claims_hit.list();
  claims_hit.release(0);
  claims_hit.succeeds(true);
  claims_hit.finish();
  expect_trips(claims_hit, {"hits_caused_no_request"});
  History claims_miss(plan_of({OperationKind::get}, true));
  warm_up(claims_miss);
  claims_miss.look(0);
  claims_miss.succeeds(false);
  claims_miss.finish();
  expect_trips(claims_miss, {"hits_caused_no_request"});
}

TEST(StepJudgeHits, TellOfNoMoreAttemptsThanWereTried) {
  for (const std::size_t interrupted : {0U, 1U}) {
    History history(plan_of({OperationKind::get}));
    history.make_cache();
    history.lock(0);
    for (std::size_t i = 0; i < interrupted; ++i) history.connect("none", false, History::fails(EINTR));
    history.connect();
    history.publish(history.stage(0), 0);
    history.list();
    history.release(0);
    OperationOutcome outcome = history.outcome();
    outcome.claimed_attempts = 2;
    history.ends(outcome);
    history.finish();
    expect_trips(history, interrupted == 1 ? Ids{} : Ids{"hits_caused_no_request"});
  }
}

TEST(StepJudgeHits, WriteNothingWhereTheEntryIsListed) {
  for (const bool is_listed : {true, false}) {
    Plan plan = plan_of({OperationKind::get}, true);
    if (!is_listed) plan.start.damage = {{DamageKind::unlisted, 0}};
    History history(plan);
    warm_up(history);
    if (!is_listed) history.disk().move("manifest.json", "", false);
    history.look(0);
    history.list();  // as if it were not listed
    history.succeeds(true);
    history.finish();
    expect_trips(history, is_listed ? Ids{"hits_write_nothing"} : Ids{});
  }
}

TEST(StepJudgeHits, DoNotEvenTryToWrite) {
  History history(plan_of({OperationKind::get}, true));
  warm_up(history);
  history.open(history.lock_path(0), OpenMode::open_or_create, History::is_told(EROFS));
  history.hit(0);
  expect_trips(history, {"hits_write_nothing"});
}

TEST(StepJudgeHits, MayListAnEntryWhoseRecordIsOlderThanItsBytes) {
  Plan plan = plan_of({OperationKind::repair, OperationKind::get}, true);
  History history(plan);
  warm_up(history);
  history.rename(history.stage(0), history.entry(0));
  history.list_again();  // somebody's, of something else
  history.ends([&] {
    OperationOutcome outcome = history.outcome();
    modelcache::VerifyReport report;
    report.entry.key = history.key(0);
    outcome.reports = {report};
    return outcome;
  }());
  history.list();
  history.succeeds(true);
  EXPECT_FALSE(history.violated().contains("hits_write_nothing")) << history.told();
}

TEST(StepJudgeReaders, NeverWrite) {
  for (const OperationKind kind : {OperationKind::find, OperationKind::list, OperationKind::verify}) {
    History history(plan_of({kind}, true));
    warm_up(history);
    history.list();
    OperationOutcome outcome = history.outcome();
    outcome.claims_hit = true;
    modelcache::Entry entry;
    entry.key = history.key(0);
    outcome.entries = {entry};
    modelcache::VerifyReport report;
    report.entry = entry;
    outcome.reports = {report};
    history.ends(outcome);
    history.finish();
    expect_trips(history, {"hits_write_nothing"});
  }
}

}  // namespace
}  // namespace stampede
