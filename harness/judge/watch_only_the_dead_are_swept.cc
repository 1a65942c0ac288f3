// Nobody removes the temporary of a process that lives.
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

class OnlyTheDeadAreSwept final : public Watcher {
 public:
  using Watcher::Watcher;

  [[nodiscard]] StepKinds kinds() const override { return {StepKind::unlink, StepKind::rename}; }

  void on_step(const Step& step, const DiskView&) override {
    if (step.error != 0 || record().change().place != Place::temporary) return;
    const auto& robbed = record().change().robbed;
    judge(!robbed, [&] {
      return Complaint{record().object_of(step.path), process_name(step.process) + " took " + step.path +
                                                          " away from " + process_name(*robbed) + ", which lives"};
    });
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_only_the_dead_are_swept(RunRecord& record) {
  return std::make_unique<OnlyTheDeadAreSwept>(record);
}

}  // namespace stampede
