// What the tasks of executed commands share, beside the kernel.
#ifndef STAMPEDE_LIVE_COMMAND_MACHINE_H
#define STAMPEDE_LIVE_COMMAND_MACHINE_H

#include <cstdint>
#include <deque>
#include <string>

#include "harness/live/call_stops.h"
#include "harness/live/command_files.h"
#include "harness/live/command_links.h"
#include "harness/live/command_task.h"
#include "harness/live/live_disk.h"
#include "harness/world/turn_engine.h"

namespace stampede {

// Owned by one CommandWorld; its parts look at it.
struct CommandMachine {
  explicit CommandMachine(OwnedFd listener) : stops(std::move(listener)) {}

  CallStops stops;
  std::uint64_t open_descriptors = 0;
  LiveDisk disk{open_descriptors};
  CommandFiles files{disk};
  TurnEngine turns;
  CommandLinks links{turns.network, turns.clock};
  // Of the present or last stage; never moved.
  std::deque<CommandProcess> processes;
  std::deque<CommandTask> tasks;
  std::deque<PlannedCommands> planned;
  std::uint64_t waits = 0;         // so far
  bool were_signals_sent = false;  // since somebody looked who has ended by them
  std::string trouble;             // why the world lost control
  // A planned process that must be ended, and why: it wrote too much.
  std::string too_much;

  PlannedCommands& planned_of(const CommandTask& task) { return planned.at(task.process->planned); }
};

}  // namespace stampede

#endif  // STAMPEDE_LIVE_COMMAND_MACHINE_H
