// The judge of controlled worlds: a good history is judged by every invariant and trips none.
#include "harness/judge/step_judge.h"

#include <gtest/gtest.h>

#include <set>

#include "harness/judge/history_for_test.h"

namespace stampede {
namespace {

using Ids = std::set<std::string>;

std::string told(const History& history) {
  std::string text;
  for (const StepViolation& violation : history.judge().violations()) {
    text += violation.invariant + ": " + violation.object + ": " + violation.what + "\n";
  }
  return text;
}

// One process downloads, one waits and hits.
void two_share_one_download(History& history) {
  history.by(0).make_cache();
  history.look(0);
  history.lock(0);
  history.by(1).look(0);
  history.open(history.lock_path(0), modelcache::OpenMode::open_or_create);
  history.try_lock(history.lock_path(0), History::is_told(EWOULDBLOCK));
  history.by(0).look(0);
  history.connect();
  history.publish(history.stage(0), 0);
  history.list();
  history.release(0);
  history.succeeds(false);
  history.by(1).try_lock(history.lock_path(0));
  history.look(0);
  history.release(0);
  history.succeeds(true);
}

TEST(StepJudge, FindsNothingInAGoodRun) {
  History history;
  two_share_one_download(history);
  history.finish();
  EXPECT_EQ(history.violated(), Ids()) << told(history);
}

TEST(StepJudge, JudgesNearlyEveryInvariantInAGoodRun) {
  History history;
  two_share_one_download(history);
  history.finish();
  // These need a failure, somebody who removes, or somebody who lists.
  const Ids need_more = {"honest_errors", "no_entry_vanishes", "nobody_lists_lies", "only_the_dead_are_swept"};
  for (const WatchedInvariant& invariant : watched_invariants()) {
    const std::string id(invariant.id);
    if (need_more.contains(id)) continue;
    EXPECT_GT(history.judged(id), 0U) << id;
  }
}

TEST(StepJudge, IsTheSameInItsSecondRun) {
  StepJudge judge;
  History first;
  two_share_one_download(first);
  first.finish();
  History second;
  two_share_one_download(second);
  second.finish();
  EXPECT_EQ(first.judge().judged(), second.judge().judged());
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
