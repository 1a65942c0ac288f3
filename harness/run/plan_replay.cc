// Runs stored plans and compares what comes of them with what they expect.
#include "harness/run/plan_replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <system_error>

#include "harness/plan/plan_generator.h"
#include "harness/plan/plan_json.h"
#include "harness/run/trace.h"
#include "harness/run/world_comparison.h"
#include "harness/strategy/replay.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

bool breaks(const std::vector<StepViolation>& violations, const std::string& invariant) {
  return std::any_of(violations.begin(), violations.end(),
                     [&](const StepViolation& violation) { return violation.invariant == invariant; });
}

void judge(const PlanNote& note, ReplayReport& report) {
  if (note.expect == "holds") {
    if (report.violations.empty()) return;
    report.verdict = ReplayVerdict::broken;
    report.detail = report.violations.front().invariant + ": " + report.violations.front().what;
  } else if (!breaks(report.violations, note.expect)) {
    report.verdict = ReplayVerdict::mended;
    report.detail = "expected to break " + note.expect + ", which held";
  } else {
    for (const StepViolation& violation : report.violations) {
      if (violation.invariant == note.expect) continue;
      report.verdict = ReplayVerdict::broken;
      report.detail = "besides " + note.expect + ": " + violation.invariant + ": " + violation.what;
      return;
    }
  }
}

std::uint64_t sum(const std::array<std::uint64_t, kProcessFaultKinds>& counts) {
  std::uint64_t total = 0;
  for (const std::uint64_t count : counts) total += count;
  return total;
}

void take(const SimOutcome& outcome, ReplayReport& report) {
  report.violations = outcome.violations;
  report.trace_hash = hash_text(outcome.trace_hash);
  report.steps = outcome.steps;
  report.processes = outcome.processes;
  report.judged = outcome.judged;
}

void diverge(std::string detail, ReplayReport& report) {
  report.verdict = ReplayVerdict::diverged;
  report.detail = std::move(detail);
}

// Counts one run and its time, at the end of its own life.
class RunTimer {
 public:
  explicit RunTimer(WorldSpeed& speed) : speed_(speed) {}
  RunTimer(const RunTimer&) = delete;
  RunTimer& operator=(const RunTimer&) = delete;
  ~RunTimer() {
    ++speed_.schedules;
    speed_.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }

 private:
  WorldSpeed& speed_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

SimOutcome run_timed(SimRunner& runner, const Plan& plan, Strategy& strategy, const SimRunOptions& options,
                     WorldSpeed& speed) {
  const RunTimer timer(speed);
  return runner.run(plan, strategy, options);
}

SimReplay replay_timed(SimRunner& runner, const Plan& plan, bool is_strict, WorldSpeed& speed) {
  const RunTimer timer(speed);
  return replay_sim(runner, plan, is_strict);
}

// What nobody controlled says nothing, neither for nor against what a run before it said.
bool is_controlled(const SimOutcome& outcome, ReplayReport& report) {
  if (outcome.uncontrolled.empty()) return true;
  if (report.verdict != ReplayVerdict::as_expected) return false;
  report.verdict = ReplayVerdict::uncontrolled;
  report.detail = outcome.uncontrolled;
  return false;
}

// One run in each world, each under a strategy of its own.
void compare(SimRunner& one, SimRunner& other, const Plan& plan, const std::function<std::unique_ptr<Strategy>()>& make,
             ReplayReport& report) {
  const auto one_strategy = make(), other_strategy = make();
  const SimOutcome ours = run_timed(one, plan, *one_strategy, {.keeps_steps = true}, report.speed);
  const SimOutcome theirs = run_timed(other, plan, *other_strategy, {.keeps_steps = true}, report.other_speed);
  if (!is_controlled(ours, report) || !is_controlled(theirs, report)) return;
  const std::string difference = first_difference("sim", ours, "live", theirs);
  if (!difference.empty()) diverge("the worlds differ:\n" + difference, report);
}

// The next number of a line, in the base given.
bool next_number(std::string_view& rest, std::uint64_t& number, int base) {
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  const auto [stop, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number, base);
  if (error != std::errc()) return false;
  rest.remove_prefix(static_cast<std::size_t>(stop - rest.data()));
  return true;
}

}  // namespace

std::string_view name_of(ReplayVerdict verdict) {
  switch (verdict) {
    case ReplayVerdict::as_expected:
      return "as expected";
    case ReplayVerdict::broken:
      return "VIOLATED";
    case ReplayVerdict::mended:
      return "HELD";
    case ReplayVerdict::diverged:
      return "DIVERGED";
    case ReplayVerdict::dull:
      return "DULL";
    case ReplayVerdict::stale:
      return "stale";
    case ReplayVerdict::uncontrolled:
      return "uncontrolled";
    case ReplayVerdict::not_run:
      return "not run";
  }
  return "";
}

Result<std::vector<std::string>> find_plans(const std::vector<std::string>& paths) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::exists(path, error)) return fail(ErrorCode::not_found, "find plans", path, "no such file or folder");
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    const std::size_t before = files.size();
    for (fs::recursive_directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
      if (it->path().extension() == ".json") files.push_back(it->path().string());
    }
    if (error) return fail(ErrorCode::io, "find plans", path, error.message());
    if (files.size() == before) return fail(ErrorCode::not_found, "find plans", path, "expected files *.json in it");
    std::sort(files.begin() + static_cast<std::ptrdiff_t>(before), files.end());
  }
  return files;
}

