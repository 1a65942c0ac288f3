// Calls on the network, on time and on chance as steps of the simulated world.
#include "harness/sim/sim_address.h"
#include "harness/sim/sim_os.h"
#include "harness/world/world_identity.h"

namespace stampede {
namespace {

using modelcache::Address;
using modelcache::Errno;
using std::chrono::nanoseconds;

tl::unexpected<Errno> failed(int error) { return tl::unexpected(Errno{error}); }

}  // namespace

modelcache::OsResult<std::vector<Address>> SimOs::resolve(std::string_view host, std::uint16_t port) {
  if (!begin(StepKind::resolve)) return failed(EIO);
  const int error = take([&](Transfer) {
    if (host.find('\0') != std::string_view::npos) return EINVAL;
    return is_numeric_address(host) ? 0 : ENOENT;
  });
  if (error != 0) return failed(error);
  return std::vector{Address{std::string(host), port}};
}

modelcache::OsResult<modelcache::Fd> SimOs::connect(const Address& to, nanoseconds timeout) {
  if (!begin(StepKind::connect)) return failed(EIO);
  Fd fd{-1};
  const int error = take([&](Transfer) {
    if (timeout <= nanoseconds::zero()) return ETIMEDOUT;
    if (!is_numeric_address(to.ip)) return EINVAL;
    if (!task_.has_descriptor_left()) return EMFILE;
    const ConnectionNumber number = task_.step.connection = machine_.network().next_number();
    PeerConnection* connection = nullptr;
    const int e = machine_.network().connect(number, task_.number, to, machine_.clock().now(), connection);
    if (e != 0) return e;
    SimDescriptor* descriptor = nullptr;
    fd = machine_.add_descriptor(task_, descriptor);
    descriptor->connection = connection;
    return 0;
  });
  if (error != 0) return failed(error);
  return fd;
}

SimDescriptor* SimOs::connection_of(Fd fd, int& error) {
  SimDescriptor* const descriptor = task_.descriptor(fd);
  error = descriptor == nullptr ? EBADF : descriptor->connection == nullptr ? ENOTSOCK : 0;
  return error == 0 ? descriptor : nullptr;
}

modelcache::OsResult<std::size_t> SimOs::send(Fd connection, std::span<const std::byte> from, nanoseconds timeout) {
  if (!begin(StepKind::send)) return failed(EIO);
  name_file(connection);
  task_.step.size = from.size();
  std::size_t moved = 0;
  const int error = take([&](Transfer transfer) {
    if (timeout <= nanoseconds::zero()) return ETIMEDOUT;
    int e = 0;
    SimDescriptor* const descriptor = connection_of(connection, e);
    if (e != 0) return e;
    e = machine_.network().send(*descriptor->connection, from, transfer, machine_.clock().now(), moved);
    task_.step.result = moved;
    return e;
  });
  if (error != 0) return failed(error);
  return moved;
}

modelcache::OsResult<std::size_t> SimOs::receive(Fd connection, std::span<std::byte> into, nanoseconds timeout) {
  if (!begin(StepKind::receive)) return failed(EIO);
  name_file(connection);
  task_.step.size = into.size();
  int no_connection = 0;
  const SimDescriptor* const waits_on = connection_of(connection, no_connection);
  if (waits_on != nullptr && timeout > nanoseconds::zero() && !into.empty()) {
    task_.wait = SimTask::Wait::bytes;
    task_.wait_connection = waits_on->connection;
    task_.wait_end = later_by(machine_.clock().now(), timeout);
  }
  std::size_t moved = 0;
  const int error = take([&](Transfer transfer) {
    if (timeout <= nanoseconds::zero()) return ETIMEDOUT;
    int e = 0;
    SimDescriptor* const descriptor = connection_of(connection, e);
    if (e != 0) return e;
    if (!into.empty() && !descriptor->connection->has_something()) return ETIMEDOUT;
    e = PeerNetwork::receive(*descriptor->connection, into, transfer, moved);
    task_.step.result = moved;
    return e;
  });
  if (error != 0) return failed(error);
  return moved;
}

modelcache::Instant SimOs::now() {
  // A dead process that waits for a moment finds that it has come.
  if (!begin(StepKind::now)) {
    return modelcache::Instant(machine_.clock().instant() + task_.calls_after_death * std::chrono::hours(1));
  }
  modelcache::Instant instant;
  const int error = take([&](Transfer) {
    instant = machine_.clock().instant();
    return 0;
  });
  return error == 0 ? instant : machine_.clock().instant();
}

modelcache::WallTime SimOs::wall_time() {
  if (begin(StepKind::wall_time)) (void)take([&](Transfer) { return 0; });
  return modelcache::WallTime(machine_.clock().wall());
}

modelcache::OsResult<void> SimOs::sleep_until(modelcache::Instant until) {
  if (!begin(StepKind::sleep_until)) return failed(EIO);
  task_.wait = SimTask::Wait::time;
  task_.wait_end = VirtualClock::moment_of(until);
  task_.step.until = task_.wait_end;
  if (const int error = take([&](Transfer) { return 0; })) return failed(error);
  return {};
}

std::uint64_t SimOs::random() {
  const std::uint64_t value = world_random(machine_.stage(), task_.number, task_.random_count++);
  if (begin(StepKind::random)) {
    (void)take([&](Transfer) {
      task_.step.result = value;
      return 0;
    });
  }
  return value;
}

modelcache::ProcessIdentity SimOs::self() {
  if (begin(StepKind::self)) (void)take([&](Transfer) { return 0; });
  return task_.identity;
}

modelcache::Liveness SimOs::liveness(const modelcache::ProcessIdentity& process) {
  modelcache::Liveness liveness = modelcache::Liveness::unknown;
  if (begin(StepKind::liveness)) {
    (void)take([&](Transfer) {
      liveness = machine_.liveness(process);
      task_.step.result = static_cast<std::uint64_t>(liveness);
      return 0;
    });
  }
  return liveness;
}

}  // namespace stampede
