// Reads plans, shrinks one after the other, saves and prints what came of each.
#include "harness/cli/shrink_command.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/cli/exit_statuses.h"
#include "harness/cli/shrink_report.h"
#include "harness/cli/subcommand.h"
#include "harness/cli/subject_option.h"
#include "harness/cli/subject_world.h"
#include "harness/free/posix_interrupt.h"
#include "harness/plan/plan_json.h"
#include "harness/run/plan_replay.h"

namespace stampede {
namespace {

constexpr const char* kShrinkFooter =
    "Drops processes, models, operations, faults and switches, and simplifies values, as long as the same invariant\n"
    "breaks for the same object, until nothing more can go; then runs every schedule with fewer switches, to prove\n"
    "that the remaining ones are needed; then replays the result strictly, three times. Without --out the result is\n"
    "saved beside the plan, as NAME-shrunk.json. A plan whose subject is a command runs in the live world, where a "
    "run\n"
    "costs more: of it there are 600 replays at most, and the proof seldom comes to its end, which is said.\n\n"
    "Examples:\n"
    "  stampede shrink stampede-found/sim-one_download-0123456789abcdef.json\n"
    "  stampede shrink stampede-found --out shrunk/          all plans of a folder\n"
    "  stampede shrink PLAN --world live --proof 0           on real processes, without the proof\n"
    "Exit status: 0 shrunk; 1 the result does not repeat itself; 2 usage, a plan that cannot be read, or that "
    "violates\n"
    "nothing; 3 this machine has no live world, or loses control of it; 130 interrupted: the best so far is saved.";

struct ShrinkArguments {
  std::vector<std::string> paths;
  std::string out;
  std::string world = "sim";
  std::string subject = kBuiltInSubject;
  std::optional<std::uint64_t> proof_schedules;
  bool is_json = false;
};

int refuse_to_shrink(const std::string& message, int status = kUsage) { return refuse("shrink: " + message, status); }

int read_all(const ShrinkArguments& arguments, std::vector<std::pair<std::string, Plan>>& plans) {
  const auto files = find_plans(arguments.paths);
  if (!files) return refuse_to_shrink(files.error().message());
  for (const std::string& file : *files) {
    auto plan = read_plan(file);
    if (!plan) return refuse_to_shrink(plan.error().message());
    plans.emplace_back(file, std::move(*plan));
  }
  return plans.empty() ? refuse_to_shrink("nothing to shrink: name plans") : 0;
}

std::string file_for(const ShrinkArguments& arguments, const std::string& plan, bool is_only_one) {
  namespace fs = std::filesystem;
  const fs::path path(plan);
  const std::string name = path.stem().string() + "-shrunk.json";
  if (arguments.out.empty()) return (path.parent_path() / name).string();
  std::error_code error;
  const bool is_folder = !is_only_one || arguments.out.ends_with('/') || fs::is_directory(arguments.out, error);
  if (!is_folder) return arguments.out;
  fs::create_directories(arguments.out, error);
  return (fs::path(arguments.out) / name).string();
}

// What the plans of one command share.
class Shrinking {
 public:
  explicit Shrinking(const ShrinkArguments& arguments) : arguments_(arguments) {}

  [[nodiscard]] bool is_interrupted() const { return interrupt_.happened(); }

  // The exit status.
  int shrink(SimRunner& runner, const std::string& name, const Plan& plan, bool is_only_one) {
    const SmallestPlan smallest = smallest_plan(runner, plan, options(plan));
    if (is_terminal(2)) std::fputs("\r\033[K", stderr);
    if (!smallest.shrunk.violation) {
      const bool is_lost = smallest.shrunk.uncontrolled > 0;
      return refuse_to_shrink(
          name + ": " + (is_lost ? smallest.shrunk.why_uncontrolled : "nothing to shrink: it holds"),
          status_of(smallest, false));
    }
    std::string file = file_for(arguments_, name, is_only_one);
    if (!save_plan(smallest.shrunk.plan, file)) file.clear();
    if (arguments_.is_json) {
      shrunk_.push_back(json_of(plan, smallest, file));
    } else {
      std::fputs(shrunk_text(plan, smallest, file, arguments_.subject).c_str(), stdout);
    }
    return status_of(smallest, !file.empty());
  }

