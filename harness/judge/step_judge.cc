// Tells watchers of what they asked for, and turns their complaints into violations.
#include "harness/judge/step_judge.h"

#include <algorithm>
#include <array>
#include <utility>

#include "harness/judge/run_record.h"
#include "harness/judge/watcher.h"
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;

// What modelcache::CacheOptions has by default: the time that a get may take, waiting included.
const VirtualTime kGetTimeout = modelcache::CacheOptions{}.get_timeout;
// The shorter of those that one call on the network has.
const VirtualTime kConnectTimeout = modelcache::HttpOptions{}.connect_timeout;

}  // namespace

class StepJudge::Impl {
 public:
  Impl() {
    for (const WatchedRow& row : watched_rows()) {
      watchers_.push_back(row.make(record_));
      watchers_.back()->report_to(complaints_, watchers_.size() - 1);
      const StepKinds kinds = watchers_.back()->kinds();
      for (std::size_t kind = 0; kind < kStepKinds; ++kind) {
        if (kinds.contains(static_cast<StepKind>(kind))) by_kind_[kind].push_back(watchers_.back().get());
      }
    }
    judged_.resize(watchers_.size());
  }

  void begin(const Plan& plan, const std::vector<Model>& models) {
    record_.begin(plan, models);
    violations_.clear();
    ended_.clear();
    complaints_.clear();
    for (const auto& watcher : watchers_) {
      watcher->forget();
      watcher->begin();
    }
  }

  void on_step(const Step& step, const DiskView& disk) {
    record_.take(step, disk);
    for (Watcher* const watcher : by_kind_[static_cast<std::size_t>(step.kind)]) watcher->on_step(step, disk);
    if (!complaints_.empty()) collect();
  }

  void on_process_end(std::uint32_t process, ProcessEnd end, const DiskView& disk) {
    for_all([&](Watcher& watcher) { watcher.on_process_end(process, end, disk); });
    record_.end_process(process);
  }

  void on_operation(const OperationOutcome& outcome, const DiskView& disk) {
    record_.enter(outcome.stage, disk);
    record_.begin_outcome(outcome);
    ended_.push_back(ended_operation(outcome));
    for_all([&](Watcher& watcher) { watcher.on_operation(outcome, ended_.back(), disk); });
    record_.end_outcome(outcome);
  }

  void on_stage_end(StageKind stage, const StageEnd& end, const Ledger& ledger, const DiskView& disk) {
    record_.enter(stage, disk);
    const StageRecord stage_record{stage, end, ledger, disk, ended_};
    for_all([&](Watcher& watcher) { watcher.on_stage_end(stage_record); });
    record_.end_stage();
    ended_.clear();
  }

  [[nodiscard]] const std::vector<StepViolation>& violations() const { return violations_; }
  const std::vector<std::uint64_t>& judged() {
    for (std::size_t i = 0; i < watchers_.size(); ++i) judged_[i] = watchers_[i]->judged();
    return judged_;
  }

 private:
  template <class Tell>
  void for_all(Tell tell) {
    for (const auto& watcher : watchers_) tell(*watcher);
    if (!complaints_.empty()) collect();
  }

  // One violation for each signature: what follows from it only repeats it.
  void collect() {
    for (auto& [place, complaint] : complaints_) {
      const std::string_view id = watched_rows()[place].invariant.id;
      const bool is_known = std::any_of(violations_.begin(), violations_.end(),
                                        [&, &object = complaint.object](const StepViolation& known) {
                                          return known.invariant == id && known.object == object;
                                        });
      if (is_known) continue;
      violations_.push_back({.invariant = std::string(id),
                             .object = std::move(complaint.object),
                             .what = std::move(complaint.what),
                             .stage = record_.stage(),
                             .step = complaint.moment.value_or(record_.moment()),
                             .process = complaint.process.value_or(record_.last_process())});
    }
    complaints_.clear();
  }

