// The live world of executed commands: any program, its children and threads, scheduled system call by system call.
#ifndef STAMPEDE_LIVE_COMMAND_WORLD_H
#define STAMPEDE_LIVE_COMMAND_WORLD_H

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cache/result.h"
#include "harness/live/command_zygote.h"
#include "harness/live/live_world.h"
#include "harness/strategy/strategy.h"
#include "harness/world/disk_view.h"
#include "harness/world/observer.h"
#include "harness/world/peers.h"

namespace stampede {

// Every process of a stage is a real program, with its children and threads. What any of them does to names and files
// below the cache directory, and on connections to the world's server, is a step; all else goes on at once. One task
// moves at a time: who is born, woken or let go runs until it comes to its next step, waits, or ends, in the order of
// births. Switches name actors (command_task.h); steps name the planned process for which they are taken, and count its
// own steps over all its actors, so that faults of a plan find theirs.
// Clocks, sleeps, time-outs, futexes, locks, child waits, polls and randomness are the world's. What it does not
// control is in `uncontrolled_things`. All commands die with the thread that owns the world, which is moved to one core
// for as long as the world is there.
class CommandWorld {
 public:
  // `options.zygote` leads to run_command_zygote. ERRORS: as LiveWorld::start.
  static modelcache::Result<std::unique_ptr<CommandWorld>> start(const LiveOptions& options);
  ~CommandWorld();
  CommandWorld(const CommandWorld&) = delete;
  CommandWorld& operator=(const CommandWorld&) = delete;

  // The real directory that stands for "/"; below it, in `/sim`, commands find the cache directory's place, and, empty
  // at each `clear`, the directories that `private_directories` names.
  [[nodiscard]] const std::string& root() const;
  void set_private_directories(std::vector<std::string> names);
  // An empty directory at time zero. `peers` must live until the next `clear`. ERRORS: io.
  modelcache::Result<void> clear(Peers& peers);
  // Runs all processes until each has ended, was killed or was abandoned.
  StageEnd run(const Stage& stage, Strategy& strategy, Observer& observer);

  [[nodiscard]] const DiskView& disk() const;
  // As LiveWorld's.
  void write_file(std::string_view path, std::span<const std::byte> bytes);
  void remove_name(std::string_view path);
  void set_read_only(bool is_read_only);
  void let_time_pass(std::chrono::nanoseconds time);
  [[nodiscard]] const std::array<std::uint64_t, kProcessFaultKinds>& process_faults_met() const;
  // Whether process numbers are the same in each run.
  [[nodiscard]] bool has_process_numbers() const;

 private:
  class Impl;
  explicit CommandWorld(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// What can make two runs of a command differ, or goes unseen, a line each.
std::span<const std::string_view> uncontrolled_things();

}  // namespace stampede

#endif  // STAMPEDE_LIVE_COMMAND_WORLD_H
