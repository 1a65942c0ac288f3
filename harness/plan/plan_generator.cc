// Turns choices into plans. The first value of every list is the simplest: a stream of zeros takes it.
#include "harness/plan/plan_generator.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "harness/plan/step.h"
#include "harness/plan/turn_generator.h"

namespace stampede {
namespace {

using modelcache::VerifyPolicy;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::uint64_t kSmallBytes = 1024;

constexpr unsigned kUmasks[] = {022, 002, 077, 027, 0, 007};  // who makes a file may read it
constexpr milliseconds kLockWaits[] = {milliseconds(100'000), milliseconds(30'000), milliseconds(1000),
                                       milliseconds(20),      milliseconds(1),      milliseconds(0)};
constexpr VerifyPolicy kPolicies[] = {VerifyPolicy::when_changed, VerifyPolicy::always, VerifyPolicy::never};
constexpr nanoseconds kStops[] = {milliseconds(1), milliseconds(100), seconds(1), seconds(31), minutes(11), hours(3)};
constexpr nanoseconds kClockSteps[] = {seconds(1),       milliseconds(-1), seconds(-1),      hours(1),
                                       hours(-1),        hours(25),        hours(-25),       hours(24 * 400),
                                       -hours(24 * 400), hours(24 * 3285), -hours(24 * 3285)};
constexpr std::string_view kPaths[] = {"tmp/", "entries/", "locks/", "manifest.json", "locks/manifest.lock"};
// Steps that can go wrong, those more often that a get has many of, or whose failure is hard to survive.
constexpr StepKind kFaultySteps[] = {
    StepKind::write,     StepKind::write,          StepKind::read,    StepKind::open,           StepKind::open,
    StepKind::sync_file, StepKind::sync_directory, StepKind::rename,  StepKind::rename,         StepKind::try_lock,
    StepKind::try_lock,  StepKind::close,          StepKind::unlink,  StepKind::link,           StepKind::truncate,
    StepKind::stat,      StepKind::stat_name,      StepKind::list,    StepKind::make_directory, StepKind::unlock,
    StepKind::connect,   StepKind::send,           StepKind::receive, StepKind::receive,        StepKind::sleep_until};

// What a plan may have besides processes that get models. Each is in or out of a plan as a whole.
enum class Feature : std::size_t {
  operation_counts,  // more than one a process
  operation_kinds,
  network_faults,
  disk_faults,
  idle_locks,  // try_lock does nothing, in the whole run
  kills,
  stops,
  clock_steps,
  warm,
  damage,
  read_only,
  lock_waits,
  policies,
  umasks,
  descriptor_limits,
  time_first,  // the last
};
constexpr std::size_t kFeatures = static_cast<std::size_t>(Feature::time_first) + 1;

class Generator {
 public:
  Generator(Choices& choices, const PlanLimits& limits) : choices_(choices), limits_(limits) {}

  Plan draw() {
    draw_features();
    constexpr std::size_t kProcesses[] = {1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 4, 4, 5};
    const std::size_t processes = std::clamp(choices_.one_of(kProcesses), limits_.processes_min, limits_.processes_max);
    draw_models(has(Feature::operation_counts) ? limits_.models_max : std::min(processes, limits_.models_max));
    draw_processes(processes);
    if (has(Feature::warm) || has(Feature::damage)) draw_start();
    plan_.start.read_only = has(Feature::read_only);
    if (has(Feature::network_faults)) draw_network();
    if (has(Feature::disk_faults)) draw_disk();
    draw_process_faults();
    plan_.schedule.time_runs_first = has(Feature::time_first);
    return std::move(plan_);
  }

 private:
  [[nodiscard]] bool has(Feature feature) const { return features_[static_cast<std::size_t>(feature)]; }

