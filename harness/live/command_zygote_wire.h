// What the supervisor and its zygote of commands say to each other.
#ifndef STAMPEDE_LIVE_COMMAND_ZYGOTE_WIRE_H
#define STAMPEDE_LIVE_COMMAND_ZYGOTE_WIRE_H

#include <array>
#include <cstdint>

#include "harness/live/process_slots.h"

namespace stampede {

// Descriptors that the zygote is started with.
inline constexpr int kCommandSocketFd = 3;
inline constexpr int kCommandSlotsFd = 4;

// Supervisor to zygote.
struct StageRequest {
  std::uint32_t processes = 0;
  std::array<std::uint32_t, ProcessSlots::kSlots> umasks{};
};

}  // namespace stampede

#endif  // STAMPEDE_LIVE_COMMAND_ZYGOTE_WIRE_H
