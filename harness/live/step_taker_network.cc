// Steps on the network, on time and on chance.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "harness/live/process_memory.h"
#include "harness/live/step_taker.h"
#include "harness/world/world_identity.h"

namespace stampede {
namespace {

using std::chrono::nanoseconds;

constexpr std::size_t kSendMax = std::size_t{1} << 20;

// Where a connect leads.
int read_address(const WatchedProcess& process, modelcache::Address& address) {
  sockaddr_storage storage{};
  const auto size = std::min<std::uint64_t>(process.call.arguments[2], sizeof storage);
  const auto bytes = std::as_writable_bytes(std::span(&storage, 1)).first(size);
  if (const int error = read_memory(process.pid, process.call.arguments[1], bytes)) return error;
  char text[INET6_ADDRSTRLEN] = {};
  if (storage.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &storage, sizeof v4);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    address = {text, ntohs(v4.sin_port)};
  } else {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &storage, sizeof v6);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    address = {text, ntohs(v6.sin6_port)};
  }
  return 0;
}

timespec timespec_of(nanoseconds time) {
  timespec to{};
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  to.tv_sec = static_cast<time_t>(whole.count());
  to.tv_nsec = static_cast<long>((time - whole).count());
  return to;
}

}  // namespace

// The process keeps its own socket as a handle; no packet ever leaves it.
int StepTaker::connect(WatchedProcess& process) {
  if (!process.has_descriptor_left()) return EMFILE;
  modelcache::Address to;
  if (const int error = read_address(process, to)) return error;
  const ConnectionNumber number = process.step.connection = machine_.turns.network.next_number();
  PeerConnection* connection = nullptr;
  if (const int error =
          machine_.turns.network.connect(number, process.number, to, machine_.turns.clock.now(), connection)) {
    return error;
  }
  process.add_descriptor(static_cast<int>(process.call.arguments[0])).connection = connection;
  machine_.count_open(process);
  return 0;
}

int StepTaker::send(WatchedProcess& process, Transfer transfer, StepAnswer& answer) {
  PeerConnection& connection = *process.descriptor(process.call.arguments[0])->connection;
  const std::size_t size = std::min<std::uint64_t>(process.step.size, kSendMax);
  if (buffer_.size() < size) buffer_.resize(size);
  const auto bytes = std::span(buffer_).first(size);
  if (const int error = read_memory(process.pid, process.call.arguments[1], bytes)) return error;
  std::size_t moved = 0;
  const int error = machine_.turns.network.send(connection, bytes, transfer, machine_.turns.clock.now(), moved);
  process.step.result = moved;
  answer.value = static_cast<std::int64_t>(moved);
  return error;
}

int StepTaker::receive(WatchedProcess& process, Transfer transfer, StepAnswer& answer) {
  PeerConnection& connection = *process.descriptor(process.call.arguments[0])->connection;
  const std::size_t size = std::min<std::uint64_t>(process.step.size, kReceiveBytesMax);
  if (size > 0 && !connection.has_something()) return ETIMEDOUT;
  if (buffer_.size() < size) buffer_.resize(size);
  std::size_t moved = 0;
  const int error = PeerNetwork::receive(connection, std::span(buffer_).first(size), transfer, moved);
  process.step.result = moved;
  answer.value = static_cast<std::int64_t>(moved);
  if (error != 0) return error;
  return write_memory(process.pid, process.call.arguments[1], std::span(buffer_).first(moved));
}

int StepTaker::time(WatchedProcess& process) {
  const VirtualClock& clock = machine_.turns.clock;
  if (process.step.kind == StepKind::sleep_until) return 0;  // the schedule has let time pass
  const bool is_wall = process.step.kind == StepKind::wall_time;
  const timespec time = timespec_of(is_wall ? clock.wall() : clock.instant().time_since_epoch());
  return write_value(process.pid, process.call.arguments[1], time);
}

int StepTaker::chance(WatchedProcess& process, StepAnswer& answer) {
  if (process.step.kind == StepKind::self) {
    answer.value = static_cast<std::int64_t>(process.identity.pid);
    return 0;
  }
  const std::uint64_t value = world_random(machine_.turns.stage().stage, process.number, process.random_count++);
  process.step.result = value;
  answer.value = sizeof value;
  return write_value(process.pid, process.call.arguments[0], value);
}

int StepTaker::marked(WatchedProcess& process, StepAnswer& answer) {
  switch (process.step.kind) {
    case StepKind::resolve:
      return process.asked.domain != 0 ? 0 : ENOENT;  // no name has an address here
    case StepKind::liveness:
      process.step.result = static_cast<std::uint64_t>(machine_.liveness(process.asked));
      answer.value = static_cast<std::int64_t>(process.step.result);
      return 0;
    case StepKind::self:
      return write_value(process.pid, process.call.arguments[1], process.identity);
    default:
      return ETIMEDOUT;  // it was given no time
  }
}

}  // namespace stampede
