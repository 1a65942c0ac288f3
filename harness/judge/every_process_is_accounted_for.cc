// No process is lost, and none that did not start or report passes for a success.
#include <algorithm>

#include "harness/judge/invariants.h"
#include "harness/judge/reading.h"

namespace stampede {
namespace {

void judge_commands(const RunFacts& facts, const StageFacts& stage, Finding& finding) {
  for (const Get& get : gets_of(stage)) {
    if (!get.report->command) continue;
    finding.judge(get.report->command->end == CommandEnd::exited,
                  [&] { return describe(facts, get) + ": " + get.report->error_message; });
  }
}

}  // namespace

Finding every_process_is_accounted_for(const RunFacts& facts) {
  Finding finding;
  for (const StageFacts* stage : stages_of(facts)) {
    finding.judge(stage->planned.size() == stage->processes.size(), [&] {
      return std::to_string(stage->planned.size()) + " processes were planned, " +
             std::to_string(stage->processes.size()) + " are known";
    });
    for (std::size_t i = 0; i < std::min(stage->planned.size(), stage->processes.size()); ++i) {
      const ProcessRecord& record = stage->processes[i];
      const std::string name = "process " + std::to_string(i) + ": ";
      if (record.reason == ExitReason::killed_by_plan) {  // it owes no report
        finding.judge(record.reaped, [&] { return name + "was killed and not reaped"; });
        continue;
      }
      finding.judge(record.reason == ExitReason::exited && record.exit_value == 0, [&] {
        const std::string value = record.reason == ExitReason::hang ? "" : " " + std::to_string(record.exit_value);
        return name + std::string(name_of(record.reason)) + value + " " + record.problem + " " + record.output;
      });
      finding.judge(record.reaped || record.reason == ExitReason::not_started, [&] { return name + "was not reaped"; });
      const std::size_t planned = stage->planned[i].operations.size();
      finding.judge(record.report && record.report->size() == planned, [&] {
        return name + (record.report ? "reports " + std::to_string(record.report->size()) + " of " +
                                           std::to_string(planned) + " operations"
                                     : "no report: " + record.problem);
      });
    }
    judge_commands(facts, *stage, finding);
  }
  return finding;
}

}  // namespace stampede
