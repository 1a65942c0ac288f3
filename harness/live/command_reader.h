// Reads a stopped call of an executed program: a step, a wait, something to be answered at once, or nobody's business.
#ifndef STAMPEDE_LIVE_COMMAND_READER_H
#define STAMPEDE_LIVE_COMMAND_READER_H

#include <cstdint>
#include <vector>

#include "harness/live/command_machine.h"

namespace stampede {

enum class CommandLook : std::uint8_t {
  step,      // task.step and task.awaits say which, and for what it waits
  waits,     // task.awaits says for what
  passes,    // the kernel may make it
  answered,  // it was
};

// Whatever it is told of clocks and chance follows from the plan. REQUIRES: the task is stopped.
CommandLook look_at(CommandMachine& machine, CommandTask& task);

// Parts of it. `wait_of` knows calls that wait for others; `answer_at_once` clocks, chance and what must not be.
bool wait_of(CommandMachine& machine, CommandTask& task, FirstArgument& first, CommandLook& look);
bool answer_at_once(CommandMachine& machine, CommandTask& task, FirstArgument& first);

// Memory of a process that a call names.
struct FarMemory {
  std::uint64_t address = 0;
  std::size_t size = 0;
};
// The buffers of a reading or writing call, in its normal form; at most 8 MiB of them.
std::vector<FarMemory> buffers_of(const CommandTask& task);
std::size_t size_of(const std::vector<FarMemory>& buffers);

}  // namespace stampede

#endif  // STAMPEDE_LIVE_COMMAND_READER_H
