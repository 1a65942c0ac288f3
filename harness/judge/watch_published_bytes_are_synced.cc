// What gets its final name was synced before.
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

class PublishedBytesAreSynced final : public Watcher {
 public:
  using Watcher::Watcher;

  [[nodiscard]] StepKinds kinds() const override { return {StepKind::rename, StepKind::link}; }

  void on_step(const Step& step, const DiskView& disk) override {
    if (!record().change().gave_name) return;
    judge(record().durability().is_synced(disk.file_at(step.to_path)), [&] {
      return Complaint{record().object_of(step.to_path),
                       process_name(step.process) + " gave " + step.path + " the name " + step.to_path +
                           ", and its last bytes were not synced: a power loss may leave the name and take the bytes"};
    });
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_published_bytes_are_synced(RunRecord& record) {
  return std::make_unique<PublishedBytesAreSynced>(record);
}

}  // namespace stampede
