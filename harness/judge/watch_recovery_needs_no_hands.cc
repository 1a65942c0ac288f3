// After the run, a clean process gets everything.
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

class RecoveryNeedsNoHands final : public Watcher {
 public:
  using Watcher::Watcher;

  void on_stage_end(const StageRecord& stage) override {
    if (stage.stage == StageKind::run) return;
    const std::size_t expected = record().operation_count(stage.stage, 0);
    judge(stage.operations.size() == expected, [&] {
      return Complaint{"the clean process", "of " + std::to_string(expected) + " operations of the clean process " +
                                                std::to_string(stage.operations.size()) + " ended: " + stage.end.stuck};
    });
    for (const EndedOperation& ended : stage.operations) {
      judge(!ended.error, [&] {
        return Complaint{object_of(record(), ended),
                         "a clean " + describe(record(), ended) + " failed: " + ended.message, ended.moment,
                         ended.process};
      });
    }
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_recovery_needs_no_hands(RunRecord& record) {
  return std::make_unique<RecoveryNeedsNoHands>(record);
}

}  // namespace stampede
