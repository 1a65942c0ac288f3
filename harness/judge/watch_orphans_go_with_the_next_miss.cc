// Who downloads or recovers removes the temporaries of the dead.
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

class OrphansGoWithTheNextMiss final : public Watcher {
 public:
  using Watcher::Watcher;

  void on_operation(const OperationOutcome& outcome, const EndedOperation& ended, const DiskView&) override {
    const ProcessFacts& process = record().process(outcome.process);
    const bool has_swept = outcome.operation.kind == OperationKind::recover || process.connects > 0;
    if (!outcome.succeeded() || process.met_any_failure || !has_swept) return;
    std::string left;
    for (const TemporaryFacts& temporary : record().temporaries()) {
      if (is_due(temporary, process.start.moment)) left = temporary.path;
    }
    judge(left.empty(), [&] {
      return Complaint{record().object_of(left),
                       describe(record(), ended) + " left " + left + ", whose owner was dead before it began"};
    });
  }

 private:
  // Another sweeper may have held its lock.
  bool is_due(const TemporaryFacts& temporary, Moment since) const {
    if (temporary.made_at > since || temporary.refused_at > since) return false;
    if (!temporary.is_of_stage) return true;
    const ProcessFacts& owner = record().process(temporary.owner);
    return !owner.is_alive && owner.ended_at <= since;
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_orphans_go_with_the_next_miss(RunRecord& record) {
  return std::make_unique<OrphansGoWithTheNextMiss>(record);
}

}  // namespace stampede
