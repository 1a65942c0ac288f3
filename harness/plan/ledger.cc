// The names of the ways in which a connection ends, and whom it harmed.
#include "harness/plan/ledger.h"

namespace stampede {

std::string_view name_of(Ending ending) {
  switch (ending) {
    case Ending::open:
      return "open";
    case Ending::finished:
      return "finished";
    case Ending::reset:
      return "reset";
    case Ending::peer_left:
      return "peer_left";
    case Ending::no_request:
      return "no_request";
    case Ending::bad_request:
      return "bad_request";
    case Ending::server_stopped:
      return "server_stopped";
  }
  return "unknown";
}

bool is_harmless(const LedgerEntry& entry) {
  FaultTurn turn = entry.fault;
  if (!entry.range_asked) {
    std::erase_if(turn.parts, [](const NetworkFault& part) {
      return part.kind == FaultKind::range_wrong_start || part.kind == FaultKind::range_wrong_total ||
             part.kind == FaultKind::range_multipart;
    });
  }
  return is_harmless(turn);
}

}  // namespace stampede
