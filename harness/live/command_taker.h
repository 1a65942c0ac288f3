// Takes a step on behalf of an executed program.
#ifndef STAMPEDE_LIVE_COMMAND_TAKER_H
#define STAMPEDE_LIVE_COMMAND_TAKER_H

#include <cstdint>
#include <vector>

#include "harness/live/command_machine.h"
#include "harness/live/command_reader.h"

namespace stampede {

// How the call that a step is made of is answered, once the observer has seen the step.
struct CommandAnswer {
  enum class Kind : std::uint8_t { value, error, let_go, descriptor };
  Kind kind = Kind::value;
  std::int64_t value = 0;
  int error = 0;
};

// Owned by one world.
class CommandTaker {
 public:
  explicit CommandTaker(CommandMachine& machine) : machine_(machine) {}

  // Everything that others can see of the step happens, by the fault that decides it, if any; `task.step` has the
  // result. REQUIRES: the task presents a step.
  CommandAnswer take(CommandTask& task);
  // Tells the task; it runs on.
  void tell(CommandTask& task, const CommandAnswer& answer);

 private:
  // Each returns an errno or 0.
  int effect(CommandTask& task, Transfer transfer, CommandAnswer& answer);
  int open(CommandTask& task, CommandAnswer& answer);
  int read(CommandTask& task, Transfer transfer, CommandAnswer& answer);
  int write(CommandTask& task, Transfer transfer, CommandAnswer& answer);
  int on_open_file(CommandTask& task);
  int lock(CommandTask& task, CommandAnswer& answer);
  int names(CommandTask& task);
  int stat(CommandTask& task, CommandAnswer& answer);
  int list(CommandTask& task, CommandAnswer& answer);
  int connect(CommandTask& task, CommandAnswer& answer);
  int send(CommandTask& task, Transfer transfer, CommandAnswer& answer);
  int receive(CommandTask& task, Transfer transfer, CommandAnswer& answer);

  int gather(const CommandTask& task, std::size_t size);
  int scatter(const CommandTask& task, std::size_t size);

  CommandMachine& machine_;
  std::vector<std::byte> buffer_;
  OwnedFd opened_;
};

}  // namespace stampede

#endif  // STAMPEDE_LIVE_COMMAND_TAKER_H
