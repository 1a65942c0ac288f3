// A watcher: one invariant of controlled worlds, told of what happens and asked for complaints.
#ifndef STAMPEDE_JUDGE_WATCHER_H
#define STAMPEDE_JUDGE_WATCHER_H

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/judge/run_record.h"
#include "harness/judge/step_judge.h"
#include "harness/plan/ledger.h"
#include "harness/world/stage_end.h"

namespace stampede {

// A set of step kinds.
class StepKinds {
 public:
  constexpr StepKinds() = default;
  constexpr StepKinds(std::initializer_list<StepKind> kinds) {
    for (const StepKind kind : kinds) bits_ |= 1U << static_cast<unsigned>(kind);
  }
  [[nodiscard]] constexpr bool contains(StepKind kind) const { return (bits_ >> static_cast<unsigned>(kind)) & 1U; }

 private:
  std::uint32_t bits_ = 0;
};

// What contradicts an invariant.
struct Complaint {
  std::string object;  // as StepViolation::object
  std::string what;
  // Where it happened, when it is noticed later.
  std::optional<Moment> moment = {};
  std::optional<std::uint32_t> process = {};
};

struct PlacedComplaint {
  std::size_t place = 0;  // of the invariant in `watched_invariants`
  Complaint complaint;
};

// An operation that has ended, for what can be judged only when its stage's ledger is complete.
struct EndedOperation {
  Operation operation;
  std::uint32_t process = 0, index = 0;
  std::optional<modelcache::ErrorCode> error;
  std::string message;
  bool claims_hit = false;
  unsigned claimed_attempts = 0;
  std::uint32_t connects = 0;  // those that a fault decided left out
  Moment moment = 0;
  // What its own steps' failures, its surroundings and its waiting can cause; the ledger may add to it.
  ErrorCodes codes;
  std::vector<Pause> pauses;  // between its connections
};

// What a stage left.
struct StageRecord {
  StageKind stage = StageKind::run;
  const StageEnd& end;
  const Ledger& ledger;
  const DiskView& disk;
  const std::vector<EndedOperation>& operations;  // of the stage, in the order in which they ended
};

// Each invariant is a class of its own behind a function of watchers.h. Owned by the judge; its record outlives it.
// Called after the record has taken what happened. Keeps its memory from run to run.
class Watcher {
 public:
  explicit Watcher(RunRecord& record) : record_(record) {}
  virtual ~Watcher() = default;
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // The kinds of steps that it is told of.
  [[nodiscard]] virtual StepKinds kinds() const { return {}; }
  virtual void begin() {}
  virtual void on_step(const Step&, const DiskView&) {}
  virtual void on_operation(const OperationOutcome&, const EndedOperation&, const DiskView&) {}
  virtual void on_process_end(std::uint32_t, ProcessEnd, const DiskView&) {}
  virtual void on_stage_end(const StageRecord&) {}

  // Where its complaints go, as those of the invariant with that place in the list.
  void report_to(std::vector<PlacedComplaint>& complaints, std::size_t place) {
    complaints_ = &complaints;
    place_ = place;
  }
  // How often it was applied since the last `forget`.
  [[nodiscard]] std::uint64_t judged() const { return judged_; }
  void forget() { judged_ = 0; }

 protected:
  // Counts one application; where it does not hold, `complain` makes the complaint, and is called only then.
  template <class Complain>
  void judge(bool holds, Complain complain) {
    ++judged_;
    if (!holds) complaints_->push_back({place_, complain()});
  }
  [[nodiscard]] RunRecord& record() const { return record_; }

 private:
  RunRecord& record_;
  std::uint64_t judged_ = 0;
  std::vector<PlacedComplaint>* complaints_ = nullptr;
  std::size_t place_ = 0;
};

// What can make an operation fail: what it met by its own steps, and on its connections.
ErrorCodes possible_codes(const RunRecord& record, const Ledger& ledger, const EndedOperation& ended);
// How many of an operation's connections were answered with a redirect: each allows for one more.
std::uint32_t redirects(const RunRecord& record, const Ledger& ledger, const EndedOperation& ended);

// "process 2"
std::string process_name(std::uint32_t process);
// "process 2, operation 0 (get of m1.onnx)"
std::string describe(const RunRecord& record, const EndedOperation& ended);
// The model that it is about, or its kind.
std::string object_of(const RunRecord& record, const EndedOperation& ended);
// The connections that a process made in one operation of the present stage, with their places in the ledger.
template <class Visit>
void for_each_connection(const RunRecord& record, const Ledger& ledger, std::uint32_t process, std::uint32_t operation,
                         Visit visit) {
  const auto& connections = record.connections();
  for (std::size_t i = record.first_connection_of_stage(); i < connections.size() && i < ledger.size(); ++i) {
    if (connections[i].process == process && connections[i].operation == operation) visit(ledger[i]);
  }
}

}  // namespace stampede

#endif  // STAMPEDE_JUDGE_WATCHER_H
