// Who repairs or recovers leaves nothing that he could have mended.
#include "cache/key.h"
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

class UpkeepMendsWhatItCan final : public Watcher {
 public:
  using Watcher::Watcher;

  void on_operation(const OperationOutcome& outcome, const EndedOperation& ended, const DiskView& disk) override {
    const ProcessFacts& process = record().process(outcome.process);
    if (!outcome.succeeded() || process.met_any_failure) return;
    if (record().gave_up(process, modelcache::kManifestLockName)) return;
    if (outcome.operation.kind == OperationKind::repair) judge_repair(process, ended, disk);
    if (outcome.operation.kind == OperationKind::recover) judge_recovery(process, ended, disk);
  }

 private:
  // By URL there may be nothing to compare with.
  void judge_repair(const ProcessFacts& process, const EndedOperation& ended, const DiskView& disk) {
    const Moment since = process.start.moment;
    for (const EntryFacts& entry : record().entries()) {
      if (!entry.model || entry.file == 0 || record().gave_up(process, entry)) continue;
      if (disk.stat(entry.file).type != modelcache::FileType::regular) continue;
      const bool was_bad = !entry.good.was(true, since) && !entry.present.was(false, since);
      judge(!was_bad, [&] { return complaint(ended, entry, "left", "which was bad all the time"); });
    }
  }

  void judge_recovery(const ProcessFacts& process, const EndedOperation& ended, const DiskView& disk) {
    const Moment since = process.start.moment;
    for (const EntryFacts& entry : record().entries()) {
      const bool stayed_good = entry.file != 0 && !entry.good.was(false, since) && entry.changed_at <= since;
      judge(!stayed_good || entry.listed.was(true, since),
            [&] { return complaint(ended, entry, "did not list", "which was good all the time"); });
      const bool stayed_away = !entry.present.was(true, since);
      judge(!stayed_away || entry.recorded.was(false, since),
            [&] { return complaint(ended, entry, "left the listing of", "which was not there all the time"); });
    }
    const ReadManifest* const manifest = record().manifest(disk);
    const bool stayed_bad = manifest != nullptr && !manifest->is_good && record().manifest_changed_at() <= since;
    judge(!stayed_bad, [&] {
      return Complaint{"manifest.json", describe(record(), ended) + " left a manifest that does not parse"};
    });
  }

  Complaint complaint(const EndedOperation& ended, const EntryFacts& entry, const char* what, const char* why) const {
    const std::string path = "entries/" + entry.key;
    return {record().object_of(path), describe(record(), ended) + " " + what + " " + path + ", " + why};
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_upkeep_mends_what_it_can(RunRecord& record) {
  return std::make_unique<UpkeepMendsWhatItCan>(record);
}

}  // namespace stampede
