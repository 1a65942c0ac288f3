// A network fault: one thing that goes wrong with one connection, as data.
#ifndef STAMPEDE_PLAN_NETWORK_FAULT_H
#define STAMPEDE_PLAN_NETWORK_FAULT_H

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/result.h"

namespace stampede {

enum class FaultKind {
  none,                // the response as it should be
  refused,             // nobody listens; in the free world a property of a model, not of a turn
  reset_on_accept,     // RST before anything was read
  close_on_accept,     // FIN before anything was read
  headers_then_close,  // a good header section, no body byte, FIN
  headers_then_reset,
  close_in_body,     // FIN after `at_bytes` of the body
  reset_in_body,     // RST after `at_bytes` of the body; what was sent before it may be lost, as on a real network
  status,            // `status` with a short body, and Retry-After where given
  flip_byte,         // the byte at `at_bytes` with all its bits inverted; right length
  zero_bytes,        // up to 4096 bytes from `at_bytes` on read as zero; right length
  swap_halves,       // second half first; right length
  length_too_short,  // Content-Length one less than the body, all of which is sent
  length_too_long,   // Content-Length one more than the body, then FIN
  length_missing,    // no Content-Length: the body ends with the connection. Legal, so not a lie by itself
};

// The kind's name in plans, ledgers and on the command line: "reset_in_body".
std::string_view name_of(FaultKind kind);
// One line for people, with the shorthand's form where it has parts: "RST after N bytes of the body (reset_in_body:N)".
std::string_view description_of(FaultKind kind);
// All kinds, in the order of the enumeration.
const std::vector<FaultKind>& all_fault_kinds();

struct NetworkFault {
  FaultKind kind = FaultKind::none;
  std::uint64_t at_bytes = 0;  // clipped to the body's size
  int status = 503;
  std::optional<std::chrono::seconds> retry_after = {};
  friend bool operator==(const NetworkFault&, const NetworkFault&) = default;
};

// True for a fault after which a correct client has the right bytes all the same (none, length_missing).
bool is_harmless(const NetworkFault& fault);

// The shorthand: "reset_in_body:1000", "status:429:retry_after=1", "flip_byte:7", "none". `print` and `parse` are
// inverse; fields that the kind does not use are not printed. A number of bytes may be written as a size ("64KiB").
// ERRORS: invalid_argument, naming the part and what was expected.
modelcache::Result<NetworkFault> parse_fault(std::string_view text);
std::string print(const NetworkFault& fault);

// Which fault meets which connection: the i-th accepted connection gets the i-th; after the last, either from the start
// again or none.
struct FaultSequence {
  std::vector<NetworkFault> faults = {};
  bool repeats = false;
  [[nodiscard]] NetworkFault at(std::uint64_t connection) const;
  friend bool operator==(const FaultSequence&, const FaultSequence&) = default;
};

}  // namespace stampede

#endif  // STAMPEDE_PLAN_NETWORK_FAULT_H
