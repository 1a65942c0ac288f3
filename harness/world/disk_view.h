// The cache directory of a world as a judge sees it between two steps.
#ifndef STAMPEDE_WORLD_DISK_VIEW_H
#define STAMPEDE_WORLD_DISK_VIEW_H

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "harness/plan/step.h"

namespace stampede {

// Valid until the next step. Paths as in PendingStep.
class DiskView {
 public:
  virtual ~DiskView() = default;
  // The file of that name, symbolic links not followed; 0 where there is none.
  [[nodiscard]] virtual FileNumber file_at(std::string_view path) const = 0;
  // REQUIRES for these: a number that a step or this view named.
  [[nodiscard]] virtual StepStat stat(FileNumber file) const = 0;
  [[nodiscard]] virtual std::span<const std::byte> bytes(FileNumber file) const = 0;  // of a regular file
  // Grows whenever the file's bytes change, so that a hash can be kept.
  [[nodiscard]] virtual std::uint64_t version(FileNumber file) const = 0;
  // Every name below the cache directory, sorted by path, directories before what is in them.
  virtual void for_each_name(const std::function<void(std::string_view path, FileNumber file)>& visit) const = 0;
  // Open descriptors of all processes of the present stage, connections included; 0 at rest.
  [[nodiscard]] virtual std::uint64_t open_descriptors() const = 0;
};

}  // namespace stampede

#endif  // STAMPEDE_WORLD_DISK_VIEW_H
