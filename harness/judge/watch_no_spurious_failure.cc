// Who met no fault does not fail because someone else did.
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

class NoSpuriousFailure final : public Watcher {
 public:
  using Watcher::Watcher;

  void on_stage_end(const StageRecord& stage) override {
    for (const EndedOperation& ended : stage.operations) {
      const ErrorCodes codes = possible_codes(record(), stage.ledger, ended);
      if (!codes.empty()) continue;  // honest_errors judges that
      judge(!ended.error, [&] {
        return Complaint{object_of(record(), ended),
                         describe(record(), ended) + " met no fault and failed: " + ended.message, ended.moment,
                         ended.process};
      });
    }
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_no_spurious_failure(RunRecord& record) {
  return std::make_unique<NoSpuriousFailure>(record);
}

}  // namespace stampede