  // A quarter of all plans has no feature, a quarter one, a quarter some, a quarter about half of them. Little happens
  // on a read-only file system, so that the mixes seldom have one.
  void draw_features() {
    const std::uint64_t level = choices_.below(4);
    if (level == 1) features_[choices_.below(kFeatures)] = true;
    if (level >= 2) {
      for (bool& feature : features_) feature = choices_.chance(1, level == 2 ? 5 : 2);
    }
    if (level >= 2 && !choices_.chance(1, 4)) features_[static_cast<std::size_t>(Feature::read_only)] = false;
    const auto keep_if = [&](bool is_allowed, std::initializer_list<Feature> features) {
      for (const Feature feature : features) {
        if (!is_allowed) features_[static_cast<std::size_t>(feature)] = false;
      }
    };
    keep_if(limits_.network_faults, {Feature::network_faults});
    keep_if(limits_.disk_faults, {Feature::disk_faults, Feature::idle_locks});
    keep_if(limits_.process_faults, {Feature::kills, Feature::stops, Feature::clock_steps});
    keep_if(limits_.start_states, {Feature::warm, Feature::damage, Feature::read_only});
    if (!limits_.all_operations) return;
    features_[static_cast<std::size_t>(Feature::operation_counts)] = true;
    features_[static_cast<std::size_t>(Feature::operation_kinds)] = true;
  }

  std::uint64_t draw_size() {
    switch (choices_.below(32)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return kSmallBytes;
      case 27:
        return kReceiveBytesMax - 1 + choices_.below(3);
      case 28:
      case 29:
      case 30:  // more than one receive
        return 20 * 1024 + choices_.below(50 * 1024 + 1);
      case 31:
        return choices_.below(limits_.model_bytes_max + 1);
      default:
        return choices_.below(4 * kSmallBytes + 1);
    }
  }

  void draw_models(std::size_t count_max) {
    constexpr std::size_t kCounts[] = {1, 1, 1, 1, 1, 2, 2, 3};
    const std::size_t count = std::min(choices_.one_of(kCounts), count_max);
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t size = std::min(draw_size(), limits_.model_bytes_max);
      plan_.models.push_back(PlanModel{fmt::format("m{}", i), size});
    }
  }

  std::size_t draw_model() { return choices_.below(plan_.models.size()); }

  Operation draw_operation() {
    Operation operation;
    if (has(Feature::operation_kinds) && choices_.chance(2, 3)) {
      operation.kind = static_cast<OperationKind>(choices_.below(kOperationKinds));
    }
    if (names_model(operation.kind)) operation.model = draw_model();
    return operation;
  }

  void draw_processes(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      PlanProcess process;
      const std::size_t operations = has(Feature::operation_counts) ? 1 + choices_.below(limits_.operations_max) : 1;
      while (process.operations.size() < operations) process.operations.push_back(draw_operation());
      if (has(Feature::policies)) process.verify = choices_.one_of(kPolicies);
      if (has(Feature::umasks)) process.umask = choices_.one_of(kUmasks);
      if (has(Feature::lock_waits) && choices_.chance(2, 3)) {
        process.lock_wait = choices_.one_of(kLockWaits);
        process.only_wait = choices_.chance(1, 3);
      }
      if (has(Feature::descriptor_limits) && choices_.chance(1, 2)) {
        process.descriptors_max = static_cast<std::uint32_t>(3 + choices_.below(12));
      }
      plan_.processes.push_back(std::move(process));
    }
  }

