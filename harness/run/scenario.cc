// Lists the scenarios, and turns them into plans.
#include "harness/run/scenario.h"

#include <algorithm>

#include "harness/run/plan_draw.h"

namespace stampede {
namespace {

constexpr std::uint64_t kKib = 1024;
constexpr std::uint64_t kMib = 1024 * kKib;

// A scenario without its models, which take time to make.
struct Shape {
  std::string_view name, what;
  std::size_t processes;
  std::size_t models;
  std::uint64_t model_bytes;
  bool has_own_models = false;
  bool has_own_directories = false;
  bool starts_warm = false;
  double fault_share = 0;
};

constexpr std::string_view kWarm = "each process hits one model of 1 MiB in a warm directory";

Shape warm(std::string_view name, std::size_t processes) {
  return {.name = name, .what = kWarm, .processes = processes, .models = 1, .model_bytes = kMib, .starts_warm = true};
}

std::vector<Shape> shapes() {
  return {
      warm("warm_hits_2proc", 2),
      warm("warm_hits_8proc", 8),
      warm("warm_hits_32proc", 32),
      warm("warm_hits_128proc", 128),
      {.name = "small_concurrent_2proc",
       .what = "all get one new model of 64 KiB",
       .processes = 2,
       .models = 1,
       .model_bytes = 64 * kKib},
      {.name = "medium_concurrent_4proc",
       .what = "all get one new model of 1 MiB",
       .processes = 4,
       .models = 1,
       .model_bytes = kMib},
      {.name = "large_concurrent_8proc",
       .what = "all get one new model of 64 MiB",
       .processes = 8,
       .models = 1,
       .model_bytes = 64 * kMib},
      {.name = "different_models_8proc",
       .what = "each gets a new model of its own, 4 MiB, into one directory",
       .processes = 8,
       .models = 8,
       .model_bytes = 4 * kMib,
       .has_own_models = true},
      {.name = "separate_dirs_8proc",
       .what = "each gets one new model of 4 MiB into a directory of its own",
       .processes = 8,
       .models = 1,
       .model_bytes = 4 * kMib,
       .has_own_directories = true},
      {.name = "directory_stress_32proc",
       .what = "all get the same 16 new models of 16 KiB, each in an order of its own",
       .processes = 32,
       .models = 16,
       .model_bytes = 16 * kKib},
      {.name = "mixed_faults_16proc",
       .what = "all get 4 new models of 256 KiB; half of the connections meet a fault",
       .processes = 16,
       .models = 4,
       .model_bytes = 256 * kKib,
       .fault_share = 0.5},
  };
}

std::vector<Model> models_of(const Shape& shape, const std::vector<Model>& given) {
  std::vector<Model> models;
  for (std::size_t i = 0; i < shape.models; ++i) {
    if (given.empty()) {
      models.push_back(generated_model(std::string(shape.name) + "_" + std::to_string(i), shape.model_bytes));
    } else if (i < given.size()) {
      models.push_back(given[i]);
    }
  }
  return models;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> scenario_names() {
  std::vector<std::pair<std::string, std::string>> names;
  for (const Shape& shape : shapes()) names.emplace_back(shape.name, shape.what);
  return names;
}

bool is_chosen(std::string_view name, const std::vector<std::string>& chosen) {
  return chosen.empty() || std::any_of(chosen.begin(), chosen.end(),
                                       [&](const std::string& beginning) { return name.starts_with(beginning); });
}

std::vector<Scenario> make_scenarios(const std::vector<std::string>& chosen, const std::vector<Model>& models) {
  std::vector<Scenario> scenarios;
  for (const Shape& shape : shapes()) {
    if (!is_chosen(shape.name, chosen)) continue;
    scenarios.push_back(Scenario{.name = std::string(shape.name),
                                 .processes = shape.processes,
                                 .models = models_of(shape, models),
                                 .has_own_models = shape.has_own_models,
                                 .has_own_directories = shape.has_own_directories,
                                 .starts_warm = shape.starts_warm,
                                 .fault_share = shape.fault_share});
  }
  return scenarios;
}

FreePlan plan_of(const Scenario& scenario, std::uint64_t seed) {
  DrawOptions draw;
  draw.models = scenario.models;
  draw.processes = scenario.processes;
  draw.separate_directories = scenario.has_own_directories;
  draw.fault_share = scenario.fault_share;
  FreePlan plan = draw_plan(draw, seed);
  plan.starts_warm = scenario.starts_warm;
  if (!scenario.has_own_models) return plan;
  for (std::size_t i = 0; i < plan.processes.size(); ++i) {
    plan.processes[i].operations = {PlannedOperation{.model = i % scenario.models.size()}};
  }
  return plan;
}

}  // namespace stampede
