// Nobody writes to a file that has, or had, a name in entries/.
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

class PublishedBytesNeverChange final : public Watcher {
 public:
  using Watcher::Watcher;

  [[nodiscard]] StepKinds kinds() const override { return {StepKind::write, StepKind::truncate}; }

  void on_step(const Step& step, const DiskView&) override {
    if (step.error != 0 || (step.kind == StepKind::write && step.result == 0)) return;
    judge(!record().change().is_published, [&] {
      return Complaint{record().object_of(step.path),
                       process_name(step.process) + " changed the published file that it opened as " + step.path};
    });
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_published_bytes_never_change(RunRecord& record) {
  return std::make_unique<PublishedBytesNeverChange>(record);
}

}  // namespace stampede
