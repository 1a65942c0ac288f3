// Gives up, for a test, what makes a namespace of process numbers, as it is in most containers.
#ifndef STAMPEDE_LIVE_NO_PROCESS_NUMBERS_FOR_TEST_H
#define STAMPEDE_LIVE_NO_PROCESS_NUMBERS_FOR_TEST_H

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

namespace stampede {

// From now on neither this process nor what it executes has CAP_SYS_ADMIN, and it is root, so that it has no right to
// it in a namespace of users either: clone3(CLONE_NEWPID) fails. Who is not root is made so in a namespace of users;
// where he may not, there is nothing to give up. False where that failed. REQUIRES: one thread.
inline bool give_up_process_numbers() {
  if (::geteuid() != 0) {
    const unsigned user = ::geteuid(), group = ::getegid();
    if (::unshare(CLONE_NEWUSER) != 0) return true;
    const auto write = [](const char* path, const std::string& text) {
      const int file = ::open(path, O_WRONLY | O_CLOEXEC);
      const bool is_written = file >= 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
      if (file >= 0) ::close(file);
      return is_written;
    };
    (void)write("/proc/self/setgroups", "deny");
    if (!write("/proc/self/uid_map", "0 " + std::to_string(user) + " 1")) return false;
    if (!write("/proc/self/gid_map", "0 " + std::to_string(group) + " 1")) return false;
  }
  (void)::prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0, 0);
  if (::prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) != 0) return false;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};
  if (::syscall(SYS_capget, &header, data) != 0) return false;
  auto& word = data[CAP_TO_INDEX(CAP_SYS_ADMIN)];
  for (auto* const set : {&word.effective, &word.permitted, &word.inheritable}) *set &= ~CAP_TO_MASK(CAP_SYS_ADMIN);
  return ::syscall(SYS_capset, &header, data) == 0;
}

}  // namespace stampede

#endif  // STAMPEDE_LIVE_NO_PROCESS_NUMBERS_FOR_TEST_H