Result<void> check_expectation(const std::string& file, const Plan& plan) {
  const std::string& expect = plan.note.expect;
  const auto& known = watched_invariants();
  const bool is_known = expect == "holds" || std::any_of(known.begin(), known.end(), [&](const WatchedInvariant& each) {
                          return each.id == expect;
                        });
  if (is_known) return {};
  return fail(ErrorCode::invalid_argument, "read plan", file + ": expect",
              "expected \"holds\" or the id of an invariant, got \"" + expect + "\"");
}

ReplayReport replay_plan(SimRunner& runner, const std::string& name, const Plan& plan, bool is_strict,
                         SimRunner* other) {
  ReplayReport report;
  report.name = name;
  const SimReplay first = replay_timed(runner, plan, is_strict, report.speed);
  take(first.outcome, report);
  report.allowed = allowed_by(plan);
  if (!is_controlled(first.outcome, report)) return report;
  report.unused_switches = first.unused_switches;
  report.has_moved = !plan.note.trace_hash.empty() && plan.note.trace_hash != report.trace_hash;
  const std::uint64_t met = sum(first.outcome.process_faults_met);
  report.unmet_process_faults = plan.process_faults.size() - std::min<std::uint64_t>(met, plan.process_faults.size());
  judge(plan.note, report);
  const SimReplay second = replay_timed(runner, plan, is_strict, report.speed);
  if (!is_controlled(second.outcome, report)) return report;
  const std::string difference = repetition_difference(first.outcome, second.outcome);
  if (const std::string why(second.outcome.why_others_differ); !difference.empty() && (why.empty() || is_strict)) {
    diverge("two runs of it differ: " + (why.empty() ? difference : why), report);
  }
  if (is_strict && report.unmet_process_faults != 0) {
    diverge(fmt::format("{} process faults never came up", report.unmet_process_faults), report);
  }
  if (is_strict && plan.note.trace_hash.empty()) diverge("no trace is stored, so there is nothing to follow", report);
  if (is_strict && report.has_moved) {
    diverge(fmt::format("expected trace {}, got {}", plan.note.trace_hash, report.trace_hash), report);
  }
  for (const auto* divergence : {&second.divergence, &first.divergence}) {
    if (!divergence->empty()) diverge(*divergence, report);
  }
  if (other != nullptr) {
    const auto mode = is_strict ? Replay::Mode::strict : Replay::Mode::lenient;
    compare(runner, *other, plan, [&] { return std::make_unique<Replay>(plan.schedule, mode); }, report);
  }
  return report;
}

Result<std::vector<StoredSeed>> read_seeds(const std::string& file) {
  std::ifstream in(file);
  if (!in) return fail(ErrorCode::not_found, "read seeds", file, "cannot be opened");
  std::vector<StoredSeed> seeds;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    std::string_view rest = std::string_view(line).substr(0, line.find('#'));
    if (rest.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    StoredSeed seed;
    const bool is_read = next_number(rest, seed.seed, 10) && next_number(rest, seed.generator_version, 10) &&
                         next_number(rest, seed.plan_hash, 16) &&
                         rest.find_first_not_of(" \t\r") == std::string_view::npos;
    if (!is_read) {
      return fail(ErrorCode::invalid_argument, "read seeds", file + ":" + std::to_string(number),
                  "expected \"<seed> <generator version> <hash of the plan>\", got \"" + line + "\"");
    }
    seeds.push_back(seed);
  }
  if (in.bad()) return fail(ErrorCode::io, "read seeds", file, "read failed");
  return seeds;
}

ReplayReport replay_seed(SimRunner& runner, const StoredSeed& stored, SimRunner* other) {
  ReplayReport report;
  report.name = "seed " + std::to_string(stored.seed);
  const SimDraw draw = draw_sim(stored.seed);
  if (stored.generator_version != kGeneratorVersion || plan_hash(draw.plan) != stored.plan_hash) {
    report.verdict = ReplayVerdict::stale;
    report.detail = "the generator draws another plan now";
    return report;
  }
  std::vector<StepViolation> of_learning;
  const auto make = usual_strategy(draw, [&](const StrategyChoice&, Strategy& strategy) {
    of_learning = runner.run(draw.plan, strategy).violations;
  });
  const SimOutcome first = run_timed(runner, draw.plan, *make(), {}, report.speed);
  take(first, report);
  report.allowed = allowed_by(draw.plan);
  if (!is_controlled(first, report)) return report;
  report.violations.insert(report.violations.end(), of_learning.begin(), of_learning.end());
  judge({}, report);
  const SimOutcome second = run_timed(runner, draw.plan, *make(), {}, report.speed);
  if (!is_controlled(second, report)) return report;
  const std::string difference = repetition_difference(first, second);
  if (!difference.empty()) diverge("two runs of it differ: " + difference, report);
  if (other != nullptr) compare(runner, *other, draw.plan, make, report);
  return report;
}

std::string seed_line(std::uint64_t seed) {
  const Plan plan = draw_sim(seed).plan;
  return fmt::format("{} {} {:016x}  # {}", seed, kGeneratorVersion, plan_hash(plan), print_line(plan));
}

}  // namespace stampede
