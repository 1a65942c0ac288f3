// Reads plans strictly (nlohmann_json).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "harness/plan/json_shape.h"
#include "harness/plan/model.h"
#include "harness/plan/plan_json.h"

namespace stampede {
namespace {

using json = nlohmann::ordered_json;
using modelcache::Error;
using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;
using modelcache::VerifyPolicy;
using std::chrono::nanoseconds;

constexpr std::string_view kReadPlan = "read plan";
constexpr JsonBounds kBounds{.depth_max = 8, .keys_max = 64};  // no plan has as many
constexpr std::size_t kValueShownMax = 60;                     // bytes of a value in a message

// Where in the text: a key or an index in what is around.
struct Place {
  const Place* around = nullptr;
  std::string_view key = {};
  std::size_t index = 0;

  Place operator/(std::string_view inside) const { return {this, inside, 0}; }
  Place operator[](std::size_t item) const { return {this, {}, item}; }
  [[nodiscard]] std::string text() const {
    if (around == nullptr) return {};
    const std::string before = around->text();
    if (key.empty()) return fmt::format("{}[{}]", before, index);
    return before.empty() ? std::string(key) : fmt::format("{}.{}", before, key);
  }
};

// Takes the first thing that is wrong, and returns false from then on.
class PlanReader {
 public:
  Plan plan;
  std::string problem;

  bool read(const json& text) {
    const Place top;
    if (!text.is_object() || text.empty() || text.begin().key() != "plan") {
      return refuse(top / "plan", "an object whose first key this is", text);
    }
    if (text.begin().value() != kPlanVersion) {
      return refuse(top / "plan", fmt::format("version {}", kPlanVersion), text.begin().value());
    }
    return has_only(text, top,
                    {"plan", "why", "found_by", "expect", "kills", "trace_hash", "subject", "models", "processes",
                     "start", "network", "disk", "process_faults", "schedule"}) &&
           note(text, top) && this->text(text, top, "subject", plan.subject) &&
           list(text, top, "models", kPlanModelsMax, &PlanReader::model) && has_good_models() &&
           list(text, top, "processes", kPlanProcessesMax, &PlanReader::process) && start(text, top) &&
           network(text, top) && list(text, top, "disk", kPlanListMax, &PlanReader::disk_fault) &&
           list(text, top, "process_faults", kPlanListMax, &PlanReader::process_fault) && schedule(text, top);
  }

 private:
  using ReadItem = bool (PlanReader::*)(const json& value, const Place& place);

  bool refuse(const Place& place, std::string_view expected, const json& got) {
    std::string shown = got.dump(-1, ' ', false, json::error_handler_t::replace);
    if (shown.size() > kValueShownMax) shown = shown.substr(0, kValueShownMax) + "...";
    problem = fmt::format("{}: expected {}, got {}", place.text(), expected, shown);
    return false;
  }

  bool has_only(const json& object, const Place& place, std::initializer_list<std::string_view> known) {
    if (!object.is_object()) return refuse(place, "an object", object);
    for (const auto& [key, value] : object.items()) {
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      std::string names;
      for (const std::string_view name : known) names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
      return refuse(place / std::string_view(key).substr(0, kValueShownMax), fmt::format("one of the keys {}", names),
                    value);
    }
    return true;
  }

  // True where the key is missing.
  template <class Read>
  bool optional(const json& object, const Place& place, std::string_view key, const Read& read) {
    const auto found = object.find(key);
    return found == object.end() || read(*found, place / key);
  }

  template <class Read>
  bool items(const json& value, const Place& place, std::size_t max, const Read& read) {
    if (!value.is_array()) return refuse(place, "a list", value);
    if (value.size() > max) return refuse(place, fmt::format("a list of at most {}", max), json(value.size()));
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (!read(value[i], place[i])) return false;
    }
    return true;
  }
  bool list(const json& object, const Place& place, std::string_view key, std::size_t max, ReadItem item) {
    return optional(object, place, key, [&](const json& value, const Place& inside) {
      return items(value, inside, max, [&](const json& one, const Place& at) { return (this->*item)(one, at); });
    });
  }

