// Finds and ends the processes that workers left behind.
#ifndef STAMPEDE_FREE_POSIX_LEAKS_H
#define STAMPEDE_FREE_POSIX_LEAKS_H

#include <sys/types.h>

#include <cstdint>
#include <set>

namespace stampede {

// While it lives, orphaned descendants of this process become its children instead of init's (PR_SET_CHILD_SUBREAPER),
// so that a daemon that left its group and session is still found. One at a time a program.
class PosixOrphanage {
 public:
  PosixOrphanage();
  ~PosixOrphanage();
  PosixOrphanage(const PosixOrphanage&) = delete;
  PosixOrphanage& operator=(const PosixOrphanage&) = delete;

  // Counts, kills and reaps what lives in the workers' groups or became our child since this was made, but for
  // `workers`. REQUIRES: the workers have exited and are not reaped, so that the numbers are still theirs; this program
  // started nothing else meanwhile.
  [[nodiscard]] std::uint64_t end_leaked_processes(const std::set<pid_t>& workers) const;

 private:
  int was_subreaper_ = 0;
  std::set<pid_t> earlier_children_;  // a zygote, say
};

}  // namespace stampede

#endif  // STAMPEDE_FREE_POSIX_LEAKS_H
