// What of a simulated disk survives if the power fails between two steps, and nothing that was not synced does.
#ifndef STAMPEDE_SIM_DURABLE_VIEW_H
#define STAMPEDE_SIM_DURABLE_VIEW_H

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>

#include "harness/plan/step.h"

namespace stampede {

// The least that survives: names as of the last sync of their directory, bytes as of the last sync of their file. A
// real disk may keep more of what was written since; DiskView has that. Valid until the next step. Paths as in
// PendingStep.
class DurableView {
 public:
  virtual ~DurableView() = default;
  // Every name below the cache directory that survives, component by component in order, directories before what is in
  // them. Nothing where the cache directory itself does not. A file may have a name here that it has lost, and a
  // directory two of them: a rename between directories of which only the new one was synced.
  virtual void for_each_durable_name(
      const std::function<void(std::string_view path, FileNumber file)>& visit) const = 0;
  // Of a regular file, by a number that a step or a view named. Empty where it was never synced.
  [[nodiscard]] virtual std::span<const std::byte> durable_bytes(FileNumber file) const = 0;
};

}  // namespace stampede

#endif  // STAMPEDE_SIM_DURABLE_VIEW_H
