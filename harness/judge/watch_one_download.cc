// Processes that ask for one model share one download.
#include <algorithm>
#include <vector>

#include "cache/key.h"
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

struct Count {
  std::size_t model = 0;
  bool by_url = false;
  std::uint64_t downloads = 0;
};

// By steps: who holds the key's lock asks the network only where no good entry stands, and who does not has waited in
// vain. By the ledger: as many good downloads that ended well as there were times without a good entry.
class OneDownload final : public Watcher {
 public:
  using Watcher::Watcher;

  [[nodiscard]] StepKinds kinds() const override { return {StepKind::connect}; }

  void begin() override { without_lock_.clear(); }

  void on_step(const Step& step, const DiskView&) override {
    if (step.fault != StepFault::none) return;
    const auto operation = record().operation_of(step.process);
    if (!operation || operation->kind != OperationKind::get) return;
    const EntryFacts* const entry = record().entry_of_model(operation->model);
    if (entry != nullptr && record().does_lock_lie(*entry)) return;
    const std::string& key = record().key_of(operation->model);
    const std::string& name = record().models()[operation->model].name;
    if (!record().holds(step.process, key)) {
      judge(has_waited_for(key, step.process), [&] {
        return Complaint{
            name, process_name(step.process) + " downloads " + name + " without its lock, and has not waited for it"};
      });
      return;
    }
    judge(entry == nullptr || !entry->good.now() || entry->had_no_lock, [&] {
      return Complaint{name, process_name(step.process) + " downloads " + name + ", which is there already"};
    });
  }

  // By URL the lock has a name that only the process knows: this is the one thing that it is believed.
  void on_operation(const OperationOutcome& outcome, const EndedOperation&, const DiskView&) override {
    const bool by_url = outcome.operation.kind == OperationKind::get_by_url;
    const bool went_without =
        outcome.lock == modelcache::LockUse::gave_up || outcome.lock == modelcache::LockUse::unavailable;
    if (by_url && went_without) without_lock_.push_back(outcome.operation.model);
  }

  void on_stage_end(const StageRecord& stage) override {
    if (stage.stage != StageKind::run) return;
    counts_.clear();
    for (const EndedOperation& ended : stage.operations) count(stage, ended);
    for (const Count& count : counts_) {
      if (is_unguarded(count)) continue;
      const std::uint64_t allowed = allowed_for(count);
      const std::string& name = record().models()[count.model].name;
      judge(count.downloads <= allowed, [&] {
        return Complaint{name, name + " was downloaded well " + std::to_string(count.downloads) + " times, " +
                                   std::to_string(allowed) + " would have done"};
      });
    }
  }

 private:
  bool has_waited_for(const std::string& key, std::uint32_t process) const {
    const ProcessFacts& facts = record().process(process);
    if (!facts.blocked_by || record().locks()[*facts.blocked_by].name != key + ".lock") return false;
    const bool is_planned = record().stage() == StageKind::run && process < record().plan().processes.size();
    const VirtualTime wait =
        is_planned ? record().plan().processes[process].lock_wait : modelcache::LockPolicy{}.wait_max;
    return record().now() - facts.start.time >= std::min<VirtualTime>(wait, modelcache::CacheOptions{}.get_timeout);
  }

  void count(const StageRecord& stage, const EndedOperation& ended) {
    const bool by_url = ended.operation.kind == OperationKind::get_by_url;
    if (ended.error || (ended.operation.kind != OperationKind::get && !by_url)) return;
    bool is_good = false;
    for_each_connection(record(), stage.ledger, ended.process, ended.index, [&](const LedgerEntry& entry) {
      is_good = is_good || (entry.full_body_sent && is_harmless(entry));
    });
    auto known = std::find_if(counts_.begin(), counts_.end(), [&](const Count& count) {
      return count.model == ended.operation.model && count.by_url == by_url;
    });
    if (known == counts_.end()) known = counts_.insert(counts_.end(), {ended.operation.model, by_url, 0});
    known->downloads += is_good ? 1 : 0;
  }

  // Once, unless it was there at the start, and once more for each time that it went or went bad.
  std::uint64_t allowed_for(const Count& count) const {
    const auto& warm = record().plan().start.warm;
    const bool is_warm = !count.by_url && std::find(warm.begin(), warm.end(), count.model) != warm.end();
    std::uint64_t allowed = is_warm ? 0 : 1;
    for (const EntryFacts& entry : record().entries()) {
      if (count.by_url ? !entry.model : entry.model == count.model) allowed += entry.losses;
    }
    return allowed;
  }

  bool is_unguarded(const Count& count) const {
    if (!count.by_url) {
      const EntryFacts* const entry = record().entry_of_model(count.model);
      return entry != nullptr && record().is_unguarded(*entry);
    }
    if (std::find(without_lock_.begin(), without_lock_.end(), count.model) != without_lock_.end()) return true;
    const auto& locks = record().locks();
    return std::any_of(locks.begin(), locks.end(),
                       [](const LockFacts& lock) { return lock.lies && lock.name.starts_with("url-"); });
  }

  std::vector<std::size_t> without_lock_;  // models that somebody got by URL without a lock
  std::vector<Count> counts_;
};

}  // namespace

std::unique_ptr<Watcher> watch_one_download(RunRecord& record) { return std::make_unique<OneDownload>(record); }

}  // namespace stampede
