// A name in entries/ leads to a complete file, from the first instant on.
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

class VisibleMeansComplete final : public Watcher {
 public:
  using Watcher::Watcher;

  [[nodiscard]] StepKinds kinds() const override {
    return {StepKind::open,  StepKind::rename,   StepKind::link,
            StepKind::write, StepKind::truncate, StepKind::make_directory};
  }

  void on_step(const Step& step, const DiskView& disk) override {
    const EntryFacts* const entry = record().change().entry;
    if (step.kind == StepKind::make_directory) {
      if (step.error != 0 || record().change().place != Place::entry) return;
      judge(false, [&] { return Complaint{record().object_of(step.path), step.path + " is a directory"}; });
      return;
    }
    if (entry == nullptr || entry->file == 0) return;
    judge(entry->good.now(), [&] { return complaint(*entry, disk); });
  }

  // What the plan itself has damaged is its own doing, until somebody replaces it: the epilogue does so.
  void on_stage_end(const StageRecord& stage) override {
    if (stage.stage == StageKind::run && !record().plan().start.damage.empty()) return;
    for (const EntryFacts& entry : record().entries()) {
      if (entry.file == 0) continue;
      const bool is_good = record().contents().is_entry_complete(entry.key, entry.file, stage.disk);
      judge(is_good, [&] { return complaint(entry, stage.disk); });
    }
  }

 private:
  Complaint complaint(const EntryFacts& entry, const DiskView& disk) const {
    const std::string path = "entries/" + entry.key;
    const StepStat stat = disk.stat(entry.file);
    std::string found = " is no regular file";
    if (stat.type == modelcache::FileType::regular) {
      found = " holds " + std::to_string(stat.size_bytes) + " bytes with SHA-256 " +
              record().contents().digest_of(entry.file, disk).hex();
    }
    return {record().object_of(path), path + found};
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_visible_means_complete(RunRecord& record) {
  return std::make_unique<VisibleMeansComplete>(record);
}

}  // namespace stampede
