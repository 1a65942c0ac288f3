// `stampede doctor`: what this machine offers.
#ifndef STAMPEDE_CLI_DOCTOR_COMMAND_H
#define STAMPEDE_CLI_DOCTOR_COMMAND_H

#include <string>
#include <vector>

#include "harness/live/machine_offer.h"

namespace CLI {
class App;
}

namespace stampede {

struct Diagnosis {
  MachineOffer machine;
  std::string why_no_live, why_no_commands;  // empty where there is one
  struct Tool {
    std::string name;
    bool is_there = false;
  };
  std::vector<Tool> tools;
  [[nodiscard]] bool is_well() const { return why_no_live.empty() && why_no_commands.empty(); }
};
std::string text_of(const Diagnosis& found);
std::string json_of(const Diagnosis& found);

// Registers the subcommand, whose callback sets `exit_status`. REQUIRES: both outlive the parsing.
void add_doctor_command(CLI::App& app, int& exit_status);

}  // namespace stampede

#endif  // STAMPEDE_CLI_DOCTOR_COMMAND_H
