// Nothing succeeds after its own failed write, sync or close.
#include <algorithm>

#include "harness/judge/watchers.h"

namespace stampede {
namespace {

class NoSuccessAfterFailedWrite final : public Watcher {
 public:
  using Watcher::Watcher;

  void on_operation(const OperationOutcome& outcome, const EndedOperation& ended, const DiskView&) override {
    const ProcessFacts& process = record().process(outcome.process);
    if (!outcome.succeeded()) return;
    const auto counts = std::find_if(process.failed.begin(), process.failed.end(), [&](const FailedStep& failed) {
      if (failed.own_step < outcome.first_step) return false;  // of opening the cache
      // A second sync that succeeds proves nothing of the first. A file counts where it was published all the same.
      return failed.kind == StepKind::sync_directory ||
             std::find(process.published.begin(), process.published.end(), failed.file) != process.published.end();
    });
    if (process.failed.empty() && process.published.empty()) return;
    judge(counts == process.failed.end(), [&] {
      return Complaint{process_name(outcome.process), describe(record(), ended) + " succeeded after its own failed " +
                                                          std::string(name_of(counts->kind)) + " at its step " +
                                                          std::to_string(counts->own_step)};
    });
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_no_success_after_failed_write(RunRecord& record) {
  return std::make_unique<NoSuccessAfterFailedWrite>(record);
}

}  // namespace stampede
