// Reads the options, runs the benchmark, prints and saves its tables.
#include "harness/cli/bench_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <utility>

#include "harness/cli/bench_report.h"
#include "harness/cli/exit_statuses.h"
#include "harness/cli/model_options.h"
#include "harness/cli/subcommand.h"
#include "harness/free/posix_interrupt.h"
#include "harness/free/posix_limits.h"

namespace stampede {
namespace {

struct BenchArguments {
  ModelOptions models;
  BenchmarkOptions benchmark;
  std::vector<std::string> scenarios;  // those whose names begin with one of these
  std::string start = "both";
  std::string world = "all";
  std::string save;
  bool is_json = false;
  bool is_markdown = false;
};

int refuse(const std::string& message, int status) {
  std::fprintf(stderr, "stampede: %s\n", message.c_str());
  return status;
}

// A temporary beside it first, so that an earlier file is whole or replaced.
bool save(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".new";
  std::ofstream file(temporary);
  file << text;
  file.close();
  if (file && std::rename(temporary.c_str(), path.c_str()) == 0) return true;
  std::remove(temporary.c_str());
  return false;
}

int report(const BenchArguments& arguments, const Benchmark& benchmark, const std::vector<SimRow>& sim_rows) {
  const TableStyle style = arguments.is_markdown ? TableStyle::markdown : TableStyle::text;
  std::string tables = benchmark.rows.empty() ? "" : text_of(benchmark, style);
  if (!tables.empty() && !sim_rows.empty()) tables += "\n";
  tables += text_of(sim_rows, style) + (arguments.is_markdown ? "\n" : "");
  const std::string verdict = verdict_of(benchmark, sim_rows);
  const bool holds = benchmark.holds() && std::all_of(sim_rows.begin(), sim_rows.end(),
                                                      [](const SimRow& row) { return row.violations == 0; });
  std::fputs((arguments.is_json ? json_of(benchmark, sim_rows) : tables + verdict).c_str(), stdout);
  if (arguments.is_json && !holds) std::fputs(verdict.c_str(), stderr);
  if (!arguments.save.empty() && !save(arguments.save, json_of(benchmark, sim_rows))) {
    return refuse("--save " + arguments.save + ": could not be written", kUsage);
  }
  if (benchmark.interrupted) {
    std::fputs("interrupted: this is what was done before\n", stderr);
    return kInterrupted;
  }
  return holds ? kAllHeld : kViolated;
}

bool names_sim_scenario(const std::vector<std::string>& chosen) {
  const auto names = sim_scenario_names();
  const auto is_named = [&](const std::string& prefix) {
    return std::any_of(names.begin(), names.end(), [&](const auto& name) { return name.first.starts_with(prefix); });
  };
  return chosen.empty() || std::any_of(chosen.begin(), chosen.end(), is_named);
}

int bench(BenchArguments& arguments) {
  int status = kAllHeld;
  const std::vector<Model> models = chosen_models(arguments.models, status);
  if (status != kAllHeld) return status;
  const bool is_free = arguments.world != "sim", is_sim = arguments.world != "free";
  std::vector<Scenario> scenarios;
  if (is_free) scenarios = make_scenarios(arguments.scenarios, models);
  if (scenarios.empty() && !(is_sim && names_sim_scenario(arguments.scenarios))) {
    return refuse("--scenario: no scenario begins so; `stampede bench --help` lists them", kUsage);
  }
  std::size_t processes = 0;
  for (const Scenario& scenario : scenarios) processes = std::max(processes, scenario.processes);
  if (const auto possible = check_limits(processes); !possible) {
    return refuse(possible.error().message(), kCannotHere);
  }
  if (arguments.start == "exec") arguments.benchmark.starts = {StartMode::exec};
  if (arguments.start == "fork") arguments.benchmark.starts = {StartMode::fork};
  const PosixInterrupt interrupt;
  arguments.benchmark.free.interrupt_descriptor = interrupt.descriptor();
  const bool is_watched = is_terminal(2);
  const auto progress = [&](const std::string& what) {
    if (is_watched) std::fprintf(stderr, "\r\033[K%s ", what.c_str());
  };
  modelcache::Result<Benchmark> benchmark = Benchmark{};
  if (!scenarios.empty()) benchmark = run_benchmark(scenarios, arguments.benchmark, progress);
  std::vector<SimRow> sim_rows;
  if (benchmark && is_sim) {
    sim_rows = run_sim_benchmark(
        arguments.scenarios, arguments.benchmark.runs, [&interrupt] { return interrupt.happened(); }, progress);
    benchmark->interrupted |= interrupt.happened();
  }
  if (is_watched) std::fputs("\r\033[K", stderr);
  if (!benchmark) return refuse(benchmark.error().message(), kCannotHere);
  return report(arguments, *benchmark, sim_rows);
}

std::string footer() {
  std::string text = kBenchColumns;
  text += "Scenarios:\n";
  for (const auto& [name, what] : scenario_names()) text += fmt::format("  {:<24} {}\n", name, what);
  for (const auto& [name, what] : sim_scenario_names()) text += fmt::format("  {:<24} {}\n", name, what);
  return text +
         "Examples:\n"
         "  stampede bench --runs 3\n"
         "  stampede bench --scenario warm_hits --start fork --runs 11\n"
         "  stampede bench --models onnx:4 --scenario small --scenario medium --save before.json\n"
         "Exit status: 0 all held, 1 a violation, 2 usage or a file that cannot be written, 3 this machine\n"
         "cannot do it, 130 interrupted.";
}

}  // namespace

void add_bench_command(CLI::App& app, int& exit_status) {
  Subcommand command(app, "bench", "measure processes that share the cache");
  const auto arguments = std::make_shared<BenchArguments>();
  add_model_options(command, arguments->models);
  command.option("--scenario", arguments->scenarios, "only those whose names begin so; may be repeated")
      .type_name("NAME")
      .one_value_each();
  command.option("--world", arguments->world, "rows of the free world, of the simulated one, or all")
      .one_of({"free", "sim", "all"})
      .shows_default();
  command.option("--start", arguments->start, "how processes are started; both: side by side")
      .one_of({"exec", "fork", "both"})
      .shows_default();
  command.option("--runs", arguments->benchmark.runs, "runs of each row")
      .type_name("N")
      .within(1, 100'000)
      .shows_default();
  command.option("--save", arguments->save, "the JSON object goes into this file as well").type_name("FILE");
  const SubcommandOption json = command.flag("--json", arguments->is_json, "one JSON object on standard output");
  command.flag("--markdown", arguments->is_markdown, "the tables as Markdown").excludes(json);
  command.footer(footer());
  command.run([arguments, &exit_status] { exit_status = bench(*arguments); });
}

}  // namespace stampede
