// Reads a stopped call: a step of the door, set-up that is answered at once, or none of the world's business.
#ifndef STAMPEDE_LIVE_CALL_READER_H
#define STAMPEDE_LIVE_CALL_READER_H

#include "harness/live/live_machine.h"

namespace stampede {

// Fills in the step that the process presents with `call`, and what it waits for; returns true. Where the call is no
// step, answers it and returns false: the process runs on.
bool present(LiveMachine& machine, WatchedProcess& process, const StoppedCall& call);

// Where the path argument of the process's call leads, from the directory that it names.
LiveAt place_of(LiveMachine& machine, WatchedProcess& process, std::uint64_t directory, std::string path);

}  // namespace stampede

#endif  // STAMPEDE_LIVE_CALL_READER_H
