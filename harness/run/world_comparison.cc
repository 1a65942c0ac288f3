// Outcomes as lines of text, compared line by line.
#include "harness/run/world_comparison.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
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
  if (step.kind == StepKind::sleep_until) text += fmt::format(" until {}", step.until.count());
  if (step.stat) {
    text += fmt::format(" stat {} {:o} {} {}", static_cast<int>(step.stat->type), step.stat->mode, step.stat->links,
                        step.stat->size_bytes);
  }
  return step.names.empty() ? text : text + fmt::format(" names {}", step.names);
}

std::string line_of(const modelcache::Entry& entry) {
  return fmt::format(" entry {} '{}' {} {} '{}' listed {}", entry.key, entry.path, entry.size_bytes,
                     entry.sha256 ? entry.sha256->hex() : "?", entry.url, entry.listed);
}

std::string line_of(const OperationOutcome& outcome) {
  std::string text = fmt::format(
      "{} {}: operation {} {} {} of steps {} to {}: {} '{}' '{}' hit {} attempts {} lock {}", name_of(outcome.stage),
      outcome.process, outcome.index, name_of(outcome.operation.kind), outcome.operation.model, outcome.first_step,
      outcome.end_step, outcome.error ? modelcache::name_of(*outcome.error) : "succeeded", outcome.message,
      outcome.path, outcome.claims_hit, outcome.claimed_attempts, static_cast<int>(outcome.lock));
  for (const modelcache::Entry& entry : outcome.entries) text += line_of(entry);
  for (const modelcache::VerifyReport& report : outcome.reports) {
    text += fmt::format("{} state {} '{}' removed {}", line_of(report.entry), static_cast<int>(report.state),
                        report.detail, report.removed);
  }
  if (!outcome.recovery) return text;
  const modelcache::RecoveryReport& found = *outcome.recovery;
  return text + fmt::format(" recovered {} kept {} adopted {} dropped {} bad {} unreadable {} rebuilt {} '{}' {} {}",
                            found.temporaries_removed, found.temporaries_kept, found.entries_adopted,
                            found.listings_dropped, found.entries_bad, found.entries_unreadable, found.manifest_rebuilt,
                            found.manifest_problem, found.foreign, found.notes);
}

std::string line_of(const LedgerEntry& entry) {
  return fmt::format("connection {} of {} at {} to {}: {} '{}' '{}' range {} turn '{}' -> {} {} {} full {} {}",
                     entry.connection, entry.listener, entry.accepted_at.count(), entry.ended_at.count(),
                     entry.requested, entry.target, entry.model, entry.range_asked, print(entry.fault), entry.status,
                     entry.head_bytes_sent, entry.body_bytes_sent, entry.full_body_sent, name_of(entry.ending));
}

// The judge's words.
void add_verdict(const SimOutcome& outcome, std::vector<std::string>& lines) {
  for (const auto& [name, list] :
       {std::pair("violation", &outcome.violations), {"not promised", &outcome.not_promised}}) {
    for (const StepViolation& each : *list) {
      lines.push_back(fmt::format("{} {} {} at {} step {} of {}: {}", name, each.invariant, each.object,
                                  name_of(each.stage), each.step, each.process, each.what));
    }
  }
  for (std::size_t i = 0; i < outcome.judged.size(); ++i) {
    lines.push_back(fmt::format("invariant {} judged {} times", i, outcome.judged[i]));
  }
}

