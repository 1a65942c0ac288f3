// The names of the ways in which a process ends.
#include "harness/plan/run_facts.h"

#include <string_view>

namespace stampede {

std::string_view name_of(ExitReason reason) {
  switch (reason) {
    case ExitReason::not_started:
      return "not_started";
    case ExitReason::exited:
      return "exited";
    case ExitReason::signalled:
      return "signalled";
    case ExitReason::hang:
      return "hang";
    case ExitReason::killed_by_plan:
      return "killed_by_plan";
    case ExitReason::interrupted:
      return "interrupted";
  }
  return "unknown";
}

std::string_view name_of(CommandEnd end) {
  switch (end) {
    case CommandEnd::not_started:
      return "not_started";
    case CommandEnd::exited:
      return "exited";
    case CommandEnd::signalled:
      return "signalled";
    case CommandEnd::timed_out:
      return "timed_out";
    case CommandEnd::talked_too_much:
      return "talked_too_much";
  }
  return "unknown";
}

}  // namespace stampede
