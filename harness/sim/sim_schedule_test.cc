// Who moves when: decisions, defaults, switches, sleepers, locks handed over, deadlocks and bounds.
#include "harness/sim/sim_for_test.h"

namespace stampede {
namespace {

using modelcache::Instant;
using modelcache::LockMode;
using modelcache::OpenMode;
using std::chrono::microseconds;
using std::chrono::milliseconds;

class SimSchedule : public SimTest {
 protected:
  static Body stepper(int steps) {
    return [steps](Os& os) {
      for (int i = 0; i < steps; ++i) (void)os.wall_time();
    };
  }
  // Takes the locks one after the other, as the cache does: tries, looks at the clock, sleeps.
  static void lock(Os& os, Fd file, LockMode mode = LockMode::exclusive) {
    while (error_of(os.try_lock(file, mode)) == EWOULDBLOCK) (void)os.sleep_until(os.now() + milliseconds(10));
  }
  [[nodiscard]] std::string movers() const {
    std::string text;
    for (const Step& step : recorder_.steps) text += std::to_string(step.process);
    return text;
  }
};

TEST_F(SimSchedule, LetsTheSameGoOnAndThenTheLowestThatCan) {
  DefaultStrategy strategy;
  const StageEnd end = run({stepper(2), stepper(3), stepper(1)}, strategy);
  EXPECT_EQ(movers(), "001112");
  EXPECT_EQ(end.steps, 6U);
  EXPECT_EQ(end.own_steps, (std::vector<std::uint32_t>{2, 3, 1}));
  EXPECT_EQ(end.moves, 2U);
  EXPECT_EQ(end.preemptions, 0U);
  EXPECT_TRUE(end.switches.empty());
  EXPECT_EQ(end.stuck, "");
  EXPECT_EQ(end.virtual_time, microseconds(6));
  EXPECT_EQ(recorder_.ends, (std::vector<std::string>{"0 ended", "1 ended", "2 ended"}));
}

TEST_F(SimSchedule, RecordsWhatIsNotTheDefaultSoThatItCanBeFollowed) {
  ListedStrategy strategy({2, 0, 0, 1, 1, 0, 2});
  const StageEnd end = run({stepper(3), stepper(3), stepper(2)}, strategy);
  EXPECT_EQ(movers(), "20011021");
  EXPECT_EQ(end.switches, (std::vector<Switch>{{0, 0, 2}, {2, 1, 0}, {0, 2, 1}, {1, 2, 0}, {0, 3, 2}}));
  EXPECT_EQ(end.preemptions, 4U);  // the fifth followed an end
  EXPECT_EQ(end.moves, 6U);        // from process 0, which would have been first, to 2; and at last from 2 to 1
  const std::string first = movers();
  recorder_.steps.clear();
  SwitchStrategy replay(end.switches);
  EXPECT_EQ(run({stepper(3), stepper(3), stepper(2)}, replay).switches, end.switches);
  EXPECT_EQ(movers(), first);
}

TEST_F(SimSchedule, AsksBeforeEveryStepWithAllWhoCanMove) {
  ListedStrategy strategy({});
  run({stepper(2), [](Os&) {}, stepper(1)}, strategy);
  EXPECT_EQ(strategy.could_move, (std::vector<std::vector<std::uint32_t>>{{0, 2}, {0, 2}, {2}}));
}

TEST_F(SimSchedule, ShowsTheStepsThatWouldBeTaken) {
  class Looker final : public Strategy {
   public:
    std::string seen;
    void begin() override {}
    std::size_t choose(const Decision& decision) override {
      for (const Candidate& candidate : decision.candidates) {
        seen += std::to_string(candidate.process) + "." + std::to_string(candidate.own_step) + " " +
                std::string(name_of(candidate.pending->kind)) + " " + candidate.pending->path + "; ";
      }
      return decision.by_default;
    }
  } looker;
  make_cache();
  run({[](Os& os) { EXPECT_EQ(error_of(os.close(open(os, "a", OpenMode::create_new))), 0); },
       [](Os& os) {
         EXPECT_EQ(
             error_of(os.unlink(os.open(modelcache::kWorkingDirectory, "/sim/cache", OpenMode::root).value(), "a")), 0);
       }},
      looker);
  EXPECT_EQ(looker.seen, "0.0 open a; 1.0 open ; 0.1 close a; 1.0 open ; 1.0 open ; 1.1 unlink a; ");
}

TEST_F(SimSchedule, PassesTimeOnlyWhenNobodyCanMove) {
  std::vector<Instant> times(2);
  const auto sleeper = [&times](std::size_t i, milliseconds time) {
    return [&times, i, time](Os& os) {
      EXPECT_EQ(error_of(os.sleep_until(os.now() + time)), 0);
      times[i] = os.now();
    };
  };
  ListedStrategy strategy({0, 1, 2, 2});
  const StageEnd end = run({sleeper(0, milliseconds(20)), sleeper(1, milliseconds(10)), stepper(5)}, strategy);
  EXPECT_EQ(movers(),
            "0122222"
            "11"
            "00");
  EXPECT_EQ(times[0] - times[1],
            milliseconds(10) - microseconds(1));  // process 1 looked a step later when it would wake
  EXPECT_EQ(strategy.could_move[2], (std::vector<std::uint32_t>{2}));
  EXPECT_EQ(end.virtual_time, milliseconds(20) + microseconds(3));
}

TEST_F(SimSchedule, LetsTimeRunFirstWhereThePlanSaysSo) {
  stage_.time_runs_first = true;
  Instant woken;
  ListedStrategy strategy({0, 1, 0});
  const StageEnd end = run({[&](Os& os) {
                              EXPECT_EQ(error_of(os.sleep_until(os.now() + milliseconds(5))), 0);
                              woken = os.now();
                            },
                            stepper(3)},
                           strategy);
  EXPECT_EQ(movers(), "010011");
  EXPECT_EQ(end.preemptions, 1U);  // away from process 1; and process 0 slept
  EXPECT_EQ(recorder_.steps[2].at, milliseconds(5) + microseconds(2));
  EXPECT_EQ(end.virtual_time, milliseconds(5) + microseconds(5));
}

TEST_F(SimSchedule, WakesWhoeverWaitsForALockAsSoonAsItIsFree) {
  make_cache();
  std::vector<int> taken;
  const auto body = [&taken](std::size_t i) {
    return [&taken, i](Os& os) {
      const Fd file = open(os, "lock", OpenMode::open_or_create);
      lock(os, file);
      taken.push_back(static_cast<int>(i));
      (void)os.wall_time();
      EXPECT_EQ(error_of(os.unlock(file)), 0);
      (void)os.wall_time();
    };
  };
  // 0 opens and locks; 1 opens, is refused, looks at the clock, and sleeps: it cannot move until 0 has unlocked.
  ListedStrategy strategy({0, 0, 1, 1, 1, 1, 1, 1});
  const StageEnd end = run({body(0), body(1)}, strategy);
  EXPECT_EQ(taken, (std::vector<int>{0, 1}));
  EXPECT_EQ(strategy.could_move[5], std::vector<std::uint32_t>{0});
  EXPECT_EQ(strategy.could_move[6], std::vector<std::uint32_t>{0});
  EXPECT_EQ(strategy.could_move[7], (std::vector<std::uint32_t>{0, 1}));
  EXPECT_EQ(recorder_.steps[7].process, 1U);
  EXPECT_EQ(recorder_.steps[7].kind, StepKind::sleep_until);
  // It slept until the end all the same, as the door promises.
  EXPECT_EQ(recorder_.steps[7].at - recorder_.steps[4].at, milliseconds(10) + microseconds(1));
  EXPECT_EQ(end.stuck, "");
}

TEST_F(SimSchedule, DoesNotWakeASleeperWhoDidOtherThingsAfterTheRefusal) {
  make_cache();
  ListedStrategy strategy({0, 0, 1, 1, 1, 1, 0, 1});
  run({[](Os& os) {
         const Fd file = open(os, "lock", OpenMode::open_or_create);
         lock(os, file);
         EXPECT_EQ(error_of(os.unlock(file)), 0);
         (void)os.wall_time();
       },
       [](Os& os) {
         const Fd file = open(os, "lock", OpenMode::open_or_create);
         EXPECT_EQ(error_of(os.try_lock(file, LockMode::shared)), EWOULDBLOCK);
         EXPECT_EQ(error_of(os.sync_file(file)), 0);
         EXPECT_EQ(error_of(os.sleep_until(os.now() + milliseconds(10))), 0);
       }},
      strategy);
  EXPECT_EQ(strategy.could_move[7], std::vector<std::uint32_t>{0});
}

TEST_F(SimSchedule, SeesADeadlockWithItsCycleAtOnce) {
  make_cache();
  const auto body = [](const char* first, const char* second) {
    return [=](Os& os) {
      const Fd a = open(os, first, OpenMode::open_or_create);
      const Fd b = open(os, second, OpenMode::open_or_create);
      lock(os, a);
      (void)os.wall_time();
      lock(os, b);
    };
  };
  ListedStrategy strategy({0, 0, 0, 1, 1, 1, 2, 2, 2});
  const StageEnd end = run({body("a", "b"), body("b", "c"), body("c", "a")}, strategy);
  EXPECT_TRUE(end.is_deadlock);
  EXPECT_EQ(end.stuck,
            "process 0 waits for b held by process 1, which waits for c held by process 2, which waits for a held by "
            "process 0");
  EXPECT_EQ(recorder_.ends, (std::vector<std::string>{"0 abandoned", "1 abandoned", "2 abandoned"}));
  EXPECT_EQ(end.ends, std::vector<ProcessEnd>(3, ProcessEnd::abandoned));
  EXPECT_LT(end.virtual_time, milliseconds(1));
  EXPECT_EQ(world_.disk().open_descriptors(), 0U);
}

TEST_F(SimSchedule, NamesTheCycleAloneAndNotWhoWaitsForIt) {
  make_cache();
  const auto body = [](const std::vector<const char*>& names) {
    return [=](Os& os) {
      for (const char* name : names) lock(os, open(os, name, OpenMode::open_or_create));
    };
  };
  ListedStrategy strategy({1, 1, 2, 2, 0});
  const StageEnd end = run({body({"b"}), body({"a", "b"}), body({"b", "a"})}, strategy);
  EXPECT_TRUE(end.is_deadlock);
  EXPECT_EQ(end.stuck, "process 1 waits for b held by process 2, which waits for a held by process 1");
}

TEST_F(SimSchedule, SeesWhoLocksItselfOut) {
  make_cache();
  const StageEnd end = run({[](Os& os) {
    lock(os, open(os, "a", OpenMode::open_or_create), LockMode::shared);
    lock(os, open(os, "a", OpenMode::open_or_create), LockMode::exclusive);
  }});
  EXPECT_TRUE(end.is_deadlock);
  EXPECT_EQ(end.stuck, "process 0 waits for a held by process 0");
}

TEST_F(SimSchedule, TakesNoWaitForADeadlockThatTimeAloneEnds) {
  make_cache();
  ListedStrategy strategy({0, 0, 0, 1, 1, 1});
  const StageEnd end = run({[](Os& os) {
                              lock(os, open(os, "a", OpenMode::open_or_create));
                              EXPECT_EQ(error_of(os.sleep_until(os.now() + milliseconds(50))), 0);
                            },
                            [](Os& os) { lock(os, open(os, "a", OpenMode::open_or_create)); }},
                           strategy);
  EXPECT_FALSE(end.is_deadlock);
  EXPECT_EQ(end.stuck, "");
}

TEST_F(SimSchedule, SeesThatNothingIsToCome) {
  const StageEnd end = run({[](Os& os) { (void)os.sleep_until(Instant::max()); }});
  EXPECT_FALSE(end.is_deadlock && end.stuck.empty());
  EXPECT_EQ(end.ends, std::vector<ProcessEnd>{ProcessEnd::abandoned});
}

TEST_F(SimSchedule, EndsAtTheBoundOfSteps) {
  stage_.steps_max = 10;
  bool went_on = false;
  const StageEnd end = run({[&](Os& os) {
                              while (error_of(os.sleep_until(os.now())) == 0) {
                              }
                              went_on = true;
                            },
                            stepper(3)});
  EXPECT_EQ(end.steps, 10U);
  EXPECT_EQ(end.stuck, "the bound of 10 steps was reached");
  EXPECT_FALSE(end.is_deadlock);
  EXPECT_TRUE(went_on);  // its code came to its end, without steps
  EXPECT_EQ(recorder_.steps.size(), 10U);
  EXPECT_EQ(recorder_.ends, (std::vector<std::string>{"0 abandoned", "1 abandoned"}));
  EXPECT_TRUE(world_.has_died(0));
}

TEST_F(SimSchedule, EndsAtTheBoundOfTime) {
  stage_.time_max = milliseconds(100);
  const StageEnd end = run({[](Os& os) {
    while (error_of(os.sleep_until(os.now() + milliseconds(30))) == 0) {
    }
  }});
  EXPECT_EQ(end.stuck, "the bound of 100 ms of virtual time was reached");
  EXPECT_EQ(end.own_steps, std::vector<std::uint32_t>{7});  // at 120 ms it would have been woken for the fourth time
}

using SimScheduleDeathTest = SimSchedule;

TEST_F(SimScheduleDeathTest, RefusesAChoiceThatIsNone) {
  class Wrong final : public Strategy {
   public:
    void begin() override {}
    std::size_t choose(const Decision& decision) override { return decision.candidates.size(); }
  } wrong;
  EXPECT_DEATH(run({stepper(1)}, wrong), "no candidate");
}

}  // namespace
}  // namespace stampede
