// What list, verify, repair, remove and recover say was so at some moment while they ran.
#include <algorithm>

#include "harness/judge/watchers.h"

namespace stampede {
namespace {

class NobodyListsLies final : public Watcher {
 public:
  using Watcher::Watcher;

  void on_operation(const OperationOutcome& outcome, const EndedOperation& ended, const DiskView&) override {
    if (!outcome.succeeded()) return;
    const Moment since = record().process(outcome.process).start.moment;
    const auto is_seen = [](const modelcache::Entry&) { return true; };
    // What could not be looked at was perhaps only listed.
    const auto is_looked_at = [](const modelcache::VerifyReport& report) {
      return report.state != modelcache::EntryState::unreadable;
    };
    const auto key_of_entry = [](const modelcache::Entry& entry) -> const std::string& { return entry.key; };
    const auto key_of_report = [](const modelcache::VerifyReport& report) -> const std::string& {
      return report.entry.key;
    };
    switch (outcome.operation.kind) {
      case OperationKind::list:
        judge_keys(outcome.entries, key_of_entry, is_seen, since, ended);
        break;
      case OperationKind::verify:
      case OperationKind::repair:
        judge_keys(outcome.reports, key_of_report, is_looked_at, since, ended);
        for (const auto& report : outcome.reports) judge_report(report, since, ended);
        break;
      case OperationKind::remove:
        judge_removal(outcome.operation.model, since, ended);
        break;
      case OperationKind::recover:
        if (outcome.recovery) judge_recovery(*outcome.recovery, since, ended);
        break;
      default:
        break;
    }
  }

 private:
  Complaint complaint(const EndedOperation& ended, const std::string& key, const std::string& what) const {
    return {record().object_of("entries/" + key), describe(record(), ended) + ": " + what};
  }

  // Another one may have come since.
  void judge_removal(std::size_t model, Moment since, const EndedOperation& ended) {
    const EntryFacts* const entry = record().entry_of_model(model);
    judge(entry == nullptr || entry->present.was(false, since),
          [&] { return complaint(ended, entry->key, "removed " + entry->key + ", which was there all the time"); });
  }

  // Whoever is named was there; whoever was there all the time is named.
  template <class Item, class KeyOf, class WasSeen>
  void judge_keys(const std::vector<Item>& items, KeyOf key_of, WasSeen was_seen, Moment since,
                  const EndedOperation& ended) {
    for (const Item& item : items) {
      if (!was_seen(item)) continue;
      const EntryFacts* const entry = record().find_entry(key_of(item));
      judge(entry != nullptr && entry->present.was(true, since),
            [&] { return complaint(ended, key_of(item), "named " + key_of(item) + ", which was not there"); });
    }
    for (const EntryFacts& entry : record().entries()) {
      if (entry.present.was(false, since)) continue;
      const bool is_named =
          std::any_of(items.begin(), items.end(), [&](const Item& item) { return key_of(item) == entry.key; });
      judge(is_named, [&] {
        return complaint(ended, entry.key, "did not name " + entry.key + ", which was there all the time");
      });
    }
  }

  void judge_report(const modelcache::VerifyReport& report, Moment since, const EndedOperation& ended) {
    const EntryFacts* const entry = record().find_entry(report.entry.key);
    if (entry == nullptr || !entry->model) return;  // by URL there may be nothing to compare with
    const ProcessFacts& process = record().process(ended.process);
    bool is_true = true;
    if (report.state == modelcache::EntryState::good) is_true = entry->good.was(true, since);
    if (report.state == modelcache::EntryState::corrupt) is_true = entry->good.was(false, since);
    if (report.state == modelcache::EntryState::not_a_file) is_true = false;
    if (report.state == modelcache::EntryState::unreadable) is_true = !process.codes.empty();
    judge(is_true, [&] {
      return complaint(ended, report.entry.key, "said of " + report.entry.key + " what it never was: " + report.detail);
    });
    if (report.removed) {
      judge(entry->present.was(false, since), [&] {
        return complaint(ended, report.entry.key,
                         "said that it removed " + report.entry.key + ", which was there all the time");
      });
    }
  }

  void judge_recovery(const modelcache::RecoveryReport& report, Moment since, const EndedOperation& ended) {
    const std::uint32_t swept = record().process(ended.process).swept;
    judge(report.temporaries_removed == swept, [&] {
      return Complaint{"tmp/", describe(record(), ended) + " said that it removed " +
                                   std::to_string(report.temporaries_removed) + " temporaries, and removed " +
                                   std::to_string(swept)};
    });
    const auto& entries = record().entries();
    const auto bad_at_some_time = std::count_if(entries.begin(), entries.end(), [&](const EntryFacts& entry) {
      return !entry.model || entry.good.was(false, since);
    });
    judge(report.entries_bad <= static_cast<std::uint64_t>(bad_at_some_time), [&] {
      return Complaint{"entries/", describe(record(), ended) + " said that " + std::to_string(report.entries_bad) +
                                       " entries were bad"};
    });
    // Without locks a listing may be of the file before, and be mended.
    if (record().does_manifest_lock_lie()) return;
    const auto unlisted_at_some_time = std::count_if(entries.begin(), entries.end(), [&](const EntryFacts& entry) {
      return entry.listed.was(false, since) || record().is_unguarded(entry);
    });
    judge(report.entries_adopted <= static_cast<std::uint64_t>(unlisted_at_some_time), [&] {
      return Complaint{"manifest.json", describe(record(), ended) + " said that it listed " +
                                            std::to_string(report.entries_adopted) + " entries"};
    });
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_nobody_lists_lies(RunRecord& record) {
  return std::make_unique<NobodyListsLies>(record);
}

}  // namespace stampede
