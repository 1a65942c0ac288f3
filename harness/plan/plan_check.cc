// Judges whether a plan can be run: indexes, limits, names, and what contradicts itself.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "harness/plan/plan.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

constexpr std::uint64_t kSwitchesMax = 16 * kPlanListMax;
constexpr std::size_t kNameMax = 200;  // a file name ends at 255 bytes
constexpr unsigned kUmaskMax = 077;
constexpr std::string_view kText = "UTF-8 without control characters";

tl::unexpected<modelcache::Error> refuse(std::string_view path, std::string_view expected, std::string_view got) {
  return fail(ErrorCode::invalid_argument, "check plan", path, fmt::format("expected {}, got {}", expected, got));
}

// Paths are made for refusals alone: most plans are good, and many are checked.
template <class MakePath>
Result<void> check_number(std::uint64_t value, std::uint64_t min, std::uint64_t max, const MakePath& path) {
  if (value >= min && value <= max) return {};
  return refuse(path(), fmt::format("{} to {}", min, max), fmt::to_string(value));
}

template <class MakePath>
Result<void> check_index(std::size_t index, std::size_t count, std::string_view what, const MakePath& path) {
  if (index < count) return {};
  return refuse(path(), fmt::format("the index of one of {} {}", count, what), fmt::to_string(index));
}

// The bytes of the character that `text` begins with; 0 where it is no UTF-8, or a control character.
std::size_t printable_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return lead >= 0x20 && lead != 0x7f ? 1 : 0;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  unsigned code = lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3f);
  }
  // Shorter forms exist, surrogates are halves, C1 controls steer terminals.
  constexpr std::array<unsigned, 5> kFirstOfLength = {0, 0, 0xa0, 0x800, 0x10000};
  const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
  return lead >= 0xc2 && code >= kFirstOfLength.at(length) && code <= 0x10ffff && !is_surrogate ? length : 0;
}

