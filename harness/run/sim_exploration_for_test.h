// What an exploration of the simulated world found, as failures of a test.
#ifndef STAMPEDE_RUN_SIM_EXPLORATION_FOR_TEST_H
#define STAMPEDE_RUN_SIM_EXPLORATION_FOR_TEST_H

#include <gtest/gtest.h>

#include <vector>

#include "harness/run/sim_exploration.h"

namespace stampede {

inline void expect_no_discovery(const std::vector<SimDiscovery>& discoveries) {
  for (const SimDiscovery& discovery : discoveries) {
    for (const StepViolation& violation : discovery.violations) {
      ADD_FAILURE() << "seed " << discovery.seed << ": " << violation.invariant << ": " << violation.what;
    }
    EXPECT_EQ(discovery.divergence, "") << "seed " << discovery.seed;
  }
}

}  // namespace stampede

#endif  // STAMPEDE_RUN_SIM_EXPLORATION_FOR_TEST_H
