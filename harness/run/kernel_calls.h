// Call sequences on files, locks and directories as data: what simulator and kernel are compared by.
#ifndef STAMPEDE_RUN_KERNEL_CALLS_H
#define STAMPEDE_RUN_KERNEL_CALLS_H

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "cache/os.h"
#include "harness/plan/choices.h"
#include "harness/plan/step.h"

namespace stampede {

// Descriptors are named by their place among those that the process has open, counted around: place 0 is the
// directory, which stays open; kNoDescriptor is a number that is not open. Whoever has kDescriptorsKept closes the
// oldest but the directory before it opens another.
inline constexpr std::uint32_t kDescriptorsKept = 5;
inline constexpr std::uint32_t kNoDescriptor = UINT32_MAX;
inline constexpr std::size_t kCallProcesses = 2;

struct KernelCall {
  StepKind kind = StepKind::stat;  // of a method on files
  std::uint32_t process = 0;
  std::uint32_t at = 0;       // the open file, or the directory that `name` is in
  std::uint32_t to_at = 0;    // rename, link: the directory that `to_name` is in
  std::string name, to_name;  // "$" at the start stands for the directory's absolute path
  modelcache::OpenMode open_mode = modelcache::OpenMode::read;
  modelcache::RenameMode rename_mode = modelcache::RenameMode::replace;
  modelcache::LockMode lock_mode = modelcache::LockMode::shared;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  friend bool operator==(const KernelCall&, const KernelCall&) = default;
};
// What a call takes, in a line: "1: open 'a' at 0 create_new".
std::string describe(const KernelCall& call);

// Something in the directory from the start that no call makes.
struct SpecialFile {
  std::string name;
  bool is_fifo = false;
  std::string target;  // of a symbolic link
  friend bool operator==(const SpecialFile&, const SpecialFile&) = default;
};

struct CallSequence {
  std::size_t processes = 1;  // up to kCallProcesses
  std::array<unsigned, kCallProcesses> umasks{022, 022};
  // 0 is whoever runs the comparison; 1 and 2 are others, which only root can be.
  std::array<std::uint32_t, kCallProcesses> users{0, 0};
  std::uint32_t descriptors_max = 0;  // of the only process; 0: no limit of its own
  std::vector<SpecialFile> special;
  std::vector<KernelCall> calls;
  friend bool operator==(const CallSequence&, const CallSequence&) = default;
};

// What not every surroundings allow.
struct CallVariety {
  bool has_users = false;             // processes of different users
  bool has_descriptor_limits = true;  // processes with a limit of their own
};
CallSequence draw_calls(Choices& choices, const CallVariety& variety);

}  // namespace stampede

#endif  // STAMPEDE_RUN_KERNEL_CALLS_H
