// The benchmark's scenarios: what processes do in each row of the table.
#ifndef STAMPEDE_RUN_SCENARIO_H
#define STAMPEDE_RUN_SCENARIO_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/plan/free_plan.h"
#include "harness/plan/model.h"

namespace stampede {

struct Scenario {
  std::string name;
  std::size_t processes = 0;
  std::vector<Model> models;
  bool has_own_models = false;  // process i gets model i, and no other; otherwise each gets all
  bool has_own_directories = false;
  bool starts_warm = false;
  double fault_share = 0;
};

// Name and description of every row of the table, in its order.
std::vector<std::pair<std::string, std::string>> scenario_names();

// Whether the name begins with one of `chosen`; each does where that is empty.
bool is_chosen(std::string_view name, const std::vector<std::string>& chosen);

// The scenarios that are chosen. With `models`, these take the place of
// generated ones; scenarios that need more than there are make do with them.
std::vector<Scenario> make_scenarios(const std::vector<std::string>& chosen, const std::vector<Model>& models);

// The plan of one run; `seed` draws the faults and the order of gets.
FreePlan plan_of(const Scenario& scenario, std::uint64_t seed);

}  // namespace stampede

#endif  // STAMPEDE_RUN_SCENARIO_H
