// The table of descriptors of a simulated process.
#include "harness/sim/sim_task.h"

namespace stampede {

SimDescriptor* SimTask::descriptor(modelcache::Fd fd) {
  const auto number_of_it = static_cast<std::int64_t>(fd) - kFirstDescriptor;
  if (number_of_it < 0 || number_of_it >= static_cast<std::int64_t>(descriptors.size())) return nullptr;
  SimDescriptor& found = descriptors[static_cast<std::size_t>(number_of_it)];
  return found.is_open ? &found : nullptr;
}

modelcache::Fd SimTask::add_descriptor(SimDescriptor*& added) {
  std::size_t place = 0;
  while (place < descriptors.size() && descriptors[place].is_open) ++place;
  if (place == descriptors.size()) descriptors.emplace_back();
  added = &descriptors[place];
  added->is_open = true;
  added->is_writable = false;
  added->inode = nullptr;
  added->connection = nullptr;
  added->path.clear();
  ++open_count;
  return modelcache::Fd{static_cast<int>(place) + kFirstDescriptor};
}

}  // namespace stampede
