// Traces: the hash that two runs of one plan must share, and a step as a line of text.
#ifndef STAMPEDE_RUN_TRACE_H
#define STAMPEDE_RUN_TRACE_H

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/plan/ledger.h"
#include "harness/plan/operation_outcome.h"
#include "harness/plan/step.h"

namespace stampede {

// Folds steps and results of operations into 64 bits (XXH3), in their order. The same in every build: no address, clock
// or process number goes in, and integers go in as little-endian bytes. Owned by one thread.
class TraceHash {
 public:
  void clear() { hash_ = 0; }
  void add(const Step& step);
  void add(const OperationOutcome& outcome);
  void add(const LedgerEntry& entry);  // what was asked and sent, without times
  // A process has ended, and how.
  void add_end(std::uint32_t process, std::uint8_t end);
  void add_number(std::uint64_t number);
  [[nodiscard]] std::uint64_t value() const { return hash_; }

 private:
  void begin();
  void put(std::uint64_t number);
  void put(std::span<const std::uint64_t> numbers);
  void put(std::string_view text);
  void fold();

  std::uint64_t hash_ = 0;
  std::vector<unsigned char> bytes_;  // of one item; kept from one to the next
  std::size_t size_ = 0;              // of them in use
};

// "0123456789abcdef"
std::string hash_text(std::uint64_t hash);

// What a step did, without who did it: "open entries/sha256-1a2b3c.. create -> #4", "write tmp/... 1024 at 0 ->
// ENOSPC". Long names are shortened in the middle where `is_short`.
std::string describe(const Step& step, bool is_short);

}  // namespace stampede

#endif  // STAMPEDE_RUN_TRACE_H
