// Reads the options, runs the benchmark, prints and saves its tables.
#include "harness/cli/bench_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "harness/cli/bench_report.h"
#include "harness/cli/exit_statuses.h"
#include "harness/cli/model_options.h"
#include "harness/cli/subcommand.h"
#include "harness/cli/subject_option.h"
#include "harness/cli/subject_world.h"
#include "harness/free/posix_interrupt.h"
#include "harness/free/posix_limits.h"
#include "harness/run/subject_catalogue.h"

namespace stampede {
namespace {

// For a program that is not this one and starts it.
std::string own_program_path() {
  std::error_code error;
  const auto path = std::filesystem::read_symlink(kOwnProgram, error);
  return error ? std::string(kOwnProgram) : path.string();
}

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

int report(const BenchArguments& arguments, BenchRows rows) {
  const TableStyle style = arguments.is_markdown ? TableStyle::markdown : TableStyle::text;
  std::string tables;
  for (const std::string& table :
       {rows.free.rows.empty() ? "" : text_of(rows.free, style), text_of(rows.sim, style), text_of(rows.live, style)}) {
    if (!tables.empty() && !table.empty()) tables += "\n";
    tables += table;
  }
  if (arguments.is_markdown) tables += "\n";
  const std::string verdict = verdict_of(rows);
  std::fputs((arguments.is_json ? json_of(rows) : tables + verdict).c_str(), stdout);
  if (arguments.is_json && !all_held(rows)) std::fputs(verdict.c_str(), stderr);
  tell_interrupt(rows.free.interrupted);
  if (!arguments.save.empty() && !save(arguments.save, json_of(rows))) {
    rows.hindrance = combined(rows.hindrance, refuse("--save " + arguments.save + ": could not be written"));
  }
  return status_of(rows);
}

bool names_one(const std::vector<std::string>& chosen, const std::vector<std::pair<std::string, std::string>>& names) {
  const auto is_named = [&](const std::string& prefix) {
    return std::any_of(names.begin(), names.end(), [&](const auto& name) { return name.first.starts_with(prefix); });
  };
  return chosen.empty() || std::any_of(chosen.begin(), chosen.end(), is_named);
}

LiveBenchmarkPrograms live_programs() {
  return {built_in_zygote(),
          {kOwnProgram, "live-calls-zygote"},
          own_program_path(),
          command_zygote(),
          shipped_subjects_directory()};
}

int bench(BenchArguments& arguments) {
  int status = kAllHeld;
  const std::vector<Model> models = chosen_models(arguments.models, status);
  if (status != kAllHeld) return status;
  const auto is_world = [&](std::string_view name) { return arguments.world == name || arguments.world == "all"; };
  const bool is_free = is_world("free");
  const bool is_sim = is_world("sim") && names_one(arguments.scenarios, sim_scenario_names());
  const bool is_live = is_world("live") && names_one(arguments.scenarios, live_scenario_names());
  std::vector<Scenario> scenarios;
  if (is_free) scenarios = make_scenarios(arguments.scenarios, models);
  if (scenarios.empty() && !is_sim && !is_live) {
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
  const std::function<bool()> is_interrupted = [&interrupt] { return interrupt.happened(); };
  modelcache::Result<Benchmark> benchmark = Benchmark{};
  if (!scenarios.empty()) benchmark = run_benchmark(scenarios, arguments.benchmark, progress);
  BenchRows rows;
  if (benchmark && is_sim) {
    rows.sim = run_sim_benchmark(arguments.scenarios, arguments.benchmark.runs, is_interrupted, progress);
  }
  LiveBenchmark live;
  if (benchmark && is_live) {
    live = run_live_benchmark(arguments.scenarios, arguments.benchmark.runs, live_programs(), is_interrupted, progress);
  }
  if (is_watched) std::fputs("\r\033[K", stderr);
  if (!benchmark) return refuse(benchmark.error().message(), kCannotHere);
  rows.live = std::move(live.rows);
  if (live.error) {  // the other figures are none the worse
    rows.hindrance = refuse("no live world here: " + live.error->message(), kCannotHere);
    if (scenarios.empty() && rows.sim.empty() && rows.live.empty()) return rows.hindrance;
  }
  rows.free = std::move(*benchmark);
  rows.free.interrupted |= interrupt.happened();
  return report(arguments, std::move(rows));
}

std::string footer() {
  std::string text = kBenchColumns;
  text += "Scenarios:\n";
  for (const auto& [name, what] : scenario_names()) text += fmt::format("  {:<24} {}\n", name, what);
  for (const auto& [name, what] : sim_scenario_names()) text += fmt::format("  {:<24} {}\n", name, what);
  for (const auto& [name, what] : live_scenario_names()) text += fmt::format("  {:<24} {}\n", name, what);
  return text +
         "Examples:\n"
         "  stampede bench --runs 3\n"
         "  stampede bench --scenario warm_hits --start fork --runs 11\n"
         "  stampede bench --world live --runs 5\n"
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
  command.option("--world", arguments->world, "rows of the free world, of the simulated one, of the live one, or all")
      .one_of({"free", "sim", "live", "all"})
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
