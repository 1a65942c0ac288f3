// Who processes of controlled worlds are, and what they draw: the same numbers in each of them.
#ifndef STAMPEDE_WORLD_WORLD_IDENTITY_H
#define STAMPEDE_WORLD_WORLD_IDENTITY_H

#include <cstdint>
#include <string_view>

#include "cache/os.h"
#include "harness/plan/step.h"

namespace stampede {

// The cache directory's path, as processes know it. Its parent exists, the directory does not. In the live world it
// lies below a real directory.
inline constexpr std::string_view kWorldCacheDirectory = "/sim/cache";

// What a process of these worlds reads in /proc/sys/kernel/random/boot_id and /proc/self/ns/pid. The domain of its
// identity is made of them (cache/posix_process.cc), so that the real door comes to the same number.
inline constexpr std::string_view kWorldBootId = "57a3bede-0000-4000-8000-000000000001\n";
inline constexpr std::string_view kWorldPidNamespace = "pid:[4026531836]";

// Of the process that was the `index`-th to start in its run, of all stages, from 0.
modelcache::ProcessIdentity world_identity(std::uint64_t index);
// Of one that died before the run.
modelcache::ProcessIdentity dead_world_identity();

// The `drawn`-th value (from 0) of `Os::random` in that process of that stage.
std::uint64_t world_random(StageKind stage, std::uint32_t process, std::uint64_t drawn);

}  // namespace stampede

#endif  // STAMPEDE_WORLD_WORLD_IDENTITY_H
