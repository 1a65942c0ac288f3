// Puts the searches of each mutant together.
#include "harness/cli/mutants_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <system_error>

#include "harness/cli/exit_statuses.h"
#include "harness/cli/table.h"
#include "harness/plan/plan_json.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

// Of one mutant's searches that are over.
struct Row {
  std::string name;
  std::size_t searches = 0, killed = 0, shrunk = 0, proven = 0;
  // Medians of those that killed, and of those that were shrunk.
  double plans = 0, schedules = 0, seconds = 0, processes = 0, switches = 0, replays = 0;
  std::uint64_t plans_max = 0;
  std::string invariant, strategy;  // the most frequent ones
  std::uint64_t plans_in_vain = 0;  // of those that did not
};

// 0 of none.
double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

std::string most_frequent(const std::map<std::string, int>& counts) {
  const auto most = std::max_element(counts.begin(), counts.end(),
                                     [](const auto& one, const auto& other) { return one.second < other.second; });
  return most == counts.end() ? "" : most->first;
}

Row row_of(const std::string& name, std::span<const MutantSearch> searches) {
  Row row;
  row.name = name;
  std::vector<double> plans, schedules, seconds, processes, switches, replays;
  std::map<std::string, int> invariants, strategies;
  for (const MutantSearch& search : searches) {
    if (!search.is_over) continue;
    ++row.searches;
    if (!search.is_killed) {
      row.plans_in_vain += search.plans;
      continue;
    }
    ++row.killed;
    plans.push_back(static_cast<double>(search.plans));
    schedules.push_back(static_cast<double>(search.schedules));
    seconds.push_back(search.seconds);
    row.plans_max = std::max(row.plans_max, search.plans);
    ++invariants[search.violation.invariant];
    ++strategies[search.strategy];
    if (!search.shrunk) continue;
    ++row.shrunk;
    if (search.is_proven) ++row.proven;
    processes.push_back(static_cast<double>(search.shrunk->plan.processes.size()));
    switches.push_back(static_cast<double>(search.shrunk->plan.schedule.switches.size()));
    replays.push_back(static_cast<double>(search.shrunk->replays));
  }
  row.plans = median(plans);
  row.schedules = median(schedules);
  row.seconds = median(seconds);
  row.processes = median(processes);
  row.switches = median(switches);
  row.replays = median(replays);
  row.invariant = most_frequent(invariants);
  row.strategy = most_frequent(strategies);
  return row;
}

std::span<const MutantSearch> searches_of(const MutantsReport& report, std::size_t mutant) {
  const std::size_t each = report.searches.size() / report.mutants.size();
  return std::span(report.searches).subspan(mutant * each, each);
}

std::vector<Row> rows_of(const MutantsReport& report) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < report.mutants.size(); ++i) {
    rows.push_back(row_of(report.mutants[i].name, searches_of(report, i)));
  }
  return rows;
}

// What else has to be known of searches: where the good cache failed, and what was not judged.
std::string remarks(const MutantsReport& report) {
  std::string text;
  std::uint64_t uncontrolled = 0, fleeting = 0;
  for (const MutantSearch& search : report.searches) {
    uncontrolled += search.uncontrolled;
    fleeting += search.fleeting;
    if (search.good_breaks.empty()) continue;
    text += fmt::format("THE GOOD CACHE breaks {}\n  on a plan that was drawn for {}, seeds from {}\n",
                        search.good_breaks, search.mutant, search.seed);
  }
  if (uncontrolled > 0) text += fmt::format("{} plans were uncontrolled, and not judged\n", uncontrolled);
  if (fleeting > 0) text += fmt::format("{} violations did not come again, and are no kill\n", fleeting);
  return text;
}

ordered_json shrunk_json(const MutantSearch& search) {
  if (!search.shrunk) return nullptr;
  return {{"processes", search.shrunk->plan.processes.size()},
          {"switches", search.shrunk->plan.schedule.switches.size()},
          {"replays", search.shrunk->replays},
          {"proven", search.is_proven},
          {"fixed_point", search.shrunk->is_fixed_point}};
}

const Plan& smallest_of(const MutantSearch& search) { return search.shrunk ? search.shrunk->plan : search.plan; }

// The searches to keep: for each invariant the one with the fewest switches.
std::map<std::string, const MutantSearch*> smallest_kills(std::span<const MutantSearch> searches) {
  std::map<std::string, const MutantSearch*> smallest;
  for (const MutantSearch& search : searches) {
    if (!search.is_killed) continue;
    const MutantSearch*& best = smallest[search.violation.invariant];
    const auto size = [](const MutantSearch& each) { return smallest_of(each).schedule.switches.size(); };
    if (best == nullptr || size(search) < size(*best)) best = &search;
  }
  return smallest;
}

}  // namespace

bool MutantsReport::all_killed() const {
  return !searches.empty() && std::all_of(searches.begin(), searches.end(), [](const MutantSearch& search) {
    return search.is_killed && search.good_breaks.empty();
  });
}

int status_of(const MutantsReport& report) {
  bool has_survivor = false, is_known = false;
  for (const MutantSearch& search : report.searches) {
    has_survivor |= !search.good_breaks.empty() || (search.is_over && !search.is_killed);
    is_known |= !search.good_breaks.empty() || !search.is_over || search.uncontrolled < search.schedules;
  }
  return exit_status(has_survivor && is_known, report.interrupted, is_known ? kAllHeld : kCannotHere);
}

