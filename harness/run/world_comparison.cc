// Outcomes as lines of text, compared line by line.
#include "harness/run/world_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "harness/run/trace.h"

namespace stampede {
namespace {

constexpr std::size_t kSharedLines = 3;

// Everything, unlike `describe`, which is for people.
std::string line_of(const Step& step) {
  std::string text = fmt::format(
      "{} {}.{} {} '{}' '{}' file {} connection {} offset {} size {} mode {} -> error {} result {} replaced {} fault "
      "{} at {}",
      name_of(step.stage), step.process, step.own_step, name_of(step.kind), step.path, step.to_path, step.file,
      step.connection, step.offset, step.size, step.mode, step.error, step.result, step.replaced,
      static_cast<int>(step.fault), step.at.count());
  if (step.stat) {
    text += fmt::format(" stat {} {:o} {} {}", static_cast<int>(step.stat->type), step.stat->mode, step.stat->links,
                        step.stat->size_bytes);
  }
  for (const std::string& name : step.names) text += " " + name;
  return text;
}

std::string line_of(const OperationOutcome& outcome) {
  std::string text = fmt::format(
      "{} {}: operation {} {} of steps {} to {}: {} {} {} hit {} attempts {} lock {} recovered {}",
      name_of(outcome.stage), outcome.process, outcome.index, name_of(outcome.operation.kind), outcome.first_step,
      outcome.end_step, outcome.error ? modelcache::name_of(*outcome.error) : "succeeded", outcome.message,
      outcome.path, outcome.claims_hit, outcome.claimed_attempts, static_cast<int>(outcome.lock),
      outcome.recovery.has_value());
  for (const modelcache::Entry& entry : outcome.entries) {
    text += fmt::format(" {} {} {}", entry.path, entry.size_bytes, entry.listed);
  }
  for (const modelcache::VerifyReport& report : outcome.reports) {
    text += fmt::format(" {} {} {}", report.entry.key, static_cast<int>(report.state), report.detail);
  }
  return text;
}

std::vector<std::string> end_lines(const SimOutcome& outcome) {
  std::vector<std::string> lines;
  const StageEnd& end = outcome.run;
  lines.push_back(fmt::format("{} steps, {} preemptions, {} moves, {} ns; deadlock {} {}", end.steps, end.preemptions,
                              end.moves, end.virtual_time.count(), end.is_deadlock, end.stuck));
  for (std::size_t i = 0; i < end.ends.size(); ++i) {
    lines.push_back(
        fmt::format("process {} end {} after {} steps", i, static_cast<int>(end.ends[i]), end.own_steps[i]));
  }
  for (const Switch& change : end.switches) {
    lines.push_back(fmt::format("switch {}.{} to {}", change.process, change.step, change.to));
  }
  for (const OperationOutcome& operation : outcome.operations) lines.push_back(line_of(operation));
  for (const StepViolation& violation : outcome.violations) {
    lines.push_back(fmt::format("violation {} {} at step {}", violation.invariant, violation.object, violation.step));
  }
  for (std::size_t i = 0; i < outcome.judged.size(); ++i) {
    lines.push_back(fmt::format("invariant {} judged {} times", i, outcome.judged[i]));
  }
  for (const LedgerEntry& entry : outcome.ledger) {
    lines.push_back(fmt::format("connection {} of {}: {} {} {} at {}", entry.connection, entry.listener, entry.target,
                                entry.body_bytes_sent, name_of(entry.ending), entry.ended_at.count()));
  }
  lines.push_back("trace hash " + hash_text(outcome.trace_hash));
  lines.insert(lines.end(), outcome.files.begin(), outcome.files.end());
  for (const std::string& crash : outcome.crashes) lines.push_back(crash);
  return lines;
}

std::vector<std::string> lines_of(const SimOutcome& outcome) {
  std::vector<std::string> lines;
  lines.reserve(outcome.trace.size());
  for (const Step& step : outcome.trace) lines.push_back(line_of(step));
  const std::vector<std::string> end = end_lines(outcome);
  lines.insert(lines.end(), end.begin(), end.end());
  return lines;
}

}  // namespace

std::string first_difference(std::string_view one_name, const SimOutcome& one, std::string_view other_name,
                             const SimOutcome& other) {
  const std::vector<std::string> left = lines_of(one), right = lines_of(other);
  const auto [at_left, at_right] = std::mismatch(left.begin(), left.end(), right.begin(), right.end());
  if (at_left == left.end() && at_right == right.end()) return {};
  std::string text;
  const auto shared = std::min<std::ptrdiff_t>(at_left - left.begin(), kSharedLines);
  for (auto line = at_left - shared; line != at_left; ++line) text += fmt::format("{:>8}  {}\n", "both", *line);
  text += fmt::format("{:>8}  {}\n", one_name, at_left == left.end() ? "(ended)" : *at_left);
  return text + fmt::format("{:>8}  {}\n", other_name, at_right == right.end() ? "(ended)" : *at_right);
}

}  // namespace stampede
