// Reads the options, searches, reports.
#include "harness/cli/mutants_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "harness/cli/exit_statuses.h"
#include "harness/cli/mutants_report.h"
#include "harness/cli/subcommand.h"
#include "harness/cli/subject_option.h"
#include "harness/cli/subject_world.h"
#include "harness/free/posix_interrupt.h"
#include "harness/run/mutant_catalogue.h"

namespace stampede {
namespace {

constexpr const char* kMutantsFooter =
    "A mutant is the cache with one seeded defect, modelled on a real bug: a patch in corpus/mutants/, built into a\n"
    "plugin by the target `mutants`. Plans are drawn and judged as `explore` does, until one breaks an invariant, "
    "does\n"
    "so again with the same schedule, and the good cache holds on it. With --seeds, figures are medians.\n\n"
    "Examples:\n"
    "  cmake --build build/release --target mutants && stampede mutants\n"
    "  stampede mutants lock_file_unlinked_on_release --seeds 20 --jobs 2\n"
    "  stampede mutants --world live --runs 2000 --json\n"
    "  stampede mutants --seeds 20 --shrink --out found      keeps small plans that kill each\n"
    "Exit status: 0 every search found its mutant; 1 one survived; 2 usage, or --out cannot be written; 3 mutants\n"
    "are not built, or there is no live world here; 130 interrupted.";

// 0, or the exit status.
int choose_mutants(const MutantsArguments& arguments, std::vector<Mutant>& mutants) {
  const std::string directory = built_mutants_directory();
  const auto known = known_mutants(directory);
  if (!known) return refuse(known.error().message(), kUsage);
  auto chosen = chosen_mutants(*known, arguments.names);
  if (!chosen) return refuse(chosen.error().message(), kUsage);
  mutants = std::move(*chosen);
  const bool are_built = std::all_of(mutants.begin(), mutants.end(), [](const Mutant& each) { return each.is_built; });
  if (!are_built) return refuse(build_advice(mutants, directory), kCannotHere);
  for (const Mutant& mutant : mutants) {
    if (const auto loaded = check_subject(mutant.library); !loaded)
      return refuse(loaded.error().message(), kCannotHere);
  }
  return 0;
}

// 0, or the exit status. Where several threads have live worlds, thread i keeps to core i.
int choose_world(const MutantsArguments& arguments, MutantSearchOptions& options, LostWorlds& lost) {
  const bool is_live = arguments.world == "live";
  if (is_live) {
    if (const auto first = make_world_with(kBuiltInSubject, true); !first) {
      return refuse("no live world here: " + first.error().message(), kCannotHere);
    }
  }
  const auto next_thread = std::make_shared<std::atomic<unsigned>>(0);
  const bool is_pinned = is_live && options.jobs > 1;
  options.make_world = [is_live, is_pinned, next_thread, &lost](const std::string& file) {
    thread_local const unsigned thread = next_thread->fetch_add(1);
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    return lost.replace(make_world_with(file.empty() ? kBuiltInSubject : file, is_live,
                                        is_pinned ? static_cast<int>(thread % cores) : -1));
  };
  return 0;
}

int search(const MutantsArguments& arguments) {
  MutantSearchOptions options;
  if (const int status = choose_options(arguments, options); status != 0) return status;
  std::vector<Mutant> mutants;
  if (const int status = choose_mutants(arguments, mutants); status != 0) return status;
  LostWorlds lost;
  if (const int status = choose_world(arguments, options, lost); status != 0) return status;
  const PosixInterrupt interrupt;
  options.is_interrupted = [&interrupt, &lost] { return interrupt.happened() || lost.happened(); };
  const bool is_watched = is_terminal(2);
  std::size_t done = 0;
  const auto searches = search_mutants(mutants, options, [&](const MutantSearch& one) {
    ++done;
    if (!is_watched) return;
    std::fprintf(stderr, "\r\033[K%zu of %zu searches; %s: %s", done, mutants.size() * options.seeds,
                 one.mutant.c_str(), one.is_killed ? one.violation.invariant.c_str() : "survived");
  });
  if (is_watched) std::fputs("\r\033[K", stderr);
  MutantsReport report{arguments.world, arguments.strategy, options.seed,        options.runs, options.skew,
                       mutants,         searches,           interrupt.happened()};
  std::fputs((arguments.is_json ? json_of(report) : text_of(report)).c_str(), stdout);
  tell_interrupt(report.interrupted);
  const auto saved = arguments.out.empty() ? modelcache::Result<void>() : save_killers(report, arguments.out);
  const int saving = saved ? kAllHeld : refuse(saved.error().message());
  return lost.status_after(combined(status_of(report), saving));
}

}  // namespace

int choose_options(const MutantsArguments& arguments, MutantSearchOptions& options) {
  const auto strategy = parse_strategy(arguments.strategy);
  if (!strategy) return refuse("--strategy " + strategy.error().message(), kUsage);
  if (strategy->kind == StrategyKind::exhaustive) {
    return refuse("--strategy " + arguments.strategy + ": explores one plan; mutants draws many", kUsage);
  }
  options.seed = arguments.seed;
  options.runs = arguments.runs;
  options.seeds = arguments.seeds;
  options.jobs = arguments.jobs;
  options.skew = arguments.skew;
  options.shrinks = arguments.shrinks;
  options.proof_schedules_max = arguments.proof_schedules;
  options.strategy = *strategy;
  return 0;
}

void add_options(Subcommand& command, MutantsArguments& arguments) {
  command.option("NAME", arguments.names, "mutants; all when none is named");
  command.option("--world", arguments.world, "where plans run").one_of({"sim", "live"}).shows_default();
  command.option("--strategy", arguments.strategy, "how processes are moved, as for explore")
      .type_name("NAME")
      .shows_default();
  command.option("--seed", arguments.seed, "of the first plan; the next ones have the next")
      .type_name("N")
      .shows_default();
  command.option("--runs", arguments.runs, "plans of one search at most").type_name("MAX").positive().shows_default();
  command.option("--seeds", arguments.seeds, "searches of each mutant, from different seeds")
      .type_name("K")
      .within(1, 10'000)
      .shows_default();
  command.option("--skew", arguments.skew, "process i is i times as many private steps behind the others")
      .type_name("STEPS")
      .within(0, 1000);
  command.flag("--shrink", arguments.shrinks, "make what was found as small as can be");
  command.option("--proof", arguments.proof_schedules, "schedules that a proof of it may run; 0: no proof")
      .type_name("N")
      .shows_default();
  command.option("--jobs", arguments.jobs, "threads").type_name("J").within(1, 256).shows_default();
  command
      .option("--out", arguments.out,
              "where plans are saved: for each mutant, the smallest one for each\ninvariant that it broke")
      .type_name("DIR");
  command.flag("--json", arguments.is_json, "one JSON object on standard output");
}

void add_mutants_command(CLI::App& app, int& exit_status) {
  Subcommand command(app, "mutants", "search each mutant of the cache for a plan that shows its defect");
  const auto arguments = std::make_shared<MutantsArguments>();
  add_options(command, *arguments);
  command.footer(kMutantsFooter);
  command.run([arguments, &exit_status] { exit_status = search(*arguments); });
}

}  // namespace stampede