bool is_printable(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = printable_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

template <class MakePath>
Result<void> check_text(std::string_view text, std::size_t bytes_max, const MakePath& path) {
  if (text.size() > bytes_max) {
    return refuse(path(), fmt::format("at most {} bytes", bytes_max), fmt::to_string(text.size()));
  }
  if (!is_printable(text)) return refuse(path(), kText, "other bytes");
  return {};
}

// Names are paths of URLs and names of files: nothing in them needs an escape.
bool is_model_name(std::string_view name) {
  if (name.empty() || name.size() > kNameMax) return false;
  for (std::string_view rest = name;;) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    if (part.empty() || part == "." || part == "..") return false;
    for (const char c : part) {
      const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (!is_letter && !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-') return false;
    }
    if (part.size() == rest.size()) return true;
    rest.remove_prefix(part.size() + 1);
  }
}

Result<void> check_models(const std::vector<PlanModel>& models) {
  if (auto checked = check_number(models.size(), 0, kPlanModelsMax, [] { return "models"; }); !checked) return checked;
  for (std::size_t i = 0; i < models.size(); ++i) {
    const auto path = [&](std::string_view key) { return fmt::format("models[{}].{}", i, key); };
    const std::string& name = models[i].name;
    if (!is_model_name(name)) {
      return refuse(path("name"),
                    fmt::format("letters, digits, '.', '_', '-' and single '/' between, at most {}", kNameMax),
                    is_printable(name) ? fmt::format("\"{}\"", name.substr(0, kNameMax)) : "other bytes");
    }
    const auto is_same = [&](const PlanModel& other) { return other.name == name; };
    if (std::any_of(models.begin(), models.begin() + static_cast<std::ptrdiff_t>(i), is_same)) {
      return refuse(path("name"), "a name of its own", fmt::format("\"{}\" again", name));
    }
    auto checked = check_number(models[i].size_bytes, 0, kPlanModelBytesMax, [&] { return path("bytes"); });
    if (!checked) return checked;
  }
  return {};
}

Result<void> check_operation(const Plan& plan, std::size_t process, std::size_t index) {
  const Operation& operation = plan.processes[process].operations[index];
  const auto path = [&](std::string_view key) {
    return fmt::format("processes[{}].operations[{}].{}", process, index, key);
  };
  if (static_cast<std::size_t>(operation.kind) >= kOperationKinds) return refuse(path("kind"), "a known kind", "none");
  if (names_model(operation.kind)) {
    return check_index(operation.model, plan.models.size(), "models", [&] { return path("model"); });
  }
  return check_number(operation.model, 0, 0, [&] { return path("model"); });
}

Result<void> check_process(const Plan& plan, std::size_t index) {
  const PlanProcess& process = plan.processes[index];
  const auto path = [&](std::string_view key) { return fmt::format("processes[{}].{}", index, key); };
  auto count = check_number(process.operations.size(), 0, kPlanOperationsMax, [&] { return path("operations"); });
  if (!count) return count;
  for (std::size_t i = 0; i < process.operations.size(); ++i) {
    if (auto checked = check_operation(plan, index, i); !checked) return checked;
  }
  if (process.verify != modelcache::VerifyPolicy::when_changed && process.verify != modelcache::VerifyPolicy::always &&
      process.verify != modelcache::VerifyPolicy::never) {
    return refuse(path("verify"), "a known policy", "none");
  }
  if (process.lock_wait < process.lock_wait.zero() || process.lock_wait > kPlanTimeMax) {
    return refuse(path("lock_wait"), "0 to 10 years", fmt::format("{}ms", process.lock_wait.count()));
  }
  if (process.umask > kUmaskMax)
    return refuse(path("umask"), "000 to 077 (who cannot read what he made has no cache)",
                  fmt::format("{:o}", process.umask));
  auto descriptors =
      check_number(process.descriptors_max, 0, kPlanDescriptorsMax, [&] { return path("descriptors_max"); });
  if (!descriptors) return descriptors;
  std::uint64_t idle_before = 0;
  for (std::size_t i = 0; i < index; ++i) idle_before += plan.processes[i].idle_steps;
  return check_number(process.idle_steps, 0, kPlanIdleStepsMax - idle_before, [&] { return path("idle_steps"); });
}

Result<void> check_start(const Plan& plan) {
  const std::vector<std::size_t>& warm = plan.start.warm;
  for (std::size_t i = 0; i < warm.size(); ++i) {
    const auto path = [&] { return fmt::format("start.warm[{}]", i); };
    if (auto checked = check_index(warm[i], plan.models.size(), "models", path); !checked) return checked;
    const auto before = warm.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(warm.begin(), before, warm[i]) != before) {
      return refuse(path(), "each model once", fmt::format("\"{}\" again", plan.models[warm[i]].name));
    }
  }
  const std::vector<Damage>& damage = plan.start.damage;
  auto count = check_number(damage.size(), 0, kPlanListMax, [] { return "start.damage"; });
  if (!count) return count;
  for (std::size_t i = 0; i < damage.size(); ++i) {
    const auto path = [&] { return fmt::format("start.damage[{}]", i); };
    if (static_cast<std::size_t>(damage[i].kind) >= kDamageKinds) return refuse(path(), "a known kind", "none");
    if (!names_model(damage[i].kind)) {
      if (auto checked = check_number(damage[i].model, 0, 0, path); !checked) return checked;
      continue;
    }
    if (auto checked = check_index(damage[i].model, plan.models.size(), "models", path); !checked) return checked;
    if (touches_entry(damage[i].kind) && std::find(warm.begin(), warm.end(), damage[i].model) == warm.end()) {
      return refuse(path(), "a model that start.warm names", fmt::format("\"{}\"", plan.models[damage[i].model].name));
    }
  }
  return {};
}

