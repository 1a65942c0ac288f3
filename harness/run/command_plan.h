// Plans for subjects that are commands: what of a drawn plan they can be asked.
#ifndef STAMPEDE_RUN_COMMAND_PLAN_H
#define STAMPEDE_RUN_COMMAND_PLAN_H

#include <cstdint>
#include <optional>
#include <string>

#include "harness/run/sim_draw.h"

namespace stampede {

// The plan with gets alone, in a directory that is empty or was filled by the subject itself: every operation on a
// model becomes a get, what only the built-in cache knows (policies, damage, its folders) goes. `subject` is its name
// or file.
Plan as_command_plan(Plan plan, const std::string& subject);

// As draw_sim, for a subject that is a command: fewer processes and operations, since each is a program to start.
SimDraw draw_for_command(std::uint64_t seed, std::optional<std::size_t> processes, const std::string& subject);

}  // namespace stampede

#endif  // STAMPEDE_RUN_COMMAND_PLAN_H
