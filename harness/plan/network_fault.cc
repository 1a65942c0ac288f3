// The table of network faults, and their shorthand.
#include "harness/plan/network_fault.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

#include "harness/plan/model.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;
using std::chrono::milliseconds;

// The parameter after the first colon.
enum class Positional { nothing, at_bytes, piece_bytes, count, version, status };
// The parameter that is written key=value.
enum class Keyed { nothing, retry_after, time, pause };
// What a correct client makes of it.
enum class Harm { none, where_long, yes };

struct KindRow {
  FaultKind kind;
  Positional positional;
  Keyed keyed;
  Harm harm;
  std::string_view name;
  std::string_view description;
};

// In the order of the enumeration; `all_fault_kinds` and the lookups rely on it, and a test checks it.
constexpr std::array kKinds = {
    KindRow{FaultKind::none, Positional::nothing, Keyed::nothing, Harm::none, "none", "the response as it should be"},
    KindRow{FaultKind::refused, Positional::nothing, Keyed::nothing, Harm::yes, "refused",
            "nobody listens at the model's port"},
    KindRow{FaultKind::reset_on_accept, Positional::nothing, Keyed::nothing, Harm::yes, "reset_on_accept",
            "RST before anything was read"},
    KindRow{FaultKind::close_on_accept, Positional::nothing, Keyed::nothing, Harm::yes, "close_on_accept",
            "FIN before anything was read"},
    KindRow{FaultKind::headers_then_close, Positional::nothing, Keyed::nothing, Harm::yes, "headers_then_close",
            "good headers, no byte of the body, FIN"},
    KindRow{FaultKind::headers_then_reset, Positional::nothing, Keyed::nothing, Harm::yes, "headers_then_reset",
            "good headers, no byte of the body, RST"},
    KindRow{FaultKind::close_in_body, Positional::at_bytes, Keyed::nothing, Harm::yes, "close_in_body",
            "FIN after N bytes of the body (close_in_body:N)"},
    KindRow{FaultKind::reset_in_body, Positional::at_bytes, Keyed::nothing, Harm::yes, "reset_in_body",
            "RST after N bytes of the body (reset_in_body:N)"},
    KindRow{FaultKind::bytes_after_body, Positional::nothing, Keyed::nothing, Harm::none, "bytes_after_body",
            "more bytes than the framing says"},
    KindRow{FaultKind::stall_before_headers, Positional::nothing, Keyed::time, Harm::where_long, "stall_before_headers",
            "silence before the answer, for a time or for ever (stall_before_headers:for=20ms)"},
    KindRow{FaultKind::stall_in_body, Positional::at_bytes, Keyed::time, Harm::where_long, "stall_in_body",
            "silence after N bytes of the body (stall_in_body:N, stall_in_body:N:for=20ms)"},
    KindRow{FaultKind::drip, Positional::piece_bytes, Keyed::pause, Harm::none, "drip",
            "N bytes at a time, 1 ms between them (drip:N, drip:N:pause=5ms)"},
    KindRow{FaultKind::status, Positional::status, Keyed::retry_after, Harm::yes, "status",
            "an error status with a short body (status:503, status:429:retry_after=1)"},
    KindRow{FaultKind::redirect_relative, Positional::nothing, Keyed::nothing, Harm::none, "redirect_relative",
            "302 to a relative path, which is served well"},
    KindRow{FaultKind::redirect_other_host, Positional::nothing, Keyed::nothing, Harm::none, "redirect_other_host",
            "302 to another address of this machine, which serves well"},
    KindRow{FaultKind::redirect_loop, Positional::nothing, Keyed::nothing, Harm::yes, "redirect_loop",
            "302 to itself, for ever"},
    KindRow{FaultKind::redirect_to_file, Positional::nothing, Keyed::nothing, Harm::yes, "redirect_to_file",
            "302 to a file:/// URL"},
    KindRow{FaultKind::range_ignored, Positional::nothing, Keyed::nothing, Harm::none, "range_ignored",
            "200 and all bytes to a range request"},
    KindRow{FaultKind::range_wrong_start, Positional::nothing, Keyed::nothing, Harm::yes, "range_wrong_start",
            "206 to a range request with bytes that begin elsewhere"},
    KindRow{FaultKind::range_wrong_total, Positional::nothing, Keyed::nothing, Harm::yes, "range_wrong_total",
            "206 to a range request with a wrong total size"},
    KindRow{FaultKind::range_multipart, Positional::nothing, Keyed::nothing, Harm::yes, "range_multipart",
            "206 to a range request as multipart/byteranges"},
    KindRow{FaultKind::flip_byte, Positional::at_bytes, Keyed::nothing, Harm::yes, "flip_byte",
            "the byte at N inverted, right length (flip_byte:N)"},
    KindRow{FaultKind::zero_bytes, Positional::at_bytes, Keyed::nothing, Harm::yes, "zero_bytes",
            "4096 bytes from N on as zeros, right length (zero_bytes:N)"},
    KindRow{FaultKind::swap_halves, Positional::nothing, Keyed::nothing, Harm::yes, "swap_halves",
            "the second half first, right length"},
    KindRow{FaultKind::other_version_same_etag, Positional::version, Keyed::nothing, Harm::yes,
            "other_version_same_etag", "another version each time after the first (or :K), under the same ETag"},
    KindRow{FaultKind::other_version_new_etag, Positional::version, Keyed::nothing, Harm::yes, "other_version_new_etag",
            "another version each time after the first (or :K), each with its ETag"},
    KindRow{FaultKind::content_encoding, Positional::nothing, Keyed::nothing, Harm::yes, "content_encoding",
            "gzip that was not asked for"},
    KindRow{FaultKind::length_too_short, Positional::nothing, Keyed::nothing, Harm::yes, "length_too_short",
            "Content-Length one less than the body, all of which is sent"},
    KindRow{FaultKind::length_too_long, Positional::nothing, Keyed::nothing, Harm::yes, "length_too_long",
            "Content-Length one more than the body, then FIN"},
    KindRow{FaultKind::length_missing, Positional::nothing, Keyed::nothing, Harm::none, "length_missing",
            "no Content-Length: the body ends with the connection, which is legal"},
    KindRow{FaultKind::length_twice, Positional::nothing, Keyed::nothing, Harm::yes, "length_twice",
            "two Content-Length lines that differ"},
    KindRow{FaultKind::length_not_a_number, Positional::nothing, Keyed::nothing, Harm::yes, "length_not_a_number",
            "Content-Length: many"},
    KindRow{FaultKind::chunked_bad_size, Positional::nothing, Keyed::nothing, Harm::yes, "chunked_bad_size",
            "a chunk in the middle whose size is no number"},
    KindRow{FaultKind::chunked_no_last, Positional::nothing, Keyed::nothing, Harm::yes, "chunked_no_last",
            "all chunks but the last, empty one"},
    KindRow{FaultKind::chunked_cut, Positional::nothing, Keyed::nothing, Harm::yes, "chunked_cut",
            "FIN between two chunks"},
    KindRow{FaultKind::chunked_trailers, Positional::nothing, Keyed::nothing, Harm::none, "chunked_trailers",
            "chunks and a trailer section, which is legal"},
    KindRow{FaultKind::header_too_long, Positional::count, Keyed::nothing, Harm::yes, "header_too_long",
            "a header line of 128 KiB (or :N bytes)"},
    KindRow{FaultKind::headers_too_many, Positional::count, Keyed::nothing, Harm::yes, "headers_too_many",
            "30000 header lines more (or :N)"},
    KindRow{FaultKind::bare_lf, Positional::nothing, Keyed::nothing, Harm::yes, "bare_lf",
            "header lines that end in LF without CR"},
    KindRow{FaultKind::folded_header, Positional::nothing, Keyed::nothing, Harm::yes, "folded_header",
            "a header line folded into two"},
    KindRow{FaultKind::interim, Positional::count, Keyed::nothing, Harm::where_long, "interim",
            "a 103 response (or :N) before the answer, which is legal"},
    KindRow{FaultKind::garbage_before, Positional::nothing, Keyed::nothing, Harm::yes, "garbage_before",
            "a line of garbage before the status line"},
};