Result<void> check_network(const FaultSequence& network) {
  auto count = check_number(network.faults.size(), 0, kPlanListMax, [] { return "network.turns"; });
  if (!count) return count;
  for (std::size_t i = 0; i < network.faults.size(); ++i) {
    const FaultTurn& turn = network.faults[i];
    if (turn.parts.empty()) continue;
    const auto path = [&] { return fmt::format("network.turns[{}]", i); };
    const bool are_known = std::all_of(turn.parts.begin(), turn.parts.end(), [](const NetworkFault& part) {
      return static_cast<std::size_t>(part.kind) < all_fault_kinds().size();
    });
    if (!are_known) return refuse(path(), "known kinds", "others");
    // The shorthand is the form that plans are stored in: what it cannot say is in no plan.
    const Result<FaultTurn> read_back = parse_turn(print(turn));
    if (!read_back) return fail(ErrorCode::invalid_argument, "check plan", path(), read_back.error().detail);
    if (*read_back != turn) {
      return refuse(path(), fmt::format("what \"{}\" says", print(turn)), "parameters that its kinds do not have");
    }
  }
  return check_number(network.every, 1, kPlanCountMax, [] { return "network.every"; });
}

std::string names_of(std::span<const int> errnos) {
  std::string names;
  for (const int error : errnos) names += (names.empty() ? "" : ", ") + std::string(errno_name(error));
  return names;
}

template <class MakePath>
Result<void> check_effect(const DiskFault& fault, const MakePath& path) {
  const std::span<const int> errnos = errnos_of(fault.step);
  switch (fault.effect) {
    case DiskEffect::error:
      if (errnos.empty()) return refuse(path("step"), "a step that can fail", name_of(fault.step));
      if (std::find(errnos.begin(), errnos.end(), fault.error) == errnos.end()) {
        return refuse(path("error"), fmt::format("one of {} for {}", names_of(errnos), name_of(fault.step)),
                      fault.error == 0 ? "none" : errno_name(fault.error));
      }
      if (fault.error == EINTR && fault.times == 0) {
        return refuse(path("times"), "interruptions that end", "0, which is all that follow");
      }
      return {};
    case DiskEffect::short_transfer:
      if (!moves_bytes(fault.step)) {
        return refuse(path("effect"), "short_transfer with read, write, send or receive", name_of(fault.step));
      }
      break;
    case DiskEffect::does_nothing:
      if (fault.step != StepKind::try_lock) {
        return refuse(path("effect"), "does_nothing with try_lock", name_of(fault.step));
      }
      break;
    default:
      return refuse(path("effect"), "a known effect", "none");
  }
  if (fault.error != 0) return refuse(path("error"), "none with another effect", errno_name(fault.error));
  return {};
}

Result<void> check_disk(const Plan& plan) {
  auto count = check_number(plan.disk.size(), 0, kPlanListMax, [] { return "disk"; });
  if (!count) return count;
  for (std::size_t i = 0; i < plan.disk.size(); ++i) {
    const DiskFault& fault = plan.disk[i];
    const auto path = [&](std::string_view key) { return fmt::format("disk[{}].{}", i, key); };
    if (static_cast<std::size_t>(fault.step) >= kStepKinds) return refuse(path("step"), "a known step", "none");
    if (fault.process) {
      auto checked = check_index(*fault.process, plan.processes.size(), "processes", [&] { return path("process"); });
      if (!checked) return checked;
    }
    auto text = check_text(fault.path, kPlanTextMax, [&] { return path("path"); });
    if (!text) return text;
    if (auto nth = check_number(fault.nth, 0, kPlanCountMax, [&] { return path("nth"); }); !nth) return nth;
    if (auto times = check_number(fault.times, 0, kPlanCountMax, [&] { return path("times"); }); !times) return times;
    if (auto effect = check_effect(fault, path); !effect) return effect;
  }
  return {};
}

Result<void> check_process_fault(const Plan& plan, std::size_t index) {
  const ProcessFault& fault = plan.process_faults[index];
  const auto path = [&](std::string_view key) { return fmt::format("process_faults[{}].{}", index, key); };
  if (static_cast<std::size_t>(fault.kind) >= kProcessFaultKinds) return refuse(path("kind"), "a known kind", "none");
  auto process = check_index(fault.process, plan.processes.size(), "processes", [&] { return path("process"); });
  if (!process) return process;
  if (auto step = check_number(fault.step, 0, kPlanCountMax, [&] { return path("step"); }); !step) return step;
  const bool is_stop = fault.kind == ProcessFaultKind::stop;
  const std::chrono::nanoseconds zero{};
  const auto got = [&] { return fmt::format("{}ns", fault.time.count()); };
  if (!is_stop && fault.kind != ProcessFaultKind::clock_step) {
    if (fault.time != zero) return refuse(path("time"), "none", got());
  } else if (fault.time > kPlanTimeMax || fault.time < -kPlanTimeMax || (is_stop && fault.time <= zero)) {
    return refuse(path("time"), is_stop ? "more than 0, up to 10 years" : "-10 to 10 years", got());
  }
  return {};
}

