// Writes the totals of the simulated world as text and as JSON, and saves the plans of what was found.
#include "harness/cli/sim_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "harness/cli/exit_statuses.h"
#include "harness/cli/shrink_report.h"
#include "harness/cli/subject_option.h"
#include "harness/cli/table.h"
#include "harness/plan/plan_json.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kDiscoveriesShownMax = 5;

std::string signature_of(const SimDiscovery& discovery) {
  return discovery.violations.empty() ? "divergence" : discovery.violations.front().invariant;
}

std::string what_of(const SimDiscovery& discovery) {
  if (discovery.violations.empty()) return "divergence: two runs of one plan differ: " + discovery.divergence;
  return discovery.violations.front().invariant + ": " + discovery.violations.front().what;
}

double rate(std::uint64_t count, double seconds) { return seconds > 0 ? static_cast<double>(count) / seconds : 0; }

ordered_json violations_json(const std::vector<SavedDiscovery>& saved) {
  ordered_json list = ordered_json::array();
  for (const SavedDiscovery& each : saved) {
    bool is_first = true;
    for (const StepViolation& violation : each.discovery.violations) {
      list.push_back(
          {{"invariant", violation.invariant},
           {"object", violation.object},
           {"what", violation.what},
           {"plan", each.file},
           {"seed", each.discovery.seed},
           {"step", violation.step},
           {"shrunk", is_first && each.smallest ? json_of(each.discovery.plan, *each.smallest, each.shrunk_file)
                                                : ordered_json()}});
      is_first = false;
    }
    if (!each.discovery.divergence.empty()) {
      list.push_back({{"invariant", "divergence"},
                      {"object", ""},
                      {"what", each.discovery.divergence},
                      {"plan", each.file},
                      {"seed", each.discovery.seed},
                      {"step", nullptr}});
    }
  }
  return list;
}

std::string dump(const ordered_json& object) {
  return object.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

ordered_json speeds_json(const Replayed& replayed) {
  const auto of = [](const WorldSpeed& each) {
    return ordered_json{{"schedules", each.schedules},
                        {"seconds", each.seconds},
                        {"schedules_per_second", rate(each.schedules, each.seconds)}};
  };
  if (replayed.world != "both") return {{replayed.world, of(replayed.speed)}};
  return {{"sim", of(replayed.speed)}, {"live", of(replayed.other_speed)}};
}

std::string line_of(const ReplayReport& report) {
  std::string line = fmt::format("{:<11} {}", name_of(report.verdict), report.name);
  if (report.has_moved) line += "  (trace moved)";
  if (report.unused_switches != 0) line += fmt::format("  ({} switches never came up)", report.unused_switches);
  if (report.unmet_process_faults != 0) {
    line += fmt::format("  ({} process faults never came up)", report.unmet_process_faults);
  }
  if (!report.detail.empty()) line += "\n            " + report.detail;
  return line + "\n";
}

// Runs and hits of each strategy, and what they promise together.
std::string strategies_text(const SimTotals& totals) {
  std::string text = fmt::format("\n  {:<32}{:>18}{:>18}\n", "strategy", "runs", "with a violation");
  for (const auto& [name, tally] : totals.strategies) {
    text += fmt::format("  {:<32}{:>18}{:>18}\n", name, tally.runs, tally.hits);
  }
  if (!totals.promise) return text + "  guaranteed to be found: n/a, since each plan is another program\n";
  const PctPromise& promise = *totals.promise;
  if (promise.guarantees.empty()) return text + "  guaranteed to be found: n/a, since no schedule of PCT was run\n";
  text += fmt::format("\n  guaranteed to be found ({} processes, {} shared steps{}):\n", promise.processes,
                      promise.shared_steps,
                      promise.shared_steps_seen > promise.shared_steps
                          ? fmt::format("; the longest run had {}, so of bugs within the first {}",
                                        promise.shared_steps_seen, promise.shared_steps)
                          : "");
  for (const Guarantee& guarantee : promise.guarantees) {
    constexpr double kShownMin = 0.001;
    if (guarantee.probability < kShownMin && guarantee.depth > 2) break;  // and so it is for all that are deeper
    text += "    " + print(guarantee) + "\n";
  }
  return text;
}

std::string exhausted_text(const SimTotals& totals) {
  if (!totals.is_reduced) return "every schedule within the bound was run\n";
  return fmt::format(
      "every schedule within the bound was run, of those that differ only in steps that commute one at least;\n"
      "{} of the {} turned out to repeat others (exhaustive:K:plain runs all)\n",
      totals.repeating, totals.schedules);
}

ordered_json strategies_json(const SimTotals& totals) {
  ordered_json list = ordered_json::object();
  for (const auto& [name, tally] : totals.strategies) list[name] = {{"runs", tally.runs}, {"hits", tally.hits}};
  return list;
}

ordered_json promise_json(const SimTotals& totals) {
  if (!totals.promise || totals.promise->guarantees.empty()) return nullptr;
  ordered_json depths = ordered_json::array();
  for (const Guarantee& guarantee : totals.promise->guarantees) {
    depths.push_back({{"depth", guarantee.depth}, {"probability", guarantee.probability}});
  }
  return {{"processes", totals.promise->processes},
          {"shared_steps", totals.promise->shared_steps},
          {"shared_steps_seen", totals.promise->shared_steps_seen},
          {"depths", std::move(depths)}};
}

}  // namespace

