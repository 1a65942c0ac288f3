// What a step touches, and which two steps do not commute.
#ifndef STAMPEDE_STRATEGY_STEP_ACCESS_H
#define STAMPEDE_STRATEGY_STEP_ACCESS_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/plan/step.h"

namespace stampede {

enum class ObjectKind : std::uint8_t {
  name,     // which file a path leads to
  bytes,    // content, size and links of the file that was opened, or is found, by a path
  lock,     // of that file
  listing,  // the names in a directory
  server,   // whose turn comes next, and how often a model was asked for
};

struct Access {
  ObjectKind kind = ObjectKind::name;
  std::string_view path;  // of the step, which must outlive it; empty for the server
  bool writes = false;
};

// At most kMax; none for steps that nobody else can notice.
class AccessList {
 public:
  static constexpr std::size_t kMax = 6;
  void add(ObjectKind kind, std::string_view path, bool writes) { items_[count_++] = {kind, path, writes}; }
  [[nodiscard]] const Access* begin() const { return items_.data(); }
  [[nodiscard]] const Access* end() const { return items_.data() + count_; }

 private:
  std::array<Access, kMax> items_;
  std::size_t count_ = 0;
};

// By kind, mode and path alone: what the step may touch, whatever the disk holds. Closes are writes to a lock, since
// they may drop one.
AccessList accesses_of(const PendingStep& step);

// Paths that led to one file at some time of a run: those that were renamed or linked to each other, and so on.
class PathAliases {
 public:
  void clear() { known_.clear(); }
  // Of a step that is taken.
  void note(const PendingStep& step);
  [[nodiscard]] bool are_same(std::string_view left, std::string_view right) const;

 private:
  std::size_t class_of(const std::string& path);
  std::vector<std::pair<std::string, std::size_t>> known_;  // path, class
};

// Whether the order of two neighbouring steps of different processes may matter to anybody: the same object, and one of
// them writes it; a directory that comes or goes, and what is below it. A liveness asks whether another process has
// ended, so it conflicts with everything; a sleep that a lock can end conflicts with what takes and drops locks. Sound
// but for virtual time (each step moves the clock by a microsecond, whoever takes it), for files that had several names
// before the run, for what is durable, and for the end of a process, which drops the locks that it leaves open.
bool may_conflict(const PendingStep& left, const PendingStep& right, const PathAliases& aliases);

// Whether the step takes, drops, or waits for a lock.
bool concerns_locks(const PendingStep& step);

}  // namespace stampede

#endif  // STAMPEDE_STRATEGY_STEP_ACCESS_H
