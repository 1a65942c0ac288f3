// The exit statuses that all commands share, and how they say that all held.
#ifndef STAMPEDE_CLI_EXIT_STATUSES_H
#define STAMPEDE_CLI_EXIT_STATUSES_H

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/judge/allowed_invariants.h"

namespace stampede {

inline constexpr int kAllHeld = 0;
inline constexpr int kViolated = 1;
inline constexpr int kUsage = 2;       // or a file that cannot be read
inline constexpr int kCannotHere = 3;  // this machine cannot do it; or what had to be judged was not
inline constexpr int kInterrupted = 130;

// What was found counts, whatever ended the command afterwards; `otherwise` is the status where nothing did.
constexpr int exit_status(bool has_found, bool is_interrupted, int otherwise) {
  return has_found ? kViolated : is_interrupted ? kInterrupted : otherwise;
}

// Of a command that came to two ends, in any order: what was found counts, then the larger status, so an interrupt.
constexpr int combined(int one, int other) {
  return one == kViolated || other == kViolated ? kViolated : one > other ? one : other;
}

// Says on standard error why a command does nothing: "stampede: MESSAGE". Returns `status`.
int refuse(const std::string& message, int status = kUsage);
// Where it was, says on standard error that the report is of what was done until then.
void tell_interrupt(bool is_interrupted);

// How often each invariant was judged; of what is not there, never.
using Judged = std::map<std::string, std::uint64_t>;
// Those that plans allowed, and that were judged 0 times, in the order of `watched_invariants`.
std::vector<std::string> never_judged(const InvariantSet& allowed, const Judged& judged);
// "all held: 0 violations in 3 runs; judged 12 times in 0.1 s", or "held as far as judged: ..." with the names of those
// that `never` were; where none was, that nothing was judged.
std::string held_text(const Judged& judged, const std::vector<std::string>& never, const std::string& done,
                      double seconds, std::string_view found = "0 violations");
// Where nothing broke: kUsage where nothing was judged; kCannotHere with --require-judged, where anything never was.
int judged_status(const Judged& judged, const std::vector<std::string>& never, bool requires_judged);

}  // namespace stampede

#endif  // STAMPEDE_CLI_EXIT_STATUSES_H
