// Answers calls that are no steps: set-up, and looks at the machine whose real answers differ from run to run.
#ifndef STAMPEDE_LIVE_SET_UP_CALLS_H
#define STAMPEDE_LIVE_SET_UP_CALLS_H

#include <string_view>

#include "harness/live/live_machine.h"

namespace stampede {

// Whether an absolute path leads into the world rather than into the machine that it runs on.
bool is_world_path(std::string_view path);

// The process runs on with the world's answer where the world has one, else with the kernel's.
void answer_set_up(LiveMachine& machine, WatchedProcess& process, const StoppedCall& call);

}  // namespace stampede

#endif  // STAMPEDE_LIVE_SET_UP_CALLS_H
