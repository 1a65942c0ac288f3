// The name of a good entry goes only where somebody was told to remove it.
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

class NoEntryVanishes final : public Watcher {
 public:
  using Watcher::Watcher;

  [[nodiscard]] StepKinds kinds() const override { return {StepKind::unlink, StepKind::rename}; }

  void on_step(const Step& step, const DiskView&) override {
    const Change& change = record().change();
    if (step.error != 0 || !change.lost_was_good) return;
    judge(step.kind == StepKind::unlink && may_remove(step, *change.lost), [&] {
      return Complaint{record().object_of(step.path), process_name(step.process) + " took the good entry " + step.path +
                                                          " away, and nobody told it to"};
    });
  }

 private:
  // Where its lock lies, or somebody did not wait any longer for a repair that was stopped, a good entry may come
  // between the repair's last look and its removal.
  bool may_remove(const Step& step, const EntryFacts& entry) const {
    const auto operation = record().operation_of(step.process);
    if (!operation) return false;
    if (operation->kind == OperationKind::repair) return record().is_unguarded(entry);
    if (operation->kind != OperationKind::remove) return false;
    const auto& models = record().models();
    return entry.model && models[*entry.model].sha256 == models[operation->model].sha256;
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_no_entry_vanishes(RunRecord& record) {
  return std::make_unique<NoEntryVanishes>(record);
}

}  // namespace stampede
