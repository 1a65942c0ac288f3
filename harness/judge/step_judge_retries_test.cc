// Histories of who tries too often, without a pause, or waits for others without need.
#include <gtest/gtest.h>

#include <cerrno>

#include "cache/key.h"
#include "harness/judge/history_for_test.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::OpenMode;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Ids = std::set<std::string>;

// A get that fails after these connections, with that pause before each but the first.
Ids violated_by_retries(const std::vector<const char*>& turns, const std::vector<std::chrono::nanoseconds>& pauses) {
  History history(plan_of({OperationKind::get}));
  history.make_cache();
  history.lock(0);
  for (std::size_t i = 0; i < turns.size(); ++i) {
    if (i > 0 && i <= pauses.size() && pauses[i - 1].count() >= 0) history.pause(pauses[i - 1]);
    history.connect(turns[i], false);
  }
  history.release(0);
  history.fails_with(ErrorCode::http_status);
  history.stage_ends();
  return history.violated();
}

constexpr std::chrono::nanoseconds kNoPause{-1};

TEST(StepJudgeRetries, AreAsManyAsAllowedBesidesRedirects) {
  const std::vector<const char*> five(5, "status:503");
  const std::vector<std::chrono::nanoseconds> pauses = {milliseconds(100), milliseconds(300), milliseconds(700),
                                                        milliseconds(1000), milliseconds(1000)};
  EXPECT_EQ(violated_by_retries(five, pauses), Ids{});
  std::vector<const char*> six(6, "status:503");
  EXPECT_EQ(violated_by_retries(six, pauses), Ids{"retries_are_bounded"});
  six[0] = "redirect_relative";
  EXPECT_EQ(violated_by_retries(six, {kNoPause, pauses[0], pauses[1], pauses[2], pauses[3]}), Ids{});
}

TEST(StepJudgeRetries, PauseBeforeEachButTheFirst) {
  EXPECT_EQ(violated_by_retries({"status:503", "status:503"}, {}), Ids{"retries_pause"});
  EXPECT_EQ(violated_by_retries({"status:503", "status:503"}, {milliseconds(0)}), Ids{});
  EXPECT_EQ(violated_by_retries({"redirect_relative", "status:503"}, {}), Ids{});
}

TEST(StepJudgeRetries, PauseUpToABoundThatDoubles) {
  const Ids trips = {"retries_pause"};
  EXPECT_EQ(violated_by_retries({"status:503", "status:503"}, {milliseconds(200)}), Ids{});
  EXPECT_EQ(violated_by_retries({"status:503", "status:503"}, {milliseconds(202)}), trips);
  EXPECT_EQ(violated_by_retries({"status:503", "status:503", "none"}, {milliseconds(1), milliseconds(400)}), Ids{});
  EXPECT_EQ(violated_by_retries({"status:503", "status:503", "none"}, {milliseconds(1), milliseconds(402)}), trips);
}

TEST(StepJudgeRetries, PauseForAsLongAsTheServerAsks) {
  EXPECT_EQ(violated_by_retries({"status:429:retry_after=3", "none"}, {seconds(3)}), Ids{});
  EXPECT_EQ(violated_by_retries({"status:429:retry_after=3", "none"}, {seconds(4)}), Ids{"retries_pause"});
  EXPECT_EQ(violated_by_retries({"status:429:retry_after=3", "status:503", "none"}, {seconds(3), seconds(3)}),
            Ids{"retries_pause"})
      << "the second time nobody asked";
}

TEST(StepJudgeRetries, DoNotPauseForNextToNothingAgainAndAgain) {
  const std::vector<const char*> turns(4, "status:503");
  const auto nothing = std::chrono::microseconds(100);
  EXPECT_EQ(violated_by_retries(turns, {nothing, nothing, nothing}), Ids{"retries_pause"});
  EXPECT_EQ(violated_by_retries(turns, {nothing, nothing, milliseconds(1)}), Ids{});
}

TEST(StepJudgeRetries, AreToldOfByWhoSucceeds) {
  for (const unsigned told : {1U, 2U}) {
    History history(plan_of({OperationKind::get}));
    history.make_cache();
    history.lock(0);
    history.connect("status:503", false);
    history.pause(milliseconds(100));
    history.connect();
    history.publish(history.stage(0), 0);
    history.list();
    history.release(0);
    OperationOutcome outcome = history.outcome();
    outcome.claimed_attempts = told;
    history.ends(outcome);
    history.finish();
    expect_trips(history, told == 2 ? Ids{} : Ids{"hits_caused_no_request"});
  }
}