constexpr std::array<std::string_view, 6> kPositionalNames = {"", "at", "bytes", "count", "version", "status"};
constexpr std::array<std::string_view, 4> kKeys = {"", "retry_after", "for", "pause"};

constexpr int kStatusMin = 300;
constexpr int kStatusMax = 599;
constexpr std::uint64_t kDayInSeconds = 24 * 60 * 60;
constexpr std::uint64_t kCountMax = 1'000'000;
// Far below the patience of any client, and interim responses of which no client has enough.
constexpr milliseconds kHarmlessStallMax{1000};
constexpr std::uint64_t kHarmlessInterimMax = 8;

const KindRow& row_of(FaultKind kind) { return kKinds.at(static_cast<std::size_t>(kind)); }

tl::unexpected<modelcache::Error> refuse(std::string_view text, std::string_view detail) {
  return fail(ErrorCode::invalid_argument, "parse fault", text, detail);
}

std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::string_view rest = text;;) {
    const std::size_t colon = rest.find(':');
    parts.push_back(rest.substr(0, colon));
    if (colon == std::string_view::npos) return parts;
    rest.remove_prefix(colon + 1);
  }
}

Result<std::uint64_t> parse_number(std::string_view part, std::uint64_t min, std::uint64_t max, std::string_view what,
                                   std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = part.data() + part.size();
  const auto [stop, error] = std::from_chars(part.data(), end, number);
  if (error != std::errc() || stop != end) return refuse(text, fmt::format("'{}': expected a number", part));
  if (number < min || number > max) {
    return refuse(text, fmt::format("'{}': expected {} from {} to {}", part, what, min, max));
  }
  return number;
}

