// Writes the totals of an exploration as text and as JSON.
#include "harness/cli/exploration_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/cli/exit_statuses.h"
#include "harness/cli/table.h"
#include "harness/run/figures.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kViolationsShownMax = 5;

std::string bytes_text(std::uint64_t bytes) {
  if (bytes < 10'000) return fmt::format("{} B", bytes);
  if (bytes < 10'000'000) return fmt::format("{:.1f} kB", static_cast<double>(bytes) / 1e3);
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

// What broke though nobody promised it: no violation, and nothing to hide.
std::string not_promised_text(const ExplorationOptions& options, const ExplorationTotals& totals) {
  std::string text;
  for (const auto& [invariant, broken] : totals.not_promised) {
    text += fmt::format("  {}: {} times in {} of {} runs; {}\n    seed {}: {}\n", invariant, broken.times, broken.runs,
                        totals.runs, options.free.subject.not_promised.at(invariant), broken.seed, broken.what);
  }
  return text.empty() ? text : "broken, and not promised\n" + text + "\n";
}

ordered_json not_promised_json(const ExplorationOptions& options, const ExplorationTotals& totals) {
  ordered_json list = ordered_json::array();
  for (const auto& [invariant, broken] : totals.not_promised) {
    list.push_back({{"invariant", invariant},
                    {"reason", options.free.subject.not_promised.at(invariant)},
                    {"times", broken.times},
                    {"runs", broken.runs},
                    {"seed", broken.seed},
                    {"what", broken.what}});
  }
  return list;
}

// What no run had needs not be judged: failures, faults, and what a command cannot be asked.
std::vector<std::string> never_judged(const ExplorationOptions& options, const ExplorationTotals& totals) {
  std::vector<std::string> never;
  for (const Invariant& invariant : all_invariants()) {
    const std::string id(invariant.id);
    const auto judged = totals.judged.find(id);
    if (judged != totals.judged.end() && judged->second != 0) continue;
    if (invariant.needs_built_in && options.free.subject.command) continue;
    if (id == "honest_errors" && totals.failures == 0) continue;
    if (id == "faults_were_played" && options.draw.fault_share == 0) continue;
    never.push_back(id);
  }
  return never;
}

}  // namespace

std::string verdict_line(const ExplorationOptions& options, const ExplorationTotals& totals) {
  const std::string done =
      fmt::format("{} runs, {} processes, {} gets", totals.runs, totals.processes, totals.successes + totals.failures);
  if (totals.runs == 0) return "nothing was judged: no run was completed\n";
  if (!totals.discoveries.empty()) {
    return fmt::format("VIOLATED: {} violations in {} of {} ({:.1f} s)\n", totals.violation_count(),
                       totals.discoveries.size(), done, totals.seconds);
  }
  return held_text(totals.judged, never_judged(options, totals), done, totals.seconds);
}

int status_of(const ExplorationOptions& options, const ExplorationTotals& totals, bool requires_judged) {
  const int judged = judged_status(totals.judged, never_judged(options, totals), requires_judged);
  const int otherwise = !totals.failure.empty() ? kCannotHere : totals.runs == 0 ? kUsage : judged;
  return exit_status(!totals.discoveries.empty(), totals.interrupted, otherwise);
}

std::string text_of(const ExplorationOptions& options, const ExplorationTotals& totals) {
  std::uint64_t model_bytes = 0;
  for (const Model& model : options.draw.models) model_bytes += model.bytes->size();
  std::string text;
  const auto row = [&text](std::string_view name, const std::string& value) {
    text += fmt::format("  {:<28}{:>14}\n", name, value);
  };
  text += fmt::format("{}: {} processes, {} models ({}), {}, faults on {:.0f} % of connections, seed {}\n\n",
                      options.free.subject.name, options.draw.processes, options.draw.models.size(),
                      bytes_text(model_bytes), options.draw.separate_directories ? "a directory each" : "one directory",
                      options.draw.fault_share * 100, options.seed);
  row("runs", std::to_string(totals.runs));
  row("processes reaped", std::to_string(totals.processes));
  const auto cpu = quantiles_of(totals.cpu_times);
  const auto milliseconds = [](std::chrono::nanoseconds time) {
    return fmt::format("{:.2f} ms", static_cast<double>(time.count()) / 1e6);
  };
  row("  CPU time, median", cpu ? milliseconds(cpu->p50) : "n/a");
  row("  CPU time, largest", cpu ? milliseconds(cpu->largest) : "n/a");
  row("  peak memory, largest", cpu ? bytes_text(totals.peak_memory_bytes) : "n/a");
  for (const auto& [reason, count] : totals.exits) row("  " + reason, std::to_string(count));
  row("gets succeeded", std::to_string(totals.successes));
  row("  of these hits (ledger)", std::to_string(totals.hits));
  row("gets failed", std::to_string(totals.failures));
  row("  explained by faults", std::to_string(totals.explained));
  row("connections", std::to_string(totals.connections));
  row("full bodies sent", std::to_string(totals.full_bodies));
  row("body bytes sent", bytes_text(totals.body_bytes_sent));
  text += "\nfaults met\n" + counts_text(totals.faults, "  ");
  text += "\ntimes judged\n" + counts_text(totals.judged, "  ") + "\n";
  return text + not_promised_text(options, totals);
}

std::string violation_text(const ExplorationTotals& totals, const std::string& command) {
  if (totals.discoveries.empty()) return "";
  const Discovery& first = totals.discoveries.front();
  std::string text = fmt::format("violated: {}: {}\n", first.violations[0].invariant, first.violations[0].what);
  text += fmt::format("plan:     {}\n", first.plan_file.empty() ? "could not be written" : first.plan_file);
  text += fmt::format("repeat:   {} --seed {} --runs 1   (the free world draws the same plan, not the same moves)\n",
                      command, first.seed);
  text += fmt::format("files:    {}\n", first.directory);
  std::size_t shown = 1;
  for (const Discovery& discovery : totals.discoveries) {
    for (std::size_t i = &discovery == &first ? 1 : 0; i < discovery.violations.size(); ++i) {
      if (++shown > kViolationsShownMax) break;
      text += fmt::format("also:     seed {}: {}: {}\n", discovery.seed, discovery.violations[i].invariant,
                          discovery.violations[i].what);
    }
  }
  const std::uint64_t count = totals.violation_count();
  if (count > kViolationsShownMax) text += fmt::format("and {} more\n", count - kViolationsShownMax);
  return text + "\n";
}

std::string json_of(const ExplorationOptions& options, const ExplorationTotals& totals) {
  ordered_json violations = ordered_json::array();
  for (const Discovery& discovery : totals.discoveries) {
    for (const Violation& violation : discovery.violations) {
      violations.push_back({{"invariant", violation.invariant},
                            {"what", violation.what},
                            {"plan", discovery.plan_file},
                            {"seed", discovery.seed},
                            {"files", discovery.directory},
                            {"step", nullptr}});
    }
  }
  const auto cpu = quantiles_of(totals.cpu_times);
  ordered_json drawn = totals.operations;
  for (const auto& [fault, count] : totals.faults) drawn[fault] = count;
  // The free world controls no steps: what it cannot measure is null.
  const ordered_json object = {{"world", "free"},
                               {"subject", options.free.subject.name},
                               {"plans", totals.runs},
                               {"schedules", totals.runs},
                               {"steps", nullptr},
                               {"processes", totals.processes},
                               {"seconds", totals.seconds},
                               {"violation_count", totals.violation_count()},
                               {"violations", std::move(violations)},
                               {"not_promised", not_promised_json(options, totals)},
                               {"trace_hash", nullptr},
                               {"seed", options.seed},
                               {"judged", totals.judged},
                               {"never_judged", never_judged(options, totals)},
                               {"drawn", std::move(drawn)},
                               {"exits", totals.exits},
                               {"cpu_seconds", cpu ? ordered_json(seconds_of(cpu->sum)) : ordered_json(nullptr)},
                               {"peak_memory_bytes", totals.peak_memory_bytes},
                               {"successes", totals.successes},
                               {"hits", totals.hits},
                               {"failures", totals.failures},
                               {"failures_explained", totals.explained},
                               {"connections", totals.connections},
                               {"full_bodies_sent", totals.full_bodies},
                               {"body_bytes_sent", totals.body_bytes_sent},
                               {"failure", totals.failure},
                               {"interrupted", totals.interrupted}};
  return object.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace stampede
