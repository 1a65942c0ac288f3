// A get says that it was a hit if, and only if, it asked nobody, and tells of as many attempts as it made.
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

class HitsCausedNoRequest final : public Watcher {
 public:
  using Watcher::Watcher;

  void on_operation(const OperationOutcome& outcome, const EndedOperation& ended, const DiskView&) override {
    const OperationKind kind = outcome.operation.kind;
    const bool by_url = kind == OperationKind::get_by_url;
    if (!outcome.succeeded() || (kind != OperationKind::get && kind != OperationKind::find && !by_url)) return;
    const std::uint32_t connects = record().process(outcome.process).connects;
    const bool agrees = outcome.claims_hit == (connects == 0) &&
                        outcome.claimed_attempts <= record().process(outcome.process).tries &&
                        (outcome.claims_hit || outcome.claimed_attempts > 0);
    judge(agrees, [&] {
      return Complaint{process_name(outcome.process),
                       describe(record(), ended) + " says that it was " + (outcome.claims_hit ? "a hit" : "no hit") +
                           " after " + std::to_string(outcome.claimed_attempts) + " attempts, and connected " +
                           std::to_string(connects) + " times"};
    });
  }

  // Every connection begins an attempt, or follows a redirect.
  void on_stage_end(const StageRecord& stage) override {
    for (const EndedOperation& ended : stage.operations) {
      if (ended.error || ended.connects == 0) continue;
      const std::uint32_t allowed = ended.claimed_attempts + redirects(record(), stage.ledger, ended);
      judge(ended.connects <= allowed, [&] {
        return Complaint{process_name(ended.process),
                         describe(record(), ended) + " tells of " + std::to_string(ended.claimed_attempts) +
                             " attempts, and connected " + std::to_string(ended.connects) + " times, " +
                             std::to_string(allowed) + " with its redirects",
                         ended.moment, ended.process};
      });
    }
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_hits_caused_no_request(RunRecord& record) {
  return std::make_unique<HitsCausedNoRequest>(record);
}

}  // namespace stampede
