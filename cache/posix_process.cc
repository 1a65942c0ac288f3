// Process identities from /proc/PID/stat, the boot id and the pid namespace; elsewhere than on Linux only the number.
#include "cache/posix_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "cache/sha256.h"

namespace modelcache {
namespace {

// Empty when it cannot be read; at most 4 KiB.
std::string content_of(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  char buffer[4096];
  const ssize_t size = ::read(fd, buffer, sizeof buffer);
  ::close(fd);
  return size <= 0 ? std::string() : std::string(buffer, static_cast<std::size_t>(size));
}

struct ProcStat {
  std::uint64_t pid = 0;
  char state = '?';
  std::uint64_t threads = 0;
  std::uint64_t start_time = 0;
};

std::uint64_t number_of(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// proc(5): "pid (comm) state ppid ...". The command may hold blanks and parentheses, so fields are counted from the
// last ")".
std::optional<ProcStat> parse_stat(std::string_view text) {
  const auto comm_end = text.rfind(") ");
  if (comm_end == std::string_view::npos) return std::nullopt;
  ProcStat stat;
  stat.pid = number_of(text);
  std::string_view rest = text.substr(comm_end + 2);
  for (int field = 3; !rest.empty(); ++field) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    if (field == 3) stat.state = word.empty() ? '?' : word.front();
    if (field == 20) stat.threads = number_of(word);
    if (field == 22) {
      stat.start_time = number_of(word);
      return stat;
    }
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  }
  return std::nullopt;
}

std::uint64_t domain_of_its_own() {
  std::uint64_t domain = 0;
  if (::getentropy(&domain, sizeof domain) != 0) std::abort();  // cannot fail for so few bytes once the system is up
  return domain;
}

std::uint64_t own_domain() {
  const std::string boot = content_of("/proc/sys/kernel/random/boot_id");
  char space[256];
  const ssize_t size = ::readlink("/proc/self/ns/pid", space, sizeof space);
  if (boot.empty() || size <= 0) return domain_of_its_own();
  const Sha256Digest digest = sha256_of(boot + std::string(space, static_cast<std::size_t>(size)));
  std::uint64_t domain = 0;
  for (int i = 0; i < 8; ++i) domain = domain << 8 | digest.bytes[static_cast<std::size_t>(i)];
  return domain;
}

}  // namespace

ProcessIdentity PosixProcesses::self() {
  const auto pid = static_cast<std::uint64_t>(::getpid());
  // Never waited for: a fork while another thread held it leaves it locked in the child for ever.
  const std::unique_lock guard(mutex_, std::try_to_lock);
  if (guard && cached_.pid == pid) return cached_;
  ProcessIdentity identity{0, pid, 0};
  // A /proc of another pid namespace tells other numbers; then it is not asked.
  if (const auto stat = parse_stat(content_of("/proc/self/stat")); stat && stat->pid == pid) {
    identity.domain = own_domain();
    identity.start_time = stat->start_time;
  } else {
    identity.domain = domain_of_its_own();
  }
  if (guard) cached_ = identity;
  return identity;
}

Liveness PosixProcesses::liveness(const ProcessIdentity& self, const ProcessIdentity& other) {
  if (other.domain != self.domain) return Liveness::unknown;
  // No number that kill(2) takes for one process; whoever wrote it, nothing can be said about it.
  if (other.pid == 0 || other.pid > static_cast<std::uint64_t>(std::numeric_limits<pid_t>::max())) {
    return Liveness::unknown;
  }
  if (::kill(static_cast<pid_t>(other.pid), 0) != 0 && errno == ESRCH) return Liveness::dead;
  const auto stat = parse_stat(content_of("/proc/" + std::to_string(other.pid) + "/stat"));
  if (!stat || self.start_time == 0) return Liveness::alive;  // it exists, and no more is told
  if (other.start_time != 0 && stat->start_time != other.start_time) return Liveness::dead;
  // A zombie holds nothing, unless only its first thread has ended.
  const bool ended = stat->state == 'X' || stat->state == 'x' || (stat->state == 'Z' && stat->threads <= 1);
  return ended ? Liveness::dead : Liveness::alive;
}

}  // namespace modelcache