Result<milliseconds> parse_time(std::string_view part, std::string_view text) {
  const std::size_t unit_at = std::min(part.find_first_not_of("0123456789"), part.size());
  const std::string_view unit = part.substr(unit_at);
  if (unit_at == 0 || (unit != "ms" && unit != "s")) {
    return refuse(text, fmt::format("'{}': expected a time such as 20ms or 2s", part));
  }
  const std::uint64_t scale = unit == "s" ? 1000 : 1;
  const auto number = parse_number(part.substr(0, unit_at), 0, kDayInSeconds * 1000 / scale, "a time", text);
  if (!number) return fail(number.error());
  return milliseconds(static_cast<std::int64_t>(*number * scale));
}

Result<std::uint64_t> parse_bytes(std::string_view part, std::string_view text) {
  const Result<std::uint64_t> size = parse_size(part);
  if (!size) return refuse(text, fmt::format("'{}': {}", part, size.error().detail));
  return size;
}

Result<void> parse_positional(const KindRow& row, std::string_view part, std::string_view text, NetworkFault& fault) {
  const auto store = [](const Result<std::uint64_t>& number, auto& field) -> Result<void> {
    if (!number) return fail(number.error());
    field = static_cast<std::remove_reference_t<decltype(field)>>(*number);
    return {};
  };
  switch (row.positional) {
    case Positional::nothing:
      break;
    case Positional::at_bytes:
      return store(parse_bytes(part, text), fault.at_bytes);
    case Positional::piece_bytes: {
      const Result<std::uint64_t> size = parse_bytes(part, text);
      if (size && *size == 0) return refuse(text, "'0': expected at least one byte");
      return store(size, fault.count);
    }
    case Positional::count:
    case Positional::version:
      return store(parse_number(part, 1, kCountMax, "a number", text), fault.count);
    case Positional::status:
      return store(parse_number(part, kStatusMin, kStatusMax, "a status", text), fault.status);
  }
  return refuse(text, fmt::format("'{}': nothing more was expected", part));
}

Result<void> parse_keyed(const KindRow& row, std::string_view value, std::string_view text, NetworkFault& fault) {
  if (row.keyed == Keyed::retry_after) {
    const auto number = parse_number(value, 0, kDayInSeconds, "seconds", text);
    if (!number) return fail(number.error());
    fault.retry_after = std::chrono::seconds(static_cast<std::int64_t>(*number));
    return {};
  }
  const auto time = parse_time(value, text);
  if (!time) return fail(time.error());
  fault.time = *time;
  return {};
}

