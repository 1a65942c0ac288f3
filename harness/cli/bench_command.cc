// Runs the benchmark and prints its table.
#include "harness/cli/bench_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "harness/cli/exit_statuses.h"
#include "harness/cli/model_options.h"
#include "harness/free/posix_crew.h"
#include "harness/free/posix_interrupt.h"
#include "harness/run/benchmark.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

constexpr const char* kColumns =
    "Every process of a row gets the same model from a new, shared directory, started together, without faults.\n"
    "Medians over the runs; n/a is what could not be measured. A row with a violation is marked with '!'.\n"
    "  duration    seconds from before the first start to the last exit\n"
    "  procs       processes of one run, all started and reaped\n"
    "  procs/s     procs / duration\n"
    "  hit ratio   gets that caused no request in the server's ledger / gets that succeeded\n"
    "  MB/s        10^6 bytes that gets delivered to processes / seconds from the barrier to the end of the last get;\n"
    "              one download serves many, so it can exceed what a connection carries\n"
    "Ratios to what was measured bare in the same run (1.00 would be the bound itself):\n"
    "  of start    seconds to start and end as many of the same program that do nothing / duration\n"
    "  of copy     seconds for one loopback copy and one SHA-256 of the model / seconds from the barrier to the end\n"
    "              of the last get\n"
    "TOTAL/AVERAGE: sums of durations and processes, quotients of sums, means of the ratios.\n\n"
    "Examples:\n"
    "  stampede bench --runs 5\n"
    "  stampede bench --models generated:1MiB,64MiB --json > bench.json";

struct BenchArguments {
  ModelOptions models;
  BenchmarkOptions benchmark;
  bool is_json = false;
};

std::string number(std::optional<double> value, int digits) {
  return value ? fmt::format("{:.{}f}", *value, digits) : "n/a";
}

std::string line(const RowMeasures& row) {
  return fmt::format("{:<25}{}{:>9}{:>7}{:>10}{:>11}{:>11}{:>11}{:>11}\n", row.name, row.violations.empty() ? " " : "!",
                     number(row.seconds, 4), row.processes, number(row.processes_per_second, 1),
                     number(row.hit_ratio, 3), number(row.mb_per_second, 1), number(row.ratio_to_bare_start, 2),
                     number(row.ratio_to_copy_and_hash, 2));
}

std::string text_of(const Benchmark& benchmark) {
  std::string text = fmt::format("{:<26}{:>9}{:>7}{:>10}{:>11}{:>11}{:>11}{:>11}\n", "test name", "duration", "procs",
                                 "procs/s", "hit ratio", "MB/s", "of start", "of copy");
  for (const RowMeasures& row : benchmark.rows) text += line(row);
  text += line(benchmark.total);
  std::size_t violations = 0;
  for (const RowMeasures& row : benchmark.rows) {
    violations += row.violations.size();
    for (const Violation& violation : row.violations) {
      text += fmt::format("violated: {}: {}: {}\n", row.name, violation.invariant, violation.what);
    }
    for (const std::string& directory : row.kept_directories) text += fmt::format("files:    {}\n", directory);
  }
  text += benchmark.holds() ? fmt::format("all held: 0 violations in {} runs\n", benchmark.total.runs)
                            : fmt::format("VIOLATED: {} violations in {} runs\n", violations, benchmark.total.runs);
  return text;
}

ordered_json json_of(std::optional<double> value) { return value ? ordered_json(*value) : ordered_json(nullptr); }

ordered_json json_of(const RowMeasures& row) {
  ordered_json violations = ordered_json::array();
  for (const Violation& violation : row.violations) {
    violations.push_back({{"invariant", violation.invariant}, {"what", violation.what}});
  }
  return {{"name", row.name},
          {"seconds", json_of(row.seconds)},
          {"get_seconds", json_of(row.get_seconds)},
          {"processes", row.processes},
          {"runs", row.runs},
          {"processes_per_second", json_of(row.processes_per_second)},
          {"hit_ratio", json_of(row.hit_ratio)},
          {"mb_per_second", json_of(row.mb_per_second)},
          {"ratios",
           {{"bare_start", json_of(row.ratio_to_bare_start)}, {"copy_and_hash", json_of(row.ratio_to_copy_and_hash)}}},
          {"violations", std::move(violations)}};
}

std::string json_of(const Benchmark& benchmark) {
  ordered_json rows = ordered_json::array();
  for (const RowMeasures& row : benchmark.rows) rows.push_back(json_of(row));
  const ordered_json object = {{"world", "free"},
                               {"subject", "modelcache"},
                               {"rows", std::move(rows)},
                               {"total", json_of(benchmark.total)},
                               {"interrupted", benchmark.interrupted}};
  return object.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

int bench(BenchArguments& arguments) {
  int status = kAllHeld;
  const std::vector<Model> models = chosen_models(arguments.models, status);
  if (status != kAllHeld) return status;
  raise_descriptor_limit();
  const PosixInterrupt interrupt;
  arguments.benchmark.free.interrupt_descriptor = interrupt.descriptor();
  const bool is_watched = is_terminal(2);
  const modelcache::Result<Benchmark> benchmark =
      run_benchmark(standard_rows(models), arguments.benchmark, [&](const std::string& what) {
        if (is_watched) std::fprintf(stderr, "\r\033[K%s ", what.c_str());
      });
  if (is_watched) std::fputs("\r\033[K", stderr);
  if (!benchmark) {
    std::fprintf(stderr, "stampede: %s\n", benchmark.error().message().c_str());
    return kCannotHere;
  }
  std::fputs((arguments.is_json ? json_of(*benchmark) : text_of(*benchmark)).c_str(), stdout);
  if (benchmark->interrupted) {
    std::fputs("interrupted: this is what was done before\n", stderr);
    return kInterrupted;
  }
  return benchmark->holds() ? kAllHeld : kViolated;
}

}  // namespace

void add_bench_command(CLI::App& app, int& exit_status) {
  CLI::App* const command = app.add_subcommand("bench", "measure processes that share the cache");
  const auto arguments = std::make_shared<BenchArguments>();
  add_model_options(*command, arguments->models);
  command->add_option("--runs", arguments->benchmark.runs, "runs of each row")
      ->type_name("N")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command->add_flag("--json", arguments->is_json, "one JSON object on standard output");
  command->footer(kColumns);
  command->callback([arguments, &exit_status] { exit_status = bench(*arguments); });
}

}  // namespace stampede
