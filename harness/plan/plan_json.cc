// Prints plans for people and for `parse_plan`.
#include "harness/plan/plan_json.h"

#include <fmt/format.h>

#include <fstream>
#include <vector>

namespace stampede {
namespace {

constexpr std::size_t kSwitchesPerLine = 8;

// Of text without control characters, as `check` wants it.
std::string json_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

// "a, b" between brackets.
class Joined {
 public:
  explicit Joined(std::string_view separator = ", ") : separator_(separator) {}
  void add(std::string_view item) {
    if (!is_first_) text_ += separator_;
    is_first_ = false;
    text_ += item;
  }
  void add(std::string_view key, std::string_view value) { add(fmt::format("\"{}\": {}", key, value)); }
  [[nodiscard]] bool is_empty() const { return is_first_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::string object() const { return "{" + text_ + "}"; }
  [[nodiscard]] std::string list() const { return "[" + text_ + "]"; }

 private:
  std::string_view separator_;
  bool is_first_ = true;
  std::string text_;
};

// A list with one line an item, `depth` levels deep.
class Lines {
 public:
  explicit Lines(std::size_t depth) : depth_(depth) {}
  void add(std::string_view item) {
    text_ += is_first_ ? "\n" : ",\n";
    is_first_ = false;
    text_.append(2 * (depth_ + 1), ' ').append(item);
  }
  [[nodiscard]] std::string list() const {
    return is_first_ ? "[]" : fmt::format("[{}\n{:{}}]", text_, "", 2 * depth_);
  }

 private:
  std::size_t depth_;
  bool is_first_ = true;
  std::string text_;
};

class Printer {
 public:
  explicit Printer(const Plan& plan) : plan_(plan) {}

  std::string print(bool with_note) {
    top_.add("plan", fmt::to_string(kPlanVersion));
    if (with_note) add_note();
    if (!plan_.subject.empty()) top_.add("subject", json_string(plan_.subject));
    add_models();
    add_processes();
    add_start();
    add_network();
    add_disk();
    add_process_faults();
    add_schedule();
    return "{\n  " + top_.text() + "\n}\n";
  }

 private:
  void add_note() {
    const PlanNote& note = plan_.note;
    if (!note.why.empty()) top_.add("why", json_string(note.why));
    if (!note.found_by.empty()) top_.add("found_by", json_string(note.found_by));
    if (note.expect != PlanNote{}.expect) top_.add("expect", json_string(note.expect));
    Joined kills;
    for (const std::string& mutant : note.kills) kills.add(json_string(mutant));
    if (!kills.is_empty()) top_.add("kills", kills.list());
    if (!note.trace_hash.empty()) top_.add("trace_hash", json_string(note.trace_hash));
  }

  void add_models() {
    Lines lines(1);
    for (const PlanModel& model : plan_.models) {
      Joined fields;
      fields.add("name", json_string(model.name));
      fields.add("bytes", fmt::to_string(model.size_bytes));
      lines.add(fields.object());
    }
    top_.add("models", lines.list());
  }

  std::string model_name(std::size_t index) const { return json_string(plan_.models[index].name); }

  // {"get": "m0"}, or "list" where the kind names no model.
  template <class Kind>
  std::string named(Kind kind, std::size_t model) const {
    const std::string name = json_string(name_of(kind));
    return names_model(kind) ? fmt::format("{{{}: {}}}", name, model_name(model)) : name;
  }

  void add_processes() {
    Lines lines(1);
    const PlanProcess usual;
    for (const PlanProcess& process : plan_.processes) {
      Joined operations;
      for (const Operation& operation : process.operations) operations.add(named(operation.kind, operation.model));
      Joined fields;
      fields.add("operations", operations.list());
      if (process.verify != usual.verify) fields.add("verify", json_string(name_of(process.verify)));
      if (process.lock_wait != usual.lock_wait) fields.add("lock_wait", json_string(print_time(process.lock_wait)));
      if (process.only_wait) fields.add("only_wait", "true");
      if (process.umask != usual.umask) fields.add("umask", fmt::format("\"{:03o}\"", process.umask));
      if (process.descriptors_max > 0) fields.add("descriptors_max", fmt::to_string(process.descriptors_max));
      if (process.idle_steps > 0) fields.add("idle_steps", fmt::to_string(process.idle_steps));
      lines.add(fields.object());
    }
    top_.add("processes", lines.list());
  }