// Of the time since the first signal, not since the operation began.
TEST(StepJudgeRetries, TimeOutEarlyOnlyAfterASignalInThatCall) {
  for (const bool is_late : {true, false}) {
    History history(plan_of({OperationKind::get}));
    history.make_cache();
    history.lock(0);
    if (!is_late) history.pass(seconds(20));
    history.connect("none", false, History::fails(EINTR));
    if (is_late) history.pass(seconds(20));
    history.connect("none", false);
    history.release(0);
    history.fails_with(ErrorCode::timed_out);
    history.stage_ends();
    expect_trips(history, is_late ? Ids{} : Ids{"no_spurious_failure"});
  }
}

TEST(StepJudgeModels, DownloadSideBySide) {
  Plan plan = plan_of({OperationKind::get});
  plan.models.push_back({"m1", 20});
  const Ids trips = {"models_download_side_by_side"};
  History own(plan);
  own.make_cache();
  own.lock(0);
  own.connect();
  expect_trips(own, {});
  History another(plan);
  another.make_cache();
  another.lock(1);
  expect_trips(another, trips);
  EXPECT_EQ(another.judge().violations()[0].object, "m1");
  for (const char* path : {"locks/all.lock", "entries", "manifest.json"}) {
    History history(plan);
    history.make_cache();
    history.try_lock(path, History::is_told(EWOULDBLOCK));
    expect_trips(history, trips);
  }
  History manifest(plan);
  manifest.make_cache();
  manifest.lock(0);
  manifest.open("locks/manifest.lock", OpenMode::open_or_create);
  manifest.try_lock("locks/manifest.lock");
  expect_trips(manifest, {});
  manifest.connect();
  expect_trips(manifest, trips);
}

TEST(StepJudgeModels, ByUrlHaveLocksOfUrls) {
  for (const bool is_own : {true, false}) {
    History history(plan_of({OperationKind::get_by_url}));
    history.make_cache();
    const std::string lock =
        is_own ? "locks/" + modelcache::key_of_url("http://127.0.0.1/m0") + ".lock" : history.lock_path(0);
    history.open(lock, OpenMode::open_or_create);
    history.try_lock(lock);
    expect_trips(history, is_own ? Ids{} : Ids{"models_download_side_by_side"});
  }
}

TEST(StepJudgeSources, ShareNoEntry) {
  Plan plan = plan_of({OperationKind::get_by_url, OperationKind::get_by_url, OperationKind::get});
  plan.models.push_back({"m1", 100});
  for (const std::size_t second : {0U, 1U}) {
    plan.processes[0].operations[1].model = second;
    History history(plan);
    history.make_cache();
    for (int i = 0; i < 2; ++i) {
      OperationOutcome outcome = history.outcome();
      outcome.path = "entries/" + modelcache::key_of_url("http://127.0.0.1/");
      outcome.claims_hit = true;
      history.ends(outcome);
    }
    EXPECT_EQ(history.violated().contains("sources_share_no_entry"), second == 1) << history.told();
    OperationOutcome by_digest = history.outcome();
    by_digest.path = "entries/" + modelcache::key_of_url("http://127.0.0.1/");
    history.ends(by_digest);
    EXPECT_TRUE(history.violated().contains("sources_share_no_entry")) << history.told();
  }
}

// What one lock's lie excuses, it excuses for its own entry.
TEST(StepJudgeExcuses, AreOfOneEntryAlone) {
  Plan plan = plan_of({OperationKind::get});
  plan.models.push_back({"m1", 20});
  plan.processes.push_back(plan.processes[0]);
  plan.processes.push_back(plan.processes[0]);
  plan.processes[2].operations[0].model = 1;
  for (const std::size_t lying : {0U, 1U}) {
    History history(plan);
    history.by(2).make_cache();
    history.open(history.lock_path(lying), OpenMode::open_or_create);
    history.by(lying == 0 ? 1 : 2).try_lock(history.lock_path(lying), {0, StepFault::does_nothing});
    history.by(0).lock(0);
    history.by(1).lock(0);  // so it was told
    history.by(0).connect();
    history.rename(history.stage(0), history.entry(0));
    history.by(1).connect();
    expect_trips(history, lying == 0 ? Ids{} : Ids{"one_holder_per_lock", "one_download"});
  }
}

}  // namespace
}  // namespace stampede
