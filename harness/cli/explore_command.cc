// Reads the options, explores, reports.
#include "harness/cli/explore_command.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "cache/posix_os.h"
#include "harness/cli/exit_statuses.h"
#include "harness/cli/exploration_report.h"
#include "harness/cli/explore_sim.h"
#include "harness/cli/model_options.h"
#include "harness/cli/subcommand.h"
#include "harness/free/posix_interrupt.h"
#include "harness/free/posix_limits.h"
#include "harness/free/posix_zygote.h"
#include "harness/run/subject_catalogue.h"

namespace stampede {
namespace {

constexpr double kWorkerTimeoutSeconds = 60;

constexpr const char* kExploreExamples =
    "Examples:\n"
    "  stampede explore --models generated:64KiB,1MiB --processes 32 --fault-share 0.3\n"
    "  stampede explore --seconds 60 --fault-share 0.5 --out found     saves what it finds in found/\n"
    "  stampede explore --seed 7 --runs 1 --fault reset_in_body --fault-share 1     draws one plan again\n"
    "  stampede explore --world sim --runs 100000 --jobs 2     plans of the simulated world, each run twice\n"
    "  stampede explore --world live --runs 1000     the same plans on real processes and files\n"
    "  stampede explore --world both --runs 1000     each simulated, repeated live, and compared step by step\n"
    "  stampede explore --world live --subject shell_cache --runs 500     any program, system call by system call\n"
    "  stampede explore --world sim --plan PLAN --strategy exhaustive:3     all its schedules with three preemptions\n"
    "  stampede explore --world live --plan PLAN --sweep kills     kills every process at every step\n"
    "Exit status: 0 all held; 1 something was found; 2 usage, or nothing was judged; 3 this machine cannot do it, or\n"
    "--require-judged and an invariant never was; 130 interrupted, and nothing had been found.";

struct ExploreArguments {
  ModelOptions models;
  ExplorationOptions exploration;
  std::string world = "free";
  std::string subject = Subject{}.name;
  std::string directories = "shared";
  std::optional<std::uint64_t> seed;
  std::optional<std::uint64_t> runs;
  double worker_timeout_seconds = kWorkerTimeoutSeconds;
  std::string start = "exec";
  bool is_json = false;
  bool requires_judged = false;
  ExploreSimArguments sim;
};

void add_options(Subcommand& command, ExploreArguments& arguments) {
  DrawOptions& draw = arguments.exploration.draw;
  command.option("--world", arguments.world, "where plans run; both: first simulated, then live")
      .one_of({"free", "sim", "live", "both"})
      .shows_default();
  command
      .option("--subject", arguments.subject,
              "the cache under test (stampede subjects), or its description;\na plugin (FILE.so) in the worlds sim and "
              "live")
      .type_name("NAME|FILE")
      .shows_default();
  command.option("--processes", draw.processes, "processes of each run")
      .type_name("N")
      .within(1, 10'000)
      .shows_default();
  add_model_options(command, arguments.models);
  command.option("--operations-per-process", draw.operations_per_process, "gets of each process; all models once")
      .type_name("N")
      .within(1, 100'000);
  command.option("--directories", arguments.directories, "one cache directory for all, or one each")
      .one_of({"shared", "separate"})
      .shows_default();
  command.option("--fault-share", draw.fault_share, "part of the connections that get a fault, 0 to 1")
      .type_name("P")
      .within(0.0, 1.0)
      .shows_default();
  command
      .option("--fault", draw.faults,
              "draw from these faults alone; 'reset_in_body' draws the place, 'reset_in_body:10' fixes it\n"
              "(stampede serve --help lists them)")
      .type_name("KIND");
  command.option("--refused-models", draw.refused_models, "models that nobody serves").type_name("K");
  command.option("--kills", draw.kills, "processes of each run that get SIGKILL while they download")
      .type_name("K")
      .within(0, 10'000);
  command.option("--start", arguments.start, "execute each process, or fork it from a warm one")
      .one_of({"exec", "fork"})
      .shows_default();
  command.option("--runs", arguments.runs, "runs; 20, or as many as --seconds allows").type_name("N").positive();
  command.option("--seconds", arguments.exploration.seconds, "begin no run after that many seconds")
      .type_name("T")
      .positive();
  command.option("--seed", arguments.seed, "of the first run's plan; run i has seed + i. Drawn and printed")
      .type_name("N");
  command.option("--out", arguments.exploration.out, "where plans of violations are saved").type_name("DIR");
  command.option("--worker-timeout", arguments.worker_timeout_seconds, "a process that takes longer hangs")
      .type_name("SECONDS")
      .within(0.01, 86'400.0)
      .shows_default();
  command.flag("--json", arguments.is_json, "one JSON object on standard output");
  command.flag("--require-judged", arguments.requires_judged,
               "status 3 where nothing broke and an invariant that the plans allow was judged 0 times");
  add_explore_sim_options(command, arguments.sim);
}

// As a shell takes it for one word.
std::string shell_word(const std::string& text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,:/@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

// What repeats it, but for seed and runs.
std::string command_text(const ExploreArguments& arguments) {
  const DrawOptions& draw = arguments.exploration.draw;
  std::string text = fmt::format("stampede explore --world free --processes {}", draw.processes);
  if (arguments.subject != Subject{}.name) text += " --subject " + shell_word(arguments.subject);
  for (const std::string& choice : arguments.models.choices) text += " --models " + shell_word(choice);
  if (arguments.models.count_max > 0) text += fmt::format(" --model-count {}", arguments.models.count_max);
  if (draw.operations_per_process > 0) text += fmt::format(" --operations-per-process {}", draw.operations_per_process);
  if (draw.separate_directories) text += " --directories separate";
  if (draw.fault_share > 0) text += fmt::format(" --fault-share {}", draw.fault_share);
  for (const std::string& fault : draw.faults) text += " --fault " + shell_word(fault);
  if (draw.kills > 0) text += fmt::format(" --kills {}", draw.kills);
  if (arguments.start != "exec") text += " --start " + arguments.start;
  if (draw.refused_models > 0) text += fmt::format(" --refused-models {}", draw.refused_models);
  if (arguments.worker_timeout_seconds != kWorkerTimeoutSeconds) {
    text += fmt::format(" --worker-timeout {}", arguments.worker_timeout_seconds);
  }
  return text;
}

void complete(ExploreArguments& arguments) {
  ExplorationOptions& exploration = arguments.exploration;
  exploration.draw.separate_directories = arguments.directories == "separate";
  exploration.free.worker_timeout =
      std::chrono::milliseconds(static_cast<std::int64_t>(arguments.worker_timeout_seconds * 1000));
  constexpr std::uint64_t kSeedEnd = 1'000'000'000;  // short enough to be typed
  exploration.seed = arguments.seed ? *arguments.seed : modelcache::make_posix_os()->random() % kSeedEnd;
  if (exploration.seconds) exploration.runs.reset();
  if (arguments.runs) exploration.runs = arguments.runs;
}

void show_progress(const ExplorationOptions& options, const ExplorationTotals& totals) {
  const std::string of = options.runs ? fmt::format(" of {}", *options.runs) : "";
  std::fprintf(stderr, "\rrun %s%s, %s processes, %s violations, %.0f s ", std::to_string(totals.runs).c_str(),
               of.c_str(), std::to_string(totals.processes).c_str(), std::to_string(totals.violation_count()).c_str(),
               totals.seconds);
}

// The exit status, where the subject cannot run.
int choose_subject(const std::string& name_or_file, Subject& subject) {
  modelcache::Result<Subject> found = find_subject(name_or_file, shipped_subjects_directory());
  if (!found) return refuse(found.error().message(), kUsage);
  subject = std::move(*found);
  const std::vector<SubjectNeed> missing = missing_needs(subject);
  if (missing.empty()) return kAllHeld;
  std::fprintf(stderr, "stampede: %s cannot run here: missing %s\n", subject.name.c_str(), describe(missing).c_str());
  return kCannotHere;
}

int explore(ExploreArguments& arguments) {
  int status = choose_subject(arguments.subject, arguments.exploration.free.subject);
  if (status != kAllHeld) return status;
  if (arguments.models.choices.empty()) arguments.models.choices = {"onnx"};
  ExplorationOptions& exploration = arguments.exploration;
  exploration.draw.models = chosen_models(arguments.models, status);
  if (status != kAllHeld) return status;
  complete(arguments);
  if (const auto checked = check(exploration.draw); !checked) return refuse(checked.error().message(), kUsage);
  if (const auto possible = check_limits(exploration.draw.processes); !possible) {
    return refuse(possible.error().message(), kCannotHere);
  }
  std::optional<PosixZygote> zygote;
  if (arguments.start == "fork") {
    auto started = PosixZygote::start(exploration.free.program, exploration.free.worker_timeout);
    if (!started) return refuse(started.error().message(), kCannotHere);
    exploration.free.zygote = &zygote.emplace(std::move(*started));
  }
  const PosixInterrupt interrupt;
  exploration.free.interrupt_descriptor = interrupt.descriptor();
  const bool is_watched = is_terminal(2);
  const ExplorationTotals totals = explore_free(exploration, [&](const ExplorationTotals& so_far) {
    if (is_watched) show_progress(exploration, so_far);
  });
  if (is_watched) std::fputs("\r\033[K", stderr);
  const std::string violations = violation_text(totals, command_text(arguments));
  std::fputs(violations.c_str(), arguments.is_json ? stderr : stdout);
  const std::string report = arguments.is_json ? json_of(exploration, totals)
                                               : text_of(exploration, totals) + verdict_line(exploration, totals);
  std::fputs(report.c_str(), stdout);
  tell_interrupt(totals.interrupted);
  if (!totals.failure.empty()) (void)refuse(totals.failure);
  return status_of(exploration, totals, arguments.requires_judged);
}

// What only one of the worlds understands, so that nothing is ignored in silence.
constexpr const char* kFreeOptions[] = {"--models",        "--operations-per-process", "--directories", "--fault-share",
                                        "--fault",         "--refused-models",         "--kills",       "--start",
                                        "--worker-timeout"};
constexpr const char* kSimOptions[] = {"--strategy", "--plan",  "--skew", "--sweep",
                                       "--jobs",     "--shard", "--once", "--no-shrink"};

// The first option given that is for another world.
std::string misplaced(const Subcommand& command, bool is_sim) {
  const auto first_of = [&](std::span<const char* const> names) -> std::string {
    for (const char* const name : names) {
      if (command.count(name) > 0) return name;
    }
    return "";
  };
  return is_sim ? first_of(kFreeOptions) : first_of(kSimOptions);
}

int explore_any(const Subcommand& command, ExploreArguments& arguments) {
  const bool is_sim = arguments.world != "free";
  if (const std::string name = misplaced(command, is_sim); !name.empty()) {
    std::fprintf(stderr, "stampede: %s: not for --world %s (see --help)\n", name.c_str(), arguments.world.c_str());
    return kUsage;
  }
  if (!is_sim) return explore(arguments);
  ExploreSimArguments& sim = arguments.sim;
  sim.seed = arguments.seed;
  sim.runs = arguments.runs;
  sim.seconds = arguments.exploration.seconds;
  if (command.count("--processes") > 0) sim.processes = arguments.exploration.draw.processes;
  sim.out = arguments.exploration.out;
  sim.is_json = arguments.is_json;
  sim.requires_judged = arguments.requires_judged;
  sim.subject = arguments.subject;
  sim.is_live = arguments.world == "live";
  sim.is_both = arguments.world == "both";
  return explore_sim_world(sim);
}

}  // namespace

void add_explore_command(CLI::App& app, int& exit_status) {
  Subcommand command(app, "explore", "draw plans, run them, judge what happened");
  const auto arguments = std::make_shared<ExploreArguments>();
  add_options(command, *arguments);
  command.footer(kExploreExamples);
  command.run([command, arguments, &exit_status] { exit_status = explore_any(command, *arguments); });
}

}  // namespace stampede
