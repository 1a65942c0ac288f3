// At rest the manifest lists exactly the entries.
#include <algorithm>
#include <vector>

#include "cache/key.h"
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

class ManifestIsComplete final : public Watcher {
 public:
  using Watcher::Watcher;

  [[nodiscard]] StepKinds kinds() const override { return {StepKind::rename}; }

  // A removal takes the listing away first: where it fails or dies before the file is gone, the entry is not listed.
  void on_step(const Step& step, const DiskView&) override {
    if (due_.empty() || !record().change().is_manifest) return;
    const auto operation = record().operation_of(step.process);
    if (!operation) return;
    std::erase_if(due_, [&](const Due& due) { return !due.entry->recorded.now() && removes(*operation, *due.entry); });
  }

  // Who published an entry and was hindered by nothing has listed it, whatever became of others.
  void on_operation(const OperationOutcome& outcome, const EndedOperation&, const DiskView&) override {
    const ProcessFacts& process = record().process(outcome.process);
    if (!outcome.succeeded() || process.published.empty() || process.met_any_failure) return;
    if (record().gave_up(process, modelcache::kManifestLockName)) return;
    for (const EntryFacts& entry : record().entries()) {
      const bool is_own = entry.named_by == outcome.process && entry.named_at > process.start.moment;
      if (!is_own || entry.file == 0 || record().does_manifest_lock_lie() || record().is_unguarded(entry)) continue;
      judge(entry.listed.was(true, entry.named_at), [&] { return unlisted(entry); });
      if (entry.listed.now()) due_.push_back({&entry, record().moment()});
    }
  }

  // Where nothing went wrong it is complete after every stage. After whatever went wrong it is so after the epilogue,
  // for the models that the clean process got.
  void on_stage_end(const StageRecord& stage) override {
    const bool is_quiet = record().is_clean() && !record().do_locks_lie() && !record().has_given_up_manifest() &&
                          record().plan().start.damage.empty() &&
                          std::all_of(stage.end.ends.begin(), stage.end.ends.end(),
                                      [](ProcessEnd end) { return end == ProcessEnd::ended; });
    if (stage.stage == StageKind::run && !is_quiet) was_quiet_ = false;
    const ReadManifest* const read = record().manifest(stage.disk);
    judge_due(read, stage.disk);
    if (stage.stage == StageKind::run && !was_quiet_) return;
    for (const EntryFacts& entry : record().entries()) {
      if (entry.file == 0 || !(was_quiet_ || entry.model)) continue;
      judge(is_right(read, entry, stage.disk), [&] { return unlisted(entry); });
    }
    if (read == nullptr || !read->is_good || !was_quiet_) return;
    for (const auto& listed : read->manifest.entries) {
      const std::string path = "entries/" + listed.first;
      judge(stage.disk.file_at(path) != 0,
            [&] { return Complaint{record().object_of(path), path + " is listed and not there"}; });
    }
  }

  void begin() override {
    was_quiet_ = true;
    due_.clear();
  }

 private:
  struct Due {
    const EntryFacts* entry;
    Moment since;
  };

  bool removes(const Operation& operation, const EntryFacts& entry) const {
    return operation.kind == OperationKind::repair ||
           (operation.kind == OperationKind::remove && entry.key == record().key_of(operation.model));
  }

  void judge_due(const ReadManifest* read, const DiskView& disk) {
    for (const Due& due : due_) {
      // Somebody without its lock may have published it while a repair gave the listing of the one before up.
      if (record().does_manifest_lock_lie() || record().is_unguarded(*due.entry)) continue;
      if (due.entry->changed_at > due.since) continue;
      judge(is_right(read, *due.entry, disk), [&] { return unlisted(*due.entry); });
    }
    due_.clear();
  }

  Complaint unlisted(const EntryFacts& entry) const {
    const std::string path = "entries/" + entry.key;
    return {record().object_of(path), path + " is not listed as it is"};
  }

  bool is_right(const ReadManifest* read, const EntryFacts& entry, const DiskView& disk) const {
    if (read == nullptr || !read->is_good) return false;
    const auto listed = read->manifest.entries.find(entry.key);
    return listed != read->manifest.entries.end() &&
           listed->second.stamp.size_bytes == disk.stat(entry.file).size_bytes &&
           listed->second.sha256 == record().contents().digest_of(entry.file, disk);
  }

  bool was_quiet_ = true;
  std::vector<Due> due_;  // of the stage
};

}  // namespace

std::unique_ptr<Watcher> watch_manifest_is_complete(RunRecord& record) {
  return std::make_unique<ManifestIsComplete>(record);
}

}  // namespace stampede
