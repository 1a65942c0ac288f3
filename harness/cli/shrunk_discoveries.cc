// Picks discoveries by their signatures, shrinks and saves them.
#include "harness/cli/shrunk_discoveries.h"

#include <cstdio>
#include <filesystem>
#include <optional>
#include <set>

#include "harness/cli/shrink_report.h"
#include "harness/free/posix_interrupt.h"
#include "harness/plan/plan_json.h"
#include "harness/run/smallest_plan.h"

namespace stampede {
namespace {

constexpr std::size_t kShrunkMax = 5;
// Of the bound of `stampede shrink`: here the search goes on.
constexpr std::uint64_t kProofShare = 4;

SmallestPlanOptions options_of(const Plan& plan, const SimExplorationOptions& exploration, bool shows_text) {
  SmallestPlanOptions options = options_for(plan);
  options.shrink.is_interrupted = options.proof.is_interrupted = exploration.is_interrupted;
  options.proof.schedules_max /= kProofShare;
  if (shows_text) {
    options.on_unshrunk = [](const Plan& unshrunk, const StepViolation& violation) {
      std::fputs(unshrunk_text(unshrunk, violation).c_str(), stdout);
      std::fflush(stdout);
    };
  }
  if (is_terminal(2)) {
    options.shrink.progress = [](const Plan& smaller, std::uint64_t replays) {
      std::fprintf(stderr, "\r\033[K%s", progress_text(smaller, replays).c_str());
    };
  }
  return options;
}

// Which of a plan's models it was is chance.
Signature without_digits(Signature signature) {
  std::erase_if(signature.object, [](char c) { return c >= '0' && c <= '9'; });
  return signature;
}

std::string shrunk_name(const std::string& file) {
  const std::filesystem::path path(file);
  return (path.parent_path() / (path.stem().string() + "-shrunk.json")).string();
}

}  // namespace

void shrink_discoveries(const SimExplorationOptions& options, bool shows_text, std::vector<SavedDiscovery>& saved) {
  std::optional<SimRunner> runner;
  std::set<Signature> seen;
  for (SavedDiscovery& each : saved) {
    if (each.discovery.violations.empty() || each.file.empty() || options.is_interrupted()) continue;
    const Signature signature = signature_of(each.discovery.violations.front());
    if (seen.size() == kShrunkMax || !seen.insert(without_digits(signature)).second) continue;
    if (!runner) runner.emplace(options.make_world());
    SmallestPlanOptions shrinking = options_of(each.discovery.plan, options, shows_text);
    shrinking.find = find_signature(signature);
    SmallestPlan smallest = smallest_plan(*runner, each.discovery.plan, shrinking);
    if (is_terminal(2)) std::fputs("\r\033[K", stderr);
    if (!smallest.shrunk.violation) continue;  // it did not come again; the plan that was found is all there is
    const std::string file = shrunk_name(each.file);
    if (save_plan(smallest.shrunk.plan, file)) each.shrunk_file = file;
    each.smallest = std::move(smallest);
  }
}

}  // namespace stampede
