// Which error codes what went wrong can cause: the table that honest errors are judged by.
#ifndef STAMPEDE_JUDGE_POSSIBLE_CODES_H
#define STAMPEDE_JUDGE_POSSIBLE_CODES_H

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "cache/result.h"
#include "harness/plan/ledger.h"

namespace stampede {

// A set of error codes.
class ErrorCodes {
 public:
  constexpr ErrorCodes() = default;
  constexpr ErrorCodes(std::initializer_list<modelcache::ErrorCode> codes) {
    for (const modelcache::ErrorCode code : codes) bits_ |= bit(code);
  }
  constexpr ErrorCodes& operator|=(ErrorCodes other) {
    bits_ |= other.bits_;
    return *this;
  }
  [[nodiscard]] constexpr bool contains(modelcache::ErrorCode code) const { return (bits_ & bit(code)) != 0; }
  [[nodiscard]] bool contains(std::string_view name) const;
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  // "refused, reset"
  [[nodiscard]] std::string text() const;
  friend constexpr bool operator==(ErrorCodes, ErrorCodes) = default;

 private:
  static constexpr std::uint32_t bit(modelcache::ErrorCode code) { return 1U << static_cast<unsigned>(code); }
  std::uint32_t bits_ = 0;
};

// What a client that has a checksum can see of a connection's turn; nothing where the turn is harmless.
ErrorCodes codes_of(const LedgerEntry& entry);
// What one without a checksum can see: it notices no wrong bytes, and wants a declared length.
ErrorCodes codes_without_checksum(const LedgerEntry& entry);
// The class that a failed step's errno belongs to, as cache/os_error.h promises.
modelcache::ErrorCode code_of_errno(int error);

}  // namespace stampede

#endif  // STAMPEDE_JUDGE_POSSIBLE_CODES_H
