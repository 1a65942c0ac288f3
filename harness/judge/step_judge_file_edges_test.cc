// Excuses and counts of watchers of files at their edges: what is judged there, and how often.
#include <gtest/gtest.h>

#include <cerrno>

#include "harness/judge/history_for_test.h"

namespace stampede {
namespace {

using modelcache::FileType;
using modelcache::OpenMode;
using Lines = std::vector<std::string>;

void download(History& h, std::size_t model = 0) {
  h.lock(model);
  h.connect();
  h.publish(h.stage(model), model);
  h.release(model);
}

TEST(FileEdges, ModesAreThoseOfWhatIsPublishedAlone) {
  History history(plan_of({OperationKind::list}));
  history.disk().make("", FileType::directory, 0700);  // the first file of all
  Step made;
  made.kind = StepKind::make_directory;
  history.take(made, History::is_told(EEXIST));
  EXPECT_EQ(history.judged("published_modes"), 0U);
  history.take(made);
  EXPECT_EQ(history.lines(), Lines{"published_modes of the directory at run 2 by 0:  has mode 0700"});
  const std::string temporary = history.stage(0);
  history.disk().set_mode(history.disk().file_at(temporary), 0600);
  history.rename(temporary, "tmp/y");
  EXPECT_EQ(history.judged("published_modes"), 1U);
}

TEST(FileEdges, ModesAtRestAreNotThoseOfTemporariesNorOfWhatThePlanMade) {
  for (const DamageKind kind : {DamageKind::manifest_garbage, DamageKind::unlisted}) {
    for (const char* path : {"manifest.json", "manifest.json.bad", "locks/manifest.lock", "tmp/x"}) {
      Plan plan = plan_of({OperationKind::list});
      plan.start.damage = {{kind, 0}};
      History history(plan);
      history.disk().make(path, FileType::regular, 0600);
      history.disk().make("tmp/link", FileType::symlink, 0777);
      history.disk().make("locks/link", FileType::symlink, 0777);
      const bool is_plans = std::string_view(path).starts_with("manifest.") && kind == DamageKind::manifest_garbage;
      const bool is_temporary = path == std::string("tmp/x");
      history.stage_ends();
      EXPECT_EQ(history.judged("published_modes"), is_plans || is_temporary ? 0U : 1U) << path;
      history.begin_stage(StageKind::epilogue);
      history.stage_ends();
      EXPECT_EQ(history.violated().contains("published_modes"), !is_temporary) << path;
    }
  }
}

TEST(FileEdges, WhatFailsIsNotJudged) {
  History history(plan_of({OperationKind::list}));
  history.make_cache();
  const FileNumber file = (history.publish(history.stage(0), 0), history.disk().file_at(history.entry(0)));
  const Counts before = history.counts();
  history.open("tmp/x", OpenMode::create_new, History::is_told(ENOSPC));
  history.write(history.entry(0), file, Bytes(1), History::is_told(ENOSPC));
  history.truncate(history.entry(0), file, 0, History::is_told(EINVAL));
  history.write(history.entry(0), file, {});
  history.unlink("tmp/x", History::is_told(ENOENT));
  history.rename("tmp/x", "tmp/y", History::is_told(ENOENT));
  history.try_lock("locks/manifest.lock", History::is_told(EWOULDBLOCK));
  history.make_directory("entries/x", History::is_told(EEXIST));
  Counts expected = before;
  expected["confined_to_the_directory"] += 7;
  EXPECT_EQ(history.counts(), expected);
}

TEST(FileEdges, SuccessIsDurableAsFarAsItWasOnesOwn) {
  for (const bool is_later : {true, false}) {
    History history;
    history.by(0).make_cache();
    history.by(1).lock(0);
    history.connect();
    history.rename(history.stage(0), history.entry(0));
    if (is_later) history.sync_directory("entries");
    history.by(0).rename(history.by(0).stage(0), history.entry(0));
    if (!is_later) history.by(1).sync_directory("tmp");
    history.by(1).succeeds(false);
    EXPECT_EQ(history.violated().contains("success_is_durable"), !is_later) << history.told();
    EXPECT_EQ(history.judged("success_is_durable"), 2U);
  }
}

TEST(FileEdges, ADownloadByUrlIsDurableWithTheDirectoriesAbove) {
  for (const OperationKind kind : {OperationKind::get, OperationKind::get_by_url, OperationKind::find}) {
    History history(plan_of({kind}));
    history.make_directory("");
    history.make_directory("entries");
    history.succeeds(false);
    EXPECT_EQ(history.lines_about("success_is_durable").size(), kind == OperationKind::find ? 0U : 1U) << name_of(kind);
  }
}

// Who succeeds needs bytes that were sent: under its name by URL, by anybody's name where they are the same.
TEST(FileEdges, SuccessNeedsBytesOfTheName) {
  const struct {
    OperationKind kind;
    std::size_t sent;  // 0: m0; 1: another name, the same bytes; 2: other bytes; 3: nothing
    bool is_enough;
  } rows[] = {{OperationKind::get, 0, true},         {OperationKind::get, 1, true},
              {OperationKind::get, 2, false},        {OperationKind::get, 3, false},
              {OperationKind::find, 0, true},        {OperationKind::find, 1, true},
              {OperationKind::find, 3, false},       {OperationKind::get_by_url, 0, true},
              {OperationKind::get_by_url, 1, false}, {OperationKind::get_by_url, 3, false},
              {OperationKind::list, 3, true},        {OperationKind::remove, 3, true}};
  for (const auto& row : rows) {
    Plan plan = plan_of({row.kind});
    plan.models.push_back({"twin", 0});
    plan.models.push_back({"empty", 0});
    plan.models.push_back({"other", 20});
    plan.processes[0].operations[0].model = names_model(row.kind) ? 1 : 0;
    History history(plan);
    LedgerEntry entry;
    entry.model = row.sent == 0 ? "twin" : row.sent == 1 ? "empty" : "other";
    entry.full_body_sent = true;
    if (row.sent < 3) history.ledger().push_back(entry);
    history.succeeds(true);
    history.stage_ends();
    EXPECT_EQ(history.lines_about("success_needs_bytes").empty(), row.is_enough)
        << name_of(row.kind) << " " << row.sent;
  }
}

TEST(FileEdges, FindsAndUrlsShareNoEntryEither) {
  for (const OperationKind kind : {OperationKind::find, OperationKind::list}) {
    History history(plan_of({kind, OperationKind::get_by_url}));
    for (int i = 0; i < 2; ++i) {
      OperationOutcome outcome = history.outcome();
      outcome.path = "entries/x";
      outcome.claims_hit = true;
      history.ends(outcome);
    }
    EXPECT_EQ(history.lines_about("sources_share_no_entry").size(), kind == OperationKind::find ? 1U : 0U);
    EXPECT_EQ(history.judged("sources_share_no_entry"), kind == OperationKind::find ? 1U : 0U);
  }
}

TEST(FileEdges, TemporariesOfTheLivingAreNoOrphans) {
  History history(History::one_get());
  history.by(1).make_cache();
  history.stage(0);
  history.by(0).succeeds(true);
  History second([] {
    Plan plan = History::one_get();
    plan.processes[0].operations.insert(plan.processes[0].operations.begin(), {OperationKind::list, 0});
    return plan;
  }());
  second.by(1).make_cache();
  second.stage(0);
  second.by(0).ends(second.by(0).outcome());
  download(second.by(0));
  second.succeeds(false);
  EXPECT_EQ(second.lines_about("orphans_go_with_the_next_miss"), Lines{});
  EXPECT_EQ(second.judged("orphans_go_with_the_next_miss"), 1U);
}

// The first file of all is an entry; a listing that is of other bytes tells nothing.
TEST(FileEdges, ListedEntriesAreThoseWithTheirBytes) {
  for (const bool is_stale : {false, true}) {
    History history(plan_of({OperationKind::get}));
    history.rename(history.stage(0), history.entry(0));
    const std::string list = history.stage_list();
    if (is_stale) history.truncate("x", 1, 5);
    history.rename(list, "manifest.json");
    EXPECT_EQ(history.lines_about("listed_entries_are_durable").size(), is_stale ? 0U : 1U);
    EXPECT_EQ(history.judged("listed_entries_are_durable"), is_stale ? 0U : 1U);
  }
}

TEST(FileEdges, CuttingAFileInPartDoesNotBringBackWhatASyncLost) {
  for (const std::size_t size : {0U, 100U}) {
    History history(plan_of({OperationKind::get}));
    const std::string temporary = history.stage(0);
    const FileNumber file = history.disk().file_at(temporary);
    history.sync_file(temporary, file, History::fails(EIO));
    history.truncate(temporary, file, size);
    history.sync_file(temporary, file);
    history.rename(temporary, history.entry(0));
    EXPECT_EQ(history.lines_about("published_bytes_are_synced").size(), size == 0 ? 0U : 1U);
  }
}

// Who was kept from asking by a fault, and found it there, had no reason to sweep.
TEST(FileEdges, OrphansStayWhereNobodyCouldAsk) {
  for (const int error : {EINTR, 0}) {
    History history(plan_of({OperationKind::get}, true));
    warm_up(history);
    history.connect("none", true, error == 0 ? History::Odd{} : History::fails(error));
    history.succeeds(true);
    EXPECT_EQ(history.judged("orphans_go_with_the_next_miss"), error == 0 ? 2U : 1U);
  }
}

TEST(FileEdges, WhoWentWithoutALockDidSoInItsRun) {
  StepJudge judge;
  for (const bool went_without : {true, false}) {
    History history(plan_of({OperationKind::get_by_url, OperationKind::get_by_url}), judge);
    for (int i = 0; i < 2; ++i) {
      history.connect();
      OperationOutcome outcome = history.outcome();
      if (went_without) outcome.lock = modelcache::LockUse::unavailable;
      history.ends(outcome);
    }
    history.stage_ends();
    EXPECT_EQ(history.judged("one_download"), went_without ? 0U : 1U);
    EXPECT_EQ(history.violated().contains("one_download"), !went_without);
  }
}

TEST(FileEdges, ARepairIsOfBytesAndNotOfListings) {
  Plan plan = plan_of({OperationKind::repair}, true);
  plan.start.damage = {{DamageKind::unlisted, 0}};
  History history(plan);
  warm_up(history);
  history.disk().move("manifest.json", "", false);
  OperationOutcome outcome = history.outcome();
  outcome.reports.emplace_back().entry.key = history.key(0);
  history.ends(outcome);
  EXPECT_EQ(history.lines(), Lines{});
  EXPECT_EQ(history.judged("upkeep_mends_what_it_can"), 1U);
}

}  // namespace
}  // namespace stampede
