// Excuses and counts of watchers at their edges: what is judged there, how often, and in which words.
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>

#include "cache/key.h"
#include "harness/judge/history_for_test.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::OpenMode;
using std::chrono::milliseconds;
using Lines = std::vector<std::string>;
using Steps = std::function<void(History&)>;

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
    EXPECT_EQ(history.lines_about("one_download"), expected) << row.what;
    const std::uint64_t before = history.judged("one_download");
    history.begin_stage(StageKind::run);  // counted by stage
    history.stage_ends();
    EXPECT_EQ(history.judged("one_download"), before) << row.what;
  }
}

TEST(Edges, GoodDownloadsOfWhoFailedAreNotCounted) {
  History history(plan_of({OperationKind::get, OperationKind::get}));
  history.make_cache();
  for (const bool fails : {true, false}) {
    history.lock(0);
    history.connect();
    history.sync_file("x", 99, fails ? History::fails(EIO) : History::Odd{});
    history.release(0);
    fails ? history.fails_with(ErrorCode::io) : history.succeeds(false);
  }
  history.stage_ends();
  EXPECT_EQ(history.lines_about("one_download"), Lines{});
  EXPECT_EQ(history.judged("one_download"), 3U);
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

TEST(Edges, MoreAttemptsThanAllowedAreToldOf) {
  for (const OperationKind kind : {OperationKind::get, OperationKind::get_by_url, OperationKind::find}) {
    for (const unsigned told : {5U, 6U}) {
      History history(plan_of({kind}));
      OperationOutcome outcome = history.outcome();
      outcome.claimed_attempts = told;
      outcome.error = ErrorCode::io;
      history.ends(outcome);
      const bool is_get = kind != OperationKind::find;
      EXPECT_EQ(history.lines_about("retries_are_bounded"),
                is_get && told == 6 ? Lines{"retries_are_bounded of process 0 at run 0 by 0: process 0, operation 0 (" +
                                            std::string(name_of(kind)) + " of m0) says that it made 6 attempts"}
                                    : Lines{});
      EXPECT_EQ(history.judged("retries_are_bounded"), is_get ? 1U : 0U);
    }
  }
}

// A hit of process 1 that writes; `never` and what else the process is like.
TEST(Edges, HitsThatWriteAreExcusedByWhatTheyCouldNotKnow) {
  using modelcache::VerifyPolicy;
  const struct {
    std::string_view what;
    VerifyPolicy policy;
    bool is_listed, reads_badly;
    StageKind stage;
    bool is_judged;
    bool writes_badly = false;
  } rows[] = {{"listed", VerifyPolicy::when_changed, true, false, StageKind::run, true},
              {"unlisted", VerifyPolicy::when_changed, false, false, StageKind::run, false},
              {"listed, and cannot be read", VerifyPolicy::when_changed, true, true, StageKind::run, false},
              {"believed, listed", VerifyPolicy::never, true, false, StageKind::run, true},
              {"believed, unlisted", VerifyPolicy::never, false, false, StageKind::run, true},
              {"believed, and cannot be read", VerifyPolicy::never, true, true, StageKind::run, false},
              {"believed, and cannot write", VerifyPolicy::never, false, false, StageKind::run, true, true},
              {"believed in the run before", VerifyPolicy::never, false, false, StageKind::epilogue, false},
              {"listed, by a clean process", VerifyPolicy::never, true, false, StageKind::epilogue, true}};
  for (const auto& row : rows) {
    Plan plan = plan_of({OperationKind::get}, true);
    plan.processes.push_back({.operations = {{OperationKind::get, 0}}});
    const std::uint32_t process = row.stage == StageKind::run ? 1 : 0;
    plan.processes[process].verify = row.policy;
    if (!row.is_listed) plan.start.damage = {{DamageKind::unlisted, 0}};
    History history(plan);
    warm_up(history);
    if (!row.is_listed) history.disk().move("manifest.json", "", false);
    if (row.stage == StageKind::epilogue) history.stage_ends();
    if (row.stage == StageKind::epilogue) history.begin_stage(StageKind::epilogue);
    history.by(process);
    history.open("manifest.json", OpenMode::read, row.reads_badly ? History::fails(EACCES) : History::is_told(ENOENT));
    history.unlink("tmp/x", row.writes_badly ? History::fails(EACCES) : History::is_told(ENOENT));
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

TEST(Edges, ABelieverIsNotGivenAnotherGoodEntry) {
  Plan plan = plan_of({OperationKind::get});
  plan.models.push_back({"m1", 20});
  plan.processes[0].verify = modelcache::VerifyPolicy::never;
  History history(plan);
  history.make_cache();
  history.publish(history.stage(1), 1);  // and not listed
  OperationOutcome outcome = history.outcome();
  outcome.claims_hit = true;
  outcome.path = history.entry(1);
  history.ends(outcome);
  EXPECT_EQ(history.lines_about("bytes_are_what_was_asked").size(), 1U);
}

TEST(Edges, LocksOfOthersMayBeHeldWhenAnOperationEnds) {
  History history;
  history.by(0).make_cache();
  history.lock(0);
  history.by(1).succeeds(true);
  EXPECT_EQ(history.lines_about("operations_close_what_they_opened"), Lines{});
  EXPECT_EQ(history.judged("operations_close_what_they_opened"), 1U);
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
    EXPECT_EQ(history.lines_about("no_spurious_failure").size(), kind == OperationKind::find ? 0U : 1U)
        << name_of(kind);
  }
}

// How long it waits, and whether it only does so, is its own affair.
TEST(Edges, WaitsAreThoseOfTheProcess) {
  for (const bool only_waits : {false, true}) {
    for (const std::uint32_t patient : {0U, 1U}) {
      Plan plan = plan_of({OperationKind::get});
      plan.processes.push_back(plan.processes[0]);
      plan.processes[1 - patient].lock_wait = milliseconds(10);
      plan.processes[0].only_wait = plan.processes[1].only_wait = true;
      if (only_waits) plan.processes[patient].only_wait = false;
      History history(plan);
      history.make_cache();
      history.by(1).try_lock(history.lock_path(0), History::is_told(EWOULDBLOCK));
      history.pass(milliseconds(10)).try_lock(history.lock_path(0), History::is_told(EWOULDBLOCK));
      history.fails_with(ErrorCode::lock_timeout);
      history.stage_ends();
      EXPECT_EQ(history.violated().contains("no_spurious_failure"), patient == 1) << only_waits;
    }
  }
}

// Two gets by URL, with a lock that works or lies, or another's that lies.
TEST(Edges, DownloadsByUrlAreExcusedByLocksOfUrls) {
  for (const char* lying : {"", "locks/url-x.lock", "locks/other.lock"}) {
    History history(plan_of({OperationKind::get_by_url, OperationKind::get_by_url}));
    history.make_cache();
    history.try_lock("locks/url-y.lock");
    if (*lying != 0) history.try_lock(lying, {0, StepFault::does_nothing});
    for (int i = 0; i < 2; ++i) {
      history.connect();
      history.succeeds(false);
    }
    history.stage_ends();
    EXPECT_EQ(history.lines_about("one_download").size(), lying == std::string("locks/url-x.lock") ? 0U : 1U) << lying;
  }
}

// What one run leaves in the watchers is nothing to the next.
TEST(Edges, ARunThatEndsInTheMiddleLeavesNothing) {
  StepJudge judge;
  {
    History broken(History::one_get(), judge);
    broken.by(0).make_cache();
    broken.miss(0);
    broken.sync_file("x", 99, History::fails(EIO));
    broken.by(1).process_ends(ProcessEnd::abandoned);
    StageEnd end;
    end.is_deadlock = true;
    broken.by(0).process_ends(ProcessEnd::killed);
    broken.stage_ends(end);
    broken.begin_stage(StageKind::run);
    broken.by(0).miss(1);
    broken.by(1).process_ends(ProcessEnd::abandoned);
  }
  const auto take = [](History& history) {
    history.make_cache();
    history.miss_unlisted(0);
    history.succeeds(false);
    StageEnd end;
    end.virtual_time = std::chrono::hours(24);
    history.stage_ends(end);
    return std::pair(history.lines(), history.counts());
  };
  History alone, again(History::one_get(), judge);
  const auto expected = take(alone);
  EXPECT_EQ(take(again), expected);
  EXPECT_EQ(expected.first.size(), 1U);
}

TEST(Edges, ACleanProcessIsNamedWithItsOperation) {
  History history(plan_of({OperationKind::get}));
  history.stage_ends();
  history.begin_stage(StageKind::epilogue);
  history.succeeds(true);
  history.fails_with(ErrorCode::io);
  history.stage_ends();
  EXPECT_EQ(history.lines_about("recovery_needs_no_hands"),
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
    EXPECT_EQ(history.lines_about("manifest_is_complete"),
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
    history.begin_stage(StageKind::epilogue);
    history.stage_ends();
    EXPECT_EQ(history.judged("manifest_is_complete") - before, is_quiet ? 3U : 1U);
    EXPECT_EQ(history.lines_about("manifest_is_complete").size(), is_quiet ? 1U : 0U) << history.told();
  }
}

}  // namespace
}  // namespace stampede
