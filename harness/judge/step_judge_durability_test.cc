// Histories that a power loss would undo, and such as come close and do not.
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>

#include "harness/judge/history_for_test.h"

namespace stampede {
namespace {

using modelcache::OpenMode;
using Ids = std::set<std::string>;

// A get whose lock and request are as they should be, and whose publishing is `steps`.
Ids violated_by_publishing(const std::function<void(History&)>& steps) {
  History history(plan_of({OperationKind::get}));
  history.make_cache();
  history.lock(0);
  history.connect();
  steps(history);
  history.list();
  history.release(0);
  history.succeeds(false);
  return history.violated();
}

// A temporary with the model's bytes, not synced.
std::string written(History& history) {
  const std::string temporary = history.temporary(history.key(0));
  history.open(temporary, OpenMode::create_new);
  history.write(temporary, history.disk().file_at(temporary), *history.model(0).bytes);
  return temporary;
}

TEST(StepJudgeDurability, WantsTheBytesSyncedBeforeTheName) {
  EXPECT_EQ(violated_by_publishing([](History& history) {
              const std::string temporary = written(history);
              const FileNumber file = history.disk().file_at(temporary);
              history.sync_file(temporary, file);
              history.publish(temporary, 0);
            }),
            Ids{});
  EXPECT_EQ(violated_by_publishing([](History& history) { history.publish(written(history), 0); }),
            (Ids{"published_bytes_are_synced", "listed_entries_are_durable"}));
  EXPECT_EQ(violated_by_publishing([](History& history) {
              const std::string temporary = written(history);
              history.link(temporary, history.entry(0));
              history.unlink(temporary);
              history.close(temporary);
              history.sync_directory("entries");
            }),
            (Ids{"published_bytes_are_synced", "listed_entries_are_durable"}));
}

TEST(StepJudgeDurability, WantsASyncAfterTheLastWriteThatDidNotFail) {
  const Ids trips = {"published_bytes_are_synced", "listed_entries_are_durable"};
  EXPECT_EQ(violated_by_publishing([](History& history) {
              const std::string temporary = history.stage(0);
              history.write(temporary, history.disk().file_at(temporary), *history.model(0).bytes);
              history.publish(temporary, 0);
            }),
            trips);
  EXPECT_EQ(violated_by_publishing([](History& history) {
              const std::string temporary = written(history);
              history.sync_file(temporary, history.disk().file_at(temporary), History::fails(EINTR));
              history.publish(temporary, 0);
            }),
            trips);
  const auto fails_once = [](bool starts_over) {
    return violated_by_publishing([=](History& history) {
      const std::string temporary = written(history);
      const FileNumber file = history.disk().file_at(temporary);
      history.sync_file(temporary, file, History::fails(EIO));
      if (starts_over) history.truncate(temporary, file, 0);
      if (starts_over) history.write(temporary, file, *history.model(0).bytes);
      history.sync_file(temporary, file);
      history.publish(temporary, 0);
    });
  };
  EXPECT_TRUE(fails_once(false).contains("published_bytes_are_synced"));
  EXPECT_FALSE(fails_once(true).contains("published_bytes_are_synced"));
}

TEST(StepJudgeDurability, WantsTheManifestsBytesSyncedToo) {
  for (const bool is_synced : {true, false}) {
    History history(plan_of({OperationKind::recover}, true));
    warm_up(history);
    const auto old = history.disk().bytes(history.disk().file_at("manifest.json"));
    const Bytes bytes(old.begin(), old.end());
    const std::string temporary = history.temporary("manifest");
    history.open(temporary, OpenMode::create_new);
    history.write(temporary, history.disk().file_at(temporary), bytes);
    if (is_synced) history.sync_file(temporary, history.disk().file_at(temporary));
    history.rename(temporary, "manifest.json");
    expect_trips(history, is_synced ? Ids{} : Ids{"published_bytes_are_synced"});
    for (const StepViolation& violation : history.violations()) EXPECT_EQ(violation.object, "manifest.json");
  }
}

TEST(StepJudgeDurability, WantsTheDirectorySyncedBeforeSuccess) {
  const auto publish = [](History& history) {
    const std::string temporary = history.stage(0);
    history.rename(temporary, history.entry(0));
    history.close(temporary);
  };
  const Ids trips = {"success_is_durable", "listed_entries_are_durable"};
  EXPECT_EQ(violated_by_publishing(publish), trips);
  EXPECT_EQ(violated_by_publishing([&](History& history) {
              history.sync_directory("entries");
              publish(history);
            }),
            trips);
  EXPECT_EQ(violated_by_publishing([&](History& history) {
              publish(history);
              history.sync_directory("tmp");
            }),
            trips);
  History failed(plan_of({OperationKind::get}));
  failed.make_cache();
  failed.lock(0);
  failed.connect();
  publish(failed);
  failed.sync_directory("entries", History::fails(EIO));
  failed.release(0);
  failed.fails_with(modelcache::ErrorCode::io);
  expect_trips(failed, {});
}

TEST(StepJudgeDurability, WantsRemovalsAndTheManifestsNameSynced) {
  for (const bool is_synced : {true, false}) {
    History removed(plan_of({OperationKind::remove}, true));
    warm_up(removed);
    removed.unlink(removed.entry(0));
    if (is_synced) removed.sync_directory("entries");
    removed.succeeds(false);
    expect_trips(removed, is_synced ? Ids{} : Ids{"success_is_durable"});

    History listed(plan_of({OperationKind::get}, true));
    warm_up(listed);
    listed.link("manifest.json", "tmp/x");
    listed.rename("tmp/x", "manifest.json");
    if (is_synced) listed.sync_directory("");
    OperationOutcome outcome = listed.outcome();
    outcome.operation.kind = OperationKind::recover;
    outcome.recovery.emplace();
    listed.ends(outcome);
    EXPECT_EQ(listed.violated().contains("success_is_durable"), !is_synced) << listed.told();
  }
}

// Who publishes first makes them. What goes with locks/ is made again.
TEST(StepJudgeDurability, WantsTheDirectoriesAboveTheEntryThemselvesSynced) {
  for (const char* left_out : {"", "/sim", "nothing"}) {
    History history(plan_of({OperationKind::get}));
    history.make_directory("");
    history.sync_directory(left_out == std::string("/sim") ? "/" : "/sim");
    history.make_directory("entries");
    if (left_out != std::string()) history.sync_directory("");
    history.make_directory("locks");
    history.miss_unlisted(0);
    history.open("locks/manifest.lock", OpenMode::open_or_create);  // the listing would sync the directory
    history.try_lock("locks/manifest.lock", History::is_told(EWOULDBLOCK));
    history.close("locks/manifest.lock");
    history.succeeds(false);
    expect_trips(history, left_out == std::string("nothing") ? Ids{} : Ids{"success_is_durable"});
  }
}

// Somebody else's name counts, unless it came after one's own sync.
TEST(StepJudgeDurability, WantsAnothersEntrySyncedByWhoPromisesIt) {
  for (const bool syncs : {true, false}) {
    History history(History::one_get());
    history.by(0).make_cache();
    history.lock(0);
    history.connect();
    const std::string first = history.stage(0);
    history.by(1).open(history.lock_path(0), OpenMode::open_or_create);
    history.try_lock(history.lock_path(0), History::is_told(EWOULDBLOCK));
    history.pass(std::chrono::hours(1)).try_lock(history.lock_path(0), History::is_told(EWOULDBLOCK));
    history.connect();
    const std::string second = history.stage(0);
    history.by(0).rename(first, history.entry(0));  // and is not on
    history.by(1).rename(second, history.entry(0), History::is_told(EEXIST));
    history.unlink(second);
    history.close(second);
    if (syncs) history.sync_directory("entries");
    history.close(history.lock_path(0));
    history.succeeds(false);
    EXPECT_EQ(history.violated().contains("success_is_durable"), !syncs) << history.told();
  }
}

// Who finds an entry that is not listed does not know how far its publisher has come.
TEST(StepJudgeDurability, WantsNoListingToOutliveItsEntry) {
  for (const bool syncs : {true, false}) {
    History history(History::one_get());
    history.by(0).make_cache();
    history.lock(0);
    history.connect();
    history.rename(history.stage(0), history.entry(0));
    history.by(1).look(0);
    if (syncs) history.sync_directory("entries");
    history.list();
    expect_trips(history, syncs ? Ids{} : Ids{"listed_entries_are_durable"});
    EXPECT_GT(history.judged("listed_entries_are_durable"), 0U);
  }
}

}  // namespace
}  // namespace stampede
