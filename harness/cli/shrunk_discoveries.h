// Shrinks what an exploration has found, one plan for each bug.
#ifndef STAMPEDE_CLI_SHRUNK_DISCOVERIES_H
#define STAMPEDE_CLI_SHRUNK_DISCOVERIES_H

#include <string>
#include <vector>

#include "harness/cli/sim_report.h"
#include "harness/run/sim_exploration.h"

namespace stampede {

// The first discovery of each signature, five of them at most, in the world of the exploration. The unshrunk failure is
// printed first, where `shows_text`. The result is saved beside the plan, as NAME-shrunk.json; the plan itself stays.
// An interrupt ends it: the best so far is saved.
void shrink_discoveries(const SimExplorationOptions& options, bool shows_text, std::vector<SavedDiscovery>& saved);

}  // namespace stampede

#endif  // STAMPEDE_CLI_SHRUNK_DISCOVERIES_H