  [[nodiscard]] std::string json() const {
    const nlohmann::ordered_json object = {{"world", arguments_.world},
                                           {"subject", arguments_.subject},
                                           {"shrunk", shrunk_},
                                           {"interrupted", is_interrupted()}};
    return object.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  }

 private:
  [[nodiscard]] SmallestPlanOptions options(const Plan& plan) const {
    SmallestPlanOptions options = options_for(plan);
    options.shrink.is_interrupted = options.proof.is_interrupted = [this] { return interrupt_.happened(); };
    if (arguments_.proof_schedules) options.proof.schedules_max = *arguments_.proof_schedules;
    options.on_unshrunk = [this](const Plan& unshrunk, const StepViolation& violation) {
      if (arguments_.is_json) return;
      std::fputs(unshrunk_text(unshrunk, violation).c_str(), stdout);
      std::fflush(stdout);
    };
    if (!is_terminal(2)) return options;
    options.shrink.progress = [](const Plan& smaller, std::uint64_t replays) {
      std::fprintf(stderr, "\r\033[K%s", progress_text(smaller, replays).c_str());
    };
    return options;
  }

  const ShrinkArguments& arguments_;
  PosixInterrupt interrupt_;
  nlohmann::ordered_json shrunk_ = nlohmann::ordered_json::array();
};

// Where plans run: those of commands in the world of their subject, the others where the arguments say.
class Worlds {
 public:
  explicit Worlds(const ShrinkArguments& arguments) : arguments_(arguments) {}

  // Null where there is none; then `status` says what that means, and it was told.
  SimRunner* of(const std::string& file, const Plan& plan, int& status) {
    if (!plan.subject.empty()) {
      const auto found = subjects_.of(plan);
      if (found) return *found;
      status =
          refuse_to_shrink(file + ": " + found.error().message(), is_no_subject(found.error()) ? kUsage : kCannotHere);
      return nullptr;
    }
    if (!runner_) {
      auto world = make_world_with(arguments_.subject, arguments_.world == "live");
      if (!world) {
        status = refuse_to_shrink(fmt::format("no {} world here: {}", arguments_.world, world.error().message()),
                                  kCannotHere);
        return nullptr;
      }
      runner_.emplace(std::move(*world));
    }
    return &*runner_;
  }

 private:
  const ShrinkArguments& arguments_;
  SubjectRunners subjects_;
  std::optional<SimRunner> runner_;
};

int shrink_all(const ShrinkArguments& arguments) {
  std::vector<std::pair<std::string, Plan>> plans;
  if (const int status = read_all(arguments, plans); status != 0) return status;
  if (const auto checked = check_subject(arguments.subject); !checked) {
    return refuse_to_shrink("--subject: " + checked.error().message());
  }
  Worlds worlds(arguments);
  Shrinking shrinking(arguments);
  int worst = kAllHeld;
  for (const auto& [name, plan] : plans) {
    if (shrinking.is_interrupted()) break;
    int status = kAllHeld;
    SimRunner* const runner = worlds.of(name, plan, status);
    if (runner != nullptr) status = shrinking.shrink(*runner, name, plan, plans.size() == 1);
    worst = combined(worst, status);
  }
  if (arguments.is_json) std::fputs(shrinking.json().c_str(), stdout);
  tell_interrupt(shrinking.is_interrupted());
  return combined(worst, shrinking.is_interrupted() ? kInterrupted : kAllHeld);
}

}  // namespace

void add_shrink_command(CLI::App& app, int& exit_status) {
  Subcommand command(app, "shrink", "make plans that violate something as small as can be");
  const auto arguments = std::make_shared<ShrinkArguments>();
  command.option("PLAN", arguments->paths, "plans, or folders of them");
  command.option("--out", arguments->out, "where the result is saved; a folder where there are several plans")
      .type_name("FILE|DIR");
  command.option("--world", arguments->world, "where plans run").one_of({"sim", "live"}).shows_default();
  command.option("--subject", arguments->subject, "whose code runs: modelcache, or a plugin")
      .type_name("FILE.so")
      .shows_default();
  command
      .option("--proof", arguments->proof_schedules,
              "schedules that the proof may run, 20000 or, of a command, 500; 0: no proof")
      .type_name("N");
  command.flag("--json", arguments->is_json, "one JSON object on standard output");
  command.footer(kShrinkFooter);
  command.run([arguments, &exit_status] { exit_status = shrink_all(*arguments); });
}

}  // namespace stampede
