// The judge of controlled worlds: a good history is judged by every invariant and trips none.
#include "harness/judge/step_judge.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>

#include "harness/judge/history_for_test.h"

namespace stampede {
namespace {

using Ids = std::set<std::string>;

TEST(StepJudge, FindsNothingInAGoodRun) {
  History history;
  history.share_one_download();
  history.finish();
  EXPECT_EQ(history.violated(), Ids()) << history.told();
}

TEST(StepJudge, JudgesNearlyEveryInvariantInAGoodRun) {
  History history;
  history.share_one_download();
  history.finish();
  // These need a failure, somebody who removes, or somebody who lists or mends.
  const Ids need_more = {"honest_errors",           "no_entry_vanishes", "nobody_lists_lies",
                         "only_the_dead_are_swept", "retries_pause",     "upkeep_mends_what_it_can"};
  for (const WatchedInvariant& invariant : watched_invariants()) {
    const std::string id(invariant.id);
    if (need_more.contains(id)) continue;
    EXPECT_GT(history.judged(id), 0U) << id;
  }
}

TEST(StepJudge, ForgetsTheRunBefore) {
  StepJudge judge;
  History broken(History::one_get(), judge);
  broken.by(0).make_cache();
  broken.connect();
  broken.publish(broken.stage(0), 0);
  broken.write("x", broken.disk().file_at(broken.entry(0)), *broken.model(0).bytes);
  broken.fails_with(modelcache::ErrorCode::io);
  broken.process_ends(ProcessEnd::killed);
  EXPECT_FALSE(broken.violated().empty());
  Plan find = History::one_get();
  find.processes.resize(1);
  find.processes[0].operations = {{OperationKind::find, 0}};
  History empty(find, judge);
  empty.make_cache();
  empty.fails_with(modelcache::ErrorCode::not_found);
  empty.finish();
  EXPECT_EQ(empty.violated(), Ids()) << empty.told();
  History good(History::one_get(), judge);
  good.share_one_download();
  good.finish();
  EXPECT_EQ(good.violated(), Ids()) << good.told();
  History alone;
  alone.share_one_download();
  alone.finish();
  EXPECT_EQ(judge.judged(), alone.judge().judged());
}

TEST(StepJudge, SaysWhereAndWhomAndTellsASignatureOnce) {
  History history;
  history.by(1).make_cache();  // seven steps
  history.unlink("/elsewhere", History::is_told(ENOENT));
  history.unlink("/elsewhere", History::is_told(ENOENT));
  ASSERT_EQ(history.judge().violations().size(), 1U);
  const StepViolation& violation = history.judge().violations()[0];
  EXPECT_EQ(violation.invariant, "confined_to_the_directory");
  EXPECT_EQ(violation.object, "/elsewhere");
  EXPECT_EQ(violation.step, 8U);
  EXPECT_EQ(violation.process, 1U);
  EXPECT_EQ(violation.stage, StageKind::run);
}

TEST(WatchedInvariants, HaveDistinctIdsAndWholeSentences) {
  Ids ids;
  for (const WatchedInvariant& invariant : watched_invariants()) {
    EXPECT_TRUE(ids.insert(std::string(invariant.id)).second) << invariant.id;
    EXPECT_EQ(invariant.number.front(), 'I') << invariant.id;
    EXPECT_EQ(invariant.sentence.back(), '.') << invariant.id;
    EXPECT_FALSE(invariant.needs.empty()) << invariant.id;
    EXPECT_FALSE(invariant.blind_to.empty()) << invariant.id;
  }
}

}  // namespace
}  // namespace stampede
