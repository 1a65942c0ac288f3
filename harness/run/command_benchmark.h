// What the benchmark's rows of executed commands need: the time of epilogues apart, and the same commands bare.
#ifndef STAMPEDE_RUN_COMMAND_BENCHMARK_H
#define STAMPEDE_RUN_COMMAND_BENCHMARK_H

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cache/result.h"
#include "harness/free/posix_command.h"
#include "harness/live/live_scratch.h"
#include "harness/plan/model.h"
#include "harness/plan/subject.h"
#include "harness/run/plan_world.h"

namespace stampede {

struct SpentTime {
  double seconds = 0;      // by the clock on the wall
  double cpu_seconds = 0;  // of the calling process and of all that it started and reaped, user and system
};

// Owned by one thread.
class CommandBench {
 public:
  // The world's directory is this object's, so that commands find it again between runs. ERRORS: as
  // make_command_plan_world.
  static modelcache::Result<std::unique_ptr<CommandBench>> start(const Subject& subject,
                                                                 const std::vector<std::string>& zygote);

  // The world to measure, once. This object must outlive it.
  std::unique_ptr<PlanWorld> take_world() { return std::move(world_); }

  // Spent in epilogues since this was last asked: the judge's part included.
  SpentTime take_epilogues();

  // The command of a get, `count` times, one after the other and each awaited, by nobody's supervision: the same
  // arguments, environment and directory as in the world's last run, whose epilogue has left every model there. So it
  // is a hit: a start, and the least that such a command does. Nothing where one did not end well.
  [[nodiscard]] std::optional<SpentTime> run_bare(const Model& model, std::size_t count) const;

 private:
  class TimedWorld;
  CommandBench(Subject subject, LiveScratch scratch) : subject_(std::move(subject)), scratch_(std::move(scratch)) {}

  Subject subject_;
  LiveScratch scratch_;
  SpentTime epilogues_;
  std::unique_ptr<PlanWorld> world_;
};

// From one moment to the next.
class Stopwatch {
 public:
  Stopwatch();
  [[nodiscard]] SpentTime spent() const;

 private:
  std::chrono::steady_clock::time_point start_;
  double cpu_start_ = 0;
};

}  // namespace stampede

#endif  // STAMPEDE_RUN_COMMAND_BENCHMARK_H
