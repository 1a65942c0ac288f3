// Takes out what a command cannot be told.
#include "harness/run/command_plan.h"

#include <algorithm>

#include "harness/plan/choices.h"
#include "harness/plan/plan_generator.h"

namespace stampede {
namespace {

// Steps that commands take.
bool is_of_commands(StepKind kind) {
  switch (kind) {
    case StepKind::now:
    case StepKind::wall_time:
    case StepKind::random:
    case StepKind::self:
    case StepKind::liveness:
    case StepKind::resolve:
    case StepKind::list:  // the kernel fills it in
      return false;
    default:
      return true;
  }
}

void keep_gets(Plan& plan, PlanProcess& process) {
  std::vector<Operation> gets;
  for (const Operation& operation : process.operations) {
    if (names_model(operation.kind)) gets.push_back({OperationKind::get, operation.model});
  }
  if (gets.empty() && !plan.models.empty()) gets.push_back({OperationKind::get, 0});
  const unsigned umask = process.umask;
  process = {};
  process.operations = std::move(gets);
  process.umask = umask;
}

}  // namespace

Plan as_command_plan(Plan plan, const std::string& subject) {
  plan.subject = subject;
  if (plan.models.empty()) plan.models.push_back({"m0", 1000});
  for (PlanProcess& process : plan.processes) keep_gets(plan, process);
  plan.start.damage.clear();
  plan.start.read_only = false;
  std::erase_if(plan.disk, [](const DiskFault& fault) { return !is_of_commands(fault.step); });
  for (DiskFault& fault : plan.disk) fault.path.clear();
  return plan;
}

SimDraw draw_for_command(std::uint64_t seed, std::optional<std::size_t> processes, const std::string& subject) {
  const auto choices = choices_of_seed(seed);
  PlanLimits limits;
  limits.processes_max = 3;
  limits.operations_max = 2;
  limits.models_max = 2;
  if (processes) limits.processes_min = limits.processes_max = *processes;
  SimDraw draw;
  draw.plan = as_command_plan(draw_plan(*choices, limits), subject);
  draw.strategy_seed = choices->below(UINT64_MAX);
  return draw;
}

}  // namespace stampede
