// Reads plans and seeds, replays them, prints a line each and a verdict.
#include "harness/cli/replay_command.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/cli/exit_statuses.h"
#include "harness/cli/sim_report.h"
#include "harness/cli/subcommand.h"
#include "harness/cli/subject_option.h"
#include "harness/cli/subject_world.h"
#include "harness/free/posix_interrupt.h"
#include "harness/plan/plan_generator.h"
#include "harness/plan/plan_json.h"
#include "harness/run/mutant_catalogue.h"
#include "harness/run/plan_replay.h"
#include "harness/run/sharp_replay.h"

namespace stampede {
namespace {

constexpr const char* kReplayFooter =
    "Each plan is run twice and compared with what it expects: that all holds, or that it breaks the invariant that "
    "it\n"
    "names. A trace that is another one than when the plan was stored has moved: that is said, and with --strict is a\n"
    "failure. A seed that the generator turns into another plan than when it was stored is stale: that is said, and "
    "is\n"
    "no failure.\n\n"
    "Examples:\n"
    "  stampede replay corpus/plans --seeds corpus/seeds.txt\n"
    "  stampede replay stampede-found/sim-one_download-0123456789abcdef.json --strict\n"
    "  stampede replay --seed 17\n"
    "  stampede replay corpus/plans --world both     on real processes and files too; any difference is printed\n"
    "Exit status: 0 all as expected; 1 violated, held against expectation, diverged, or dull, also where interrupted\n"
    "later; 2 usage, a file that cannot be read, nothing to replay, or nothing was judged (stale seeds apart); 3 this\n"
    "machine has no live world, or not what a plan's subject needs, mutants are not built, all runs were\n"
    "uncontrolled, or not all was judged that --require-judged asks for; 130 interrupted.";

struct ReplayArguments {
  std::vector<std::string> paths;
  std::string seeds_file;
  std::optional<std::uint64_t> seed;
  std::string world = "sim";
  std::string subject = kBuiltInSubject;
  bool is_strict = false;
  bool is_sharp = false;
  bool is_json = false;
  bool requires_judged = false;
  bool is_verbose = false;
  bool prints_seed_line = false;
};

// Everything is read before anything runs. 0, or the exit status.
int read_all(const ReplayArguments& arguments, std::vector<std::pair<std::string, Plan>>& plans,
             std::vector<StoredSeed>& seeds) {
  const auto files = find_plans(arguments.paths);
  if (!files) return refuse(files.error().message());
  for (const std::string& file : *files) {
    auto plan = read_plan(file);
    if (!plan) return refuse(plan.error().message());
    if (const auto checked = check_expectation(file, *plan); !checked) return refuse(checked.error().message());
    plans.emplace_back(file, std::move(*plan));
  }
  if (!arguments.seeds_file.empty()) {
    auto stored = read_seeds(arguments.seeds_file);
    if (!stored) return refuse(stored.error().message());
    seeds = std::move(*stored);
  }
  if (arguments.seed) {
    seeds.push_back(StoredSeed{*arguments.seed, kGeneratorVersion, plan_hash(draw_sim(*arguments.seed).plan)});
  }
  if (!plans.empty() || !seeds.empty()) return 0;
  std::fputs("stampede: replay: nothing to replay: name plans, --seeds or --seed\n", stderr);
  return kUsage;
}

// The mutants that the plans kill, built. 0, or the exit status.
int find_mutants(const std::vector<std::pair<std::string, Plan>>& plans, std::vector<Mutant>& mutants) {
  const std::string directory = built_mutants_directory();
  const auto known = known_mutants(directory);
  if (!known) return refuse(known.error().message());
  auto wanted = mutants_to_kill(plans, *known);
  if (!wanted) return refuse(wanted.error().message());
  mutants = std::move(*wanted);
  const bool are_built = std::all_of(mutants.begin(), mutants.end(), [](const Mutant& each) { return each.is_built; });
  if (!are_built) {
    std::fprintf(stderr, "stampede: replay --sharp: %s\n", build_advice(mutants, directory).c_str());
    return kCannotHere;
  }
  for (const Mutant& mutant : mutants) {
    if (const auto loaded = check_subject(mutant.library); !loaded) {
      std::fprintf(stderr, "stampede: replay --sharp: %s\n", loaded.error().message().c_str());
      return kCannotHere;
    }
  }
  return 0;
}

struct Runners {
  SimRunner* one = nullptr;
  SimRunner* other = nullptr;  // to compare with
};

// A plan that names its subject runs on that one. 0, or the exit status.
int replay_one(const ReplayArguments& arguments, const std::string& name, const Plan& plan, Runners runners,
               SubjectRunners& subjects, Replayed& replayed) {
  if (!plan.subject.empty()) {
    const auto found = subjects.of(plan);
    if (!found) {
      ReplayReport report;
      report.name = name;
      report.verdict = ReplayVerdict::not_run;
      report.detail = found.error().message();
      replayed.add(std::move(report));
      return refuse(name + ": " + found.error().message(), is_no_subject(found.error()) ? kUsage : kCannotHere);
    }
    runners = {*found, nullptr};
  }
  replayed.add(replay_plan(*runners.one, name, plan, arguments.is_strict, runners.other));
  return 0;
}

int replay(const ReplayArguments& arguments) {
  if (arguments.prints_seed_line) {
    if (!arguments.seed) {
      std::fputs("stampede: replay: --seed-line needs --seed\n", stderr);
      return kUsage;
    }
    std::puts(seed_line(*arguments.seed).c_str());
    return kAllHeld;
  }
  std::vector<std::pair<std::string, Plan>> plans;
  std::vector<StoredSeed> seeds;
  if (const int status = read_all(arguments, plans, seeds); status != 0) return status;
  std::vector<Mutant> mutants;
  if (arguments.is_sharp) {
    if (const int status = find_mutants(plans, mutants); status != 0) return status;
  }
  const PosixInterrupt interrupt;
  const auto started = std::chrono::steady_clock::now();
  Replayed replayed;
  std::unique_ptr<SimRunner> runner, other;
  if (const auto checked = check_subject(arguments.subject); !checked) return refuse(checked.error().message());
  if (arguments.world != "live")
    runner = std::make_unique<SimRunner>(std::move(*make_world_with(arguments.subject, false)));
  if (arguments.world != "sim") {
    auto world = make_world_with(arguments.subject, true);
    if (!world) {
      std::fprintf(stderr, "stampede: no live world here: %s\n", world.error().message().c_str());
      return kCannotHere;
    }
    (runner ? other : runner) = std::make_unique<SimRunner>(std::move(*world));
  }
  const bool are_commands = seeds.empty() && std::all_of(plans.begin(), plans.end(),
                                                         [](const auto& plan) { return !plan.second.subject.empty(); });
  replayed.world = are_commands ? "live" : arguments.world;
  replayed.subject = arguments.subject;
  SubjectRunners subjects;
  int status = kAllHeld;  // of plans that could not be run
  for (const auto& [name, plan] : plans) {
    if (interrupt.happened()) break;
    status = combined(status, replay_one(arguments, name, plan, {runner.get(), other.get()}, subjects, replayed));
  }
  LostWorlds lost;
  replayed.is_sharp = arguments.is_sharp;
  for (const bool is_live : {false, true}) {
    if (!arguments.is_sharp || interrupt.happened() || arguments.world == (is_live ? "sim" : "live")) continue;
    const auto make = [is_live, &lost](const Mutant& mutant) {
      return lost.replace(make_world_with(mutant.library, is_live));
    };
    const auto is_over = [&interrupt, &lost] { return interrupt.happened() || lost.happened(); };
    sharpen(plans, mutants, make, is_over, replayed.reports);
  }
  for (const StoredSeed& seed : seeds) {
    if (interrupt.happened()) break;
    replayed.add(replay_seed(*runner, seed, other.get()));
  }
  replayed.interrupted = interrupt.happened();
  replayed.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  std::fputs((arguments.is_json ? json_of(replayed) : text_of(replayed, arguments.is_verbose)).c_str(), stdout);
  tell_interrupt(replayed.interrupted);
  return lost.status_after(combined(status, status_of(replayed, arguments.requires_judged)));
}

}  // namespace

void add_replay_command(CLI::App& app, int& exit_status) {
  Subcommand command(app, "replay", "run stored plans and seeds, compare with what they expect");
  const auto arguments = std::make_shared<ReplayArguments>();
  command.option("PLAN", arguments->paths, "plans, or folders of them");
  command.option("--seeds", arguments->seeds_file, "a file of seeds (corpus/seeds.txt)").type_name("FILE");
  command.option("--seed", arguments->seed, "the plan that explore --world sim draws from this seed").type_name("N");
  command.flag("--seed-line", arguments->prints_seed_line,
               "with --seed: print its line for corpus/seeds.txt, run nothing");
  command.option("--world", arguments->world, "where plans run").one_of({"sim", "live", "both"}).shows_default();
  command.option("--subject", arguments->subject, "modelcache, or a plugin").type_name("FILE.so").shows_default();
  command.flag("--strict", arguments->is_strict, "schedule and trace must be those that were stored");
  command.flag("--sharp", arguments->is_sharp, "each plan must still kill the mutants that its `kills` names");
  command.flag("--verbose", arguments->is_verbose, "a line for each plan, and how often each invariant was judged");
  command.flag("--json", arguments->is_json, "one JSON object on standard output");
  command.flag("--require-judged", arguments->requires_judged,
               "status 3 where nothing broke and an invariant that the plans allow was judged 0 times");
  command.footer(kReplayFooter);
  command.run([arguments, &exit_status] { exit_status = replay(*arguments); });
}

}  // namespace stampede