std::vector<SavedDiscovery> save_discoveries(const std::vector<SimDiscovery>& discoveries, const std::string& out,
                                             const std::string& command) {
  std::vector<SavedDiscovery> saved;
  std::error_code error;
  if (!discoveries.empty()) std::filesystem::create_directories(out, error);
  for (const SimDiscovery& discovery : discoveries) {
    SavedDiscovery each{discovery, {}};
    Plan& plan = each.discovery.plan;
    plan.note.why = what_of(discovery);
    plan.note.found_by = command;
    plan.note.expect = discovery.violations.empty() ? "holds" : discovery.violations.front().invariant;
    const std::string path =
        (std::filesystem::path(out) / fmt::format("sim-{}-{}.json", signature_of(discovery), plan.note.trace_hash))
            .string();
    if (save_plan(plan, path)) each.file = path;
    saved.push_back(std::move(each));
  }
  return saved;
}

std::string discovery_text(const std::vector<SavedDiscovery>& saved, std::uint64_t violations,
                           const std::string& subject) {
  if (saved.empty()) return "";
  const SavedDiscovery& first = saved.front();
  std::string text = first.smallest ? shrunk_text(first.discovery.plan, *first.smallest, first.shrunk_file, subject)
                                    : four_lines(what_of(first.discovery), first.discovery.plan, first.file, subject);
  if (first.smallest) text += fmt::format("found as: {}\n", first.file);
  // Those that were shrunk are other bugs, as far as can be told; the rest is more of the same.
  std::size_t shown = 1;
  for (const bool is_shrunk : {true, false}) {
    for (std::size_t i = 1; i < saved.size() && shown < kDiscoveriesShownMax; ++i) {
      const SavedDiscovery& each = saved[i];
      if (each.smallest.has_value() != is_shrunk) continue;
      ++shown;
      text += is_shrunk ? fmt::format("also:     {}\n          {}\n          {}\n", each.smallest->shrunk.plan.note.why,
                                      print_line(each.smallest->shrunk.plan), each.shrunk_file)
                        : fmt::format("also:     {}\n          {}\n", what_of(each.discovery), each.file);
    }
  }
  const auto written =
      std::count_if(saved.begin(), saved.end(), [](const SavedDiscovery& each) { return !each.file.empty(); });
  if (violations > 1) text += fmt::format("{} violations in all; plans of {} runs were saved\n", violations, written);
  return text + "\n";
}

