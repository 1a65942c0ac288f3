// Looks at the machine, starts each live world once, and says what it found.
#include "harness/cli/doctor_command.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "harness/cli/exit_statuses.h"
#include "harness/cli/subcommand.h"
#include "harness/cli/subject_option.h"
#include "harness/cli/subject_world.h"
#include "harness/live/command_world.h"
#include "harness/run/subject_catalogue.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

constexpr const char* kDoctorFooter =
    "Each world is started once, and each feature tried. What a live run does not control is listed too.\n\n"
    "Examples:\n"
    "  stampede doctor\n"
    "  stampede doctor --json | jq .live.why_not\n"
    "Exit status: 0 the live world runs here; 3 it does not, and what to change.";

constexpr const char* kTools[] = {"curl", "flock", "sha256sum", "aria2c", "python3",  "strace",
                                  "gcc",  "clang", "clang++",   "cmake",  "afl-fuzz", "rr"};

Diagnosis examine() {
  Diagnosis found;
  found.machine = look_at_machine();
  const auto live = make_world_with(kBuiltInSubject, true);
  if (!live) found.why_no_live = live.error().message();
  const auto commands = CommandWorld::start({.zygote = command_zygote()});
  if (!commands) found.why_no_commands = commands.error().message();
  for (const char* const tool : kTools) {
    Subject needy;
    needy.needs = {{tool, ""}};
    found.tools.push_back({tool, missing_needs(needy).empty()});
  }
  return found;
}

std::string advice(const Diagnosis& found) {
  if (!found.machine.has_notification || !found.machine.has_killable_wait) {
    return "the live world needs Linux 5.19 with seccomp user notification; in a container, a profile that allows "
           "seccomp(2)\n(docker run --security-opt seccomp=unconfined), and no other supervisor that listens";
  }
  return "see the reasons above; --world sim and --world free run all the same";
}

std::string limit_text(std::uint64_t limit) { return limit == UINT64_MAX ? "unlimited" : fmt::to_string(limit); }

}  // namespace

std::string json_of(const Diagnosis& found) {
  const MachineOffer& machine = found.machine;
  ordered_json tools = ordered_json::object();
  for (const auto& tool : found.tools) tools[tool.name] = tool.is_there;
  ordered_json things = ordered_json::array();
  for (const std::string_view thing : uncontrolled_things()) things.push_back(thing);
  const auto limit = [](std::uint64_t value) { return value == UINT64_MAX ? ordered_json() : ordered_json(value); };
  const ordered_json object = {
      {"live", {{"runs_here", found.why_no_live.empty()}, {"why_not", found.why_no_live}}},
      {"live_commands", {{"runs_here", found.why_no_commands.empty()}, {"why_not", found.why_no_commands}}},
      {"kernel", machine.kernel},
      {"seccomp",
       {{"user_notification", machine.has_notification},
        {"wait_killable_recv", machine.has_killable_wait},
        {"sync_wake_up", machine.has_sync_wake_up}}},
      {"process_namespaces", machine.has_process_numbers},
      {"tames_vdso", machine.tames_vdso},
      {"cores", machine.cores},
      {"memory_directory", machine.memory_directory},
      {"memory_free_bytes", machine.memory_free_bytes},
      {"limits", {{"descriptors", limit(machine.descriptors_max)}, {"processes", limit(machine.processes_max)}}},
      {"tools", std::move(tools)},
      {"not_controlled", std::move(things)}};
  return object.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string text_of(const Diagnosis& found) {
  const MachineOffer& machine = found.machine;
  std::string text;
  const auto row = [&](std::string_view name, std::string_view value) {
    text += fmt::format("  {:<34}{}\n", name, value);
  };
  const auto yes = [](bool is_so) { return is_so ? "yes" : "no"; };
  row("live world, forked processes", found.why_no_live.empty() ? "runs here" : found.why_no_live);
  row("live world, executed commands", found.why_no_commands.empty() ? "runs here" : found.why_no_commands);
  row("kernel", machine.kernel);
  row("seccomp user notification", yes(machine.has_notification));
  row("  WAIT_KILLABLE_RECV (5.19)", yes(machine.has_killable_wait));
  row("  SYNC_WAKE_UP (6.6)", machine.has_sync_wake_up ? "yes" : "no: a step costs more");
  row("namespaces of process numbers", machine.has_process_numbers ? "yes" : "no: numbers of commands differ");
  row("clocks of executed programs", machine.tames_vdso ? "taken in hand" : "not: their runs are uncontrolled");
  row("cores", fmt::to_string(machine.cores));
  row("memory for live directories",
      machine.memory_directory.empty()
          ? "none: they lie in the directory for temporary files, and are slower"
          : fmt::format("{}, {} MiB free", machine.memory_directory, machine.memory_free_bytes >> 20));
  row("descriptors, processes at most", limit_text(machine.descriptors_max) + ", " + limit_text(machine.processes_max));
  std::string there, missing;
  for (const auto& tool : found.tools) {
    std::string& list = tool.is_there ? there : missing;
    list += (list.empty() ? "" : " ") + tool.name;
  }
  row("tools", there);
  if (!missing.empty()) row("  not found", missing);
  text += "\nnot controlled in live runs of commands\n";
  for (const std::string_view thing : uncontrolled_things()) text += fmt::format("  {}\n", thing);
  if (!found.is_well()) text += "\n" + advice(found) + "\n";
  return text;
}

void add_doctor_command(CLI::App& app, int& exit_status) {
  Subcommand command(app, "doctor", "say what this machine offers: kernel features, tools, limits");
  const auto is_json = std::make_shared<bool>(false);
  command.flag("--json", *is_json, "one JSON object on standard output");
  command.footer(kDoctorFooter);
  command.run([is_json, &exit_status] {
    const Diagnosis found = examine();
    std::fputs((*is_json ? json_of(found) : text_of(found)).c_str(), stdout);
    exit_status = found.is_well() ? kAllHeld : kCannotHere;
  });
}

}  // namespace stampede
