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
// Where HTTP leaves a choice, the careful one: what cannot be read without a doubt is a bad response.
Codes codes_of(const NetworkFault& fault) {
  switch (fault.kind) {
    case FaultKind::none:
    case FaultKind::length_missing:
    case FaultKind::chunked_trailers:
    case FaultKind::bytes_after_body:
    case FaultKind::drip:
    case FaultKind::redirect_relative:
    case FaultKind::redirect_other_host:
    case FaultKind::range_ignored:
      return {};
    case FaultKind::stall_before_headers:
    case FaultKind::stall_in_body:
      return is_harmless(fault) ? Codes{} : Codes{"timed_out"};
    case FaultKind::interim:
      return is_harmless(fault) ? Codes{} : Codes{"bad_response"};
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
    case FaultKind::chunked_no_last:
    case FaultKind::chunked_cut:
      return {"truncated"};
    case FaultKind::redirect_loop:
      return {"too_many_redirects"};
    case FaultKind::redirect_to_file:
    case FaultKind::content_encoding:
    case FaultKind::length_twice:
    case FaultKind::length_not_a_number:
    case FaultKind::chunked_bad_size:
    case FaultKind::header_too_long:
    case FaultKind::headers_too_many:
    case FaultKind::bare_lf:
    case FaultKind::folded_header:
    case FaultKind::garbage_before:
      return {"bad_response"};
    case FaultKind::range_wrong_start:
    case FaultKind::range_wrong_total:
    case FaultKind::range_multipart:
      return {"bad_response", "wrong_checksum"};
    case FaultKind::status:
      return codes_of_status(fault.status);
    case FaultKind::flip_byte:
    case FaultKind::zero_bytes:
    case FaultKind::swap_halves:
    case FaultKind::other_version_same_etag:
    case FaultKind::other_version_new_etag:
    case FaultKind::length_too_short:  // the body ends where its length says, one byte early
      return {"wrong_checksum"};
  }
  return {};
}

// The parts' codes, and those that they cause only together.
Codes codes_of(const LedgerEntry& entry) {
  if (is_harmless(entry)) return {};
  const FaultTurn& turn = entry.fault;
  Codes codes;
  for (const NetworkFault& part : turn.parts) codes.merge(codes_of(part));
  const auto has = [&](FaultKind kind) { return has_part(turn, kind); };
  // A cut that the framing does not show, and a missing byte that was taken from behind the body.
  const bool is_cut = has(FaultKind::close_in_body) || has(FaultKind::headers_then_close);
  if (is_cut && has(FaultKind::length_missing)) codes.insert("wrong_checksum");
  if (has(FaultKind::length_too_long) && has(FaultKind::bytes_after_body)) codes.insert("wrong_checksum");
  // The next chunk's size is sought in them.
  if (has(FaultKind::chunked_no_last) && has(FaultKind::bytes_after_body)) codes.insert("bad_response");
  return codes;
}

}  // namespace

Finding honest_errors(const RunFacts& facts) {
  Finding finding;
  for (const Get& get : gets_of(facts.run)) {
    if (get.report->succeeded) continue;
    Codes codes;
    if (facts.plan.refused_models.contains(get.planned.model)) codes = {"refused"};
    for (const auto& connections : {requests_of(facts.run, get), unasked_connections_of(facts.run, get.process)}) {
      for (const LedgerEntry* entry : connections) codes.merge(codes_of(*entry));
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
