// What one connection gets, made of faults that concern different aspects of it, and sequences of such turns.
#ifndef STAMPEDE_PLAN_FAULT_TURN_H
#define STAMPEDE_PLAN_FAULT_TURN_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/plan/network_fault.h"

namespace stampede {

// A turn without parts is the response as it should be.
struct FaultTurn {
  FaultTurn() = default;
  // Not explicit: one fault is a turn. `none` adds no part.
  FaultTurn(const NetworkFault& fault) {
    if (fault.kind != FaultKind::none) parts.push_back(fault);
  }

  std::vector<NetworkFault> parts = {};  // none of kind `none`
  friend bool operator==(const FaultTurn&, const FaultTurn&) = default;
};

// The part of that kind, or null.
const NetworkFault* find_part(const FaultTurn& turn, FaultKind kind);
bool has_part(const FaultTurn& turn, FaultKind kind);
// Of the parts; `none` alone for a turn without any.
std::vector<FaultKind> kinds_of(const FaultTurn& turn);

// True where the connection ends before its request is read.
bool is_before_request(const FaultTurn& turn);
// True where the answer sends the client elsewhere, and the model is served well there.
bool redirects_well(const FaultTurn& turn);
// True for a turn after which a correct client has the right bytes all the same.
bool is_harmless(const FaultTurn& turn);
// True where clients may differ: HTTP lets them take such a response, and care lets them refuse it (line ends, folded
// lines, sizes of header sections).
bool is_refusable(const FaultTurn& turn);

// ERRORS: invalid_argument, for two parts that contradict each other: both decide the same aspect, or one leaves
// nothing for the other to change. The message names both and the aspect.
modelcache::Result<void> check(const FaultTurn& turn);

// The shorthand of the parts, joined by '+': "drip:1000+flip_byte:7"; "none" without any. `print` and `parse` are
// inverse. ERRORS: those of parse_fault and `check`.
modelcache::Result<FaultTurn> parse_turn(std::string_view text);
std::string print(const FaultTurn& turn);

// The i-th of those who come gets the i-th turn; after the last, either from the start again or good responses. Where
// `every` is more than 1, that many less one good responses come before each turn.
struct FaultSequence {
  std::vector<FaultTurn> faults = {};
  bool repeats = false;
  std::uint64_t every = 1;
  [[nodiscard]] FaultTurn at(std::uint64_t index) const;
  friend bool operator==(const FaultSequence&, const FaultSequence&) = default;
};

}  // namespace stampede

#endif  // STAMPEDE_PLAN_FAULT_TURN_H
