// Histories that break what is promised of ends.
#include <gtest/gtest.h>

#include <cerrno>

#include "harness/judge/history_for_test.h"

namespace stampede {
namespace {

using modelcache::OpenMode;
using std::chrono::hours;
using Ids = std::set<std::string>;

StageEnd stuck_by(const char* why, bool is_deadlock = false) {
  StageEnd end;
  end.stuck = why;
  end.is_deadlock = is_deadlock;
  return end;
}

Ids violated_by_end(History& history, StageEnd end) {
  history.process_ends(ProcessEnd::abandoned);
  history.stage_ends(std::move(end));
  return history.violated();
}

TEST(StepJudgeLiveness, SeesDeadlocks) {
  History history(plan_of({OperationKind::list}));
  history.make_cache();
  EXPECT_EQ(violated_by_end(history, stuck_by("process 0 waits for process 0", true)), Ids{"everyone_comes_to_an_end"});
  EXPECT_NE(history.told().find("waits for process 0"), std::string::npos);
}

// More than 10,000 steps, 1,000 a second, and 4 for each that was interrupted.
TEST(StepJudgeLiveness, SeesWhoSpins) {
  const struct {
    int interrupted;
    std::chrono::milliseconds time;
    int steps;
  } rows[] = {{0, std::chrono::milliseconds(900), 10'000},
              {2, std::chrono::milliseconds(0), 10'008},
              {0, std::chrono::milliseconds(1'900), 11'000}};
  for (const auto& row : rows) {
    for (const int more : {0, 1}) {
      History history(plan_of({OperationKind::list}));
      Step look;
      look.kind = StepKind::now;
      for (int i = 0; i < row.interrupted; ++i) history.open("x", OpenMode::read, History::fails(EINTR));
      for (int i = row.interrupted + 1; i < row.steps + more; ++i) history.take(look);
      history.pass(row.time).take(look);
      EXPECT_EQ(violated_by_end(history, stuck_by("100000 steps")),
                more == 0 ? Ids{} : Ids{"everyone_comes_to_an_end"});
      EXPECT_EQ(history.judged("everyone_comes_to_an_end"), more == 0 ? 0U : 1U);
      history.begin_stage(StageKind::epilogue);
      StageEnd day;
      day.virtual_time = hours(24);
      history.stage_ends(day);
      EXPECT_EQ(history.judged("everyone_comes_to_an_end"), more == 0 ? 1U : 2U) << "each end once";
    }
  }
}

TEST(StepJudgeLiveness, SeesWhoIsBusyAfterADay) {
  for (const bool is_stopped : {false, true}) {
    Plan plan = plan_of({OperationKind::list});
    if (is_stopped) plan.process_faults = {{ProcessFaultKind::stop, 0, 1, hours(30)}};
    History history(plan);
    history.make_cache();
    StageEnd end = stuck_by("a day");
    end.virtual_time = hours(24);
    EXPECT_EQ(violated_by_end(history, end), is_stopped ? Ids{} : Ids{"everyone_comes_to_an_end"});
  }
}

}  // namespace
}  // namespace stampede
