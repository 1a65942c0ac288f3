// What this machine offers to the live world.
#ifndef STAMPEDE_LIVE_MACHINE_OFFER_H
#define STAMPEDE_LIVE_MACHINE_OFFER_H

#include <cstdint>
#include <string>

namespace stampede {

struct MachineOffer {
  std::string kernel;                // "6.1.0-18-amd64"
  bool has_notification = false;     // seccomp user notification, of a process that was tried
  bool has_killable_wait = false;    // SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, Linux 5.19
  bool has_sync_wake_up = false;     // SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP, Linux 6.6: without it a step costs more
  bool has_process_numbers = false;  // namespaces of process numbers, for this user
  bool tames_vdso = false;           // programs that are executed cannot look at a real clock
  std::uint32_t cores = 0;           // that this process may use
  std::string memory_directory;      // where live worlds keep their files; empty where that is no memory
  std::uint64_t memory_free_bytes = 0;
  std::uint64_t descriptors_max = 0, processes_max = 0;  // hard limits; UINT64_MAX: none
};

// Tries each in a process of its own, which ends with it. `memory_directory`: where there may be memory.
MachineOffer look_at_machine(const char* memory_directory = "/dev/shm");

}  // namespace stampede

#endif  // STAMPEDE_LIVE_MACHINE_OFFER_H
