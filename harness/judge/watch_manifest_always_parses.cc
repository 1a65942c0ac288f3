// Whenever the manifest changes it parses, and a good one never loses its name.
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

class ManifestAlwaysParses final : public Watcher {
 public:
  using Watcher::Watcher;

  [[nodiscard]] StepKinds kinds() const override {
    return {StepKind::open, StepKind::rename, StepKind::link, StepKind::unlink, StepKind::write, StepKind::truncate};
  }

  void on_step(const Step& step, const DiskView& disk) override {
    if (!record().change().is_manifest) return;
    const ReadManifest* const read = record().manifest(disk);
    if (read == nullptr) {  // a bad one was set aside; or a good one that came meanwhile, where its lock does nothing
      judge(!record().change().manifest_was_good || record().does_manifest_lock_lie(), [&] {
        return Complaint{"manifest.json", process_name(step.process) +
                                              " took a good manifest away: who reads now takes it for an empty one"};
      });
      return;
    }
    judge(read->is_good, [&] {
      return Complaint{"manifest.json",
                       process_name(step.process) + " left a manifest that does not parse: " + read->problem};
    });
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_manifest_always_parses(RunRecord& record) {
  return std::make_unique<ManifestAlwaysParses>(record);
}

}  // namespace stampede
