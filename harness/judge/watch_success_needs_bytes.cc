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
      const std::string& name = record().models()[ended.operation.model].name;
      const bool may_lie = by_url && record().may_lie_by_url();
      const bool was_sent = std::any_of(stage.ledger.begin(), stage.ledger.end(), [&](const LedgerEntry& entry) {
        return entry.model == name && (entry.full_body_sent || (may_lie && entry.status == 200));
      });
      judge(was_sent, [&] {
        return Complaint{name, describe(record(), ended) + " succeeded, and the server never sent all of it",
                         ended.moment, ended.process};
      });
    }
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_success_needs_bytes(RunRecord& record) {
  return std::make_unique<SuccessNeedsBytes>(record);
}

}  // namespace stampede