std::vector<std::string> lines_of(const SimOutcome& outcome) {
  std::vector<std::string> lines;
  lines.reserve(outcome.trace.size());
  for (const Step& step : outcome.trace) lines.push_back(line_of(step));
  const StageEnd& end = outcome.run;
  lines.push_back(fmt::format("{} steps, {} preemptions, {} moves, {} ns; deadlock {} {}", end.steps, end.preemptions,
                              end.moves, end.virtual_time.count(), end.is_deadlock, end.stuck));
  for (std::size_t i = 0; i < end.ends.size(); ++i) {
    lines.push_back(fmt::format("process {} end {}", i, static_cast<int>(end.ends[i])));
  }
  lines.push_back(fmt::format("own steps {}, at the first kill {}", end.own_steps, outcome.steps_at_first_kill));
  for (const Switch& change : end.switches) {
    lines.push_back(fmt::format("switch {}.{} to {}", change.process, change.step, change.to));
  }
  for (const OperationOutcome& operation : outcome.operations) lines.push_back(line_of(operation));
  add_verdict(outcome, lines);
  for (const LedgerEntry& entry : outcome.ledger) lines.push_back(line_of(entry));
  lines.push_back("trace hash " + hash_text(outcome.trace_hash));
  lines.push_back(fmt::format("{} steps of {} processes, connections {} to {} are the plan's", outcome.steps,
                              outcome.processes, outcome.run_ledger_begin, outcome.run_ledger_end));
  lines.push_back(fmt::format("met: {} {} {} short, {} idle, {} refused; {} {}", outcome.disk_faults_met,
                              outcome.errnos_met, outcome.short_transfers_met, outcome.idle_locks_met,
                              outcome.refusals_met, outcome.process_faults_met, outcome.damage_met));
  lines.insert(lines.end(), outcome.files.begin(), outcome.files.end());
  for (const std::string& crash : outcome.crashes) lines.push_back(crash);
  return lines;
}

std::string difference_of(std::string_view one_name, const std::vector<std::string>& left, std::string_view other_name,
                          const std::vector<std::string>& right) {
  const auto [at_left, at_right] = std::mismatch(left.begin(), left.end(), right.begin(), right.end());
  if (at_left == left.end() && at_right == right.end()) return {};
  std::string text;
  const auto shared = std::min<std::ptrdiff_t>(at_left - left.begin(), kSharedLines);
  for (auto line = at_left - shared; line != at_left; ++line) text += fmt::format("{:>8}  {}\n", "both", *line);
  text += fmt::format("{:>8}  {}\n", one_name, at_left == left.end() ? "(ended)" : *at_left);
  return text + fmt::format("{:>8}  {}\n", other_name, at_right == right.end() ? "(ended)" : *at_right);
}

// Outcomes cannot be copied, so the same run is the same object.
void require_two(const SimOutcome& one, const SimOutcome& other) {
  if (&one != &other) return;
  std::fputs("stampede: a run was compared with itself\n", stderr);
  std::abort();
}

}  // namespace

std::string first_difference(std::string_view one_name, const SimOutcome& one, std::string_view other_name,
                             const SimOutcome& other) {
  require_two(one, other);
  return difference_of(one_name, lines_of(one), other_name, lines_of(other));
}

std::string repetition_difference(const SimOutcome& first, const SimOutcome& second) {
  require_two(first, second);
  if (first.trace_hash != second.trace_hash) return "the traces differ";
  const auto is_quiet = [](const SimOutcome& each) { return each.violations.empty() && each.not_promised.empty(); };
  if (first.judged == second.judged && is_quiet(first) && is_quiet(second)) return "";  // nearly always, at no cost
  std::vector<std::string> one, other;
  add_verdict(first, one);
  add_verdict(second, other);
  const std::string difference = difference_of("first", one, "second", other);
  return difference.empty() ? "" : "the traces are the same, and the verdicts are not:\n" + difference;
}

std::string first_step_difference(const std::vector<Step>& expected, const std::vector<Step>& got) {
  const auto hash_of = [](const Step& step) {
    TraceHash hash;
    hash.add(step);
    return hash.value();
  };
  const auto [left, right] =
      std::mismatch(expected.begin(), expected.end(), got.begin(), got.end(),
                    [&](const Step& one, const Step& other) { return hash_of(one) == hash_of(other); });
  const auto text = [](const std::vector<Step>& steps, std::vector<Step>::const_iterator at) {
    return at == steps.end() ? "the end" : fmt::format("process {} {}", at->process, describe(*at, false));
  };
  if (left == expected.end() && right == got.end()) return "";
  return fmt::format("step {}: expected {}, got {}", left - expected.begin() + 1, text(expected, left),
                     text(got, right));
}

}  // namespace stampede
