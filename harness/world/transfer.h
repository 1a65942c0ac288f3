// How much of a transfer happens: all, or half where a fault cuts it.
#ifndef STAMPEDE_WORLD_TRANSFER_H
#define STAMPEDE_WORLD_TRANSFER_H

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace stampede {

enum class Transfer : std::uint8_t { whole, half };

// Of `bytes` that would move; where any would, one does.
constexpr std::size_t moved_of(std::size_t bytes, Transfer transfer) {
  return transfer == Transfer::whole || bytes == 0 ? bytes : std::max<std::size_t>(bytes / 2, 1);
}

}  // namespace stampede

#endif  // STAMPEDE_WORLD_TRANSFER_H
