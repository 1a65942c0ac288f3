// Draws a run as text: one lane a process and one for the server, one row a step.
#ifndef STAMPEDE_CLI_TIMELINE_H
#define STAMPEDE_CLI_TIMELINE_H

#include <cstddef>
#include <string>

#include "harness/plan/plan.h"
#include "harness/run/sim_run.h"

namespace stampede {

struct TimelineStyle {
  std::size_t width = 160;  // columns
  bool has_colours = false;
  bool shows_private = false;  // clocks, random numbers and identities too; else they are counted
  bool shows_epilogue = false;
  bool shows_warm_up = false;
};

// Names are short: E0 is the entry of model 0, U0 its entry by URL, L0 and LU0 their locks, T1 the first temporary,
// M the manifest, LM its lock; a legend tells. Marks: `>` a switch that was no forced move, `!` a fault, `~` a process
// that waits, `x` one that was killed. Violations stand below the step after which they were seen.
// REQUIRES: an outcome whose steps were kept.
std::string draw_timeline(const Plan& plan, const SimOutcome& outcome, const TimelineStyle& style);

}  // namespace stampede

#endif  // STAMPEDE_CLI_TIMELINE_H
