// What of a directory would survive a power loss, by the steps that were taken: bytes, and names that were given or
// taken.
#ifndef STAMPEDE_JUDGE_DURABILITY_H
#define STAMPEDE_JUDGE_DURABILITY_H

#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/plan/step.h"

namespace stampede {

// Owned by one thread; keeps its memory from run to run. Goes by what cache/os.h promises under DURABLE, not by what a
// simulated disk keeps. Names of entries are kept with them (EntryFacts).
class Durability {
 public:
  void begin();
  // Bytes of a file were written, or its size was set.
  void write(FileNumber file) {
    std::uint8_t& state = at(file);
    if (state == kSynced) state = kWritten;
  }
  // It was cut to nothing: whatever a failed sync lost is no longer part of it.
  void empty(FileNumber file) { at(file) = kWritten; }
  void sync(FileNumber file) {
    std::uint8_t& state = at(file);
    if (state == kWritten) state = kSynced;
  }
  // A sync of it failed: what was written may be lost, although a second one succeeds (fsync(2), "errors").
  void fail_sync(FileNumber file) { at(file) = kLost; }
  // All bytes that it has were synced after they had been written.
  [[nodiscard]] bool is_synced(FileNumber file) const { return file >= bytes_.size() || bytes_[file] == kSynced; }

  // The names of the cache directory in its parent; of entries/; of the manifest. What is lost of tmp/ and locks/ is
  // made again.
  bool is_root_named = true;
  bool is_entries_named = true;
  bool is_manifest_named = true;

 private:
  enum State : std::uint8_t { kSynced, kWritten, kLost };
  std::uint8_t& at(FileNumber file) {
    if (file >= bytes_.size()) bytes_.resize(static_cast<std::size_t>(file) + 1, kSynced);
    return bytes_[file];
  }
  std::vector<std::uint8_t> bytes_;  // by file number
};

inline void Durability::begin() {
  bytes_.clear();
  is_root_named = is_entries_named = is_manifest_named = true;
}

}  // namespace stampede

#endif  // STAMPEDE_JUDGE_DURABILITY_H
