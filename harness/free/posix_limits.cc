// Reads the limits of this process, its control group and the system (getrlimit(2), proc(5), cgroups(7)).
#include "harness/free/posix_limits.h"

#include <sys/resource.h>

#include <fstream>

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

constexpr std::uint64_t kDescriptorsEach = 5;
// For the harness itself, its zygote, and what else runs.
constexpr std::uint64_t kDescriptorsOwn = 64;
constexpr std::uint64_t kProcessesOwn = 16;

// Nothing to compare with where the file is missing or says "max".
std::uint64_t number_in(const std::string& path) {
  std::uint64_t number = 0;
  std::ifstream(path) >> number;
  return number == 0 ? UINT64_MAX : number;
}

Result<void> require(std::uint64_t needed, std::uint64_t limit, std::string_view name) {
  if (needed <= limit) return {};
  return fail(ErrorCode::exhausted, "start processes", name,
              std::to_string(needed) + " are needed and " + std::to_string(limit) + " are allowed");
}

}  // namespace

std::uint64_t control_group_limit(const std::string& groups, const std::string& root) {
  std::ifstream file(groups);
  std::string line;
  std::uint64_t smallest = UINT64_MAX;
  while (std::getline(file, line)) {
    if (!line.starts_with("0::")) continue;
    std::string group = line.substr(3);
    for (;;) {
      smallest = std::min(smallest, number_in(root + group + "/pids.max"));
      const std::size_t slash = group.rfind('/');
      if (slash == std::string::npos || group.size() <= 1) break;
      group.resize(slash);
    }
  }
  return smallest;
}

std::uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

Result<void> check_limits(std::size_t processes, const ProcessLimits& limits) {
  const std::uint64_t needed = processes + kProcessesOwn;
  auto ok = require(processes * kDescriptorsEach + kDescriptorsOwn, limits.descriptors, "open files (ulimit -n)");
  if (ok) ok = require(needed, limits.of_user, "processes of this user (ulimit -u)");
  if (ok) ok = require(needed, limits.of_system, "process numbers (kernel.pid_max)");
  if (ok) ok = require(needed, limits.of_group, "processes of the control group (pids.max)");
  return ok;
}

Result<void> check_limits(std::size_t processes) {
  rlimit user{};
  ::getrlimit(RLIMIT_NPROC, &user);
  return check_limits(processes, {.descriptors = raise_descriptor_limit(),
                                  .of_user = user.rlim_cur,
                                  .of_system = number_in("/proc/sys/kernel/pid_max"),
                                  .of_group = control_group_limit()});
}

}  // namespace stampede
