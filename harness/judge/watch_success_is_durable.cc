// Whoever is told of a success can rely on it after a power loss.
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

class SuccessIsDurable final : public Watcher {
 public:
  using Watcher::Watcher;

  void on_operation(const OperationOutcome& outcome, const EndedOperation& ended, const DiskView&) override {
    if (!outcome.succeeded()) return;
    const ProcessFacts& process = record().process(outcome.process);
    const bool is_get =
        outcome.operation.kind == OperationKind::get || outcome.operation.kind == OperationKind::get_by_url;
    const bool downloaded = is_get && !outcome.claims_hit;
    const std::string_view key = downloaded ? last_name(outcome.path) : std::string_view();
    for (const EntryFacts& entry : record().entries()) {
      const bool is_own = entry.named_by == outcome.process && entry.named_at > process.start.moment;
      if (!is_own && entry.key != key) continue;
      // Who found another's entry in his place promises that it stays, as if it were his own; what comes after he has
      // synced the directory is not his.
      const bool is_later =
          !is_own && process.entries_synced_at > process.start.moment && entry.named_at > process.entries_synced_at;
      judge(entry.is_name_durable || is_later, [&] {
        const std::string path = "entries/" + entry.key;
        return complaint(ended, record().object_of(path),
                         "the directory of " + path + " was not synced since that name was given or taken");
      });
    }
    if (record().manifest_named_by() == outcome.process && record().manifest_named_at() > process.start.moment) {
      judge(record().durability().is_manifest_named,
            [&] { return complaint(ended, "manifest.json", "the manifest's name was not synced"); });
    }
    if (!downloaded) return;
    const bool are_named = record().durability().is_root_named && record().durability().is_entries_named;
    judge(are_named, [&] {
      return complaint(ended, "the directory", "the name of the cache directory, or of entries/ in it, was not synced");
    });
  }

 private:
  Complaint complaint(const EndedOperation& ended, std::string object, const std::string& why) const {
    return {std::move(object), describe(record(), ended) + " succeeded, and a power loss undoes it: " + why};
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_success_is_durable(RunRecord& record) {
  return std::make_unique<SuccessIsDurable>(record);
}

}  // namespace stampede
