// Adds up what was judged, and decides.
#include "harness/cli/exit_statuses.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/cli/sim_report.h"
#include "harness/judge/step_judge.h"

namespace stampede {
namespace {

std::uint64_t times(const Judged& judged) {
  std::uint64_t sum = 0;
  for (const auto& [invariant, count] : judged) sum += count;
  return sum;
}

}  // namespace

std::vector<std::string> never_judged(const InvariantSet& allowed, const Judged& judged) {
  std::vector<std::string> never;
  for (std::size_t i = 0; i < watched_invariants().size(); ++i) {
    const std::string id(watched_invariants()[i].id);
    const auto found = judged.find(id);
    if (allowed.test(i) && (found == judged.end() || found->second == 0)) never.push_back(id);
  }
  return never;
}

std::string held_text(const Judged& judged, const std::vector<std::string>& never, const std::string& done,
                      double seconds, std::string_view found) {
  if (times(judged) == 0) return fmt::format("nothing was judged: no invariant was applied in {}\n", done);
  return fmt::format("{}: {} in {}; judged {} times in {:.1f} s{}{}\n",
                     never.empty() ? "all held" : "held as far as judged", found, done, times(judged), seconds,
                     never.empty() ? "" : "; judged 0 times: ", fmt::join(never, ", "));
}

int judged_status(const Judged& judged, const std::vector<std::string>& never, bool requires_judged) {
  if (requires_judged && (times(judged) == 0 || !never.empty())) return kCannotHere;
  return times(judged) == 0 ? kUsage : kAllHeld;
}

int status_of(const SimTotals& totals, bool requires_judged) {
  int status = judged_status(totals.judged, never_judged(totals.allowed, totals.judged), requires_judged);
  if (totals.schedules == 0) status = totals.uncontrolled > 0 ? kCannotHere : kUsage;
  return exit_status(totals.violations + totals.divergences > 0, totals.interrupted, status);
}

int status_of(const KillSweep& sweep, bool requires_judged) {
  int status = judged_status(sweep.judged, never_judged(sweep.allowed, sweep.judged), requires_judged);
  if (!sweep.is_complete()) status = sweep.uncontrolled.empty() ? kViolated : kCannotHere;
  return exit_status(sweep.violations > 0, sweep.interrupted, status);
}

int status_of(const Replayed& replayed, bool requires_judged) {
  const std::uint64_t lost = replayed.count(ReplayVerdict::uncontrolled);
  const std::uint64_t run =
      replayed.reports.size() - replayed.count(ReplayVerdict::stale) - replayed.count(ReplayVerdict::not_run);
  int status = judged_status(replayed.judged, never_judged(replayed.allowed, replayed.judged), requires_judged);
  // What is stale, or was uncontrolled, is said, and is no failure of the cache.
  if (lost > 0 && lost == run) status = kCannotHere;
  if (run == 0 && !requires_judged) status = kAllHeld;
  return exit_status(replayed.has_failed(), replayed.interrupted, status);
}

int refuse(const std::string& message, int status) {
  std::fprintf(stderr, "stampede: %s\n", message.c_str());
  return status;
}

void tell_interrupt(bool is_interrupted) {
  if (is_interrupted) std::fputs("interrupted: this is what was done before\n", stderr);
}

}  // namespace stampede
