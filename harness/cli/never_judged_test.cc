// What the surroundings of a plan let be judged, beside what is judged when it runs.
#include <gtest/gtest.h>

#include <set>

#include "harness/cli/exit_statuses.h"
#include "harness/judge/allowed_invariants.h"
#include "harness/judge/step_judge.h"
#include "harness/run/sim_benchmark.h"
#include "harness/run/sim_exploration.h"

namespace stampede {
namespace {

// Those that a plan does not allow.
std::set<std::string> denied_by(const Plan& plan) {
  const InvariantSet allowed = allowed_by(plan);
  std::set<std::string> denied;
  for (std::size_t i = 0; i < watched_invariants().size(); ++i) {
    if (!allowed.test(i)) denied.emplace(watched_invariants()[i].id);
  }
  return denied;
}

Plan doing(OperationKind kind) {
  Plan plan = three_get_one();
  plan.processes[2].operations.push_back({kind, 0});
  return plan;
}

TEST(AllowedInvariants, AreThoseWhoseNeedsThePlanMayMeet) {
  const std::set<std::string> all = {"honest_errors", "retries_pause", "upkeep_mends_what_it_can", "nobody_lists_lies",
                                     "no_entry_vanishes"};
  const auto but = [&all](std::set<std::string> met) {
    std::set<std::string> rest;
    std::set_difference(all.begin(), all.end(), met.begin(), met.end(), std::inserter(rest, rest.end()));
    return rest;
  };
  EXPECT_EQ(denied_by(three_get_one()), all);
  EXPECT_EQ(denied_by(doing(OperationKind::get)), all);
  EXPECT_EQ(denied_by(doing(OperationKind::get_by_url)), all);
  EXPECT_EQ(denied_by(doing(OperationKind::find)), but({"honest_errors"}));
  EXPECT_EQ(denied_by(doing(OperationKind::list)), but({"nobody_lists_lies"}));
  EXPECT_EQ(denied_by(doing(OperationKind::verify)), but({"nobody_lists_lies"}));
  EXPECT_EQ(denied_by(doing(OperationKind::remove)), but({"honest_errors", "nobody_lists_lies", "no_entry_vanishes"}));
  EXPECT_EQ(denied_by(doing(OperationKind::recover)), but({"nobody_lists_lies", "upkeep_mends_what_it_can"}));
  EXPECT_EQ(denied_by(doing(OperationKind::repair)),
            but({"nobody_lists_lies", "upkeep_mends_what_it_can", "no_entry_vanishes"}));
  const std::set<std::string> faulty = but({"honest_errors", "retries_pause"});
  Plan plan = three_get_one();
  plan.network.faults.resize(1);
  EXPECT_EQ(denied_by(plan), faulty);
  plan = three_get_one();
  plan.disk.resize(1);
  EXPECT_EQ(denied_by(plan), faulty);
  plan = three_get_one();
  plan.process_faults.resize(1);
  EXPECT_EQ(denied_by(plan), faulty);
  plan = three_get_one();
  plan.start.read_only = true;
  EXPECT_EQ(denied_by(plan), but({"honest_errors"}));
  plan = three_get_one();
  plan.start.damage.resize(1);
  EXPECT_EQ(denied_by(plan), but({"nobody_lists_lies", "upkeep_mends_what_it_can"})) << "it is made by a recovery";
  plan.start.warm = {0};
  EXPECT_EQ(denied_by(plan), all);
}

TEST(AllowedInvariants, OfACommandAreTen) {
  Plan plan = doing(OperationKind::repair);
  plan.network.faults.resize(1);
  plan.subject = "pooch";
  EXPECT_EQ(allowed_by(plan).count(), 10U);
  EXPECT_EQ(denied_by(plan).count("no_entry_vanishes"), 0U);
  EXPECT_EQ(denied_by(plan).count("honest_errors"), 1U);
}

TEST(AllowedInvariants, FitIntoTheirSet) { EXPECT_LE(watched_invariants().size(), InvariantSet().size()); }

// On drawn plans one by one: what is not allowed is not judged. On all together everything is.
TEST(AllowedInvariants, AreAllThatAreJudged) {
  InvariantSet allowed;
  Judged judged;
  // Drawn plans seldom remove what is there.
  Plan removing = three_get_one();
  removing.start.warm = {0};
  removing.processes[0].operations = {{OperationKind::remove, 0}};
  for (std::uint64_t seed = 0; seed <= 60; ++seed) {
    SimExplorationOptions options;
    options.seed = seed;
    if (seed == 0) options.plan = removing;
    options.runs = 1;
    options.runs_twice = false;
    const SimTotals totals = explore_sim(options, [](const SimTotals&) {});
    ASSERT_EQ(totals.plans, 1U);
    allowed |= totals.allowed;
    for (std::size_t i = 0; i < watched_invariants().size(); ++i) {
      const std::string id(watched_invariants()[i].id);
      const std::uint64_t times = totals.judged.contains(id) ? totals.judged.at(id) : 0;
      if (!totals.allowed.test(i)) {
        EXPECT_EQ(times, 0U) << id << ", seed " << seed;
      }
      judged[id] += times;
    }
  }
  EXPECT_EQ(allowed.count(), watched_invariants().size());
  EXPECT_EQ(never_judged(allowed, judged), std::vector<std::string>{});
}

}  // namespace
}  // namespace stampede
