// Excuses and counts of watchers at their edges: what is judged there, how often, and in which words.
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>

#include "cache/key.h"
#include "harness/judge/history_for_test.h"

namespace stampede {
namespace {

using modelcache::EntryState;
using modelcache::ErrorCode;
using modelcache::FileType;
using modelcache::OpenMode;
using std::chrono::milliseconds;
using Ids = std::set<std::string>;
using Lines = std::vector<std::string>;
using Steps = std::function<void(History&)>;

// Of one invariant.
Lines lines_about(const History& history, std::string_view id) {
  Lines lines;
  for (const std::string& line : history.lines()) {
    if (line.starts_with(id)) lines.push_back(line);
  }
  return lines;
}

void download(History& h, std::size_t model = 0) {
  h.lock(model);
  h.connect();
  h.publish(h.stage(model), model);
  h.release(model);
}

TEST(Edges, AGoodEntryIsThereAlsoWhereItIsNotListed) {
  History history(plan_of({OperationKind::get}));
  history.make_cache();
  history.publish(history.stage(0), 0);
  history.lock(0);
  history.connect();
  EXPECT_EQ(history.lines(),
            Lines{"one_download of m0 at run 16 by 0: process 0 downloads m0, which is there already"});
}

// Two gets of one process, each of which says that it downloaded, and what happens between them.
TEST(Edges, GoodDownloadsAreAsManyAsTimesWithoutAGoodEntry) {
  const auto loses = [](std::size_t model) {
    return [=](History& h) {
      h.by(1).publish(h.stage(model), model);
      h.unlink(h.entry(model));
      h.by(0);
    };
  };
  const struct {
    std::string_view what;
    const char* turn;
    bool is_full;
    Steps between;
    bool is_warm;
    Lines lines;
  } rows[] = {
      {"nothing",
       "none",
       true,
       [](History&) {},
       false,
       {"one_download of m0 at run N by 0: m0 was downloaded well 2 times, 1 would have done"}},
      {"half a body", "none", false, [](History&) {}, false, {}},
      {"other bytes", "flip_byte:3", true, [](History&) {}, false, {}},
      {"the entry goes", "none", true, loses(0), false, {}},
      {"another entry goes",
       "none",
       true,
       loses(1),
       false,
       {"one_download of m0 at run N by 0: m0 was downloaded well 2 times, 1 would have done"}},
      {"it was there at first",
       "none",
       false,
       [](History&) {},
       true,
       {"one_download of m0 at run N by 0: m0 was downloaded well 1 times, 0 would have done"}},
      {"it was there at first, and goes", "none", false, loses(0), true, {}},
  };
  for (const auto& row : rows) {
    Plan plan = plan_of({OperationKind::get, OperationKind::get});
    plan.models.push_back({"m1", 20});
    plan.processes.push_back({.operations = {{OperationKind::remove, 1}}});
    if (row.is_warm) plan.start.warm = {0};
    History history(plan);
    history.make_cache();
    history.lock(0);
    history.connect(row.turn, row.is_full);
    history.release(0);
    history.succeeds(false);
    row.between(history);
    history.lock(0);
    history.connect();
    history.release(0);
    history.succeeds(false);
    history.stage_ends();
    Lines expected = row.lines;
    for (std::string& line : expected) line.replace(line.find('N'), 1, std::to_string(history.steps()));
    EXPECT_EQ(lines_about(history, "one_download"), expected) << row.what;
    history.begin_stage(Stage::run);  // counted by stage
    history.stage_ends();
    EXPECT_EQ(lines_about(history, "one_download"), expected) << row.what;
  }
}

TEST(Edges, AttemptsAreToldOfBesidesRedirects) {
  for (const unsigned told : {1U, 2U}) {
    Plan plan = plan_of({OperationKind::get});
    plan.processes.insert(plan.processes.begin(), {.operations = {{OperationKind::list, 0}}});
    plan.processes[1].operations.insert(plan.processes[1].operations.begin(), 2, {OperationKind::list, 0});
    History history(plan);
    history.by(1).make_cache();
    for (int i = 0; i < 2; ++i) history.ends(history.outcome());
    history.lock(0);
    history.connect("redirect_relative", false);
    history.connect("status:503", false);
    history.pause(milliseconds(5));
    history.connect();
    history.publish(history.stage(0), 0);
    history.list();
    history.release(0);
    OperationOutcome outcome = history.outcome();
    outcome.claimed_attempts = told;
    history.ends(outcome);
    history.stage_ends();
    EXPECT_EQ(history.lines(), told == 2 ? Lines{}
                                         : Lines{"hits_caused_no_request of process 1 at run 34 by 1: process 1, "
                                                 "operation 2 (get of m0) tells of 1 attempts, and "
                                                 "connected 3 times, 2 with its redirects"});
    EXPECT_EQ(history.judged("hits_caused_no_request"), 2U);
    EXPECT_EQ(history.judged("retries_are_bounded"), 5U);
    EXPECT_EQ(history.judged("retries_pause"), 3U);
  }
}

// A hit of process 1 that writes; `never` and what else the process is like.
TEST(Edges, HitsThatWriteAreExcusedByWhatTheyCouldNotKnow) {
  using modelcache::VerifyPolicy;
  const struct {
    std::string_view what;
    VerifyPolicy policy;
    bool is_listed, reads_badly;
    Stage stage;
    bool is_judged;
  } rows[] = {{"listed", VerifyPolicy::when_changed, true, false, Stage::run, true},
              {"unlisted", VerifyPolicy::when_changed, false, false, Stage::run, false},
              {"listed, and cannot be read", VerifyPolicy::when_changed, true, true, Stage::run, false},
              {"believed, listed", VerifyPolicy::never, true, false, Stage::run, true},
              {"believed, unlisted", VerifyPolicy::never, false, false, Stage::run, true},
              {"believed, and cannot be read", VerifyPolicy::never, true, true, Stage::run, false},
              {"believed in the run before", VerifyPolicy::never, false, false, Stage::epilogue, false},
              {"listed, by a clean process", VerifyPolicy::never, true, false, Stage::epilogue, true}};
  for (const auto& row : rows) {
    Plan plan = plan_of({OperationKind::get}, true);
    plan.processes.push_back({.operations = {{OperationKind::get, 0}}});
    const std::uint32_t process = row.stage == Stage::run ? 1 : 0;
    plan.processes[process].verify = row.policy;
    if (!row.is_listed) plan.start.damage = {{DamageKind::unlisted, 0}};
    History history(plan);
    warm_up(history);
    if (!row.is_listed) history.disk().move("manifest.json", "", false);
    if (row.stage == Stage::epilogue) history.stage_ends();
    if (row.stage == Stage::epilogue) history.begin_stage(Stage::epilogue);
    history.by(process);
    history.open("manifest.json", OpenMode::read, row.reads_badly ? History::fails(EACCES) : History::is_told(ENOENT));
    history.unlink("tmp/x", History::is_told(ENOENT));
    const std::uint64_t before = history.judged("hits_write_nothing");
    history.succeeds(true);
    EXPECT_EQ(history.judged("hits_write_nothing") - before, row.is_judged ? 1U : 0U) << row.what;
    EXPECT_EQ(history.violated().contains("hits_write_nothing"), row.is_judged) << row.what;
  }
}

TEST(Edges, ABelieverMayBeGivenABadEntryOnAHitAlone) {
  for (const bool is_hit : {true, false}) {
    for (const bool is_listed_bad : {true, false}) {
      Plan plan = plan_of({OperationKind::get}, true);
      plan.processes.push_back({.operations = {{OperationKind::get, 0}}});
      plan.processes[1].verify = modelcache::VerifyPolicy::never;
      plan.start.damage = {{DamageKind::flip_byte, 0}};
      History history(plan);
      warm_up(history);
      history.disk().set_bytes(history.disk().file_at(history.entry(0)), Bytes(100));
      history.by(1).open("tmp/x", OpenMode::read, History::is_told(ENOENT));
      if (is_listed_bad) history.list();
      history.succeeds(is_hit);
      EXPECT_EQ(history.violated().contains("bytes_are_what_was_asked"), !is_hit);
      EXPECT_EQ(history.judged("bytes_are_what_was_asked"), is_hit ? 1U : 2U);
    }
  }
}

TEST(Edges, ModesAreThoseOfWhatIsPublishedAlone) {
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

TEST(Edges, ModesAtRestAreNotThoseOfTemporariesNorOfWhatThePlanMade) {
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
      history.begin_stage(Stage::epilogue);
      history.stage_ends();
      EXPECT_EQ(history.violated().contains("published_modes"), !is_temporary) << path;
    }
  }
}

TEST(Edges, WhatFailsIsNotJudged) {
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

// A connection explains a failure of its own operation alone.
TEST(Edges, AConnectionExplainsItsOwnOperation) {
  for (const std::uint32_t where : {0U, 1U, 2U}) {
    Plan plan = plan_of({OperationKind::get, OperationKind::get});
    plan.processes.insert(plan.processes.begin(), {.operations = {{OperationKind::get, 0}, {OperationKind::get, 0}}});
    History history(plan);
    history.make_cache();
    for (std::uint32_t operation = 0; operation < 2; ++operation) {
      history.by(where == 2 ? 0 : 1).lock(0);
      if (where == operation || where == 2) history.connect("status:503", false);
      history.release(0);
      if (operation == 0) history.by(1).succeeds(true);
      if (operation == 0 && where == 2) history.by(0).succeeds(true);
    }
    history.by(1).fails_with(ErrorCode::http_status);
    history.stage_ends();
    EXPECT_EQ(history.violated().contains("no_spurious_failure"), where != 1) << where;
    EXPECT_EQ(history.judged("honest_errors"), where == 1 ? 1U : 0U) << where;
  }
}

TEST(Edges, AGetByUrlGoesOnWithoutALockAsAnyGet) {
  for (const OperationKind kind : {OperationKind::get, OperationKind::get_by_url, OperationKind::find}) {
    Plan plan = plan_of({kind});
    plan.processes[0].lock_wait = milliseconds(10);
    History history(plan);
    history.make_cache();
    const std::string lock = kind == OperationKind::get_by_url ? "locks/url-x.lock" : history.lock_path(0);
    history.try_lock(lock, History::is_told(EWOULDBLOCK));
    history.pass(milliseconds(10)).try_lock(lock, History::is_told(EWOULDBLOCK));
    history.fails_with(ErrorCode::lock_timeout);
    history.stage_ends();
    EXPECT_EQ(lines_about(history, "no_spurious_failure").size(), kind == OperationKind::find ? 0U : 1U)
        << name_of(kind);
  }
}

TEST(Edges, ACleanProcessIsNamedWithItsOperation) {
  History history(plan_of({OperationKind::get}));
  history.stage_ends();
  history.begin_stage(Stage::epilogue);
  history.succeeds(true);
  history.fails_with(ErrorCode::io);
  history.stage_ends();
  EXPECT_EQ(lines_about(history, "recovery_needs_no_hands"),
            Lines{"recovery_needs_no_hands of epilogue at epilogue 0 by 0: a clean process 0, operation 1 (get of "
                  "epilogue) failed: "
                  "step place: detail"});
  EXPECT_EQ(history.judged("recovery_needs_no_hands"), 3U);
}

TEST(Edges, WhoPublishedHasListedWhenItsOperationEnds) {
  for (const bool is_hindered : {false, true}) {
    History history;
    history.by(0).make_cache();
    history.by(1).lock(0);
    history.connect();
    history.publish(history.stage(0), 0);
    history.connect();  // the last of connecting and locking
    if (is_hindered) history.sync_file("x", 99, History::fails(EIO));
    history.release(0);
    history.succeeds(false);
    EXPECT_EQ(lines_about(history, "manifest_is_complete"),
              is_hindered ? Lines{}
                          : Lines{"manifest_is_complete of m0 at run 21 by 1: " + history.entry(0) +
                                  " is not listed as it is"});
  }
}

TEST(Edges, AnUnlistedEntryByUrlIsNobodysAfterTrouble) {
  for (const bool is_quiet : {false, true}) {
    History history(plan_of({OperationKind::list}));
    history.make_cache();
    history.publish(history.stage(0), 0);
    history.list();
    history.link(history.entry(0), "entries/" + modelcache::key_of_url("x"));
    if (!is_quiet) history.sync_file("x", 99, History::fails(EIO));
    history.ends(history.outcome());
    history.stage_ends();
    const std::uint64_t before = history.judged("manifest_is_complete");
    history.begin_stage(Stage::epilogue);
    history.stage_ends();
    EXPECT_EQ(history.judged("manifest_is_complete") - before, is_quiet ? 3U : 1U);
    EXPECT_EQ(lines_about(history, "manifest_is_complete").size(), is_quiet ? 1U : 0U) << history.told();
  }
}

modelcache::VerifyReport report_of(const History& history, EntryState state, bool removed = false) {
  modelcache::VerifyReport report;
  report.entry.key = history.key(0);
  report.state = state;
  report.removed = removed;
  report.detail = "the words";
  return report;
}

TEST(Edges, ReportsAreOfBytesAndNotOfListings) {
  const std::string id = "nobody_lists_lies of m0 at run 31 by 1: process 1, operation 1 (verify): ";
  for (const EntryState state : {EntryState::good, EntryState::corrupt}) {
    for (const bool removed : {false, true}) {
      Plan plan = plan_of({OperationKind::list}, true);
      plan.processes.push_back({.operations = {{OperationKind::verify, 0}, {OperationKind::verify, 0}}});
      plan.start.damage = {{DamageKind::unlisted, 0}};
      History history(plan);
      warm_up(history);
      history.disk().move("manifest.json", "", false);
      OperationOutcome outcome = history.by(1).outcome();
      outcome.reports = {report_of(history, EntryState::good)};
      history.ends(outcome);
      EXPECT_EQ(history.lines(), Lines{});
      const std::uint64_t before = history.judged("nobody_lists_lies");
      EXPECT_EQ(before, 3U);
      outcome = history.outcome();
      outcome.reports = {report_of(history, state, removed)};
      history.ends(outcome);
      Lines expected;
      const std::string key = history.key(0);
      if (removed) expected = {id + "said that it removed " + key + ", which was there all the time"};
      if (state == EntryState::corrupt) expected = {id + "said of " + key + " what it never was: the words"};
      EXPECT_EQ(history.lines(), expected);
      EXPECT_EQ(history.judged("nobody_lists_lies") - before, removed ? 4U : 3U);
    }
  }
}

TEST(Edges, NamesThatAreNotThereAreTold) {
  Plan plan = plan_of({OperationKind::list});
  plan.processes.push_back({.operations = {{OperationKind::verify, 0}, {OperationKind::remove, 0}}});
  History history(plan);
  history.make_cache();
  OperationOutcome outcome = history.by(1).outcome();
  outcome.reports = {report_of(history, EntryState::good)};
  history.ends(outcome);
  history.publish(history.stage(0), 0);
  history.succeeds(false);  // removed, it says; which it was when it began
  EXPECT_EQ(lines_about(history, "nobody_lists_lies"),
            Lines{"nobody_lists_lies of m0 at run 7 by 1: process 1, operation 0 (verify): named " + history.key(0) +
                  ", which was not there"});
  EXPECT_EQ(history.judged("nobody_lists_lies"), 2U);
}

TEST(Edges, ARecoveryIsTakenAtItsWord) {
  const struct {
    std::uint64_t removed, bad, adopted;
    std::string object, words;
  } rows[] = {{1, 0, 0, "", ""},
              {3, 0, 0, "tmp/", "said that it removed 3 temporaries, and removed 1"},
              {1, 7, 0, "entries/", "said that 7 entries were bad"},
              {1, 0, 5, "manifest.json", "said that it listed 5 entries"}};
  for (const auto& row : rows) {
    Plan plan = plan_of({OperationKind::list}, true);
    plan.processes.push_back({.operations = {{OperationKind::recover, 0}}});
    plan.start.damage = {{DamageKind::dead_temporary, 0}};
    History history(plan);
    warm_up(history);
    history.disk().make("tmp/" + history.key(0) + ".1.2.3.4.tmp", FileType::regular, 0644);
    history.by(1).unlink("tmp/" + history.key(0) + ".1.2.3.4.tmp");
    OperationOutcome outcome = history.outcome();
    outcome.recovery.emplace();
    outcome.recovery->temporaries_removed = row.removed;
    outcome.recovery->entries_bad = row.bad;
    outcome.recovery->entries_adopted = row.adopted;
    outcome.recovery->entries_unreadable = 11;
    outcome.recovery->listings_dropped = 13;
    history.ends(outcome);
    EXPECT_EQ(history.lines(), row.words.empty()
                                   ? Lines{}
                                   : Lines{"nobody_lists_lies of " + row.object +
                                           " at run 32 by 1: process 1, operation 0 (recover) " + row.words});
    EXPECT_EQ(history.judged("nobody_lists_lies"), 3U);
  }
}

TEST(Edges, SuccessIsDurableAsFarAsItWasOnesOwn) {
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

TEST(Edges, ADownloadByUrlIsDurableWithTheDirectoriesAbove) {
  for (const OperationKind kind : {OperationKind::get, OperationKind::get_by_url, OperationKind::find}) {
    History history(plan_of({kind}));
    history.make_directory("");
    history.make_directory("entries");
    history.succeeds(false);
    EXPECT_EQ(lines_about(history, "success_is_durable").size(), kind == OperationKind::find ? 0U : 1U)
        << name_of(kind);
  }
}

// Who succeeds needs bytes that were sent: under its name by URL, by anybody's name where they are the same.
TEST(Edges, SuccessNeedsBytesOfTheName) {
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
    EXPECT_EQ(lines_about(history, "success_needs_bytes").empty(), row.is_enough)
        << name_of(row.kind) << " " << row.sent;
  }
}

TEST(Edges, FindsAndUrlsShareNoEntryEither) {
  for (const OperationKind kind : {OperationKind::find, OperationKind::list}) {
    History history(plan_of({kind, OperationKind::get_by_url}));
    for (int i = 0; i < 2; ++i) {
      OperationOutcome outcome = history.outcome();
      outcome.path = "entries/x";
      outcome.claims_hit = true;
      history.ends(outcome);
    }
    EXPECT_EQ(lines_about(history, "sources_share_no_entry").size(), kind == OperationKind::find ? 1U : 0U);
    EXPECT_EQ(history.judged("sources_share_no_entry"), kind == OperationKind::find ? 1U : 0U);
  }
}

TEST(Edges, TemporariesOfTheLivingAreNoOrphans) {
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
  EXPECT_EQ(lines_about(second, "orphans_go_with_the_next_miss"), Lines{});
  EXPECT_EQ(second.judged("orphans_go_with_the_next_miss"), 1U);
}

// The first file of all is an entry; a listing that is of other bytes tells nothing.
TEST(Edges, ListedEntriesAreThoseWithTheirBytes) {
  for (const bool is_stale : {false, true}) {
    History history(plan_of({OperationKind::get}));
    history.rename(history.stage(0), history.entry(0));
    const std::string list = history.stage_list();
    if (is_stale) history.truncate("x", 1, 5);
    history.rename(list, "manifest.json");
    EXPECT_EQ(lines_about(history, "listed_entries_are_durable").size(), is_stale ? 0U : 1U);
    EXPECT_EQ(history.judged("listed_entries_are_durable"), is_stale ? 0U : 1U);
  }
}

TEST(Edges, CuttingAFileInPartDoesNotBringBackWhatASyncLost) {
  for (const std::size_t size : {0U, 100U}) {
    History history(plan_of({OperationKind::get}));
    const std::string temporary = history.stage(0);
    const FileNumber file = history.disk().file_at(temporary);
    history.sync_file(temporary, file, History::fails(EIO));
    history.truncate(temporary, file, size);
    history.sync_file(temporary, file);
    history.rename(temporary, history.entry(0));
    EXPECT_EQ(lines_about(history, "published_bytes_are_synced").size(), size == 0 ? 0U : 1U);
  }
}

}  // namespace
}  // namespace stampede
