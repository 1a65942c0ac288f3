// Nobody has a model that the server never sent.
#include <algorithm>

#include "harness/judge/watchers.h"

namespace stampede {
namespace {

class SuccessNeedsBytes final : public Watcher {
 public:
  using Watcher::Watcher;

  void on_stage_end(const StageRecord& stage) override {
    for (const EndedOperation& ended : stage.operations) {
      const OperationKind kind = ended.operation.kind;
      const bool by_url = kind == OperationKind::get_by_url;
      if (ended.error || (kind != OperationKind::get && kind != OperationKind::find && !by_url)) continue;
      const Model& model = record().models()[ended.operation.model];
      const std::string& name = model.name;
      const bool may_lie = by_url && record().may_lie_by_url();
      const bool was_sent = std::any_of(stage.ledger.begin(), stage.ledger.end(), [&](const LedgerEntry& entry) {
        // An entry by digest is every model's that has the same bytes.
        const bool is_of_it = by_url ? entry.model == name : has_bytes_of(model, entry.model);
        return is_of_it && (entry.full_body_sent || (may_lie && entry.status == 200));
      });
      judge(was_sent, [&] {
        return Complaint{name, describe(record(), ended) + " succeeded, and the server never sent all of it",
                         ended.moment, ended.process};
      });
    }
  }

 private:
  bool has_bytes_of(const Model& model, const std::string& name) {
    return std::any_of(record().models().begin(), record().models().end(),
                       [&](const Model& other) { return other.name == name && other.sha256 == model.sha256; });
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_success_needs_bytes(RunRecord& record) {
  return std::make_unique<SuccessNeedsBytes>(record);
}

}  // namespace stampede
