// The door of one simulated process: each call is a step of the simulated world.
#ifndef STAMPEDE_SIM_SIM_OS_H
#define STAMPEDE_SIM_SIM_OS_H

#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include "cache/os.h"
#include "harness/sim/sim_machine.h"

namespace stampede {

// Called on the fiber of its process alone. What a method returns is what Linux returns on tmpfs. Once the process is
// dead, every method fails with EIO without a step, so that its code comes to an end.
class SimOs final : public modelcache::Os {
 public:
  SimOs(SimMachine& machine, SimTask& task) : machine_(machine), task_(task) {}
  [[nodiscard]] SimMachine& machine() const { return machine_; }

  template <class T>
  using OsResult = modelcache::OsResult<T>;
  using Fd = modelcache::Fd;

  OsResult<Fd> open(Fd dir, std::string_view name, modelcache::OpenMode mode) override;
  OsResult<std::size_t> read(Fd file, std::span<std::byte> into, std::uint64_t offset) override;
  OsResult<std::size_t> write(Fd file, std::span<const std::byte> from, std::uint64_t offset) override;
  OsResult<void> truncate(Fd file, std::uint64_t size_bytes) override;
  OsResult<void> sync_file(Fd file) override;
  OsResult<void> sync_directory(Fd dir) override;
  OsResult<void> rename(Fd from_dir, std::string_view from, Fd to_dir, std::string_view to,
                        modelcache::RenameMode mode) override;
  OsResult<void> link(Fd from_dir, std::string_view from, Fd to_dir, std::string_view to) override;
  OsResult<void> unlink(Fd dir, std::string_view name) override;
  OsResult<modelcache::FileStat> stat(Fd file) override;
  OsResult<modelcache::FileStat> stat_name(Fd dir, std::string_view name) override;
  OsResult<std::vector<std::string>> list(Fd dir) override;
  OsResult<void> make_directory(Fd dir, std::string_view name) override;
  OsResult<void> try_lock(Fd file, modelcache::LockMode mode) override;
  OsResult<void> unlock(Fd file) override;
  OsResult<void> close(Fd fd) override;
  OsResult<std::vector<modelcache::Address>> resolve(std::string_view host, std::uint16_t port) override;
  OsResult<Fd> connect(const modelcache::Address& to, std::chrono::nanoseconds timeout) override;
  OsResult<std::size_t> send(Fd connection, std::span<const std::byte> from, std::chrono::nanoseconds timeout) override;
  OsResult<std::size_t> receive(Fd connection, std::span<std::byte> into, std::chrono::nanoseconds timeout) override;
  modelcache::Instant now() override;
  modelcache::WallTime wall_time() override;
  OsResult<void> sleep_until(modelcache::Instant until) override;
  std::uint64_t random() override;
  modelcache::ProcessIdentity self() override;
  modelcache::Liveness liveness(const modelcache::ProcessIdentity& process) override;

 private:
  // Whether the process lives; then the step that it presents is of that kind, and empty but for who takes it.
  bool begin(StepKind kind);
  void name_file(Fd fd);
  void name_path(std::string& into, Fd dir, std::string_view name) const;
  [[nodiscard]] At at(Fd dir, std::string_view name) const;
  // Waits for the turn, takes the step by calling `effect(Transfer)` (an errno or 0), and tells the world.
  template <class Effect>
  int take(Effect effect);
  OsResult<void> sync(StepKind kind, Fd fd);
  SimDescriptor* connection_of(Fd fd, int& error);
  void note(Inode& inode) { task_.step.file = machine_.disk().number(inode); }
  void note_stat(const modelcache::FileStat& stat);

  SimMachine& machine_;
  SimTask& task_;
};

template <class Effect>
int SimOs::take(Effect effect) {
  if (!machine_.turn(task_)) return EIO;
  Step& step = task_.step;
  take_step(step, machine_.fault_of(task_), effect, [&] {  // a close closes, and a connect counts as a try
    if (step.kind == StepKind::close) (void)effect(Transfer::whole);
    if (step.kind == StepKind::connect) step.connection = machine_.network().next_number();
  });
  const int error = step.error;
  return machine_.complete(task_) ? error : EIO;
}

}  // namespace stampede

#endif  // STAMPEDE_SIM_SIM_OS_H
