// After the run, a clean process gets everything.
#include "harness/judge/invariants.h"
#include "harness/judge/reading.h"

namespace stampede {

Finding recovery_needs_no_hands(const RunFacts& facts) {
  Finding finding;
  if (!facts.epilogue) return finding;
  const StageFacts& epilogue = *facts.epilogue;
  finding.judge(all_ended_well(epilogue), [&] {
    const bool known = !epilogue.processes.empty();
    return "the clean process after the run did not end well: " +
           (known ? epilogue.processes[0].problem + " " + epilogue.processes[0].output : std::string("not started"));
  });
  for (const Get& get : gets_of(epilogue)) {
    finding.judge(get.report->succeeded, [&] {
      return "after the run, a clean " + describe(facts, get) + " from directory " +
             std::to_string(get.planned.directory) + " failed: " + get.report->error_message;
    });
    if (!get.report->succeeded || !facts.reads_back) continue;
    finding.judge(get.report->read_back == facts.plan.models.at(get.planned.model).sha256,
                  [&] { return "after the run, a clean " + describe(facts, get) + " got other bytes"; });
  }
  return finding;
}

}  // namespace stampede
