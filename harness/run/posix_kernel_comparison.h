// The kernel's side of the comparison: call sequences in a directory on a real tmpfs.
#ifndef STAMPEDE_RUN_POSIX_KERNEL_COMPARISON_H
#define STAMPEDE_RUN_POSIX_KERNEL_COMPARISON_H

#include <functional>
#include <memory>
#include <string>

#include "cache/result.h"
#include "harness/run/kernel_comparison.h"

namespace stampede {

// What this process may compare.
struct KernelSurroundings {
  bool is_root = false;
  // Users: where this is root, and links to files of others are protected, as the simulator has it. Descriptor limits:
  // but under UBSan, whose runtime asks the kernel through a pipe whether an address can be read.
  CallVariety variety;
};

// Changes umask, file system user and descriptor limit of the whole process while a sequence runs, so: one at a time.
// Its directory is removed at its end.
class KernelCallWorld : public CallWorld {
 public:
  // ERRORS: io: neither the shared memory directory nor the one for temporary files is on a tmpfs; which they are on.
  // `compares_times`: as for the simulator; each call then takes some milliseconds.
  static modelcache::Result<std::unique_ptr<KernelCallWorld>> make(bool compares_times = false);
  [[nodiscard]] virtual const KernelSurroundings& surroundings() const = 0;
};

// Runs `body` in a child that has given up root and every group, and returns what it returned. Returns a text that says
// so where the child died. REQUIRES: root.
std::string as_unprivileged_user(const std::function<std::string()>& body);
bool is_root();

}  // namespace stampede

#endif  // STAMPEDE_RUN_POSIX_KERNEL_COMPARISON_H
