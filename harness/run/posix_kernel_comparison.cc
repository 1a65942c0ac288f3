// Performs call sequences with real system calls, as the users and with the limits that a sequence names.
#include "harness/run/posix_kernel_comparison.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <utility>

#include "cache/posix_os.h"

#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer)
#define STAMPEDE_IS_UBSAN 1
#endif
#endif

namespace stampede {
namespace {

using modelcache::Os;

#ifdef STAMPEDE_IS_UBSAN
constexpr bool kIsUbsan = true;
#else
constexpr bool kIsUbsan = false;
#endif

constexpr uid_t kFirstUser = 12'340;  // of a sequence's users 1 and 2, and whoever gave up root is user 0 of them

void require(bool is_done, const char* what) {
  if (is_done) return;
  std::perror(what);
  std::abort();
}

// Mode bits keep nobody from removing what is his: directories become passable first.
void remove_tree(const std::string& path) {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
  if (!ignored) return;
  ::chmod(path.c_str(), 0700);
  for (auto it = std::filesystem::recursive_directory_iterator(path, ignored);
       it != std::filesystem::recursive_directory_iterator(); it.increment(ignored)) {
    if (it->is_directory(ignored) && !it->is_symlink(ignored)) ::chmod(it->path().c_str(), 0700);
  }
  std::filesystem::remove_all(path, ignored);
}

// The umask and the user of a sequence's process, for as long as it lives.
class Acting {
 public:
  Acting(unsigned umask, std::uint32_t user) : umask_(::umask(umask)), changes_user_(user != 0) {
    if (changes_user_) switch_to(kFirstUser + user);
  }
  ~Acting() {
    if (changes_user_) switch_to(0);
    ::umask(umask_);
  }
  Acting(const Acting&) = delete;
  Acting& operator=(const Acting&) = delete;

 private:
  static void switch_to(uid_t user) {
    ::setfsgid(user);
    ::setfsuid(user);
    require(static_cast<uid_t>(::setfsuid(static_cast<uid_t>(-1))) == user, "setfsuid");
  }
  mode_t umask_;
  bool changes_user_;
};

// Lets `count` more descriptors be opened, for as long as it lives. 0: no limit.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(std::uint32_t count) {
    require(::getrlimit(RLIMIT_NOFILE, &before_) == 0, "getrlimit");
    if (count == 0) return;
    rlimit limited = before_;
    limited.rlim_cur = 0;
    for (std::uint32_t free = 0; free < count; ++limited.rlim_cur) {
      if (::fcntl(static_cast<int>(limited.rlim_cur), F_GETFD) < 0) ++free;
    }
    require(::setrlimit(RLIMIT_NOFILE, &limited) == 0, "setrlimit");
  }
  ~DescriptorLimit() { require(::setrlimit(RLIMIT_NOFILE, &before_) == 0, "setrlimit"); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

 private:
  rlimit before_{};
};

// Of the clock that stamps files.
void wait_for_a_tick() {
  const auto now = [] {
    timespec time{};
    require(::clock_gettime(CLOCK_REALTIME_COARSE, &time) == 0, "clock_gettime");
    return std::pair(time.tv_sec, time.tv_nsec);
  };
  for (const auto before = now(); now() == before;) ::sched_yield();
}

class TmpfsCallWorld final : public KernelCallWorld {
 public:
  TmpfsCallWorld(std::string scratch, bool compares_times)
      : scratch_(std::move(scratch)), compares_times_(compares_times) {
    for (auto& os : processes_) os = modelcache::make_posix_os();
    require(::chmod(scratch_.c_str(), 0755) == 0, "chmod");
    surroundings_.is_root = is_root();
    int protects = 0;
    std::ifstream("/proc/sys/fs/protected_hardlinks") >> protects;
    surroundings_.variety = {surroundings_.is_root && protects == 1, !kIsUbsan};
  }
  ~TmpfsCallWorld() override { remove_tree(scratch_); }

  [[nodiscard]] const KernelSurroundings& surroundings() const override { return surroundings_; }

