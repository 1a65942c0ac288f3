// Calls of executed programs that are answered at once: clocks, chance, and what the world does not let happen.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/live/command_filter.h"
#include "harness/live/command_reader.h"
#include "harness/live/process_memory.h"
#include "harness/world/world_identity.h"

namespace stampede {
namespace {

using std::chrono::nanoseconds;

constexpr std::size_t kFirstBirth = 1000;  // in ticks since the machine was started
constexpr std::size_t kRandomMax = 256 * 1024;

timespec timespec_of(nanoseconds time) {
  timespec to{};
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  to.tv_sec = static_cast<time_t>(whole.count());
  to.tv_nsec = static_cast<long>((time - whole).count());
  return to;
}

bool is_wall_clock(std::uint64_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}

class Answers {
 public:
  Answers(CommandMachine& machine, CommandTask& task, FirstArgument& first)
      : machine_(machine), task_(task), first_(first), call_(task.normal) {}

  bool give() {
    switch (call_.number) {
      case __NR_clock_gettime:
        return value(0, write_value(task_.thread, argument(1), timespec_of(look_at_clock(argument(0)))));
      case __NR_gettimeofday:
        return give_time_of_day();
#ifdef __NR_time
      case __NR_time:
        return give_seconds();
      case __NR_alarm:
        return value(0, 0);
#endif
      case __NR_setitimer:  // of real time: it never comes
        return argument(0) == ITIMER_REAL && value(0, 0);
      case __NR_getrandom:
        return give_random();
      case __NR_openat:
        return give_file();
      case __NR_readlinkat:
        return give_link(1);
#ifdef __NR_readlink
      case __NR_readlink:
        return give_link(0);
#endif
      case __NR_connect:
      case __NR_sendto:
        return keep_off_the_network();
      case __NR_sendmmsg:
        return is_internet_socket() && value(0, ENETUNREACH);
      case __NR_shutdown:
        return is_connection() && value(0, 0);
      case __NR_copy_file_range:
        return (is_watched(0) || is_watched(2)) && value(0, EXDEV);
      case __NR_sendfile:
      case __NR_splice:
        return (is_watched(0) || is_watched(call_.number == __NR_sendfile ? 1 : 2) || is_connection()) &&
               value(0, EINVAL);
      case __NR_mmap:
        return refuse_shared_memory();
      default:
        return false;
    }
  }

 private:
  [[nodiscard]] std::uint64_t argument(std::size_t i) const { return call_.arguments[i]; }

  bool value(std::int64_t value, int error) {
    if (error != 0) return machine_.stops.refuse(task_.call, error), true;
    return machine_.stops.answer(task_.call, value), true;
  }

  // Whoever only looks at the clock must see it move.
  nanoseconds look_at_clock(std::uint64_t clock) {
    machine_.turns.clock.step();
    return is_wall_clock(clock) ? machine_.turns.clock.wall() : machine_.turns.clock.instant().time_since_epoch();
  }
  bool give_time_of_day() {
    const timespec time = timespec_of(look_at_clock(CLOCK_REALTIME));
    const timeval rounded{time.tv_sec, time.tv_nsec / 1000};
    return value(0, argument(0) == 0 ? 0 : write_value(task_.thread, argument(0), rounded));
  }
  bool give_seconds() {
    const time_t seconds = timespec_of(look_at_clock(CLOCK_REALTIME)).tv_sec;
    return value(seconds, argument(0) == 0 ? 0 : write_value(task_.thread, argument(0), seconds));
  }

  void draw(std::vector<std::byte>& bytes) {
    PlannedCommands& planned = machine_.planned_of(task_);
    for (std::size_t i = 0; i < bytes.size(); i += sizeof(std::uint64_t)) {
      const std::uint64_t drawn = world_random(machine_.turns.stage().stage, planned.number, planned.random_count++);
      std::memcpy(bytes.data() + i, &drawn, std::min(sizeof drawn, bytes.size() - i));
    }
  }
  bool give_random() {
    std::vector<std::byte> bytes(std::min<std::size_t>(argument(1), kRandomMax));
    draw(bytes);
    return value(static_cast<std::int64_t>(bytes.size()), write_memory(task_.thread, argument(0), bytes));
  }
  // More than anybody reads of it; then it ends.
  std::vector<std::byte> random_bytes() {
    std::vector<std::byte> bytes(kRandomMax);
    draw(bytes);
    return bytes;
  }

