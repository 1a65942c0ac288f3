// Prints the benchmark (fmt, nlohmann_json).
#include "harness/cli/bench_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/cli/exit_statuses.h"
#include "harness/cli/table.h"
#include "harness/run/figures.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

// In the order in which a get goes through them; with short heads, since the table has to fit into 100 columns.
struct TimedOperation {
  const char* name;
  const char* head;
};
constexpr TimedOperation kOperations[] = {{"start", "ready"},  // from the start of the process until it is ready
                                          {"check", "check"},   {"lock wait", "lock"}, {"connect", "connect"},
                                          {"download", "body"}, {"verify", "verify"},  {"publish", "publish"},
                                          {"manifest", "list"}, {"back off", "pause"}};

std::string number(std::optional<double> value, int digits) {
  return value ? fmt::format("{:.{}f}", *value, digits) : "n/a";
}

double milliseconds_of(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e6; }

std::string milliseconds(const std::optional<Quantiles>& quantiles, std::chrono::nanoseconds Quantiles::* which) {
  if (!quantiles) return "n/a";
  const double value = milliseconds_of((*quantiles).*which);
  return fmt::format("{:.{}f}", value, value < 100 ? 2 : 0);
}

std::optional<Quantiles> operation_quantiles(const RowMeasures& row, const std::string& operation) {
  const auto samples = row.measures.times.find(operation);
  return samples == row.measures.times.end() ? std::nullopt : quantiles_of(samples->second);
}

std::string start_of(const RowMeasures& row) { return row.start ? std::string(name_of(*row.start)) : ""; }

std::string marked_name(const RowMeasures& row) { return row.name + (row.violations.empty() ? "" : "!"); }
std::string marked_name(const ScheduleRow& row) { return row.name + (row.violations == 0 ? "" : "!"); }

// By nearest rank.
std::optional<double> median_mebibytes(std::vector<std::uint64_t> bytes) {
  if (bytes.empty()) return std::nullopt;
  const auto middle = bytes.begin() + static_cast<std::ptrdiff_t>((bytes.size() - 1) / 2);
  std::nth_element(bytes.begin(), middle, bytes.end());
  return static_cast<double>(*middle) / (1 << 20);
}

Table outcome_table(const Benchmark& benchmark) {
  Table table(
      {"test name", "start", "duration", "procs", "procs/s", "hit ratio", "MB/s", "x start", "x copy", "x hash"});
  const auto add = [&](const RowMeasures& row) {
    table.add({marked_name(row), start_of(row), number(row.seconds, 4), std::to_string(row.processes),
               number(row.processes_per_second, 1), number(row.hit_ratio, 3),
               number(row.mb_per_second, row.mb_per_second > 1000 ? 0 : 1), number(row.ratio_to_start, 2),
               number(row.ratio_to_copy, 2), number(row.ratio_to_hash, 2)});
  };
  for (const RowMeasures& row : benchmark.rows) add(row);
  add(benchmark.total);
  return table;
}

Table process_table(const Benchmark& benchmark) {
  Table table({"test name", "start", "get p50", "p95", "p99", "cpu p50", "MiB p50", "fastest", "slowest", "well"});
  for (const RowMeasures& row : benchmark.rows) {
    const auto get = operation_quantiles(row, "get");
    std::uint64_t all = 0;
    for (const auto& [reason, count] : row.ends) all += count;
    const auto well = row.ends.find("exited");
    table.add({marked_name(row), start_of(row), milliseconds(get, &Quantiles::p50), milliseconds(get, &Quantiles::p95),
               milliseconds(get, &Quantiles::p99), milliseconds(quantiles_of(row.cpu_times), &Quantiles::p50),
               number(median_mebibytes(row.peak_memory_bytes), 1), number(row.seconds_min, 4),
               number(row.seconds_max, 4), fmt::format("{}/{}", well == row.ends.end() ? 0 : well->second, all)});
  }
  return table;
}

Table operation_table(const Benchmark& benchmark) {
  std::vector<std::string> head = {"p50 in ms", "start"};
  for (const TimedOperation& operation : kOperations) head.emplace_back(operation.head);
  Table table(head);
  for (const RowMeasures& row : benchmark.rows) {
    std::vector<std::string> cells = {marked_name(row), start_of(row)};
    for (const TimedOperation& operation : kOperations) {
      const auto quantiles = operation_quantiles(row, operation.name);
      cells.push_back(quantiles ? milliseconds(quantiles, &Quantiles::p50) : "-");
    }
    table.add(std::move(cells));
  }
  return table;
}

ordered_json json_of(std::optional<double> value) { return value ? ordered_json(*value) : ordered_json(nullptr); }