  EndedOperation ended_operation(const OperationOutcome& outcome) {
    EndedOperation ended{.operation = outcome.operation,
                         .process = outcome.process,
                         .index = outcome.index,
                         .error = outcome.error,
                         .message = {},
                         .claims_hit = outcome.claims_hit,
                         .claimed_attempts = outcome.claimed_attempts,
                         .connects = record_.process(outcome.process).connects,
                         .moment = record_.moment(),
                         .codes = {},
                         .pauses = record_.process(outcome.process).pauses};
    if (outcome.succeeded()) return ended;
    ended.message = outcome.message;
    ended.codes = codes_of(outcome);
    return ended;
  }

  // What can make the operation fail, other than its connections.
  ErrorCodes codes_of(const OperationOutcome& outcome) {
    const ProcessFacts& process = record_.process(outcome.process);
    ErrorCodes codes = process.codes;
    codes |= process.opening_codes;
    const VirtualTime taken = record_.now() - process.start.time;
    // A call that is made again after a signal has what is left of its time, which can end without another step.
    if (taken >= kGetTimeout || process.network_wait >= kConnectTimeout) codes |= {ErrorCode::timed_out};
    VirtualTime wait = kGetTimeout;
    if (record_.stage() == StageKind::run && outcome.process < record_.plan().processes.size()) {
      wait = std::min<VirtualTime>(wait, record_.plan().processes[outcome.process].lock_wait);
    }
    // It stopped waiting: whoever has the lock has had it for all that time, or took turns with others. A get that was
    // not told only to wait goes on without the lock, as long as it has any time left.
    const OperationKind kind = outcome.operation.kind;
    const bool goes_on = (kind == OperationKind::get || kind == OperationKind::get_by_url) && !only_waits(outcome);
    if (process.blocked_by && taken >= (goes_on ? kGetTimeout : wait)) codes |= {ErrorCode::lock_timeout};
    if (outcome.operation.kind == OperationKind::find || outcome.operation.kind == OperationKind::remove) {
      if (may_be_missing(outcome, process)) codes |= {ErrorCode::not_found};
    }
    return codes;
  }

  [[nodiscard]] bool only_waits(const OperationOutcome& outcome) const {
    return record_.stage() == StageKind::run && outcome.process < record_.plan().processes.size() &&
           record_.plan().processes[outcome.process].only_wait;
  }

  // An entry that is bad is a miss to `find`; `remove` takes it away.
  [[nodiscard]] bool may_be_missing(const OperationOutcome& outcome, const ProcessFacts& process) const {
    const EntryFacts* const entry = record_.entry_of_model(outcome.operation.model);
    if (entry == nullptr) return true;
    const ChangingTruth& truth = outcome.operation.kind == OperationKind::find ? entry->good : entry->present;
    return truth.was(false, process.start.moment);
  }

  RunRecord record_;
  std::vector<std::unique_ptr<Watcher>> watchers_;
  std::array<std::vector<Watcher*>, kStepKinds> by_kind_;
  std::vector<PlacedComplaint> complaints_;
  std::vector<EndedOperation> ended_;  // of the stage
  std::vector<StepViolation> violations_;
  std::vector<std::uint64_t> judged_;
};

StepJudge::StepJudge() : impl_(std::make_unique<Impl>()) {}
StepJudge::~StepJudge() = default;

void StepJudge::begin(const Plan& plan, const std::vector<Model>& models) { impl_->begin(plan, models); }
void StepJudge::on_step(const Step& step, const DiskView& disk) { impl_->on_step(step, disk); }
void StepJudge::on_process_end(std::uint32_t process, ProcessEnd end, const DiskView& disk) {
  impl_->on_process_end(process, end, disk);
}
void StepJudge::on_operation(const OperationOutcome& outcome, const DiskView& disk) {
  impl_->on_operation(outcome, disk);
}
void StepJudge::on_stage_end(StageKind stage, const StageEnd& end, const Ledger& ledger, const DiskView& disk) {
  impl_->on_stage_end(stage, end, ledger, disk);
}
const std::vector<StepViolation>& StepJudge::violations() const { return impl_->violations(); }
const std::vector<std::uint64_t>& StepJudge::judged() const { return impl_->judged(); }

}  // namespace stampede