  void add_start() {
    const StartState& start = plan_.start;
    Joined fields;
    Joined warm;
    for (const std::size_t model : start.warm) warm.add(model_name(model));
    if (!warm.is_empty()) fields.add("warm", warm.list());
    Joined damages;
    for (const Damage& damage : start.damage) damages.add(named(damage.kind, damage.model));
    if (!damages.is_empty()) fields.add("damage", damages.list());
    if (start.read_only) fields.add("read_only", "true");
    if (!fields.is_empty()) top_.add("start", fields.object());
  }

  void add_network() {
    const FaultSequence& network = plan_.network;
    if (network == FaultSequence{}) return;
    Lines turns(2);
    for (const FaultTurn& turn : network.faults) turns.add(json_string(stampede::print(turn)));
    Joined fields(",\n    ");
    fields.add("turns", turns.list());
    if (network.repeats) fields.add("repeat", "true");
    if (network.every != 1) fields.add("every", fmt::to_string(network.every));
    top_.add("network", fmt::format("{{\n    {}\n  }}", fields.text()));
  }

  void add_disk() {
    Lines lines(1);
    for (const DiskFault& fault : plan_.disk) {
      Joined fields;
      fields.add("step", json_string(name_of(fault.step)));
      if (fault.nth > 0) fields.add("nth", fmt::to_string(fault.nth));
      if (fault.effect != DiskEffect::error) fields.add("effect", json_string(name_of(fault.effect)));
      if (fault.effect == DiskEffect::error) fields.add("error", json_string(errno_name(fault.error)));
      if (!fault.path.empty()) fields.add("path", json_string(fault.path));
      if (fault.process) fields.add("process", fmt::to_string(*fault.process));
      if (fault.times != 1) fields.add("times", fmt::to_string(fault.times));
      lines.add(fields.object());
    }
    if (!plan_.disk.empty()) top_.add("disk", lines.list());
  }

  void add_process_faults() {
    Lines lines(1);
    for (const ProcessFault& fault : plan_.process_faults) {
      Joined fields;
      fields.add("process", fmt::to_string(fault.process));
      fields.add("step", fmt::to_string(fault.step));
      if (fault.time != fault.time.zero()) fields.add("time", json_string(print_time(fault.time)));
      Joined kind;
      kind.add(name_of(fault.kind), fields.object());
      lines.add(kind.object());
    }
    if (!plan_.process_faults.empty()) top_.add("process_faults", lines.list());
  }

  void add_schedule() {
    const Schedule& schedule = plan_.schedule;
    if (schedule == Schedule{}) return;
    Joined fields(",\n    ");
    if (!schedule.switches.empty()) {
      Joined switches;
      for (std::size_t i = 0; i < schedule.switches.size(); ++i) {
        const Switch& one = schedule.switches[i];
        switches.add(
            fmt::format("{}[{}, {}, {}]", i % kSwitchesPerLine == 0 ? "\n      " : "", one.process, one.step, one.to));
      }
      fields.add("switches", fmt::format("[{}\n    ]", switches.text()));
    }
    if (schedule.time_runs_first) fields.add("time_runs_first", "true");
    top_.add("schedule", fmt::format("{{\n    {}\n  }}", fields.text()));
  }

  const Plan& plan_;
  Joined top_{",\n  "};
};

}  // namespace

std::string print_plan(const Plan& plan) { return Printer(plan).print(true); }

bool save_plan(const Plan& plan, const std::string& file) {
  std::ofstream out(file);
  out << print_plan(plan);
  out.close();
  return static_cast<bool>(out);
}

std::uint64_t plan_hash(const Plan& plan) {
  constexpr std::uint64_t kPrime = 0x100000001b3;
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : Printer(plan).print(false)) hash = (hash ^ static_cast<unsigned char>(c)) * kPrime;
  return hash;
}

}  // namespace stampede