ordered_json json_of(const std::optional<Quantiles>& quantiles) {
  if (!quantiles) return nullptr;
  return {{"count", quantiles->count},
          {"p50_ms", milliseconds_of(quantiles->p50)},
          {"p95_ms", milliseconds_of(quantiles->p95)},
          {"p99_ms", milliseconds_of(quantiles->p99)},
          {"max_ms", milliseconds_of(quantiles->largest)},
          {"sum_ms", milliseconds_of(quantiles->sum)}};
}

ordered_json json_of(const RowMeasures& row) {
  ordered_json violations = ordered_json::array();
  for (const Violation& violation : row.violations) {
    violations.push_back({{"invariant", violation.invariant}, {"what", violation.what}});
  }
  ordered_json operations = ordered_json::object();
  for (const auto& [operation, samples] : row.measures.times) operations[operation] = json_of(quantiles_of(samples));
  ordered_json object = {{"name", row.name}, {"world", "free"}};
  if (row.start) object["start"] = name_of(*row.start);
  object.update({{"seconds", json_of(row.seconds)},
                 {"seconds_min", json_of(row.seconds_min)},
                 {"seconds_max", json_of(row.seconds_max)},
                 {"get_seconds", json_of(row.get_seconds)},
                 {"processes", row.processes},
                 {"runs", row.runs},
                 {"processes_per_second", json_of(row.processes_per_second)},
                 {"hit_ratio", json_of(row.hit_ratio)},
                 {"mb_per_second", json_of(row.mb_per_second)},
                 {"ratios",
                  {{"bare_start", json_of(row.ratio_to_start)},
                   {"bare_copy", json_of(row.ratio_to_copy)},
                   {"bare_hash", json_of(row.ratio_to_hash)}}},
                 {"gets_succeeded", row.gets_succeeded},
                 {"gets_failed", row.gets_failed},
                 {"wire_body_bytes", row.wire_body_bytes}});
  if (!row.start) return object;  // the total
  object.update({{"operations", std::move(operations)},
                 {"counts", row.measures.counts},
                 {"cpu", json_of(quantiles_of(row.cpu_times))},
                 {"peak_memory_mib_p50", json_of(median_mebibytes(row.peak_memory_bytes))},
                 {"ends", row.ends},
                 {"violations", std::move(violations)}});
  return object;
}

// What the rows of both controlled worlds have; free ones have other figures under the same names.
ordered_json schedules_json(const ScheduleRow& row, const char* world) {
  return {{"name", row.name},
          {"world", world},
          {"start", world},
          {"seconds", json_of(row.seconds)},
          {"seconds_min", json_of(row.seconds_min)},
          {"seconds_max", json_of(row.seconds_max)},
          {"processes", row.processes},
          {"runs", row.runs},
          {"processes_per_second", nullptr},
          {"hit_ratio", nullptr},
          {"mb_per_second", nullptr},
          {"schedules", row.schedules},
          {"steps", row.steps},
          {"schedules_per_second", json_of(row.schedules_per_second)},
          {"violation_count", row.violations}};
}

ordered_json json_of(const SimRow& row) {
  ordered_json object = schedules_json(row, "sim");
  object["steps_per_second"] = json_of(row.steps_per_second);
  object["ratios"] = {{"bare_steps", json_of(row.ratio_to_bare_steps)}};
  return object;
}

ordered_json json_of(const LiveRow& row) {
  ordered_json object = schedules_json(row, "live");
  object.update({{"decision_us_p50", json_of(row.decision_microseconds)},
                 {"strace_us_p50", json_of(row.strace_microseconds)},
                 {"commands", row.commands},
                 {"cpu_ms_per_schedule", json_of(row.cpu_milliseconds)},
                 {"ratios",
                  {{"bare_start", json_of(row.ratio_to_bare_starts)},
                   {"bare_start_of_plans", json_of(row.ratio_of_plans_to_bare_starts)},
                   {"bare_start_cpu", json_of(row.cpu_ratio_to_bare_starts)},
                   {"one_world", json_of(row.ratio_to_one_world)},
                   {"strace", json_of(quotient(row.decision_microseconds, row.strace_microseconds))}}},
                 {"uncontrolled", row.uncontrolled}});
  return object;
}

Table command_table(const std::vector<LiveRow>& rows) {
  Table table({"test name", "duration", "fastest", "slowest", "schedules", "schedules/s", "commands", "x start",
               "x plan", "cpu ms", "x cpu"});
  for (const LiveRow& row : rows) {
    table.add({marked_name(row), number(row.seconds, 3), number(row.seconds_min, 3), number(row.seconds_max, 3),
               std::to_string(row.schedules), number(row.schedules_per_second, 1), std::to_string(row.commands),
               number(row.ratio_to_bare_starts, 2), number(row.ratio_of_plans_to_bare_starts, 2),
               number(row.cpu_milliseconds, 2), number(row.cpu_ratio_to_bare_starts, 2)});
  }
  return table;
}