std::string text_of(const MutantsReport& report) {
  std::string text =
      fmt::format("mutants in {}, strategy {}, seed {}, at most {} plans a search{}\n\n", report.world, report.strategy,
                  report.seed, report.runs, report.skew > 0 ? fmt::format(", skew {}", report.skew) : "");
  const std::vector<Row> rows = rows_of(report);
  Table table({"mutant", "found", "plans", "s", "invariant", "by"});
  std::size_t killed = 0;
  bool is_shrunk = false;
  for (const Row& row : rows) {
    const std::string found = fmt::format("{}/{}", row.killed, row.searches);
    if (row.killed == row.searches && row.searches > 0) ++killed;
    is_shrunk = is_shrunk || row.shrunk > 0;
    if (row.killed == 0) {
      table.add({row.name, found, fmt::format(">{}", row.plans_in_vain), "", row.searches > 0 ? "SURVIVED" : "", ""});
    } else {
      table.add({row.name, found, fmt::format("{:g}", row.plans),
                 fmt::format("{:.{}f}", row.seconds, row.seconds < 10 ? 1 : 0), row.invariant, row.strategy});
    }
  }
  text += table.text() + "\n";
  if (is_shrunk) {
    Table sizes({"shrunk", "of", "processes", "switches", "replays", "proven"});
    for (const Row& row : rows) {
      sizes.add({row.name, fmt::format("{}/{}", row.shrunk, row.killed), fmt::format("{:g}", row.processes),
                 fmt::format("{:g}", row.switches), fmt::format("{:g}", row.replays),
                 fmt::format("{}/{}", row.proven, row.shrunk)});
    }
    text += sizes.text() + "\n";
  }
  return text + remarks(report) +
         fmt::format("{} of {} mutants found by every search\n", killed, report.mutants.size());
}

std::string json_of(const MutantsReport& report) {
  ordered_json list = ordered_json::array();
  const std::vector<Row> rows = rows_of(report);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    const bool is_found = row.killed > 0;
    ordered_json searches = ordered_json::array();
    for (const MutantSearch& search : searches_of(report, i)) {
      if (!search.is_over) continue;
      searches.push_back({{"seed", search.seed},
                          {"killed", search.is_killed},
                          {"plans", search.plans},
                          {"seconds", search.seconds},
                          {"invariant", search.is_killed ? ordered_json(search.violation.invariant) : ordered_json()},
                          {"strategy", search.is_killed ? ordered_json(search.strategy) : ordered_json()},
                          {"schedules", search.schedules},
                          {"shrunk", shrunk_json(search)},
                          {"uncontrolled", search.uncontrolled},
                          {"fleeting", search.fleeting},
                          {"good_breaks", search.good_breaks}});
    }
    list.push_back({{"name", row.name},
                    {"killed", is_found && row.killed == row.searches},
                    {"plans", is_found ? ordered_json(row.plans) : ordered_json()},
                    {"seconds", is_found ? ordered_json(row.seconds) : ordered_json()},
                    {"invariant", is_found ? ordered_json(row.invariant) : ordered_json()},
                    {"strategy", is_found ? ordered_json(row.strategy) : ordered_json()},
                    {"plans_max", row.plans_max},
                    {"schedules", is_found ? ordered_json(row.schedules) : ordered_json()},
                    {"processes", row.shrunk > 0 ? ordered_json(row.processes) : ordered_json()},
                    {"switches", row.shrunk > 0 ? ordered_json(row.switches) : ordered_json()},
                    {"replays", row.shrunk > 0 ? ordered_json(row.replays) : ordered_json()},
                    {"proven", row.proven},
                    {"searches", std::move(searches)}});
  }
  const ordered_json object = {{"world", report.world},
                               {"strategy", report.strategy},
                               {"seed", report.seed},
                               {"runs", report.runs},
                               {"skew", report.skew},
                               {"mutants", std::move(list)},
                               {"all_killed", report.all_killed()},
                               {"interrupted", report.interrupted}};
  return object.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

modelcache::Result<void> save_killers(const MutantsReport& report, const std::string& out) {
  std::error_code error;
  std::filesystem::create_directories(out, error);
  for (std::size_t i = 0; i < report.mutants.size(); ++i) {
    for (const auto& [invariant, found] : smallest_kills(searches_of(report, i))) {
      Plan plan = smallest_of(*found);
      plan.note.why = found->violation.invariant + ": " + found->violation.what;
      plan.note.found_by =
          fmt::format("stampede mutants {} --world {} --strategy {} --seed {} --runs {}{}{}", found->mutant,
                      report.world, report.strategy, found->seed, report.runs,
                      report.skew > 0 ? fmt::format(" --skew {}", report.skew) : "", found->shrunk ? " --shrink" : "");
      plan.note.expect = "holds";
      plan.note.kills = {found->mutant};
      plan.note.trace_hash.clear();
      const auto path = std::filesystem::path(out) / fmt::format("{}-{}.json", found->mutant, invariant);
      if (!save_plan(plan, path)) {
        return modelcache::fail(modelcache::ErrorCode::io, "save plan", path.string(), "cannot be written");
      }
    }
  }
  return {};
}

}  // namespace stampede