  std::vector<std::string> run(const CallSequence& sequence) override {
    const std::string parent = scratch_ + "/sim", directory = parent + "/cache";
    prepare(sequence, parent, directory);
    CallPerformer performer(directory, compares_times_);
    std::vector<std::string> lines;
    {
      const DescriptorLimit limit(sequence.descriptors_max);
      for (std::uint32_t i = 0; i < sequence.processes; ++i) {
        const Acting acting(sequence.umasks[i], sequence.users[i]);
        performer.open_directory(*processes_[i], i);
      }
      for (const KernelCall& call : sequence.calls) {
        if (compares_times_) wait_for_a_tick();
        const Acting acting(sequence.umasks[call.process], sequence.users[call.process]);
        lines.push_back(performer.perform(*processes_[call.process], call));
      }
      for (std::uint32_t i = 0; i < sequence.processes; ++i) performer.close_all(*processes_[i], i);
    }
    performer.describe_tree(
        *processes_[0],
        [this](const std::string& path, std::uint32_t mode) {
          if (!surroundings_.is_root) require(::chmod(path.c_str(), mode) == 0, "chmod");
        },
        lines);
    remove_tree(parent);
    return lines;
  }

 private:
  static void prepare(const CallSequence& sequence, const std::string& parent, const std::string& directory) {
    const Acting acting(0, 0);
    require(::mkdir(parent.c_str(), 0777) == 0, parent.c_str());
    require(::mkdir(directory.c_str(), 0777) == 0, directory.c_str());
    for (const SpecialFile& special : sequence.special) {
      const std::string path = directory + "/" + special.name;
      const bool is_absolute = special.target.starts_with('$');
      const std::string target = is_absolute ? directory + special.target.substr(1) : special.target;
      const int made = special.is_fifo ? ::mkfifo(path.c_str(), 0644) : ::symlink(target.c_str(), path.c_str());
      require(made == 0, path.c_str());
    }
  }

  std::string scratch_;
  bool compares_times_;
  std::array<std::unique_ptr<Os>, kCallProcesses> processes_;
  KernelSurroundings surroundings_;
};

}  // namespace

bool is_root() { return ::geteuid() == 0; }

modelcache::Result<std::unique_ptr<KernelCallWorld>> KernelCallWorld::make(bool compares_times) {
  std::string seen;
  for (const std::string& place : {std::string("/dev/shm"), std::filesystem::temp_directory_path().string()}) {
    struct statfs system{};
    const bool is_there = ::statfs(place.c_str(), &system) == 0;
    std::string pattern = place + "/stampede-kernel-XXXXXX";
    if (is_there && system.f_type == TMPFS_MAGIC && ::mkdtemp(pattern.data()) != nullptr) {
      return std::make_unique<TmpfsCallWorld>(std::move(pattern), compares_times);
    }
    char type[32];
    std::snprintf(type, sizeof type, "%#lx", static_cast<unsigned long>(system.f_type));
    seen += place + (is_there ? " is on a file system of type " + std::string(type) + "; " : " is not there; ");
  }
  return modelcache::fail(modelcache::ErrorCode::io, "make directory on tmpfs", seen, "expected a tmpfs to write to");
}

std::string as_unprivileged_user(const std::function<std::string()>& body) {
  int pipe[2];
  require(::pipe2(pipe, O_CLOEXEC) == 0, "pipe2");
  const pid_t child = ::fork();
  require(child >= 0, "fork");
  if (child == 0) {
    require(::setgroups(0, nullptr) == 0 && ::setresgid(kFirstUser, kFirstUser, kFirstUser) == 0 &&
                ::setresuid(kFirstUser, kFirstUser, kFirstUser) == 0,
            "give up root");
    const std::string text = body();
    std::size_t written = 0;
    while (written < text.size()) {
      const ssize_t count = ::write(pipe[1], text.data() + written, text.size() - written);
      require(count > 0, "write");
      written += static_cast<std::size_t>(count);
    }
    ::_exit(0);
  }
  ::close(pipe[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t count; (count = ::read(pipe[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(count));
  ::close(pipe[0]);
  int status = 0;
  require(::waitpid(child, &status, 0) == child, "waitpid");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    text += "the unprivileged child died, status " + std::to_string(status);
  return text;
}

}  // namespace stampede