Table schedule_table(const std::vector<LiveRow>& rows) {
  Table table({"test name", "duration", "fastest", "slowest", "schedules", "schedules/s", "steps", "x start", "x one"});
  for (const LiveRow& row : rows) {
    const bool is_two = row.name.starts_with("live_two");
    table.add({marked_name(row), number(row.seconds, 3), number(row.seconds_min, 3), number(row.seconds_max, 3),
               std::to_string(row.schedules), number(row.schedules_per_second, 0), std::to_string(row.steps),
               is_two ? "-" : number(row.ratio_to_bare_starts, 2), is_two ? number(row.ratio_to_one_world, 2) : "-"});
  }
  return table;
}

Table decision_table(const std::vector<LiveRow>& rows) {
  Table table({"test name", "duration", "calls", "decision us", "strace us", "x strace"});
  for (const LiveRow& row : rows) {
    table.add({marked_name(row), number(row.seconds, 3), std::to_string(row.steps),
               number(row.decision_microseconds, 1), number(row.strace_microseconds, 1),
               number(quotient(row.decision_microseconds, row.strace_microseconds), 2)});
  }
  return table;
}

// "all" where there are rows of more than one.
std::string world_of(const BenchRows& rows) {
  const bool is_sim = !rows.sim.empty(), is_live = !rows.live.empty();
  if (rows.free.rows.empty() && is_sim != is_live) return is_sim ? "sim" : "live";
  return is_sim || is_live ? "all" : "free";
}

// Of which something is known.
std::uint64_t runs_of(const BenchRows& rows) {
  std::uint64_t runs = rows.free.total.runs;
  for (const SimRow& row : rows.sim) runs += row.runs;
  for (const LiveRow& row : rows.live) {
    if (row.uncontrolled < row.runs * std::max<std::uint64_t>(row.schedules, 1)) runs += row.runs;
  }
  return runs;
}

}  // namespace

const char* const kBenchColumns =
    "Every scenario runs N times (--runs), in new directories, its processes started and then held at a\n"
    "barrier. Figures are medians over the runs; n/a is what could not be measured, - what did not happen.\n"
    "'!' marks a row with a violation. First table:\n"
    "  start       exec: the program is executed for each process; fork: a warm zygote of it forks them\n"
    "  duration    seconds from before the first start to the last exit\n"
    "  procs       processes of one run\n"
    "  procs/s     processes that were reaped, ended well and reported / duration\n"
    "  hit ratio   gets that caused no request in the server's ledger / gets that succeeded\n"
    "  MB/s        10^6 bytes that gets delivered / seconds from the barrier to the end of the last get;\n"
    "              one download serves many, and a hit costs none, so it can exceed what a connection\n"
    "              carries\n"
    "Bounds, measured after each run; a ratio is bound / measured, so 1.00 is the bound itself:\n"
    "  x start     seconds to start as many processes that end at once, and to reap them (exec: the same\n"
    "              program, posix_spawn; fork: the same zygote) / duration\n"
    "  x copy      seconds to receive all bytes that must be downloaded, over bare loopback connections,\n"
    "              one after the other / seconds from the barrier to the end of the last get\n"
    "  x hash      seconds of SHA-256 over these bytes / the same\n"
    "TOTAL/AVERAGE: sums of durations and processes, quotients of sums, means of the ratios.\n"
    "Second table: times of one get in ms (median, 95th and 99th percentile over all processes and runs),\n"
    "CPU time in ms and peak memory of a process as the kernel counts them (a fork's includes what it\n"
    "shares with the zygote), shortest and longest duration of a run in s, and how many processes exited\n"
    "/ were started.\n"
    "Third table: medians of what a process went through, timed inside it with the machine's monotonic\n"
    "clock: ready is from before it was started until it waited at the barrier, lock waiting for a lock,\n"
    "body the download, list the manifest, pause what lies between two attempts.\n"
    "Fourth table, the simulated world, on one thread: schedules that were run and judged, epilogues\n"
    "included, per second; steps of one run per second; and\n"
    "  x steps     seconds of a world that takes as many steps, each a reading of its clock, watched by\n"
    "              nobody / duration\n"
    "Fifth table, the live world, real processes on one core: the reset of the directory and the judge\n"
    "are in it;\n"
    "  x start     seconds to fork as many processes from the same zygote, which end at once, and to\n"
    "              reset as many directories / duration\n"
    "  x one       schedules per second of two worlds on a core each / of one\n"
    "Sixth table, executed commands in the live world, on one core, with reset, judge and epilogue:\n"
    "  commands    of one schedule: a get of each process, and the epilogue's\n"
    "  x start     seconds to run the command of a get as often, one after the other on the same core,\n"
    "              unsupervised, in a directory that has the model: a start, and a hit / duration\n"
    "  x plan      the same without epilogues: as often as the plan has processes / duration less the\n"
    "              epilogues'\n"
    "  cpu ms      CPU time of a schedule, of the supervisor and all processes, user and system\n"
    "  x cpu       CPU time of the same bare commands / the schedule's\n"
    "Last table: from one step of a process to its next, at the median, and the same call of a process\n"
    "that strace -f --seccomp-bpf follows; x strace is the first / the second.\n";