  void draw_start() {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < plan_.models.size(); ++i) order.push_back(i);
    for (std::size_t i = 0; i < order.size(); ++i) std::swap(order[i], order[i + choices_.below(order.size() - i)]);
    order.resize(1 + choices_.below(order.size()));
    plan_.start.warm = order;
    if (!has(Feature::damage)) return;
    const std::size_t count = 1 + choices_.below(3);
    for (std::size_t i = 0; i < count; ++i) {
      Damage damage{.kind = static_cast<DamageKind>(choices_.below(kDamageKinds))};
      if (touches_entry(damage.kind)) {
        damage.model = order[choices_.below(order.size())];
      } else if (names_model(damage.kind)) {
        damage.model = draw_model();
      }
      plan_.start.damage.push_back(damage);
    }
  }

  void draw_network() {
    const std::size_t count = 1 + choices_.below(choices_.chance(1, 4) ? 12 : 4);
    for (std::size_t i = 0; i < count; ++i) plan_.network.faults.push_back(draw_turn(choices_, plan_.models));
    plan_.network.repeats = choices_.chance(1, 8);
    if (choices_.chance(1, 8)) plan_.network.every = 2 + choices_.below(2);
  }

  // Small numbers are likelier, at every scale: most steps of a kind come seldom.
  std::uint64_t draw_nth() {
    constexpr std::uint64_t kEnds[] = {1, 2, 4, 4, 16, 64};
    const std::uint64_t end = choices_.one_of(kEnds);
    return choices_.below(end);
  }

  DiskFault draw_disk_fault() {
    constexpr std::uint64_t kTimes[] = {1, 1, 1, 1, 2, 3, 0, 0};
    DiskFault fault{.step = choices_.one_of(kFaultySteps), .path = {}};
    if (choices_.chance(1, 3)) fault.process = choices_.below(plan_.processes.size());
    if (choices_.chance(1, 4)) fault.path = choices_.one_of(kPaths);
    fault.nth = draw_nth();
    fault.times = choices_.one_of(kTimes);
    if (moves_bytes(fault.step) && choices_.chance(1, 3)) {
      fault.effect = DiskEffect::short_transfer;
    } else if (fault.step == StepKind::try_lock && choices_.chance(1, 4)) {
      fault.effect = DiskEffect::does_nothing;
    } else {
      const std::span<const int> errnos = errnos_of(fault.step);
      fault.error = errnos[choices_.below(errnos.size())];
      if (fault.error == EINTR && fault.times == 0) fault.times = 1;
    }
    return fault;
  }

  void draw_disk() {
    const std::size_t count = 1 + choices_.below(3);
    for (std::size_t i = 0; i < count; ++i) plan_.disk.push_back(draw_disk_fault());
    for (std::size_t i = 0; i < count; ++i) lead_to(plan_.disk[i].step);
  }

  // Some steps are taken only after something else has failed: a link where a rename cannot refuse to replace, a
  // truncation after a body that was cut. Without that, a fault on them would hardly ever meet one.
  void lead_to(StepKind step) {
    if (step == StepKind::link) {
      plan_.disk.push_back(DiskFault{.step = StepKind::rename, .path = "tmp/sha256-", .times = 0, .error = EINVAL});
    }
    if (step == StepKind::truncate && limits_.network_faults) {
      const NetworkFault cut{.kind = FaultKind::close_in_body, .at_bytes = 1};
      plan_.network.faults.insert(plan_.network.faults.begin(), FaultTurn(cut));
    }
  }

  // Steps 0 to 150, half of them among the first 48, where a get is busy.
  ProcessFault draw_process_fault(ProcessFaultKind kind) {
    constexpr std::uint64_t kEnds[] = {48, 48, 16, 100, 150};
    ProcessFault fault{.kind = kind, .process = choices_.below(plan_.processes.size())};
    const std::uint64_t end = choices_.one_of(kEnds);
    fault.step = static_cast<std::uint32_t>(choices_.below(end));
    if (kind == ProcessFaultKind::stop) fault.time = choices_.one_of(kStops);
    if (kind == ProcessFaultKind::clock_step) fault.time = choices_.one_of(kClockSteps);
    return fault;
  }

  void draw_process_faults() {
    const auto draw_some = [&](std::size_t max, ProcessFaultKind kind, ProcessFaultKind other) {
      const std::size_t count = 1 + choices_.below(max);
      for (std::size_t i = 0; i < count; ++i) {
        plan_.process_faults.push_back(draw_process_fault(choices_.chance(1, 3) ? other : kind));
      }
    };
    if (has(Feature::kills)) draw_some(3, ProcessFaultKind::kill_before, ProcessFaultKind::kill_after);
    if (has(Feature::stops)) draw_some(2, ProcessFaultKind::stop, ProcessFaultKind::stop);
    if (has(Feature::clock_steps)) draw_some(2, ProcessFaultKind::clock_step, ProcessFaultKind::clock_step);
    // Last, since the first fault that meets a step decides it.
    if (has(Feature::idle_locks)) {
      plan_.disk.push_back(
          DiskFault{.step = StepKind::try_lock, .path = {}, .times = 0, .effect = DiskEffect::does_nothing});
    }
  }

  Choices& choices_;
  const PlanLimits& limits_;
  bool features_[kFeatures] = {};
  Plan plan_;
};

}  // namespace

Plan draw_plan(Choices& choices, const PlanLimits& limits) { return Generator(choices, limits).draw(); }

}  // namespace stampede