Result<void> check_schedule(const Plan& plan) {
  const std::vector<Switch>& switches = plan.schedule.switches;
  const auto whole = [] { return "schedule.switches"; };
  if (auto count = check_number(switches.size(), 0, kSwitchesMax, whole); !count) return count;
  for (std::size_t i = 0; i < switches.size(); ++i) {
    const auto path = [&](int part) { return fmt::format("schedule.switches[{}][{}]", i, part); };
    const std::size_t processes = plan.processes.size();
    // Actors of commands: see Plan::subject.
    const auto planned = [&](std::uint32_t actor) {
      const bool is_actor = !plan.subject.empty() && actor < kPlanProcessesMax * kPlanActorsMax;
      return is_actor ? planned_process(actor) : actor;
    };
    auto from = check_index(planned(switches[i].process), processes, "processes", [&] { return path(0); });
    if (!from) return from;
    auto step = check_number(switches[i].step, 0, kPlanCountMax, [&] { return path(1); });
    if (!step) return step;
    if (auto to = check_index(planned(switches[i].to), processes, "processes", [&] { return path(2); }); !to) {
      return to;
    }
  }
  return {};
}

bool is_lower_case_name(std::string_view text) {
  return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

Result<void> check_note(const PlanNote& note) {
  if (auto why = check_text(note.why, kPlanTextMax, [] { return "why"; }); !why) return why;
  if (auto who = check_text(note.found_by, kPlanTextMax, [] { return "found_by"; }); !who) return who;
  if (note.expect.size() > kNameMax || !is_lower_case_name(note.expect)) {
    return refuse("expect", "\"holds\" or the id of an invariant", "other text");
  }
  if (auto count = check_number(note.kills.size(), 0, kPlanListMax, [] { return "kills"; }); !count) return count;
  for (std::size_t i = 0; i < note.kills.size(); ++i) {
    const auto path = [&] { return fmt::format("kills[{}]", i); };
    if (note.kills[i].empty()) return refuse(path(), "the name of a mutant", "none");
    if (auto checked = check_text(note.kills[i], kNameMax, path); !checked) return checked;
  }
  const bool is_hash =
      note.trace_hash.size() == 16 && note.trace_hash.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!note.trace_hash.empty() && !is_hash) return refuse("trace_hash", "16 hexadecimal digits", "other text");
  return {};
}

}  // namespace

Result<void> check(const Plan& plan) {
  if (auto subject = check_text(plan.subject, kPlanTextMax, [] { return "subject"; }); !subject) return subject;
  if (auto models = check_models(plan.models); !models) return models;
  auto count = check_number(plan.processes.size(), 1, kPlanProcessesMax, [] { return "processes"; });
  if (!count) return count;
  for (std::size_t i = 0; i < plan.processes.size(); ++i) {
    if (auto process = check_process(plan, i); !process) return process;
  }
  if (auto start = check_start(plan); !start) return start;
  if (auto network = check_network(plan.network); !network) return network;
  if (auto disk = check_disk(plan); !disk) return disk;
  auto faults = check_number(plan.process_faults.size(), 0, kPlanListMax, [] { return "process_faults"; });
  if (!faults) return faults;
  for (std::size_t i = 0; i < plan.process_faults.size(); ++i) {
    if (auto fault = check_process_fault(plan, i); !fault) return fault;
  }
  if (auto schedule = check_schedule(plan); !schedule) return schedule;
  return check_note(plan.note);
}

}  // namespace stampede
