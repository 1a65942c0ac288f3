// A hit at first sight on a listed entry writes nothing; nor do find, list and verify, ever.
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

class HitsWriteNothing final : public Watcher {
 public:
  using Watcher::Watcher;

  void on_operation(const OperationOutcome& outcome, const EndedOperation& ended, const DiskView&) override {
    if (!is_reading(outcome)) return;
    // Steps are told from those that opened the cache before.
    const bool has_written = record().process(outcome.process).last_write > outcome.first_step;
    judge(!has_written, [&] {
      return Complaint{process_name(outcome.process), describe(record(), ended) + " had nothing to write, and wrote"};
    });
  }

 private:
  bool is_reading(const OperationOutcome& outcome) const {
    switch (outcome.operation.kind) {
      case OperationKind::find:
      case OperationKind::list:
      case OperationKind::verify:
        return true;
      case OperationKind::get:
      case OperationKind::get_by_url:
        break;
      default:
        return false;
    }
    if (!outcome.succeeded() || !outcome.claims_hit) return false;
    const EntryFacts* const entry = record().find_entry(last_name(outcome.path));
    const Moment since = record().process(outcome.process).start.moment;
    if (entry == nullptr || entry->good.was(false, since)) return false;
    // Who believes whatever is there has nothing to list.
    if (believes(outcome)) return true;
    // Without locks an entry may be replaced while its listing is written, which is then of the file before.
    if (record().does_manifest_lock_lie() || record().is_unguarded(*entry)) return false;
    // Who could not read the manifest does not know that the entry is listed.
    if (record().process(outcome.process).met_failure) return false;
    // Where the entry was good and listed all the while, nothing had to be mended or listed.
    return !entry->listed.was(false, since);
  }
  bool believes(const OperationOutcome& outcome) const {
    if (record().stage() != StageKind::run || outcome.process >= record().plan().processes.size()) return false;
    if (record().process(outcome.process).met_failure) return false;
    return record().plan().processes[outcome.process].verify == modelcache::VerifyPolicy::never;
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_hits_write_nothing(RunRecord& record) {
  return std::make_unique<HitsWriteNothing>(record);
}

}  // namespace stampede