std::string text_of(const SimExplorationOptions& options, const SimTotals& totals) {
  std::string text = fmt::format("{} in {}, {}, seed {}{}\n\n", options.subject, options.world,
                                 options.plan ? "schedules of one plan" : "drawn plans", options.seed,
                                 options.shards > 1 ? fmt::format(", shard {}/{}", options.shard, options.shards) : "");
  const auto row = [&text](std::string_view name, const std::string& value) {
    text += fmt::format("  {:<32}{:>18}\n", name, value);
  };
  row("plans", fmt::format("{}", totals.plans));
  row("schedules", fmt::format("{}", totals.schedules));
  row("  repeated and compared", fmt::format("{}", totals.repetitions));
  row("  divergences", fmt::format("{}", totals.divergences));
  if (totals.uncontrolled > 0) row("  uncontrolled", fmt::format("{}", totals.uncontrolled));
  row("steps", fmt::format("{}", totals.steps));
  row("preemptions", fmt::format("{}", totals.preemptions));
  row("processes", fmt::format("{}", totals.processes));
  row("schedules per second", fmt::format("{:.0f}", rate(totals.schedules + totals.repetitions, totals.seconds)));
  row("trace hash", hash_text(totals.trace_hash));
  text += strategies_text(totals);
  text += "\ntook part\n" + counts_text(totals.drawn, "  ");
  text += "\ntimes judged\n" + counts_text(totals.judged, "  ") + "\n";
  if (totals.uncontrolled > 0) text += "uncontrolled: " + totals.why_uncontrolled + "\n";
  if (totals.is_exhausted) text += exhausted_text(totals);
  const std::string done = fmt::format("{} schedules of {} plans", totals.schedules, totals.plans);
  if (totals.schedules == 0) return text + "nothing was judged: no run was completed\n";
  if (totals.violations + totals.divergences > 0) {
    return text + fmt::format("VIOLATED: {} violations, {} divergences in {} ({:.1f} s)\n", totals.violations,
                              totals.divergences, done, totals.seconds);
  }
  return text + held_text(totals.judged, never_judged(totals.allowed, totals.judged), done, totals.seconds);
}

std::string json_of(const SimExplorationOptions& options, const SimTotals& totals,
                    const std::vector<SavedDiscovery>& saved) {
  return dump({{"world", options.world},
               {"subject", options.subject},
               {"plans", totals.plans},
               {"schedules", totals.schedules},
               {"repetitions", totals.repetitions},
               {"divergences", totals.divergences},
               {"uncontrolled", totals.uncontrolled},
               {"steps", totals.steps},
               {"preemptions", totals.preemptions},
               {"processes", totals.processes},
               {"seconds", totals.seconds},
               {"violation_count", totals.violations},
               {"violations", violations_json(saved)},
               {"trace_hash", hash_text(totals.trace_hash)},
               {"seed", options.seed},
               {"judged", totals.judged},
               {"never_judged", never_judged(totals.allowed, totals.judged)},
               {"drawn", totals.drawn},
               {"strategies", strategies_json(totals)},
               {"guaranteed", promise_json(totals)},
               {"exhausted", totals.is_exhausted},
               {"reduced", totals.is_reduced},
               {"repeating", totals.repeating},
               {"interrupted", totals.interrupted}});
}

std::string text_of(const KillSweep& sweep, bool has_pairs) {
  std::string text =
      fmt::format("{} points of single kills (before and after each step of each process)\n", sweep.points);
  text += fmt::format("{} of {} {} run, {} of them as planned{}\n", sweep.runs, sweep.expected,
                      has_pairs ? "pairs of kills" : "kills", sweep.met, sweep.is_complete() ? ": all were seen" : "");
  text += fmt::format("{} processes, {} steps, {} kills before a step, {} after one\n", sweep.processes, sweep.steps,
                      sweep.kills_before, sweep.kills_after);
  text +=
      fmt::format("trace hash {}\n\ntimes judged\n{}\n", hash_text(sweep.trace_hash), counts_text(sweep.judged, "  "));
  if (!sweep.uncontrolled.empty()) text += "uncontrolled, so it ended there: " + sweep.uncontrolled + "\n";
  if (sweep.violations > 0) {
    return text +
           fmt::format("VIOLATED: {} violations in {} runs ({:.1f} s)\n", sweep.violations, sweep.runs, sweep.seconds);
  }
  const std::string done = fmt::format("{} runs, {} steps", sweep.runs, sweep.steps);
  if (!sweep.is_complete())
    return text + fmt::format("incomplete: 0 violations in {} ({:.1f} s)\n", done, sweep.seconds);
  return text + held_text(sweep.judged, never_judged(sweep.allowed, sweep.judged), done, sweep.seconds);
}

