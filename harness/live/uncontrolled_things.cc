// The gaps of the world of commands, as `stampede doctor` lists them.
#include "harness/live/command_world.h"

namespace stampede {

std::span<const std::string_view> uncontrolled_things() {
  static constexpr std::string_view kThings[] = {
      "instructions that tell time or draw numbers: rdtsc, rdrand, rdseed, cntvct",
      "timers of the kernel: timerfd, timer_create, SO_RCVTIMEO of sockets that are not the server's",
      "stores into files that are mapped to be shared (a run that makes such a mapping is uncontrolled)",
      "two threads of one process between their births and their first stopped calls",
      "memory that processes share, and signals between them, except at their next stopped call",
      "descriptors from 768 on that another process handed over, and absolute paths that are looked at with one",
      "the inode numbers, times and order of names of files outside of the cache directory",
      "changes of modes, owners and times, which are made at once and are no steps of their own",
      "what a program reads of the machine: /proc, /sys, users, limits, its own path",
  };
  return kThings;
}

}  // namespace stampede