  // proc(5): number, name, state, then up to the time of birth what is the same for all. That time is the place in the
  // order of births.
  static std::string stat_line(const CommandProcess& process, std::size_t place) {
    return std::to_string(process.own_number) + " (" + process.program + ") S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 " +
           std::to_string(kFirstBirth + place) + " 0\n";
  }
  // Nothing where the kernel may answer; empty where there is no such file.
  std::optional<std::string> process_file(std::string_view path) const {
    constexpr std::string_view kProc = "/proc/", kStat = "/stat";
    if (path == "/proc/sys/kernel/random/boot_id") return std::string(kWorldBootId);
    if (!path.starts_with(kProc) || !path.ends_with(kStat)) return std::nullopt;
    const std::string who(path.substr(kProc.size(), path.size() - kProc.size() - kStat.size()));
    if (who != "self" && (who.empty() || who.find_first_not_of("0123456789") != std::string::npos)) return std::nullopt;
    std::size_t place = 0;
    for (const CommandProcess& process : machine_.processes) {
      const bool is_it = who == "self" ? &process == task_.process : std::to_string(process.own_number) == who;
      if (is_it && !process.has_ended) return stat_line(process, place);
      ++place;
    }
    return std::string();
  }
  bool give_file() {
    const std::string& path = task_.name;  // as it was read before
    if (path == "/dev/urandom" || path == "/dev/random") return give_bytes(random_bytes());
    if (!path.starts_with("/proc/")) return give_private(path);
    const std::optional<std::string> text = process_file(path);
    if (!text) return false;
    if (text->empty()) return value(0, ENOENT);
    const auto bytes = std::as_bytes(std::span(*text));
    return give_bytes({bytes.begin(), bytes.end()});
  }
  // A file of the system that is opened to be read, where what is read of it need not be seen. Not one of those calls
  // that must get the lowest free number, as some expect who closed their standard input before.
  bool give_private(const std::string& path) {
    if (argument(2) != (O_RDONLY | O_CLOEXEC) || path.starts_with("/dev/") || path.starts_with("/sys/")) return false;
    struct stat stat{};
    if (::stat(path.c_str(), &stat) != 0 || !S_ISREG(stat.st_mode) || !machine_.files.is_elsewhere(stat)) {
      return false;  // the kernel says why
    }
    const int number = free_private_number();
    const OwnedFd file(number < 0 ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return file.is_open() && machine_.stops.answer_with_descriptor_at(task_.call, file.get(), number) >= 0;
  }
  // -1 where all are taken: only the process knows when it closed one.
  int free_private_number() {
    for (int number = kFirstPrivateFd; number < kPrivateFdsEnd; ++number) {
      const OwnedFd taken(static_cast<int>(::syscall(SYS_pidfd_getfd, task_.process->pidfd.get(), number, 0)));
      if (!taken.is_open()) return errno == EBADF ? number : -1;
    }
    return -1;
  }
  bool give_bytes(const std::vector<std::byte>& bytes) {
    const OwnedFd file(::memfd_create("given", MFD_CLOEXEC));
    if (!file.is_open() || ::pwrite(file.get(), bytes.data(), bytes.size(), 0) < 0) return value(0, EMFILE);
    const bool closes = (argument(2) & O_CLOEXEC) != 0;
    if (machine_.stops.answer_with_descriptor(task_.call, file.get(), closes) < 0) return value(0, errno);
    return true;
  }
  // The namespace of process numbers, of which there is a new one in each stage. The link is argument `at`.
  bool give_link(std::size_t at) {
    std::string path;
    if (read_path(task_.thread, argument(at), path) != 0 || path != "/proc/self/ns/pid") return false;
    const auto bytes = std::as_bytes(std::span(kWorldPidNamespace));
    const std::size_t size = std::min<std::size_t>(bytes.size(), argument(at + 2));
    return value(static_cast<std::int64_t>(size), write_memory(task_.thread, argument(at + 1), bytes.first(size)));
  }

  bool is_internet_socket() {
    const HeldFile& held = first_.held();
    int family = 0;
    socklen_t size = sizeof family;
    return held.is_open() && ::getsockopt(held.fd.get(), SOL_SOCKET, SO_DOMAIN, &family, &size) == 0 &&
           (family == AF_INET || family == AF_INET6);
  }
  // What is no connection of the world's server is for this machine alone.
  bool keep_off_the_network() {
    const bool is_connect = call_.number == __NR_connect;
    const std::uint64_t address = argument(is_connect ? 1 : 4);
    sockaddr_in to{};
    if (address == 0 || read_value(task_.thread, address, to) != 0) return false;
    if (to.sin_family == AF_INET6) return value(0, ENETUNREACH);
    if (to.sin_family != AF_INET) return false;
    constexpr std::uint32_t kLoopback = 127;
    return ntohl(to.sin_addr.s_addr) >> 24 != kLoopback && value(0, ENETUNREACH);
  }

  bool is_watched(std::size_t which) {
    return which == 0 ? first_.held().is_watched() : machine_.files.hold(task_, argument(which)).is_watched();
  }
  bool is_connection() {
    const HeldFile& held = first_.held();
    return held.is_open() && S_ISSOCK(held.stat.st_mode) && machine_.links.connection(held.stat.st_ino) != nullptr;
  }

  bool refuse_shared_memory() {
    if (!is_watched(4)) return false;
    machine_.trouble = "process " + std::to_string(task_.process->planned) +
                       " writes to a file of the cache through memory, which nobody sees";
    return true;
  }

  CommandMachine& machine_;
  CommandTask& task_;
  FirstArgument& first_;
  const StoppedCall& call_;
};

}  // namespace

bool answer_at_once(CommandMachine& machine, CommandTask& task, FirstArgument& first) {
  return Answers(machine, task, first).give();
}

}  // namespace stampede
