// What `stampede explore` says: a table, a verdict of one line, what was violated, or one JSON object.
#ifndef STAMPEDE_CLI_EXPLORATION_REPORT_H
#define STAMPEDE_CLI_EXPLORATION_REPORT_H

#include <string>
#include <vector>

#include "harness/run/exploration.h"

namespace stampede {

// For people, at most 100 columns. `command` repeats the exploration, without its seed and number of runs.
std::string text_of(const ExplorationOptions& options, const ExplorationTotals& totals);
std::string verdict_line(const ExplorationOptions& options, const ExplorationTotals& totals);
int status_of(const ExplorationOptions& options, const ExplorationTotals& totals, bool requires_judged);
// The first violation in four lines: what, the plan's file, the command that repeats it, where its files are.
std::string violation_text(const ExplorationTotals& totals, const std::string& command);

std::string json_of(const ExplorationOptions& options, const ExplorationTotals& totals);

}  // namespace stampede

#endif  // STAMPEDE_CLI_EXPLORATION_REPORT_H
