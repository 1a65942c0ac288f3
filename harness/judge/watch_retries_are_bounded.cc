// A get asks a bounded number of times.
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

class RetriesAreBounded final : public Watcher {
 public:
  using Watcher::Watcher;

  [[nodiscard]] StepKinds kinds() const override { return {StepKind::connect}; }

  void on_step(const Step& step, const DiskView&) override {
    const modelcache::CacheOptions defaults;
    const std::uint32_t allowed = defaults.retry.attempts_max * (defaults.http.redirects_max + 1);
    const std::uint32_t connects = record().process(step.process).connects;
    judge(connects <= allowed, [&] {
      return Complaint{process_name(step.process), process_name(step.process) + " connected for the " +
                                                       std::to_string(connects) + "th time in one operation, and " +
                                                       std::to_string(allowed) + " are allowed"};
    });
  }

  // Those that follow a redirect are no attempts.
  void on_stage_end(const StageRecord& stage) override {
    for (const EndedOperation& ended : stage.operations) {
      if (ended.connects == 0) continue;
      const std::uint32_t allowed = modelcache::RetryPolicy{}.attempts_max + redirects(record(), stage.ledger, ended);
      judge(ended.connects <= allowed, [&] {
        return Complaint{process_name(ended.process),
                         describe(record(), ended) + " connected " + std::to_string(ended.connects) + " times, and " +
                             std::to_string(allowed) + " are allowed with its redirects",
                         ended.moment, ended.process};
      });
    }
  }

  void on_operation(const OperationOutcome& outcome, const EndedOperation& ended, const DiskView&) override {
    const unsigned allowed = modelcache::RetryPolicy{}.attempts_max;
    if (outcome.operation.kind != OperationKind::get && outcome.operation.kind != OperationKind::get_by_url) return;
    judge(outcome.claimed_attempts <= allowed, [&] {
      return Complaint{process_name(outcome.process), describe(record(), ended) + " says that it made " +
                                                          std::to_string(outcome.claimed_attempts) + " attempts"};
    });
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_retries_are_bounded(RunRecord& record) {
  return std::make_unique<RetriesAreBounded>(record);
}

}  // namespace stampede
