// Range requests (RFC 9110, 14): which bytes a request asks for.
#ifndef STAMPEDE_FAULTS_BYTE_RANGE_H
#define STAMPEDE_FAULTS_BYTE_RANGE_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stampede {

// Not empty: begin < end.
struct ByteRange {
  std::uint64_t begin = 0, end = 0;
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

enum class RangeAnswer {
  whole,          // 200: no range was asked, or one that may be ignored (several ranges, other units, nonsense)
  partial,        // 206
  unsatisfiable,  // 416: it begins after the last byte
};

struct RangeDecision {
  RangeAnswer answer = RangeAnswer::whole;
  ByteRange range = {};  // with `partial`
};

// `range` and `if_range` are the fields' values, absent where the request has none. With an If-Range that is not
// exactly `etag` (a strong one) the range is ignored.
RangeDecision decide_range(const std::optional<std::string>& range, const std::optional<std::string>& if_range,
                           std::string_view etag, std::uint64_t size_bytes);

}  // namespace stampede

#endif  // STAMPEDE_FAULTS_BYTE_RANGE_H
