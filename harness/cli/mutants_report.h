// What `stampede mutants` found: a table for people, or one JSON object.
#ifndef STAMPEDE_CLI_MUTANTS_REPORT_H
#define STAMPEDE_CLI_MUTANTS_REPORT_H

#include <cstdint>
#include <string>
#include <vector>

#include "cache/result.h"
#include "harness/run/mutant_catalogue.h"
#include "harness/run/mutant_search.h"

namespace stampede {

struct MutantsReport {
  std::string world, strategy;
  std::uint64_t seed = 0, runs = 0;
  std::uint32_t skew = 0;
  std::vector<Mutant> mutants;
  std::vector<MutantSearch> searches;  // as many of each mutant, mutant by mutant
  bool interrupted = false;

  // Whether every search found its mutant, and the good cache held wherever it was asked.
  [[nodiscard]] bool all_killed() const;
};

// A row a mutant, at most 100 columns wide, and a verdict. Figures are medians of the searches that found it.
std::string text_of(const MutantsReport& report);
std::string json_of(const MutantsReport& report);
// The exit status; kCannotHere where nothing is known of any search, since all its runs were uncontrolled.
int status_of(const MutantsReport& report);

// Writes to `out`, for each mutant and each invariant that it broke, the kill with the fewest switches, as
// <mutant>-<invariant>.json; its note says what it kills and which command found it. ERRORS: io.
modelcache::Result<void> save_killers(const MutantsReport& report, const std::string& out);

}  // namespace stampede

#endif  // STAMPEDE_CLI_MUTANTS_REPORT_H
