// The code of a failure is one that what the process met can cause.
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

class HonestErrors final : public Watcher {
 public:
  using Watcher::Watcher;

  void on_stage_end(const StageRecord& stage) override {
    for (const EndedOperation& ended : stage.operations) {
      if (!ended.error) continue;
      const ErrorCodes codes = possible_codes(record(), stage.ledger, ended);
      if (codes.empty()) continue;  // no fault at all: no_spurious_failure judges that
      judge(codes.contains(*ended.error), [&] {
        return Complaint{
            object_of(record(), ended),
            describe(record(), ended) + " failed with '" + ended.message + "'; what it met can cause " + codes.text(),
            ended.moment, ended.process};
      });
    }
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_honest_errors(RunRecord& record) { return std::make_unique<HonestErrors>(record); }

}  // namespace stampede
