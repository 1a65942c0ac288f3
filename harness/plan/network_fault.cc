// Network faults as text, and which one meets which connection.
#include "harness/plan/network_fault.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

#include "harness/plan/model.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

// What follows the kind's name in the shorthand.
enum class Parts { nothing, at_bytes, status };

struct KindRow {
  FaultKind kind;
  Parts parts;
  std::string_view name;
  std::string_view description;
};

// In the order of the enumeration; `all_fault_kinds` and the lookups rely on it, and a test checks it.
constexpr std::array kKinds = {
    KindRow{FaultKind::none, Parts::nothing, "none", "the response as it should be"},
    KindRow{FaultKind::refused, Parts::nothing, "refused", "nobody listens at the model's port"},
    KindRow{FaultKind::reset_on_accept, Parts::nothing, "reset_on_accept", "RST before anything was read"},
    KindRow{FaultKind::close_on_accept, Parts::nothing, "close_on_accept", "FIN before anything was read"},
    KindRow{FaultKind::headers_then_close, Parts::nothing, "headers_then_close",
            "good headers, no byte of the body, FIN"},
    KindRow{FaultKind::headers_then_reset, Parts::nothing, "headers_then_reset",
            "good headers, no byte of the body, RST"},
    KindRow{FaultKind::close_in_body, Parts::at_bytes, "close_in_body",
            "FIN after N bytes of the body (close_in_body:N)"},
    KindRow{FaultKind::reset_in_body, Parts::at_bytes, "reset_in_body",
            "RST after N bytes of the body (reset_in_body:N)"},
    KindRow{FaultKind::status, Parts::status, "status",
            "an error status with a short body (status:503, status:429:retry_after=1)"},
    KindRow{FaultKind::flip_byte, Parts::at_bytes, "flip_byte", "the byte at N inverted, right length (flip_byte:N)"},
    KindRow{FaultKind::zero_bytes, Parts::at_bytes, "zero_bytes",
            "4096 bytes from N on as zeros, right length (zero_bytes:N)"},
    KindRow{FaultKind::swap_halves, Parts::nothing, "swap_halves", "the second half first, right length"},
    KindRow{FaultKind::length_too_short, Parts::nothing, "length_too_short",
            "Content-Length one less than the body, all of which is sent"},
    KindRow{FaultKind::length_too_long, Parts::nothing, "length_too_long",
            "Content-Length one more than the body, then FIN"},
    KindRow{FaultKind::length_missing, Parts::nothing, "length_missing",
            "no Content-Length: the body ends with the connection, which is legal"},
};

constexpr int kStatusMin = 300;
constexpr int kStatusMax = 599;
constexpr std::uint64_t kRetryAfterSecondsMax = 24 * 60 * 60;

const KindRow& row_of(FaultKind kind) { return kKinds.at(static_cast<std::size_t>(kind)); }

const KindRow* find_row(std::string_view name) {
  for (const KindRow& row : kKinds) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

tl::unexpected<modelcache::Error> refuse(std::string_view text, std::string_view detail) {
  return fail(ErrorCode::invalid_argument, "parse fault", text, detail);
}

Result<std::uint64_t> parse_number(std::string_view part, std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = part.data() + part.size();
  const auto [stop, error] = std::from_chars(part.data(), end, number);
  if (error != std::errc() || stop != end) return refuse(text, fmt::format("'{}': expected a number", part));
  return number;
}

Result<NetworkFault> parse_status(const std::vector<std::string_view>& parts, std::string_view text) {
  NetworkFault fault{.kind = FaultKind::status};
  if (parts.size() > 3) return refuse(text, fmt::format("'{}': nothing more was expected", parts[3]));
  if (parts.size() > 1) {
    const Result<std::uint64_t> number = parse_number(parts[1], text);
    if (!number) return fail(number.error());
    if (*number < kStatusMin || *number > kStatusMax) {
      return refuse(text, fmt::format("'{}': expected a status from {} to {}", parts[1], kStatusMin, kStatusMax));
    }
    fault.status = static_cast<int>(*number);
  }
  if (parts.size() > 2) {
    constexpr std::string_view kKey = "retry_after=";
    if (parts[2].substr(0, kKey.size()) != kKey) {
      return refuse(text, fmt::format("'{}': expected retry_after=SECONDS", parts[2]));
    }
    const Result<std::uint64_t> number = parse_number(parts[2].substr(kKey.size()), text);
    if (!number) return fail(number.error());
    if (*number > kRetryAfterSecondsMax) {
      return refuse(text, fmt::format("'{}': expected at most {} seconds", parts[2], kRetryAfterSecondsMax));
    }
    fault.retry_after = std::chrono::seconds(static_cast<std::int64_t>(*number));
  }
  return fault;
}

Result<NetworkFault> parse_at_bytes(const KindRow& row, const std::vector<std::string_view>& parts,
                                    std::string_view text) {
  if (parts.size() < 2) {
    return refuse(text, fmt::format("{0} needs a number of bytes of the body, as in {0}:1000", row.name));
  }
  if (parts.size() > 2) return refuse(text, fmt::format("'{}': nothing more was expected", parts[2]));
  const Result<std::uint64_t> size = parse_size(parts[1]);
  if (!size) return refuse(text, fmt::format("'{}': {}", parts[1], size.error().detail));
  return NetworkFault{.kind = row.kind, .at_bytes = *size};
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

bool is_harmless(const NetworkFault& fault) {
  return fault.kind == FaultKind::none || fault.kind == FaultKind::length_missing;
}

Result<NetworkFault> parse_fault(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::string_view rest = text;;) {
    const std::size_t colon = rest.find(':');
    parts.push_back(rest.substr(0, colon));
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  const KindRow* row = find_row(parts[0]);
  if (row == nullptr) {
    std::string names;
    for (const KindRow& known : kKinds) names += fmt::format("{}{}", names.empty() ? "" : ", ", known.name);
    return refuse(text, fmt::format("'{}': expected one of {}", parts[0], names));
  }
  switch (row->parts) {
    case Parts::status:
      return parse_status(parts, text);
    case Parts::at_bytes:
      return parse_at_bytes(*row, parts, text);
    case Parts::nothing:
      break;
  }
  if (parts.size() > 1) return refuse(text, fmt::format("'{}': nothing more was expected", parts[1]));
  return NetworkFault{.kind = row->kind};
}

std::string print(const NetworkFault& fault) {
  const KindRow& row = row_of(fault.kind);
  switch (row.parts) {
    case Parts::at_bytes:
      return fmt::format("{}:{}", row.name, fault.at_bytes);
    case Parts::status:
      if (fault.retry_after) {
        return fmt::format("{}:{}:retry_after={}", row.name, fault.status, fault.retry_after->count());
      }
      return fmt::format("{}:{}", row.name, fault.status);
    case Parts::nothing:
      break;
  }
  return std::string(row.name);
}

NetworkFault FaultSequence::at(std::uint64_t connection) const {
  if (connection < faults.size()) return faults[connection];
  if (repeats && !faults.empty()) return faults[connection % faults.size()];
  return NetworkFault{};
}

}  // namespace stampede