std::string text_of(const Benchmark& benchmark, TableStyle style) {
  std::string text;
  for (const Table& table : {outcome_table(benchmark), process_table(benchmark), operation_table(benchmark)}) {
    text += (text.empty() ? "" : "\n") + (style == TableStyle::text ? table.text() : table.markdown());
  }
  return text;
}

std::string text_of(const std::vector<SimRow>& rows, TableStyle style) {
  if (rows.empty()) return "";
  Table table({"test name", "duration", "fastest", "slowest", "schedules", "schedules/s", "steps/s", "x steps"});
  for (const SimRow& row : rows) {
    table.add({marked_name(row), number(row.seconds, 4), number(row.seconds_min, 4), number(row.seconds_max, 4),
               std::to_string(row.schedules), number(row.schedules_per_second, 0), number(row.steps_per_second, 0),
               number(row.ratio_to_bare_steps, 2)});
  }
  return style == TableStyle::text ? table.text() : table.markdown();
}

std::string text_of(const std::vector<LiveRow>& rows, TableStyle style) {
  std::vector<LiveRow> schedules, commands, decisions;
  for (const LiveRow& row : rows)
    (row.commands > 0 ? commands : row.schedules > 0 ? schedules : decisions).push_back(row);
  std::string text;
  const auto print = [&](const std::vector<LiveRow>& some, Table (*table_of)(const std::vector<LiveRow>&)) {
    if (some.empty()) return;
    const Table table = table_of(some);
    text += (text.empty() ? "" : "\n") + (style == TableStyle::text ? table.text() : table.markdown());
  };
  print(schedules, schedule_table);
  print(commands, command_table);
  print(decisions, decision_table);
  return text;
}

bool all_held(const BenchRows& rows) {
  const auto held = [](const auto& row) { return row.violations == 0; };
  return rows.free.holds() && std::all_of(rows.sim.begin(), rows.sim.end(), held) &&
         std::all_of(rows.live.begin(), rows.live.end(), held);
}

int status_of(const BenchRows& rows) {
  const int otherwise = runs_of(rows) == 0 ? kCannotHere : kAllHeld;
  return combined(exit_status(!all_held(rows), rows.free.interrupted, otherwise), rows.hindrance);
}

std::string verdict_of(const BenchRows& rows) {
  const Benchmark& benchmark = rows.free;
  std::string text;
  std::size_t violations = 0;
  const std::uint64_t runs = runs_of(rows);
  const auto count = [&](const auto& row) {
    violations += row.violations;
    if (row.violations != 0) text += fmt::format("violated: {}: {} times\n", row.name, row.violations);
  };
  std::for_each(rows.sim.begin(), rows.sim.end(), count);
  std::for_each(rows.live.begin(), rows.live.end(), count);
  for (const LiveRow& row : rows.live) {
    if (row.uncontrolled != 0) text += fmt::format("uncontrolled: {}: {} times\n", row.name, row.uncontrolled);
  }
  for (const RowMeasures& row : benchmark.rows) {
    violations += row.violations.size();
    for (const Violation& violation : row.violations) {
      text += fmt::format("violated: {} {}: {}: {}\n", row.name, start_of(row), violation.invariant, violation.what);
    }
    for (const std::string& directory : row.kept_directories) text += fmt::format("files:    {}\n", directory);
  }
  if (runs == 0 && violations == 0) return text + "nothing was judged: no run was completed\n";
  const char* const end = benchmark.interrupted ? ", then interrupted" : "";
  return text + (violations == 0 ? fmt::format("all held: 0 violations in {} runs{}\n", runs, end)
                                 : fmt::format("VIOLATED: {} violations in {} runs{}\n", violations, runs, end));
}

std::string json_of(const BenchRows& measured) {
  const Benchmark& benchmark = measured.free;
  ordered_json rows = ordered_json::array();
  for (const RowMeasures& row : benchmark.rows) rows.push_back(json_of(row));
  for (const SimRow& row : measured.sim) rows.push_back(json_of(row));
  for (const LiveRow& row : measured.live) rows.push_back(json_of(row));
  const ordered_json object = {
      {"world", world_of(measured)}, {"subject", "modelcache"},           {"runs_per_row", benchmark.runs_per_row},
      {"rows", std::move(rows)},     {"total", json_of(benchmark.total)}, {"interrupted", benchmark.interrupted}};
  return object.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace stampede
