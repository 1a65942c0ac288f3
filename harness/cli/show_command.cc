// Runs a plan once with all its steps and draws it.
#include "harness/cli/show_command.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "harness/cli/exit_statuses.h"
#include "harness/cli/explanation_text.h"
#include "harness/cli/subcommand.h"
#include "harness/cli/subject_option.h"
#include "harness/cli/subject_world.h"
#include "harness/cli/timeline.h"
#include "harness/free/posix_interrupt.h"
#include "harness/plan/plan_json.h"
#include "harness/run/explanation.h"
#include "harness/run/sim_draw.h"
#include "harness/run/sim_exploration.h"
#include "harness/run/smallest_plan.h"

namespace stampede {
namespace {

constexpr std::size_t kWidthByDefault = 160;

constexpr const char* kShowFooter =
    "One row a step, one lane a process; time is virtual, in microseconds. `>` is a preemption, `!` a fault of the\n"
    "plan, `~` a process that sleeps or waits, `x` one that is dead. Names are short; the list above the lanes says\n"
    "what they stand for. Colours are used on a terminal alone (NO_COLOR switches them off).\n\n"
    "Examples:\n"
    "  stampede show corpus/plans/three_get_one.json\n"
    "  stampede show --seed 17 | less\n"
    "  stampede show stampede-found/sim-one_download-0123456789abcdef.json --explain\n"
    "Exit status: 0 drawn or explained; 2 usage, a file that cannot be read, or nothing to explain; 3 the plan's "
    "subject\n"
    "cannot run here.";

struct ShowArguments {
  std::string file;
  std::string subject = kBuiltInSubject;
  std::optional<std::uint64_t> seed;
  TimelineStyle style{.width = kWidthByDefault};
  bool shows_all = false;
  bool explains = false;
};

bool wants_colours() {
  const char* const no_colour = std::getenv("NO_COLOR");
  return is_terminal(1) && (no_colour == nullptr || *no_colour == '\0');
}

// Of the plan as it is when it is shrunk.
int explain_failure(SimRunner& runner, const Plan& plan, const std::string& file) {
  SmallestPlanOptions options = options_for(plan);
  if (!plan.subject.empty()) options.proof.schedules_max = 0;  // it takes long, and nothing here is said of it
  const SmallestPlan smallest = smallest_plan(runner, plan, options);
  if (!smallest.shrunk.violation) {
    std::fprintf(stderr, "stampede: show: %s: nothing to explain: it holds\n", file.c_str());
    return kUsage;
  }
  const Plan& shrunk = smallest.shrunk.plan;
  std::string text;
  if (size_of(shrunk) < size_of(plan)) {
    text = "This is the plan after shrinking (stampede shrink saves it).\n\n";
  }
  const Explanation explanation = explain(runner, shrunk, find_signature(signature_of(*smallest.shrunk.violation)));
  std::fputs((text + text_of(explanation)).c_str(), stdout);
  return kAllHeld;
}

int show(ShowArguments& arguments) {
  if (arguments.file.empty() == !arguments.seed) {
    std::fputs("stampede: show: expected a plan's file, or --seed\n", stderr);
    return kUsage;
  }
  arguments.style.has_colours = wants_colours();
  if (arguments.shows_all) {
    arguments.style.shows_private = arguments.style.shows_epilogue = arguments.style.shows_warm_up = true;
  }
  auto world = make_world_with(arguments.subject, false);
  if (!world) {
    std::fprintf(stderr, "stampede: show: --subject: %s\n", world.error().message().c_str());
    return kUsage;
  }
  SimRunner runner(std::move(*world));
  if (arguments.seed) {
    const SimDraw draw = draw_sim(*arguments.seed);
    const auto learn = [&](const StrategyChoice&, Strategy& strategy) { (void)runner.run(draw.plan, strategy); };
    const auto make = usual_strategy(draw, learn);
    const SimOutcome outcome = runner.run(draw.plan, *make(), SimRunOptions{.keeps_steps = true});
    std::fputs((print_line(draw.plan) + "\n\n" + draw_timeline(draw.plan, outcome, arguments.style)).c_str(), stdout);
    return kAllHeld;
  }
  const auto plan = read_plan(arguments.file);
  if (!plan) return refuse(plan.error().message());
  SubjectRunners subjects;
  SimRunner* chosen = &runner;
  if (!plan->subject.empty()) {
    const auto found = subjects.of(*plan);
    if (!found) return refuse(found.error().message(), is_no_subject(found.error()) ? kUsage : kCannotHere);
    chosen = *found;
  }
  if (arguments.explains) return explain_failure(*chosen, *plan, arguments.file);
  const SimReplay replay = replay_sim(*chosen, *plan, false, SimRunOptions{.keeps_steps = true});
  std::string text = print_line(*plan) + "\n";
  if (!plan->note.why.empty()) text += plan->note.why + "\n";
  text += "\n" + draw_timeline(*plan, replay.outcome, arguments.style);
  if (replay.unused_switches != 0) text += fmt::format("{} switches never came up\n", replay.unused_switches);
  std::fputs(text.c_str(), stdout);
  return kAllHeld;
}

}  // namespace

void add_show_command(CLI::App& app, int& exit_status) {
  Subcommand command(app, "show", "draw the timeline of a plan");
  const auto arguments = std::make_shared<ShowArguments>();
  command.option("PLAN", arguments->file, "the plan's file");
  const SubcommandOption seed =
      command.option("--seed", arguments->seed, "the plan that explore --world sim draws from this seed")
          .type_name("N");
  command.option("--subject", arguments->subject, "whose code runs: modelcache, or a plugin")
      .type_name("FILE.so")
      .shows_default();
  const SubcommandOption width =
      command.option("--width", arguments->style.width, "columns").type_name("N").within(60, 1000).shows_default();
  const SubcommandOption all =
      command.flag("--all", arguments->shows_all, "also clocks, random numbers, warm-up and epilogue");
  command
      .flag("--explain", arguments->explains,
            "why it fails, in words: the shrunk failure, the nearest run that holds, and what decides")
      .excludes(seed)
      .excludes(width)
      .excludes(all);
  command.footer(kShowFooter);
  command.run([arguments, &exit_status] { exit_status = show(*arguments); });
}

}  // namespace stampede
