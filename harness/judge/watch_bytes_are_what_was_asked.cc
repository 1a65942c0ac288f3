// Every get and find that succeeds names a file with the bytes that were asked for.
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

class BytesAreWhatWasAsked final : public Watcher {
 public:
  using Watcher::Watcher;

  void on_operation(const OperationOutcome& outcome, const EndedOperation& ended, const DiskView& disk) override {
    const OperationKind kind = outcome.operation.kind;
    const bool names_entry =
        kind == OperationKind::get || kind == OperationKind::get_by_url || kind == OperationKind::find;
    if (!names_entry || !outcome.succeeded()) return;
    const bool is_entry = place_of(outcome.path) == Place::entry;
    const EntryFacts* const entry = is_entry ? record().find_entry(last_name(outcome.path)) : nullptr;
    const ProcessFacts& process = record().process(outcome.process);
    // Somebody took it away after it was looked at: no lease, no promise. Who came later has no such excuse.
    if (entry != nullptr && entry->present.was(true, process.start.moment) && !entry->present.now()) return;
    if (entry != nullptr && is_excused(outcome, *entry)) return;
    const FileNumber file = is_entry ? disk.file_at(outcome.path) : 0;
    const std::size_t model = outcome.operation.model;
    const bool by_url = kind == OperationKind::get_by_url;
    const bool is_right = file != 0 && record().contents().is_model(model, by_url, file, disk);
    judge(is_right, [&] {
      std::string found = "is not there";
      if (file != 0) found = "has SHA-256 " + record().contents().digest_of(file, disk).hex();
      return Complaint{record().models()[model].name,
                       describe(record(), ended) + " named " + outcome.path + ", which " + found};
    });
  }

 private:
  // `never` believes whatever stands there: so the caller asked.
  bool is_excused(const OperationOutcome& outcome, const EntryFacts& entry) const {
    if (record().stage() != StageKind::run || outcome.process >= record().plan().processes.size()) return false;
    const bool believes = record().plan().processes[outcome.process].verify == modelcache::VerifyPolicy::never;
    return believes && outcome.claims_hit && !entry.good.now();
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_bytes_are_what_was_asked(RunRecord& record) {
  return std::make_unique<BytesAreWhatWasAsked>(record);
}

}  // namespace stampede
