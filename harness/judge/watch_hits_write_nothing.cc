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
        break;
      default:
        return false;
    }
    if (!outcome.succeeded() || !outcome.claims_hit) return false;
    // Without locks an entry may be replaced while its listing is written, which is then of the file before.
    if (record().do_locks_lie() || record().has_gone_without_lock()) return false;
    // Who could not read the manifest does not know that the entry is listed.
    if (record().process(outcome.process).met_failure) return false;
    // Where the entry was good and listed all the while, nothing had to be mended or listed.
    const EntryFacts* const entry = record().entry_of_model(outcome.operation.model);
    const Moment since = record().process(outcome.process).start.moment;
    return entry != nullptr && !entry->good.was(false, since) && !entry->listed.was(false, since);
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_hits_write_nothing(RunRecord& record) {
  return std::make_unique<HitsWriteNothing>(record);
}

}  // namespace stampede