bool needs_positional(const KindRow& row) {
  return row.positional == Positional::at_bytes || row.positional == Positional::piece_bytes;
}

}  // namespace

std::string_view name_of(FaultKind kind) { return row_of(kind).name; }

std::string_view description_of(FaultKind kind) { return row_of(kind).description; }

const std::vector<FaultKind>& all_fault_kinds() {
  static const std::vector<FaultKind> kinds = [] {
    std::vector<FaultKind> result;
    for (const KindRow& row : kKinds) result.push_back(row.kind);
    return result;
  }();
  return kinds;
}

std::optional<FaultKind> kind_named(std::string_view name) {
  for (const KindRow& row : kKinds) {
    if (row.name == name) return row.kind;
  }
  return std::nullopt;
}

bool is_harmless(const NetworkFault& fault) {
  const Harm harm = row_of(fault.kind).harm;
  if (harm != Harm::where_long) return harm == Harm::none;
  if (fault.kind == FaultKind::interim) return fault.count <= kHarmlessInterimMax;
  return fault.time && *fault.time <= kHarmlessStallMax;
}

ParameterNames parameters_of(FaultKind kind) {
  const KindRow& row = row_of(kind);
  return {kPositionalNames.at(static_cast<std::size_t>(row.positional)), kKeys.at(static_cast<std::size_t>(row.keyed))};
}

Result<NetworkFault> parse_fault(std::string_view text) {
  const std::vector<std::string_view> parts = parts_of(text);
  const std::optional<FaultKind> kind = kind_named(parts[0]);
  if (!kind) {
    std::string names;
    for (const KindRow& known : kKinds) names += fmt::format("{}{}", names.empty() ? "" : ", ", known.name);
    return refuse(text, fmt::format("'{}': expected one of {}", parts[0], names));
  }
  const KindRow& row = row_of(*kind);
  const std::string key = fmt::format("{}=", parameters_of(*kind).keyed);
  NetworkFault fault{.kind = *kind};
  std::size_t next = 1;
  const auto is_keyed = [&](std::string_view part) { return key.size() > 1 && part.substr(0, key.size()) == key; };
  if (next < parts.size() && !is_keyed(parts[next]) && row.positional != Positional::nothing) {
    if (auto parsed = parse_positional(row, parts[next++], text, fault); !parsed) return fail(parsed.error());
  } else if (needs_positional(row)) {
    return refuse(text, fmt::format("{0} needs a number of bytes, as in {0}:1000", row.name));
  }
  if (next < parts.size() && row.keyed != Keyed::nothing) {
    if (!is_keyed(parts[next])) {
      const std::string_view value = row.keyed == Keyed::retry_after ? "SECONDS" : "TIME";
      return refuse(text, fmt::format("'{}': expected {}{}", parts[next], key, value));
    }
    if (auto parsed = parse_keyed(row, parts[next++].substr(key.size()), text, fault); !parsed) {
      return fail(parsed.error());
    }
  }
  if (next < parts.size()) return refuse(text, fmt::format("'{}': nothing more was expected", parts[next]));
  return fault;
}

std::string print(const NetworkFault& fault) {
  const KindRow& row = row_of(fault.kind);
  std::string text(row.name);
  if (row.positional == Positional::at_bytes) text += fmt::format(":{}", fault.at_bytes);
  if (row.positional == Positional::status) text += fmt::format(":{}", fault.status);
  const bool has_count = row.positional == Positional::piece_bytes || row.positional == Positional::count ||
                         row.positional == Positional::version;
  if (has_count && fault.count > 0) text += fmt::format(":{}", fault.count);
  if (row.keyed == Keyed::retry_after && fault.retry_after) {
    text += fmt::format(":retry_after={}", fault.retry_after->count());
  }
  if ((row.keyed == Keyed::time || row.keyed == Keyed::pause) && fault.time) {
    text += fmt::format(":{}={}ms", parameters_of(fault.kind).keyed, fault.time->count());
  }
  return text;
}

}  // namespace stampede
