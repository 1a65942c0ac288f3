// The strategy that follows a stored schedule.
#ifndef STAMPEDE_STRATEGY_REPLAY_H
#define STAMPEDE_STRATEGY_REPLAY_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/plan/plan.h"
#include "harness/strategy/strategy.h"

namespace stampede {

// Takes each switch at its place, and the default everywhere else. A switch is due at the first decision whose last
// process and step are its own; of several at one step the first of the list comes first. Keeps its memory from run to
// run, and copies the schedule.
class Replay final : public Strategy {
 public:
  enum class Mode : std::uint8_t {
    strict,   // the same build and plan: everything must come as it was stored
    lenient,  // a smaller plan, a mutant, changed code: what does not come up is ignored, and counted
  };
  explicit Replay(const Schedule& schedule, Mode mode = Mode::strict);

  // Forgets the run before.
  void begin() override;
  std::size_t choose(const Decision& decision) override;

  // Switches that had no effect in the run so far: they never came up, or who they name could not move. Ask after the
  // run.
  [[nodiscard]] std::size_t unused() const { return due_.size() - used_; }
  // With Mode::strict, the first difference of a finished run: "step 12: expected process 2 to move before step 7 of
  // process 1, got process 2 unable to move (0 and 1 can)", or the first switch that was left over. Steps are
  // decisions, counted from 0. Empty where there was none, and always with Mode::lenient. After a difference the
  // defaults follow.
  [[nodiscard]] std::string divergence() const;

 private:
  struct Due {
    Switch what;
    std::size_t place = 0;  // in the list
    bool is_used = false;
  };
  void note_difference(const Switch& due, const Decision& decision);

  Mode mode_;
  std::vector<Due> due_;            // by process and step, otherwise in the order of the list
  std::vector<std::size_t> first_;  // of each process in `due_`, then the end
  std::vector<std::size_t> next_;   // of each process: the first that is neither used nor passed
  std::size_t used_ = 0;
  std::uint64_t decisions_ = 0;
  std::string difference_;
};

}  // namespace stampede

#endif  // STAMPEDE_STRATEGY_REPLAY_H