  template <class Number>
  bool number(const json& object, const Place& place, std::string_view key, Number& into,
              std::uint64_t max = kPlanCountMax) {
    return optional(object, place, key,
                    [&](const json& value, const Place& inside) { return number_value(value, inside, into, max); });
  }
  template <class Number>
  bool number_value(const json& value, const Place& place, Number& into, std::uint64_t max) {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > max) {
      return refuse(place, fmt::format("a number from 0 to {}", max), value);
    }
    into = static_cast<Number>(value.get<std::uint64_t>());
    return true;
  }
  bool text(const json& object, const Place& place, std::string_view key, std::string& into) {
    return optional(object, place, key, [&](const json& value, const Place& inside) {
      if (!value.is_string()) return refuse(inside, "a text", value);
      into = value.get<std::string>();
      return true;
    });
  }
  bool boolean(const json& object, const Place& place, std::string_view key, bool& into) {
    return optional(object, place, key, [&](const json& value, const Place& inside) {
      if (!value.is_boolean()) return refuse(inside, "true or false", value);
      into = value.get<bool>();
      return true;
    });
  }
  template <class Duration>
  bool time(const json& object, const Place& place, std::string_view key, Duration& into) {
    return optional(object, place, key, [&](const json& value, const Place& inside) {
      const std::optional<nanoseconds> read = value.is_string() ? time_of(value.get<std::string>()) : std::nullopt;
      if (!read || *read % Duration(1) != nanoseconds(0)) {
        constexpr bool kIsFine = std::is_same_v<Duration, nanoseconds>;
        return refuse(inside,
                      kIsFine ? "a time such as \"20ms\" or \"-2s\" up to 10 years"
                              : "a time such as \"20ms\" or \"2s\" up to 10 years",
                      value);
      }
      into = std::chrono::duration_cast<Duration>(*read);
      return true;
    });
  }
  static std::optional<nanoseconds> time_of(std::string_view text) {
    constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {
        {"s", 1'000'000'000}, {"ms", 1'000'000}, {"us", 1000}, {"ns", 1}};
    std::int64_t count = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc()) return std::nullopt;
    const std::string_view unit = text.substr(static_cast<std::size_t>(stop - text.data()));
    for (const auto& [name, size] : kUnits) {
      const std::int64_t max = nanoseconds(kPlanTimeMax).count() / size;
      if (unit == name && count <= max && count >= -max) return nanoseconds(count * size);
    }
    return std::nullopt;
  }

  // A value that is a name, of which `named` makes something.
  template <class Kind, class Named>
  bool kind(const json& object, const Place& place, std::string_view key, std::string_view expected, const Named& named,
            Kind& into) {
    return optional(object, place, key, [&](const json& value, const Place& inside) {
      const auto found = value.is_string() ? named(value.get<std::string>()) : std::nullopt;
      if (!found) return refuse(inside, expected, value);
      into = *found;
      return true;
    });
  }

  template <class Kind, class Named>
  static std::string names_of(std::size_t count, const Named& is_wanted) {
    std::string names;
    for (std::size_t i = 0; i < count; ++i) {
      const auto one = static_cast<Kind>(i);
      if (is_wanted(one)) names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", name_of(one));
    }
    return names;
  }

  bool model_named(const json& value, const Place& place, std::size_t& into) {
    for (std::size_t i = 0; i < plan.models.size(); ++i) {
      if (!value.is_string() || value.get_ref<const std::string&>() != plan.models[i].name) continue;
      into = i;
      return true;
    }
    std::string names;
    for (const PlanModel& model : plan.models) names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", model.name);
    return refuse(place, names.empty() ? "no model, since there are none" : "a model of " + names, value);
  }

  // {"get": "m0"}, or "list" where the kind names no model.
  template <class Named, class What>
  bool named(const json& value, const Place& place, std::size_t kinds, const Named& kind_of, What& into) {
    using Kind = decltype(into.kind);
    const bool is_object = value.is_object() && value.size() == 1;
    const std::string name = is_object ? value.begin().key() : value.is_string() ? value.get<std::string>() : "";
    const std::optional<Kind> found = kind_of(name);
    if (!found || names_model(*found) != is_object) {
      return refuse(place,
                    fmt::format("{} or {{KIND: MODEL}} with {}",
                                names_of<Kind>(kinds, [](Kind one) { return !names_model(one); }),
                                names_of<Kind>(kinds, [](Kind one) { return names_model(one); })),
                    value);
    }
    into.kind = *found;
    return !is_object || model_named(value.begin().value(), place / name_of(*found), into.model);
  }

  bool note(const json& object, const Place& place) {
    PlanNote& note = plan.note;
    return text(object, place, "why", note.why) && text(object, place, "found_by", note.found_by) &&
           text(object, place, "expect", note.expect) &&
           list(object, place, "kills", kPlanListMax, &PlanReader::kill) &&
           text(object, place, "trace_hash", note.trace_hash);
  }
  bool kill(const json& value, const Place& place) {
    if (!value.is_string()) return refuse(place, "the name of a mutant", value);
    plan.note.kills.push_back(value.get<std::string>());
    return true;
  }

  bool model(const json& value, const Place& place) {
    PlanModel& model = plan.models.emplace_back();
    return has_only(value, place, {"name", "bytes"}) && text(value, place, "name", model.name) &&
           number(value, place, "bytes", model.size_bytes, kPlanModelBytesMax);
  }

  // Before anything names them: messages show the names.
  bool has_good_models() {
    Plan models;
    models.models = plan.models;
    models.processes.resize(1);
    const Result<void> checked = check(models);
    if (!checked) problem = fmt::format("{}: {}", checked.error().place, checked.error().detail);
    return checked.has_value();
  }

  bool process(const json& value, const Place& place) {
    PlanProcess& process = plan.processes.emplace_back();
    const auto policy = [](std::string_view name) -> std::optional<VerifyPolicy> {
      for (const VerifyPolicy one : {VerifyPolicy::when_changed, VerifyPolicy::always, VerifyPolicy::never}) {
        if (modelcache::name_of(one) == name) return one;
      }
      return std::nullopt;
    };
    const auto umask = [](std::string_view digits) -> std::optional<unsigned> {
      unsigned mask = 0;
      const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), mask, 8);
      const bool is_whole = digits.size() == 3 && error == std::errc() && stop == digits.data() + digits.size();
      return is_whole ? std::optional(mask) : std::nullopt;
    };
    return has_only(value, place,
                    {"operations", "verify", "lock_wait", "only_wait", "umask", "descriptors_max", "idle_steps"}) &&
           list(value, place, "operations", kPlanOperationsMax, &PlanReader::operation) &&
           kind(value, place, "verify", "\"when-changed\", \"always\" or \"never\"", policy, process.verify) &&
           time(value, place, "lock_wait", process.lock_wait) &&
           boolean(value, place, "only_wait", process.only_wait) &&
           kind(value, place, "umask", "three octal digits such as \"022\"", umask, process.umask) &&
           number(value, place, "descriptors_max", process.descriptors_max, kPlanDescriptorsMax) &&
           number(value, place, "idle_steps", process.idle_steps, kPlanIdleStepsMax);
  }
  bool operation(const json& value, const Place& place) {
    return named(value, place, kOperationKinds, operation_kind_named, plan.processes.back().operations.emplace_back());
  }

  bool start(const json& object, const Place& place) {
    return optional(object, place, "start", [&](const json& value, const Place& inside) {
      return has_only(value, inside, {"warm", "damage", "read_only"}) &&
             list(value, inside, "warm", kPlanModelsMax, &PlanReader::warm) &&
             list(value, inside, "damage", kPlanListMax, &PlanReader::damage) &&
             boolean(value, inside, "read_only", plan.start.read_only);
    });
  }
  bool warm(const json& value, const Place& place) { return model_named(value, place, plan.start.warm.emplace_back()); }
  bool damage(const json& value, const Place& place) {
    return named(value, place, kDamageKinds, damage_kind_named, plan.start.damage.emplace_back());
  }

  bool network(const json& object, const Place& place) {
    return optional(object, place, "network", [&](const json& value, const Place& inside) {
      return has_only(value, inside, {"turns", "repeat", "every"}) &&
             list(value, inside, "turns", kPlanListMax, &PlanReader::turn) &&
             boolean(value, inside, "repeat", plan.network.repeats) &&
             number(value, inside, "every", plan.network.every);
    });
  }
  bool turn(const json& value, const Place& place) {
    if (!value.is_string()) return refuse(place, "a turn such as \"drip:1000+flip_byte:7\"", value);
    Result<FaultTurn> parsed = parse_turn(value.get<std::string>());
    if (!parsed) return refuse(place, "a turn (" + parsed.error().detail + ")", value);
    plan.network.faults.push_back(std::move(*parsed));
    return true;
  }

  bool disk_fault(const json& value, const Place& place) {
    DiskFault& fault = plan.disk.emplace_back();
    if (!has_only(value, place, {"step", "nth", "error", "effect", "path", "process", "times"})) return false;
    if (!value.contains("step")) return refuse(place / "step", "the name of a step", value);
    std::size_t process = 0;
    if (!number(value, place, "process", process, kPlanProcessesMax)) return false;
    if (value.contains("process")) fault.process = process;
    return kind(value, place, "step", "the name of a step such as \"write\"", step_kind_named, fault.step) &&
           number(value, place, "nth", fault.nth) &&
           kind(value, place, "error", "the name of an errno such as \"ENOSPC\"", errno_named, fault.error) &&
           kind(value, place, "effect", "\"error\", \"short_transfer\" or \"does_nothing\"", disk_effect_named,
                fault.effect) &&
           text(value, place, "path", fault.path) && number(value, place, "times", fault.times);
  }

  bool process_fault(const json& value, const Place& place) {
    ProcessFault& fault = plan.process_faults.emplace_back();
    const bool is_one = value.is_object() && value.size() == 1;
    const auto found = is_one ? process_fault_kind_named(value.begin().key()) : std::nullopt;
    if (!found) {
      const std::string names = names_of<ProcessFaultKind>(kProcessFaultKinds, [](ProcessFaultKind) { return true; });
      return refuse(place, fmt::format("{{KIND: {{\"process\": P, \"step\": N}}}} with {}", names), value);
    }
    fault.kind = *found;
    const json& fields = value.begin().value();
    const Place inside = place / name_of(*found);
    return has_only(fields, inside, {"process", "step", "time"}) &&
           number(fields, inside, "process", fault.process, kPlanProcessesMax) &&
           number(fields, inside, "step", fault.step) && time(fields, inside, "time", fault.time);
  }

  bool schedule(const json& object, const Place& place) {
    return optional(object, place, "schedule", [&](const json& value, const Place& inside) {
      return has_only(value, inside, {"switches", "time_runs_first"}) &&
             list(value, inside, "switches", 16 * kPlanListMax, &PlanReader::one_switch) &&
             boolean(value, inside, "time_runs_first", plan.schedule.time_runs_first);
    });
  }
  bool one_switch(const json& value, const Place& place) {
    Switch& one = plan.schedule.switches.emplace_back();
    if (!value.is_array() || value.size() != 3) return refuse(place, "[process, own step, next process]", value);
    const std::size_t actors = plan.subject.empty() ? kPlanProcessesMax : kPlanProcessesMax * kPlanActorsMax;
    return number_value(value[0], place[0], one.process, actors) &&
           number_value(value[1], place[1], one.step, kPlanCountMax) &&
           number_value(value[2], place[2], one.to, actors);
  }
};