std::string json_of(const KillSweep& sweep, const std::string& world, const std::vector<SavedDiscovery>& saved) {
  return dump({{"world", world},
               {"subject", "modelcache"},
               {"points", sweep.points},
               {"schedules", sweep.runs},
               {"kills_met", sweep.met},
               {"complete", sweep.is_complete()},
               {"plans", 1},
               {"processes", sweep.processes},
               {"seed", nullptr},
               {"drawn", {{"kill_before", sweep.kills_before}, {"kill_after", sweep.kills_after}}},
               {"schedules_expected", sweep.expected},
               {"steps", sweep.steps},
               {"seconds", sweep.seconds},
               {"violation_count", sweep.violations},
               {"violations", violations_json(saved)},
               {"trace_hash", hash_text(sweep.trace_hash)},
               {"judged", sweep.judged},
               {"never_judged", never_judged(sweep.allowed, sweep.judged)},
               {"uncontrolled", sweep.uncontrolled.empty() ? 0 : 1},
               {"interrupted", sweep.interrupted}});
}

void Replayed::add(ReplayReport report) {
  for (std::size_t i = 0; i < report.judged.size(); ++i) {
    judged[std::string(watched_invariants()[i].id)] += report.judged[i];
  }
  allowed |= report.allowed;
  steps += report.steps;
  processes += report.processes;
  speed.schedules += report.speed.schedules;
  speed.seconds += report.speed.seconds;
  other_speed.schedules += report.other_speed.schedules;
  other_speed.seconds += report.other_speed.seconds;
  for (const char c : report.trace_hash) hash.add_number(static_cast<unsigned char>(c));
  reports.push_back(std::move(report));
}

std::uint64_t Replayed::count(ReplayVerdict verdict) const {
  return static_cast<std::uint64_t>(std::ranges::count(reports, verdict, &ReplayReport::verdict));
}

bool Replayed::has_failed() const {
  using enum ReplayVerdict;
  return count(broken) + count(mended) + count(diverged) + count(dull) > 0;
}

std::uint64_t Replayed::moved() const {
  return static_cast<std::uint64_t>(std::ranges::count(reports, true, &ReplayReport::has_moved));
}

std::uint64_t Replayed::kills() const {
  std::uint64_t number = 0;
  for (const ReplayReport& report : reports) {
    for (const auto& [mutant, invariant] : report.kills) number += invariant.empty() ? 0 : 1;
  }
  return number;
}

