// A plan in one line, for people.
#include <fmt/format.h>

#include "harness/plan/plan.h"

namespace stampede {
namespace {

// What a line shows of a list; more than that is counted.
constexpr std::size_t kItemsShownMax = 4;

std::string size_text(std::uint64_t size_bytes) {
  constexpr std::uint64_t kKibibyte = 1024;
  if (size_bytes > 0 && size_bytes % kKibibyte == 0) return fmt::format("{} KiB", size_bytes / kKibibyte);
  return fmt::format("{} B", size_bytes);
}

std::string model_name(const Plan& plan, std::size_t index) {
  return index < plan.models.size() ? plan.models[index].name : fmt::format("model {}", index);
}

// "a, b", or "; 17 WHAT" where the list is long.
template <class List, class Print>
std::string list_text(const List& list, std::string_view what, std::string_view separator, const Print& print) {
  if (list.size() > kItemsShownMax) return fmt::format("{} {}", list.size(), what);
  std::string text;
  for (const auto& item : list) text += (text.empty() ? std::string() : std::string(separator)) + print(item);
  return text;
}

std::string operations_text(const Plan& plan, const PlanProcess& process) {
  const std::string idle = process.idle_steps > 0 ? fmt::format("{} idle, ", process.idle_steps) : "";
  if (process.operations.empty()) return idle + "nothing";
  return idle + list_text(process.operations, "operations", ", ", [&](const Operation& operation) {
           std::string text(name_of(operation.kind));
           if (names_model(operation.kind)) text += " " + model_name(plan, operation.model);
           return text;
         });
}

std::string start_text(const Plan& plan) {
  std::string text;
  if (!plan.start.warm.empty()) {
    text += "; warm " +
            list_text(plan.start.warm, "models", ", ", [&](std::size_t index) { return model_name(plan, index); });
  }
  if (!plan.start.damage.empty()) {
    text += "; " + list_text(plan.start.damage, "damages", ", ", [&](const Damage& damage) {
              std::string one(name_of(damage.kind));
              if (names_model(damage.kind)) one += " " + model_name(plan, damage.model);
              return one;
            });
  }
  return text + (plan.start.read_only ? "; read-only" : "");
}

std::string disk_fault_text(const DiskFault& fault) {
  std::string text = fmt::format("{} {}", name_of(fault.step), fault.nth);
  if (fault.times == 0) text += " and all that follow";
  if (fault.times > 1) text += fmt::format(" to {}", fault.nth + fault.times - 1);
  if (fault.process) text += fmt::format(" of {}", *fault.process);
  if (!fault.path.empty()) text += " on " + fault.path;
  return fmt::format("{} {}", text,
                     fault.effect == DiskEffect::error ? errno_name(fault.error) : name_of(fault.effect));
}

std::string process_fault_text(const ProcessFault& fault) {
  switch (fault.kind) {
    case ProcessFaultKind::kill_before:
      return fmt::format("kill {} before {}", fault.process, fault.step);
    case ProcessFaultKind::kill_after:
      return fmt::format("kill {} after {}", fault.process, fault.step);
    case ProcessFaultKind::stop:
      return fmt::format("stop {} before {} for {}", fault.process, fault.step, print_time(fault.time));
    case ProcessFaultKind::clock_step:
      return fmt::format("clock {} before {} of {}", print_time(fault.time), fault.step, fault.process);
  }
  return "?";
}

}  // namespace

std::string print_time(std::chrono::nanoseconds time) {
  using std::chrono::nanoseconds;
  constexpr std::pair<std::int64_t, std::string_view> kUnits[] = {
      {1'000'000'000, "s"}, {1'000'000, "ms"}, {1000, "us"}};
  for (const auto& [size, unit] : kUnits) {
    if (time.count() % size == 0) return fmt::format("{}{}", time.count() / size, unit);
  }
  return fmt::format("{}ns", time.count());
}

std::string print_line(const Plan& plan) {
  const std::size_t processes = plan.processes.size();
  std::string text = fmt::format("{} process{}", processes, processes == 1 ? "" : "es");
  for (const PlanModel& model : plan.models) text += fmt::format(", {} {}", model.name, size_text(model.size_bytes));
  for (std::size_t i = 0; i < processes; ++i) {
    text += (i == 0 ? ": " : " | ") + operations_text(plan, plan.processes[i]);
  }
  text += start_text(plan);
  if (!plan.network.faults.empty()) {
    text +=
        "; network " + list_text(plan.network.faults, "turns", ", ", [](const FaultTurn& turn) { return print(turn); });
    if (plan.network.repeats) text += " again and again";
    if (plan.network.every > 1) text += fmt::format(", each after {} good", plan.network.every - 1);
  }
  if (!plan.disk.empty()) text += "; " + list_text(plan.disk, "disk faults", ", ", disk_fault_text);
  if (const std::size_t switches = plan.schedule.switches.size(); switches > 0) {
    text += fmt::format("; {} switch{}", switches, switches == 1 ? "" : "es");
  }
  if (plan.schedule.time_runs_first) text += "; time runs first";
  if (!plan.process_faults.empty()) {
    text += "; " + list_text(plan.process_faults, "process faults", ", ", process_fault_text);
  }
  return text;
}

}  // namespace stampede
