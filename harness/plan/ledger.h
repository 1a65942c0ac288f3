// The ledger: what a server saw and did, one entry a connection. Half of the truth that the judge goes by.
#ifndef STAMPEDE_PLAN_LEDGER_H
#define STAMPEDE_PLAN_LEDGER_H

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/plan/fault_turn.h"

namespace stampede {

// How a connection ended, as the server knows it.
enum class Ending {
  open,         // not yet
  finished,     // the script was played to its end, and the end was a close
  reset,        // the script was played to its end, and the end was a reset
  peer_left,    // the client closed or reset before the script's end
  no_request,   // the client closed before a complete request came
  bad_request,  // what came was no GET of a known model; answered with 400, 404 or 405
  server_stopped,
};
std::string_view name_of(Ending ending);

struct LedgerEntry {
  std::uint64_t connection = 0;  // order of acceptance, from 0
  std::uint32_t listener = 0;    // which of the server's ports accepted it; the harness gives each process its own
  FaultTurn fault;               // what this connection got
  bool requested = false;        // a complete request header section was read
  std::string target;            // of the request: "/m1.onnx"
  std::string model;             // its name; empty where the target names none
  bool range_asked = false;      // the request had a Range
  int status = 0;                // sent; 0 when no status line was
  std::uint64_t head_bytes_sent = 0;
  std::uint64_t body_bytes_sent =
      0;                        // accepted by the kernel's socket buffer: what the client got may be less after a reset
  bool full_body_sent = false;  // every byte of the model, right and in order, with framing that says so
  Ending ending = Ending::open;
  std::chrono::nanoseconds accepted_at{};  // since the server started
  std::chrono::nanoseconds ended_at{};
};

using Ledger = std::vector<LedgerEntry>;

// True where a correct client has the right bytes after this connection all the same, be it by following a redirect:
// its turn is harmless, or concerns ranges and none was asked.
bool is_harmless(const LedgerEntry& entry);

}  // namespace stampede

#endif  // STAMPEDE_PLAN_LEDGER_H
