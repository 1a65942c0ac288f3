// Reads the options of the simulated world, explores or sweeps it, reports.
#include "harness/cli/explore_sim.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>
#include <thread>

#include "cache/posix_os.h"
#include "harness/cli/exit_statuses.h"
#include "harness/cli/shrunk_discoveries.h"
#include "harness/cli/sim_report.h"
#include "harness/cli/subcommand.h"
#include "harness/cli/subject_option.h"
#include "harness/cli/subject_world.h"
#include "harness/free/posix_interrupt.h"
#include "harness/free/posix_scratch_directory.h"
#include "harness/plan/plan_generator.h"
#include "harness/plan/plan_json.h"
#include "harness/run/command_plan.h"

namespace stampede {
namespace {

constexpr std::uint64_t kRunsByDefault = 10'000;
constexpr std::string_view kOutByDefault = "stampede-found";

// "2/8"
bool parse_shard(const std::string& text, std::uint64_t& shard, std::uint64_t& shards) {
  const char* const end = text.data() + text.size();
  const auto [slash, error] = std::from_chars(text.data(), end, shard);
  if (error != std::errc() || slash == end || *slash != '/') return false;
  const auto [stop, second_error] = std::from_chars(slash + 1, end, shards);
  return second_error == std::errc() && stop == end && shards > 0 && shard < shards;
}

bool kills_by_itself(const Plan& plan) {
  return std::any_of(plan.process_faults.begin(), plan.process_faults.end(), [](const ProcessFault& fault) {
    return fault.kind == ProcessFaultKind::kill_before || fault.kind == ProcessFaultKind::kill_after;
  });
}

// Makes sure before hours of search that what they find can be kept. 0, or the exit status.
int prepare_out(const std::string& out) {
  std::error_code error;
  std::filesystem::create_directories(out, error);
  // A directory of its own, which goes again at once: no name of the user's is touched.
  const bool is_written = !error && PosixScratchDirectory::make(out).has_value();
  return is_written ? 0 : refuse("--out " + out + ": cannot be written", kUsage);
}

// 0, or the exit status. Thread i keeps to core i.
int choose_world(const ExploreSimArguments& arguments, SimExplorationOptions& options, LostWorlds& lost) {
  // A plan names its own subject, where that is a command.
  const std::string& asked = arguments.subject;
  const bool is_asked_command = is_command_subject(asked);
  if (options.plan && is_asked_command) options.plan = as_command_plan(std::move(*options.plan), asked);
  const std::string subject = options.plan && !options.plan->subject.empty() ? options.plan->subject : asked;
  const bool is_command = is_command_subject(subject);
  if (is_command && !arguments.is_live) {
    return refuse("--subject: " + subject + " is a command or unknown here: it needs --world live or free", kUsage);
  }
  if (!is_command) {
    if (const auto checked = check_subject(subject); !checked) {
      return refuse("--subject: " + checked.error().message(), kUsage);
    }
  }
  options.subject = subject;
  if (is_command) options.command_subject = subject;
  if (!arguments.sweep.empty() && subject != kBuiltInSubject) {
    return refuse("--sweep: for the built-in subject only", kUsage);
  }
  if (arguments.is_both) {
    options.make_world = [subject] { return std::move(*make_world_with(subject, false, -1)); };
  }
  const bool is_live = arguments.is_live || arguments.is_both;
  if (is_live) options.world = arguments.is_both ? "both" : "live";
  const auto make = [is_live, is_command, subject](int core) {
    return is_command ? make_subject_world(subject, core) : make_world_with(subject, is_live, core);
  };
  if (const auto first = make(-1); !first) {
    if (is_command && is_no_subject(first.error())) return refuse("--subject: " + first.error().message(), kUsage);
    return refuse(fmt::format("no {} world here: {}", is_live ? "live" : "sim", first.error().message()), kCannotHere);
  }
  const auto next_core = std::make_shared<std::atomic<unsigned>>(0);
  const bool is_pinned = is_live && options.jobs > 1;
  (arguments.is_both ? options.make_repeating_world : options.make_world) = [make, next_core, is_pinned, &lost] {
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    return lost.replace(make(is_pinned ? static_cast<int>(next_core->fetch_add(1) % cores) : -1));
  };
  return 0;
}

void finish(const ExploreSimArguments& arguments, const std::string& report, const std::vector<SavedDiscovery>& saved,
            std::uint64_t violations, bool is_interrupted) {
  std::fputs(discovery_text(saved, violations, arguments.subject).c_str(), arguments.is_json ? stderr : stdout);
  std::fputs(report.c_str(), stdout);
  tell_interrupt(is_interrupted);
}

int sweep(const ExploreSimArguments& arguments, const SimExplorationOptions& options, const std::string& out) {
  const bool has_pairs = arguments.sweep == "kill-pairs";
  auto world = options.make_world();
  const KillSweep swept = has_pairs ? sweep_kill_pairs(*options.plan, options.is_interrupted, std::move(world))
                                    : sweep_kills(*options.plan, options.is_interrupted, std::move(world));
  const std::string command = fmt::format("stampede explore --world {} --sweep {}", options.world, arguments.sweep);
  const auto saved = save_discoveries(swept.discoveries, out, command);
  const std::string report = arguments.is_json ? json_of(swept, options.world, saved) : text_of(swept, has_pairs);
  finish(arguments, report, saved, swept.violations, swept.interrupted);
  return status_of(swept, arguments.requires_judged);
}

}  // namespace

int choose_options(const ExploreSimArguments& arguments, SimExplorationOptions& options) {
  constexpr std::uint64_t kSeedEnd = 1'000'000'000;  // short enough to be typed
  options.seed = arguments.seed ? *arguments.seed : modelcache::make_posix_os()->random() % kSeedEnd;
  options.runs = arguments.runs;
  options.seconds = arguments.seconds;
  options.jobs = arguments.jobs;
  options.processes = arguments.processes;
  options.runs_twice = !arguments.is_once;
  options.skew = arguments.skew;
  if (!parse_shard(arguments.shard, options.shard, options.shards)) {
    return refuse(fmt::format("--shard {}: expected I/N with I from 0 to N - 1", arguments.shard), kUsage);
  }
  const auto strategy = parse_strategy(arguments.strategy);
  if (!strategy) return refuse("--strategy " + strategy.error().message(), kUsage);
  options.strategy = *strategy;
  if (!arguments.plan_file.empty()) {
    auto plan = read_plan(arguments.plan_file);
    if (!plan) return refuse(plan.error().message(), kUsage);
    options.plan = skewed(std::move(*plan), options.skew);
    if (const auto checked = check(*options.plan); !checked) {
      return refuse(fmt::format("--skew {}: {}", options.skew, checked.error().message()), kUsage);
    }
  }
  const std::uint64_t processes = options.processes.value_or(PlanLimits{}.processes_max);
  if (!options.plan && options.skew * processes * (processes - 1) / 2 > kPlanIdleStepsMax) {
    return refuse(fmt::format("--skew {}: {} processes would take more than {} idle steps", options.skew, processes,
                              kPlanIdleStepsMax),
                  kUsage);
  }
  const bool is_exhaustive = options.strategy.kind == StrategyKind::exhaustive;
  if (is_exhaustive && !options.plan) return refuse("--strategy exhaustive: needs --plan", kUsage);
  if (is_exhaustive && (options.jobs != 1 || options.shards != 1)) {
    return refuse("--strategy exhaustive: runs as one job, and has no shards", kUsage);
  }
  if (!arguments.sweep.empty()) {
    if (!options.plan) return refuse("--sweep: needs --plan", kUsage);
    if (kills_by_itself(*options.plan)) return refuse("--sweep: the plan kills processes by itself", kUsage);
    if (arguments.runs || arguments.seconds || arguments.seed || options.jobs != 1 || options.shards != 1 ||
        arguments.strategy != ExploreSimArguments{}.strategy || arguments.is_once) {
      return refuse(
          "--sweep: runs each point once under the plan's own schedule; it takes no --runs, --seconds, "
          "--seed, --strategy, --jobs, --shard or --once",
          kUsage);
    }
  }
  if (arguments.is_both && (arguments.is_once || !arguments.sweep.empty())) {
    return refuse("--world both: the repetition is what is run in the other world: not with --once or --sweep", kUsage);
  }
  if (options.plan && options.processes) return refuse("--processes: not with --plan, which has its own", kUsage);
  if (!options.runs && !options.seconds && !is_exhaustive) options.runs = kRunsByDefault;
  return 0;
}

void add_explore_sim_options(Subcommand& command, ExploreSimArguments& arguments) {
  const std::string group = "The controlled worlds (--world sim, live)";
  command
      .option("--strategy", arguments.strategy,
              "how processes are moved: mix, pos, pct:D, urw, random, default; with --plan exhaustive:K and "
              "exhaustive:K:plain")
      .type_name("NAME")
      .shows_default()
      .group(group);
  command.option("--plan", arguments.plan_file, "explore schedules of this plan instead of drawing plans")
      .type_name("FILE")
      .group(group);
  command
      .option("--skew", arguments.skew,
              "process i is i times as many private steps behind the others, as if it had been started later")
      .type_name("STEPS")
      .within(0, 10'000)
      .group(group);
  command.option("--sweep", arguments.sweep, "with --plan: kill before and after every step, or every pair of kills")
      .one_of({"kills", "kill-pairs"})
      .group(group);
  command.option("--jobs", arguments.jobs, "threads").type_name("J").within(1, 256).shows_default().group(group);
  command.option("--shard", arguments.shard, "only every N-th seed, from the I-th on")
      .type_name("I/N")
      .shows_default()
      .group(group);
  command.flag("--once", arguments.is_once, "run each schedule once, without the repetition that is compared")
      .group(group);
  command.flag("--no-shrink", arguments.is_unshrunk, "save what is found as it is, without making it smaller")
      .group(group);
}

int explore_sim_world(ExploreSimArguments& arguments) {
  SimExplorationOptions options;
  if (const int status = choose_options(arguments, options); status != 0) return status;
  LostWorlds lost;
  if (const int status = choose_world(arguments, options, lost); status != 0) return status;
  const PosixInterrupt interrupt;
  options.is_interrupted = [&interrupt, &lost] { return interrupt.happened() || lost.happened(); };
  const std::string out = arguments.out.empty() ? std::string(kOutByDefault) : arguments.out;
  if (!arguments.out.empty()) {
    if (const int status = prepare_out(out); status != 0) return status;
  }
  if (!arguments.sweep.empty()) return lost.status_after(sweep(arguments, options, out));
  const bool is_watched = is_terminal(2);
  SimTotals totals = explore_sim(options, [&](const SimTotals& so_far) {
    if (!is_watched) return;
    std::fprintf(stderr, "\r%s schedules, %s violations, %.0f s ", std::to_string(so_far.schedules).c_str(),
                 std::to_string(so_far.violations).c_str(), so_far.seconds);
  });
  if (is_watched) std::fputs("\r\033[K", stderr);
  totals.interrupted = totals.interrupted && interrupt.happened();
  const std::string command =
      fmt::format("stampede explore --world {} --strategy {}{}{}", options.world, arguments.strategy,
                  arguments.skew > 0 ? fmt::format(" --skew {}", arguments.skew) : "",
                  arguments.subject == kBuiltInSubject ? "" : " --subject " + arguments.subject);
  auto saved = save_discoveries(totals.discoveries, out, command);
  if (!arguments.is_unshrunk) shrink_discoveries(options, !arguments.is_json, saved);
  finish(arguments, arguments.is_json ? json_of(options, totals, saved) : text_of(options, totals), saved,
         totals.violations, totals.interrupted);
  return lost.status_after(status_of(totals, arguments.requires_judged));
}

}  // namespace stampede
