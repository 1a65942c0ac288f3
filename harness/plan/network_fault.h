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
  none,     // the response as it should be
  refused,  // nobody listens; in the free world a property of a model, not of a turn
  // Before anything was read.
  reset_on_accept,  // RST
  close_on_accept,  // FIN
  // Where the response ends. Places in the body are counted on the wire, after the header section.
  headers_then_close,  // a good header section, no body byte, FIN
  headers_then_reset,
  close_in_body,     // FIN after `at_bytes`
  reset_in_body,     // RST after `at_bytes`; what was sent before it may be lost, as on a real network
  bytes_after_body,  // more than the framing says. A client is done before it comes to them
  // Pace. A stall goes on after `time`; without one it lasts until the client leaves.
  stall_before_headers,
  stall_in_body,  // after `at_bytes`
  drip,           // `count` bytes at a time, `time` between them (1 ms where none is given)
  // Which answer is given.
  status,               // `status` with a short body, and Retry-After where given
  redirect_relative,    // 302 to a path beside, where the model is served well
  redirect_other_host,  // 302 to another loopback address, or another port where there is none; served well there
  redirect_loop,        // 302 to itself, again and again
  redirect_to_file,     // 302 to file:///
  range_ignored,        // 200 to a range request, which is legal. The range faults change answers to ranges alone
  range_wrong_start,    // 206 with bytes that begin elsewhere, as its Content-Range says
  range_wrong_total,    // 206 whose Content-Range tells another size of the whole
  range_multipart,      // 206 as multipart/byteranges, although one range was asked
  // Content; the right length, but for content_encoding.
  flip_byte,                // the byte at `at_bytes` with all its bits inverted
  zero_bytes,               // up to 4096 bytes from `at_bytes` on as zeros
  swap_halves,              // second half first
  other_version_same_etag,  // version `count` of the model, where 0 means: as many as requests came for it before
  other_version_new_etag,   // likewise, with an ETag of its own
  content_encoding,         // gzip that was not asked for, truly encoded
  // Framing.
  length_too_short,     // Content-Length one less than the body, all of which is sent
  length_too_long,      // Content-Length one more than the body, then FIN
  length_missing,       // no Content-Length: the body ends with the connection. Legal, so not a lie by itself
  length_twice,         // two Content-Length lines that differ
  length_not_a_number,  // Content-Length: many
  chunked_bad_size,     // a chunk in the middle has a size that is no number
  chunked_no_last,      // all chunks but the last, empty one; FIN
  chunked_cut,          // FIN at the end of a chunk in the middle
  chunked_trailers,     // chunks and a trailer section. Legal
  // The header section.
  header_too_long,   // one header line of `count` bytes (128 KiB)
  headers_too_many,  // `count` header lines more (30,000)
  bare_lf,           // all its lines end in LF without CR
  folded_header,     // a header line that goes on in the next (obs-fold)
  // Before the status line.
  interim,         // `count` (1) responses 103. Legal
  garbage_before,  // a line that is none of HTTP
};

// The kind's name in plans, ledgers and on the command line: "reset_in_body".
std::string_view name_of(FaultKind kind);
// One line for people, with the shorthand's form where it has parts: "RST after N bytes of the body (reset_in_body:N)".
std::string_view description_of(FaultKind kind);
// All kinds, in the order of the enumeration.
const std::vector<FaultKind>& all_fault_kinds();
// The kind of that name; nothing where there is none.
std::optional<FaultKind> kind_named(std::string_view name);

// Fields that the kind does not use have their default values.
struct NetworkFault {
  FaultKind kind = FaultKind::none;
  std::uint64_t at_bytes = 0;  // clipped to the body's size
  std::uint64_t count = 0;     // 0: the kind's default
  int status = 503;
  std::optional<std::chrono::seconds> retry_after = {};
  std::optional<std::chrono::milliseconds> time = {};
  friend bool operator==(const NetworkFault&, const NetworkFault&) = default;
};

// True for a fault after which a correct client has the right bytes all the same: one that HTTP allows, or that costs
// only time and of that at most a second.
bool is_harmless(const NetworkFault& fault);

// How a kind's parameters are called: the one that stands alone in the shorthand, and the one that has a key. Empty
// where there is none.
struct ParameterNames {
  std::string_view positional;  // "at", "bytes", "count", "version", "status"
  std::string_view keyed;       // "retry_after", "for", "pause"
};
ParameterNames parameters_of(FaultKind kind);

// The shorthand: "reset_in_body:1000", "status:429:retry_after=1", "stall_in_body:7:for=20ms", "drip:1000:pause=2ms",
// "none". `print` and `parse` are inverse; fields that the kind does not use are not printed. A number of bytes may be
// written as a size ("64KiB"), a time in ms or s.
// ERRORS: invalid_argument, naming the part and what was expected.
modelcache::Result<NetworkFault> parse_fault(std::string_view text);
std::string print(const NetworkFault& fault);

}  // namespace stampede

#endif  // STAMPEDE_PLAN_NETWORK_FAULT_H
