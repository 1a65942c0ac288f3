// An error says what happened: its code is one that the process's own faults can cause.
#include <algorithm>
#include <set>
#include <string_view>

#include "harness/judge/invariants.h"
#include "harness/judge/reading.h"

namespace stampede {
namespace {

using Codes = std::set<std::string_view>;

Codes codes_of_status(int status) {
  if (status == 404 || status == 410) return {"not_found"};
  if (status == 304) return {"bad_response"};      // nothing conditional was asked
  if (status / 100 == 3) return {"bad_response"};  // a redirect without a Location
  return {"http_status"};
}

// What a client can see of a fault. A reset takes what is still on its way with it, so it never looks like an orderly
// end; an orderly end can look like a reset, when the request arrives after the server has closed (RFC 9293, 3.10.7.1).
Codes codes_of(const NetworkFault& fault) {
  switch (fault.kind) {
    case FaultKind::none:
    case FaultKind::length_missing:
      return {};
    case FaultKind::refused:
      return {"refused"};
    case FaultKind::reset_on_accept:
    case FaultKind::headers_then_reset:
    case FaultKind::reset_in_body:
      return {"reset"};
    case FaultKind::close_on_accept:
      return {"truncated", "reset"};
    case FaultKind::headers_then_close:
    case FaultKind::close_in_body:
    case FaultKind::length_too_long:
      return {"truncated"};
    case FaultKind::status:
      return codes_of_status(fault.status);
    case FaultKind::flip_byte:
    case FaultKind::zero_bytes:
    case FaultKind::swap_halves:
    case FaultKind::length_too_short:  // the body ends where its length says, one byte early
      return {"wrong_checksum"};
  }
  return {};
}

}  // namespace

Finding honest_errors(const RunFacts& facts) {
  Finding finding;
  for (const Get& get : gets_of(facts.run)) {
    if (get.report->succeeded) continue;
    Codes codes;
    if (facts.plan.refused_models.contains(get.planned.model)) codes = {"refused"};
    for (const auto& connections : {requests_of(facts.run, get), unasked_connections_of(facts.run, get.process)}) {
      for (const LedgerEntry* entry : connections) codes.merge(codes_of(entry->fault));
    }
    if (codes.empty()) continue;  // no fault at all: no_spurious_failure judges that
    finding.judge(codes.contains(get.report->error_code), [&] {
      std::string possible;
      for (const std::string_view code : codes) possible += (possible.empty() ? "" : ", ") + std::string(code);
      return describe(facts, get) + " failed with '" + get.report->error_message + "'; its faults can cause " +
             possible;
    });
  }
  return finding;
}

}  // namespace stampede
