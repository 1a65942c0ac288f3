// What lists, reports and recoveries say that is not so: in which words it is told, and how often it was judged.
#include <gtest/gtest.h>

#include "harness/judge/history_for_test.h"

namespace stampede {
namespace {

using modelcache::EntryState;
using modelcache::FileType;
using Lines = std::vector<std::string>;

modelcache::VerifyReport report_of(const History& history, EntryState state, bool removed = false) {
  modelcache::VerifyReport report;
  report.entry.key = history.key(0);
  report.state = state;
  report.removed = removed;
  report.detail = "the words";
  return report;
}

TEST(StepJudgeReports, ReportsAreOfBytesAndNotOfListings) {
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

TEST(StepJudgeReports, NamesThatAreNotThereAreTold) {
  Plan plan = plan_of({OperationKind::list});
  plan.processes.push_back({.operations = {{OperationKind::verify, 0}, {OperationKind::remove, 0}}});
  History history(plan);
  history.make_cache();
  OperationOutcome outcome = history.by(1).outcome();
  outcome.reports = {report_of(history, EntryState::good)};
  history.ends(outcome);
  history.publish(history.stage(0), 0);
  history.succeeds(false);  // removed, it says; which it was when it began
  EXPECT_EQ(history.lines_about("nobody_lists_lies"),
            Lines{"nobody_lists_lies of m0 at run 7 by 1: process 1, operation 0 (verify): named " + history.key(0) +
                  ", which was not there"});
  EXPECT_EQ(history.judged("nobody_lists_lies"), 2U);
}

TEST(StepJudgeReports, ARecoveryIsTakenAtItsWord) {
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

TEST(StepJudgeReports, OfARemovalAreOfTheNameAndNotOfTheBytes) {
  Plan plan = plan_of({OperationKind::remove}, true);
  plan.start.damage = {{DamageKind::cut, 0}};
  History history(plan);
  warm_up(history);
  history.disk().set_bytes(history.disk().file_at(history.entry(0)), Bytes(50));
  history.succeeds(false);
  EXPECT_EQ(history.lines_about("nobody_lists_lies"),
            Lines{"nobody_lists_lies of m0 at run 31 by 0: process 0, operation 0 (remove of m0): removed " +
                  history.key(0) + ", which was there all the time"});
}

// It began before the entry came, although another has begun again since.
TEST(StepJudgeReports, AreOfTheTimeOfTheirOwnOperation) {
  Plan plan = plan_of({OperationKind::list});
  plan.processes.push_back(plan.processes[0]);
  History history(plan);
  history.by(1).make_cache();
  history.by(0).publish(history.by(0).stage(0), 0);
  OperationOutcome outcome = history.outcome();
  outcome.entries.emplace_back().key = history.key(0);
  history.ends(outcome);
  history.by(1).ends(history.by(1).outcome());
  EXPECT_EQ(history.lines_about("nobody_lists_lies"), Lines{});
  EXPECT_EQ(history.judged("nobody_lists_lies"), 1U);
}

}  // namespace
}  // namespace stampede