std::string text_of(const Replayed& replayed, bool is_verbose) {
  std::string text;
  for (const ReplayReport& report : replayed.reports) {
    if (is_verbose || report.verdict != ReplayVerdict::as_expected) text += line_of(report);
  }
  if (is_verbose) text += "\ntimes judged\n" + counts_text(replayed.judged, "  ") + "\n";
  text +=
      fmt::format("{} replayed in {}: {} as expected, {} violated, {} held against expectation, {} diverged, {} stale",
                  replayed.reports.size(), replayed.world == "both" ? "sim and live" : replayed.world,
                  replayed.count(ReplayVerdict::as_expected), replayed.count(ReplayVerdict::broken),
                  replayed.count(ReplayVerdict::mended), replayed.count(ReplayVerdict::diverged),
                  replayed.count(ReplayVerdict::stale));
  if (replayed.is_sharp)
    text += fmt::format(", {} dull ({} kills)", replayed.count(ReplayVerdict::dull), replayed.kills());
  if (const auto lost = replayed.count(ReplayVerdict::uncontrolled)) text += fmt::format(", {} uncontrolled", lost);
  if (const auto missing = replayed.count(ReplayVerdict::not_run)) text += fmt::format(", {} not run", missing);
  if (replayed.moved() != 0) text += fmt::format("; {} traces moved", replayed.moved());
  const auto speed = [](const WorldSpeed& each) {
    return fmt::format("{} schedules, {:.0f} a second", each.schedules, rate(each.schedules, each.seconds));
  };
  text += fmt::format(" ({:.2f} s)\n", replayed.seconds);
  text += replayed.world != "both"
              ? fmt::format("{}: {}\n", replayed.world, speed(replayed.speed))
              : fmt::format("sim: {}; live: {}\n", speed(replayed.speed), speed(replayed.other_speed));
  const auto never = never_judged(replayed.allowed, replayed.judged);
  if (replayed.has_failed() || judged_status(replayed.judged, never, true) == kAllHeld) return text;
  const std::size_t stale = replayed.count(ReplayVerdict::stale);
  if (stale > 0 && stale == replayed.reports.size()) return text;  // which is no failure
  const std::string done = fmt::format("{} replayed", replayed.reports.size());
  return text + held_text(replayed.judged, never, done, replayed.seconds, "nothing unexpected");
}

std::string json_of(const Replayed& replayed) {
  ordered_json plans = ordered_json::array(), violations = ordered_json::array();
  for (const ReplayReport& report : replayed.reports) {
    ordered_json kills = ordered_json::object();
    for (const auto& [mutant, invariant] : report.kills)
      kills[mutant] = invariant.empty() ? ordered_json() : ordered_json(invariant);
    plans.push_back({{"name", report.name},
                     {"verdict", name_of(report.verdict)},
                     {"detail", report.detail},
                     {"trace_hash", report.trace_hash},
                     {"moved", report.has_moved},
                     {"unused_switches", report.unused_switches},
                     {"unmet_process_faults", report.unmet_process_faults},
                     {"steps", report.steps},
                     {"kills", std::move(kills)}});
    for (const StepViolation& violation : report.violations) {
      violations.push_back({{"invariant", violation.invariant},
                            {"object", violation.object},
                            {"what", violation.what},
                            {"plan", report.name},
                            {"step", violation.step}});
    }
  }
  const ordered_json object = {{"world", replayed.world},
                               {"subject", replayed.subject},
                               {"plans", replayed.reports.size()},
                               {"schedules", replayed.speed.schedules + replayed.other_speed.schedules},
                               {"steps", replayed.steps},
                               {"processes", replayed.processes},
                               {"seed", nullptr},
                               {"drawn", ordered_json::object()},
                               {"seconds", replayed.seconds},
                               {"speeds", speeds_json(replayed)},
                               {"violations", std::move(violations)},
                               {"trace_hash", hash_text(replayed.hash.value())},
                               {"judged", replayed.judged},
                               {"never_judged", never_judged(replayed.allowed, replayed.judged)},
                               {"as_expected", replayed.count(ReplayVerdict::as_expected)},
                               {"violated", replayed.count(ReplayVerdict::broken)},
                               {"held", replayed.count(ReplayVerdict::mended)},
                               {"diverged", replayed.count(ReplayVerdict::diverged)},
                               {"stale", replayed.count(ReplayVerdict::stale)},
                               {"uncontrolled", replayed.count(ReplayVerdict::uncontrolled)},
                               {"not_run", replayed.count(ReplayVerdict::not_run)},
                               {"dull", replayed.count(ReplayVerdict::dull)},
                               {"kills", replayed.kills()},
                               {"moved", replayed.moved()},
                               {"replayed", std::move(plans)},
                               {"interrupted", replayed.interrupted}};
  return dump(object);
}

}  // namespace stampede
