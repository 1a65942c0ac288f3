// No two processes have been told that they hold the lock of one name.
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

class OneHolderPerLock final : public Watcher {
 public:
  using Watcher::Watcher;

  [[nodiscard]] StepKinds kinds() const override { return {StepKind::try_lock}; }

  void on_step(const Step& step, const DiskView&) override {
    if (step.error != 0 || record().change().place != Place::lock) return;
    if (record().locks()[record().change().lock].lies) return;
    const auto& other = record().change().other_holder;
    judge(!other, [&] {
      return Complaint{record().object_of(step.path),
                       process_name(step.process) + " holds " + step.path + ", and so does " + process_name(*other)};
    });
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_one_holder_per_lock(RunRecord& record) {
  return std::make_unique<OneHolderPerLock>(record);
}

}  // namespace stampede
