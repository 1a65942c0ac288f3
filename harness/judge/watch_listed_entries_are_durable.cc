// The manifest lists nothing that a power loss could take from it.
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

class ListedEntriesAreDurable final : public Watcher {
 public:
  using Watcher::Watcher;

  [[nodiscard]] StepKinds kinds() const override { return {StepKind::rename, StepKind::link}; }

  void on_step(const Step& step, const DiskView&) override {
    if (!record().change().is_manifest || record().does_manifest_lock_lie()) return;
    for (const EntryFacts& entry : record().entries()) {
      // Somebody without its lock may have put another file there meanwhile: then the listing is of the one before.
      if (entry.file == 0 || !entry.listed.now() || record().is_unguarded(entry)) continue;
      const bool is_durable = entry.is_name_durable && record().durability().is_synced(entry.file);
      judge(is_durable, [&] {
        const std::string path = "entries/" + entry.key;
        return Complaint{record().object_of(path),
                         process_name(step.process) + " listed " + path +
                             ", whose name was not synced: a power loss may leave the listing and take the file"};
      });
    }
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_listed_entries_are_durable(RunRecord& record) {
  return std::make_unique<ListedEntriesAreDurable>(record);
}

}  // namespace stampede
