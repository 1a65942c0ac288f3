// Counts matching steps, and finds the faults of a process by its own steps.
#include "harness/world/plan_faults.h"

#include <algorithm>
#include <string_view>
#include <tuple>

namespace stampede {
namespace {

int order_of(ProcessFaultKind kind) {
  switch (kind) {
    case ProcessFaultKind::stop:
      return 0;
    case ProcessFaultKind::clock_step:
      return 1;
    case ProcessFaultKind::kill_before:
      return 2;
    case ProcessFaultKind::kill_after:
      return 3;
  }
  return 4;
}

auto key_of(const ProcessFault& fault) { return std::tuple(fault.process, fault.step, order_of(fault.kind)); }

}  // namespace

void PlanFaults::begin(std::span<const DiskFault> disk, std::span<const ProcessFault> processes) {
  disk_ = disk;
  met_.assign(disk.size(), 0);
  kinds_.fill(false);
  for (const DiskFault& fault : disk) kinds_[static_cast<std::size_t>(fault.step)] = true;
  processes_.clear();
  for (const ProcessFault& fault : processes) processes_.push_back(&fault);
  std::sort(processes_.begin(), processes_.end(), [](const ProcessFault* a, const ProcessFault* b) {
    const auto key_a = key_of(*a), key_b = key_of(*b);
    return key_a != key_b ? key_a < key_b : a < b;  // the order of the list
  });
  next_.clear();
  for (std::size_t i = 0; i < processes_.size(); ++i) {
    while (next_.size() <= processes_[i]->process) next_.push_back(i);
  }
}

const DiskFault* PlanFaults::meet_of_kind(const Step& step) {
  const DiskFault* decides = nullptr;
  for (std::size_t i = 0; i < disk_.size(); ++i) {
    const DiskFault& fault = disk_[i];
    if (fault.step != step.kind || (fault.process && *fault.process != step.process)) continue;
    if (!std::string_view(step.path).starts_with(fault.path)) continue;
    const std::uint64_t nth = met_[i]++;
    const bool meets = nth >= fault.nth && (fault.times == 0 || nth - fault.nth < fault.times);
    if (meets && decides == nullptr) decides = &fault;
  }
  return decides;
}

const ProcessFault* PlanFaults::peek(std::uint32_t process, std::uint32_t own_step) {
  if (process >= next_.size()) return nullptr;
  for (std::size_t& next = next_[process]; next < processes_.size(); ++next) {
    const ProcessFault& fault = *processes_[next];
    if (fault.process != process || fault.step > own_step) return nullptr;
    if (fault.step == own_step) return &fault;
  }
  return nullptr;
}

const ProcessFault* PlanFaults::take_of(std::uint32_t process, std::uint32_t own_step) {
  const ProcessFault* const next = peek(process, own_step);
  if (next != nullptr) ++next_[process];
  return next;
}

}  // namespace stampede
