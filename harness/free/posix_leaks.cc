// Reads /proc for processes that should be gone (proc(5), /proc/[pid]/stat).
#include "harness/free/posix_leaks.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace stampede {
namespace {

// Each round ends the children of those that the round before ended. Nobody nests deeper by accident.
constexpr int kRoundsMax = 16;

struct ProcessStat {
  pid_t pid = 0;
  char state = '?';
  pid_t parent = 0;
  pid_t group = 0;
};

std::optional<ProcessStat> read_stat(const std::filesystem::path& directory) {
  std::ifstream file(directory / "stat");
  std::string text;
  std::getline(file, text);
  const std::size_t after_name = text.rfind(')');  // the name itself may hold anything
  if (after_name == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(after_name + 1));
  ProcessStat stat;
  stat.pid = static_cast<pid_t>(std::stol(directory.filename()));
  fields >> stat.state >> stat.parent >> stat.group;
  if (!fields) return std::nullopt;
  return stat;
}

std::vector<ProcessStat> all_processes() {
  std::vector<ProcessStat> processes;
  std::error_code error;
  for (std::filesystem::directory_iterator it("/proc", error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (const auto stat = read_stat(it->path())) processes.push_back(*stat);
  }
  return processes;
}

void end_process(pid_t pid) {
  ::kill(pid, SIGKILL);
  // Not ours while its parent lives: then it is the parent's, or of a later round, to reap.
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace

PosixOrphanage::PosixOrphanage() {
  ::prctl(PR_GET_CHILD_SUBREAPER, &was_subreaper_);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  for (const ProcessStat& process : all_processes()) {
    if (process.parent == ::getpid()) earlier_children_.insert(process.pid);
  }
}

PosixOrphanage::~PosixOrphanage() { ::prctl(PR_SET_CHILD_SUBREAPER, was_subreaper_); }

std::uint64_t PosixOrphanage::end_leaked_processes(const std::set<pid_t>& workers) const {
  std::set<pid_t> leaked;
  for (int round = 0; round < kRoundsMax; ++round) {
    std::vector<pid_t> found;
    for (const ProcessStat& process : all_processes()) {
      if (workers.contains(process.pid) || earlier_children_.contains(process.pid)) continue;
      const bool is_orphan = process.parent == ::getpid();
      if (!is_orphan && !workers.contains(process.group)) continue;
      // One that ended by itself is nobody's leak, but if it became ours, it is ours to reap.
      if (process.state != 'Z') leaked.insert(process.pid);
      if (process.state != 'Z' || is_orphan) found.push_back(process.pid);
    }
    if (found.empty()) break;
    for (const pid_t pid : found) end_process(pid);
  }
  return leaked.size();
}

}  // namespace stampede
