// An operation that has ended holds nothing but the cache's own directories.
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

// The cache directory, entries/, tmp/ and locks/.
constexpr std::uint32_t kDirectories = 4;

class OperationsCloseWhatTheyOpened final : public Watcher {
 public:
  using Watcher::Watcher;

  void on_operation(const OperationOutcome& outcome, const EndedOperation& ended, const DiskView&) override {
    const ProcessFacts& process = record().process(outcome.process);
    judge(process.open_files == 0 && process.open_directories <= kDirectories, [&] {
      return complaint(ended, std::to_string(process.open_files) + " files or connections and " +
                                  std::to_string(process.open_directories) + " directories are open");
    });
    for (const LockFacts& lock : record().locks()) {
      if (lock.holder != outcome.process) continue;
      judge(false, [&] { return complaint(ended, "locks/" + lock.name + " is held"); });
    }
  }

 private:
  Complaint complaint(const EndedOperation& ended, const std::string& what) const {
    return {process_name(ended.process), describe(record(), ended) + " has ended, and " + what};
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_operations_close_what_they_opened(RunRecord& record) {
  return std::make_unique<OperationsCloseWhatTheyOpened>(record);
}

}  // namespace stampede
