// The simulated disk as judges see it: what is written, and what would survive a power loss.
#ifndef STAMPEDE_SIM_SIM_DISK_VIEW_H
#define STAMPEDE_SIM_SIM_DISK_VIEW_H

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "harness/sim/durable_view.h"
#include "harness/sim/sim_disk.h"
#include "harness/world/disk_view.h"

namespace stampede {

// Owned by the machine. Looking gives a number to what no step has named yet.
class SimDiskView final : public DiskView, public DurableView {
 public:
  SimDiskView(SimDisk& disk, const std::uint64_t& open_descriptors)
      : disk_(disk), open_descriptors_(open_descriptors) {}

  [[nodiscard]] FileNumber file_at(std::string_view path) const override;
  [[nodiscard]] StepStat stat(FileNumber file) const override;
  [[nodiscard]] std::span<const std::byte> bytes(FileNumber file) const override;
  [[nodiscard]] std::uint64_t version(FileNumber file) const override;
  void for_each_name(const std::function<void(std::string_view path, FileNumber file)>& visit) const override;
  [[nodiscard]] std::uint64_t open_descriptors() const override { return open_descriptors_; }

  void for_each_durable_name(const std::function<void(std::string_view path, FileNumber file)>& visit) const override;
  [[nodiscard]] std::span<const std::byte> durable_bytes(FileNumber file) const override;

  // The directory of `path` and the name in it, symbolic links not followed; null where it is not there.
  [[nodiscard]] Inode* directory_of(std::string_view path, std::string_view& name) const;

 private:
  SimDisk& disk_;
  const std::uint64_t& open_descriptors_;
};

}  // namespace stampede

#endif  // STAMPEDE_SIM_SIM_DISK_VIEW_H
