// The simulated world as a value with a few doors, over the machine.
#include "harness/sim/sim_world.h"

#include <cstdio>
#include <cstdlib>

#include "harness/sim/sim_machine.h"

namespace stampede {

class SimWorld::Impl : public SimMachine {
 public:
  // Names changed by hand belong to a directory that is there.
  Inode& directory_of(std::string_view path, std::string_view& name) {
    Inode* const directory = view().directory_of(path, name);
    if (directory != nullptr) return *directory;
    std::fprintf(stderr, "stampede: no directory for %.*s\n", static_cast<int>(path.size()), path.data());
    std::abort();
  }
};

SimWorld::SimWorld() : impl_(std::make_unique<Impl>()) {}
SimWorld::~SimWorld() = default;

void SimWorld::clear(Peers& peers) { impl_->clear(peers); }

StageEnd SimWorld::run(const Stage& stage, Strategy& strategy, Observer& observer) {
  return impl_->run(stage, strategy, observer);
}

bool SimWorld::has_died(std::uint32_t process) const { return impl_->task(process).has_died; }

void SimWorld::set_umask(std::uint32_t process, unsigned umask) { impl_->task(process).actor.umask = umask; }

const std::array<std::uint64_t, kProcessFaultKinds>& SimWorld::process_faults_met() const {
  return impl_->process_faults_met();
}

const DiskView& SimWorld::disk() const { return impl_->view(); }
const DurableView& SimWorld::durable() const { return impl_->view(); }

void SimWorld::write_file(std::string_view path, std::span<const std::byte> bytes) {
  std::string_view name;
  Inode& directory = impl_->directory_of(path, name);
  impl_->disk().write_file(directory, name, bytes);
}

void SimWorld::make_symlink(std::string_view path, std::string_view target) {
  std::string_view name;
  Inode& directory = impl_->directory_of(path, name);
  impl_->disk().make_special(directory, name, modelcache::FileType::symlink, target);
}

void SimWorld::make_fifo(std::string_view path) {
  std::string_view name;
  Inode& directory = impl_->directory_of(path, name);
  impl_->disk().make_special(directory, name, modelcache::FileType::other, {});
}

void SimWorld::remove_name(std::string_view path) {
  std::string_view name;
  Inode& directory = impl_->directory_of(path, name);
  impl_->disk().remove_name(directory, name);
}

void SimWorld::set_read_only(bool is_read_only) { impl_->disk().set_read_only(is_read_only); }

void SimWorld::let_time_pass(std::chrono::nanoseconds time) { impl_->let_time_pass(time); }

modelcache::ProcessIdentity SimWorld::dead_process() const { return dead_world_identity(); }

modelcache::ProcessIdentity SimWorld::identity(std::uint32_t process) const { return impl_->task(process).identity; }

}  // namespace stampede
