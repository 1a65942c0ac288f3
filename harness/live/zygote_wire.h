// What the supervisor and its zygote say to each other.
#ifndef STAMPEDE_LIVE_ZYGOTE_WIRE_H
#define STAMPEDE_LIVE_ZYGOTE_WIRE_H

#include <array>
#include <cstdint>

#include "harness/live/live_zygote.h"
#include "harness/live/process_slots.h"

namespace stampede {

// Descriptors that the zygote is started with.
inline constexpr int kZygoteSocketFd = 3;
inline constexpr int kZygoteSlotsFd = 4;

// Supervisor to zygote.
struct ForkRequest {
  std::uint32_t count = 0;
  std::array<LiveFork, ProcessSlots::kSlots> forks{};
};

// Zygote to supervisor: once when it is ready, with the listener's descriptor beside it, then for each request.
struct ZygoteReply {
  std::int32_t error = 0;    // errno of what failed; the processes before it run
  std::uint32_t failed = 0;  // at the start: 1 where it was the filter that failed, 2 where it has several threads
  std::uint32_t count = 0;
  std::array<std::int32_t, ProcessSlots::kSlots> pids{};
};

}  // namespace stampede

#endif  // STAMPEDE_LIVE_ZYGOTE_WIRE_H
