// No process waits for ever, or goes round in circles.
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

// Who waits for a lock takes four steps in 25 ms. More than this, and somebody does not wait but spins.
constexpr std::uint64_t kStepsOfAnOperation = 10'000;
constexpr std::uint64_t kStepsASecond = 1'000;
// A call that was interrupted is made again, on the network after a look at the clock.
constexpr std::uint64_t kStepsASignal = 4;
constexpr std::chrono::hours kLongStop{1};

class EveryoneComesToAnEnd final : public Watcher {
 public:
  using Watcher::Watcher;

  void on_process_end(std::uint32_t process, ProcessEnd end, const DiskView&) override {
    if (end != ProcessEnd::abandoned) {
      judge(true, [&] { return Complaint{}; });
    } else {
      abandoned_.push_back(process);
    }
  }

  void on_stage_end(const StageRecord& stage) override {
    for (const std::uint32_t process : abandoned_) {
      if (!stage.end.is_deadlock && !is_spinning(process) && !(is_out_of_time(stage) && !is_stopped_for_long()))
        continue;
      judge(false, [&] {
        return Complaint{stage.end.is_deadlock ? "deadlock" : process_name(process),
                         process_name(process) + " did not come to an end: " + stage.end.stuck, std::nullopt, process};
      });
    }
    abandoned_.clear();
  }

  void begin() override { abandoned_.clear(); }

 private:
  // Steps without time, other than those that a fault interrupted and what follows from that.
  bool is_spinning(std::uint32_t process) const {
    const ProcessFacts& facts = record().process(process);
    const auto seconds = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(record().now() - facts.start.time).count());
    return facts.own_steps - facts.start.own_step >
           kStepsOfAnOperation + kStepsASecond * seconds + kStepsASignal * facts.interrupted;
  }
  static bool is_out_of_time(const StageRecord& stage) { return stage.end.virtual_time >= std::chrono::hours(24); }
  bool is_stopped_for_long() const {
    for (const ProcessFault& fault : record().plan().process_faults) {
      if (fault.kind == ProcessFaultKind::stop && fault.time >= kLongStop) return true;
    }
    return false;
  }

  std::vector<std::uint32_t> abandoned_;
};

}  // namespace

std::unique_ptr<Watcher> watch_everyone_comes_to_an_end(RunRecord& record) {
  return std::make_unique<EveryoneComesToAnEnd>(record);
}

}  // namespace stampede
