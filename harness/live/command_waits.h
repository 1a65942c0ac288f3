// Whether what a stopped call waits for has come, without making the call.
#ifndef STAMPEDE_LIVE_COMMAND_WAITS_H
#define STAMPEDE_LIVE_COMMAND_WAITS_H

#include "harness/live/command_machine.h"

namespace stampede {

// Answers the call, or lets the kernel make it, which does not wait. REQUIRES: state `waits`, has_come(). Returns false
// where the call goes on waiting: a write of which only a part found place.
bool end_wait(CommandMachine& machine, CommandTask& task);

}  // namespace stampede

#endif  // STAMPEDE_LIVE_COMMAND_WAITS_H
