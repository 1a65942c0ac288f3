// A process has no more temporaries than it needs.
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

// One for an entry, one for the manifest or to read the file system's clock.
constexpr std::uint32_t kNeeded = 2;

class TemporariesAreFew final : public Watcher {
 public:
  using Watcher::Watcher;

  [[nodiscard]] StepKinds kinds() const override { return {StepKind::open}; }

  void on_step(const Step& step, const DiskView&) override {
    if (step.error != 0 || record().change().place != Place::temporary) return;
    const ProcessFacts& process = record().process(step.process);
    judge(process.temporaries <= kNeeded + process.unremoved, [&] {
      return Complaint{process_name(step.process), process_name(step.process) + " has " +
                                                       std::to_string(process.temporaries) + " temporaries at a time"};
    });
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_temporaries_are_few(RunRecord& record) {
  return std::make_unique<TemporariesAreFew>(record);
}

}  // namespace stampede
