// What was asked for in two ways has two entries.
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

struct Known {
  std::size_t model = 0;
  bool by_url = false;
  std::string key;
};

class SourcesShareNoEntry final : public Watcher {
 public:
  using Watcher::Watcher;

  void begin() override { known_.clear(); }

  void on_operation(const OperationOutcome& outcome, const EndedOperation& ended, const DiskView&) override {
    const OperationKind kind = outcome.operation.kind;
    const bool by_url = kind == OperationKind::get_by_url;
    if (!outcome.succeeded() || !(by_url || kind == OperationKind::get || kind == OperationKind::find)) return;
    const std::size_t model = outcome.operation.model;
    const std::string_view key = last_name(outcome.path);
    bool is_known = false;
    for (const Known& known : known_) {
      if (is_same_source(known, model, by_url)) {
        is_known = true;
        continue;
      }
      judge(known.key != key, [&] {
        const std::string& name = record().models()[model].name;
        return Complaint{name, describe(record(), ended) + " named " + outcome.path + ", and " +
                                   record().models()[known.model].name + (known.by_url ? " by URL" : " by digest") +
                                   " has entries/" + known.key};
      });
    }
    if (!is_known) known_.push_back({model, by_url, std::string(key)});
  }

 private:
  // By digest, models with the same bytes are one source.
  bool is_same_source(const Known& known, std::size_t model, bool by_url) const {
    if (known.by_url != by_url) return false;
    return known.model == model || (!by_url && record().key_of(known.model) == record().key_of(model));
  }

  std::vector<Known> known_;  // by the run's outcomes
};

}  // namespace

std::unique_ptr<Watcher> watch_sources_share_no_entry(RunRecord& record) {
  return std::make_unique<SourcesShareNoEntry>(record);
}

}  // namespace stampede