// Empty where the plan was read.
std::string read_text(std::string_view text, Plan& plan) {
  if (std::string problem = json_shape_problem(text, kBounds); !problem.empty()) return problem;
  try {
    PlanReader reader;
    if (!reader.read(json::parse(text, nullptr, true, true))) return reader.problem;
    plan = std::move(reader.plan);
    return {};
  } catch (const json::exception& error) {  // none is known that gets here; never let one out
    return fmt::format("expected JSON, got {}", error.what());
  }
}

}  // namespace

Result<Plan> parse_plan(std::string_view text, std::string_view file) {
  if (text.size() > kPlanFileBytesMax) {
    return fail(ErrorCode::too_large, kReadPlan, file,
                fmt::format("expected at most {} bytes, got {}", kPlanFileBytesMax, text.size()));
  }
  Plan plan;
  const std::string problem = read_text(text, plan);
  if (!problem.empty()) return fail(ErrorCode::invalid_argument, kReadPlan, file, problem);
  if (const auto checked = check(plan); !checked) {
    const Error& error = checked.error();
    return fail(error.code, kReadPlan, file, fmt::format("{}: {}", error.place, error.detail));
  }
  return plan;
}

Result<Plan> read_plan(const std::string& path) {
  // Before it is read: a file can be larger than memory.
  std::error_code ignored;
  const std::uintmax_t size = std::filesystem::file_size(path, ignored);
  if (!ignored && size > kPlanFileBytesMax) {
    return fail(ErrorCode::too_large, kReadPlan, path,
                fmt::format("expected at most {} bytes, got {}", kPlanFileBytesMax, size));
  }
  const Result<Model> file = model_from_file("plan", path);
  if (!file) return fail(file.error().code, kReadPlan, path, file.error().detail);
  const Bytes& bytes = *file->bytes;
  return parse_plan({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path);
}

}  // namespace stampede
