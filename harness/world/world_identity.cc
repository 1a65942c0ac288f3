// Numbers that follow from a process's place in its run alone.
#include "harness/world/world_identity.h"

#include <string>

#include "cache/sha256.h"

namespace stampede {
namespace {

constexpr std::uint64_t kFirstPid = 1000;

// As `own_domain` of cache/posix_process.cc.
std::uint64_t world_domain() {
  static const std::uint64_t domain = [] {
    const auto digest = modelcache::sha256_of(std::string(kWorldBootId) + std::string(kWorldPidNamespace));
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8; ++i) value = value << 8 | digest.bytes[i];
    return value;
  }();
  return domain;
}

// Bijective (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014, the mix of 64 bits), so
// that different numbers give different values.
std::uint64_t mixed(std::uint64_t z) {
  z += 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace

modelcache::ProcessIdentity world_identity(std::uint64_t index) {
  return {world_domain(), kFirstPid + index, kFirstPid + index};
}

modelcache::ProcessIdentity dead_world_identity() { return {world_domain(), kFirstPid - 1, kFirstPid - 1}; }

std::uint64_t world_random(StageKind stage, std::uint32_t process, std::uint64_t drawn) {
  return mixed(static_cast<std::uint64_t>(stage) << 56 | static_cast<std::uint64_t>(process) << 32 | drawn);
}

}  // namespace stampede
