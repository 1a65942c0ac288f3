// Whole plans as one short line, so that tests can say which plans are tried, and in which order.
#ifndef STAMPEDE_RUN_PLAN_SHORTHAND_FOR_TEST_H
#define STAMPEDE_RUN_PLAN_SHORTHAND_FOR_TEST_H

#include <fmt/format.h>

#include <string>
#include <vector>

#include "harness/plan/plan.h"

namespace stampede {

inline std::string shorthand(const PlanProcess& process) {
  const PlanProcess plain;
  std::string text;
  for (const Operation& operation : process.operations) {
    text += fmt::format("{}{}{}", text.empty() ? "" : " ", name_of(operation.kind), operation.model);
  }
  if (process.verify != plain.verify) text += " verify";
  if (process.lock_wait != plain.lock_wait) text += fmt::format(" wait {}", print_time(process.lock_wait));
  if (process.only_wait) text += " only_wait";
  if (process.umask != plain.umask) text += fmt::format(" umask {:o}", process.umask);
  if (process.descriptors_max != 0) text += fmt::format(" descriptors {}", process.descriptors_max);
  if (process.idle_steps != 0) text += fmt::format(" idle {}", process.idle_steps);
  return text;
}

inline std::string shorthand(const std::vector<Switch>& switches) {
  std::string text;
  for (const Switch& each : switches) {
    text += fmt::format("{}{}.{}>{}", text.empty() ? "" : " ", each.process, each.step, each.to);
  }
  return text;
}

// "get0 | list0; a 10; write x1; kill_before 0.17; 0.12>1": all of it but the note; what is empty is left out.
inline std::string shorthand(const Plan& plan) {
  std::string text;
  for (const PlanProcess& process : plan.processes) {
    text += (&process == plan.processes.data() ? "" : " | ") + shorthand(process);
  }
  for (const PlanModel& model : plan.models) text += fmt::format("; {} {}", model.name, model.size_bytes);
  for (const std::size_t model : plan.start.warm) text += fmt::format("; warm {}", model);
  for (const Damage& damage : plan.start.damage) text += fmt::format("; {} {}", name_of(damage.kind), damage.model);
  if (plan.start.read_only) text += "; read-only";
  for (const FaultTurn& turn : plan.network.faults) text += "; " + print(turn);
  if (plan.network.repeats) text += "; repeats";
  if (plan.network.every != 1) text += fmt::format("; every {}", plan.network.every);
  for (const DiskFault& fault : plan.disk) {
    text += fmt::format("; {}{} {}+{}x{}", name_of(fault.step),
                        fault.process ? fmt::format(" of {}", *fault.process) : "", fault.path, fault.nth, fault.times);
  }
  for (const ProcessFault& fault : plan.process_faults) {
    text += fmt::format("; {} {}.{} {}", name_of(fault.kind), fault.process, fault.step, print_time(fault.time));
  }
  if (!plan.schedule.switches.empty()) text += "; " + shorthand(plan.schedule.switches);
  if (plan.schedule.time_runs_first) text += "; time first";
  return text;
}

inline std::vector<std::string> shorthands(const std::vector<Plan>& plans) {
  std::vector<std::string> lines;
  for (const Plan& plan : plans) lines.push_back(shorthand(plan));
  return lines;
}

}  // namespace stampede

#endif  // STAMPEDE_RUN_PLAN_SHORTHAND_FOR_TEST_H
