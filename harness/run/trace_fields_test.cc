// Every field of a run is compared, and every field of the trace is in its hash; what is not stands in one list.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "harness/run/trace.h"
#include "harness/run/world_comparison.h"

namespace stampede {
namespace {

using std::chrono::nanoseconds;
using testing::StartsWith;

// What is no part of the trace (design.md, 3), each with its reason. All else must be in the hash.
struct NotInTheTrace {
  std::string_view field;
  bool is_compared;  // by first_difference
  std::string_view why;
};
constexpr NotInTheTrace kNotInTheTrace[] = {
    {"Step.at", true, "a trace has no clock; virtual time is the same in both worlds all the same"},
    {"Step.until", true, "of the same clock"},
    {"Step.program", false, "of commands, for people; the process says who it was"},
    {"Step.actor", false, "of commands, which have one world alone; elsewhere it is the process and its own step"},
    {"OperationOutcome.operation.model", true, "the plan says it: index and process name the operation"},
    {"OperationOutcome.actors", false, "of commands, which have one world alone"},
    {"OperationOutcome.entries.path", true, "the key, behind the directory"},
    {"OperationOutcome.entries.sha256", true, "read from the manifest, in steps"},
    {"OperationOutcome.entries.url", true, "read from the manifest, in steps"},
    {"OperationOutcome.reports.detail", true, "the state in words"},
    {"OperationOutcome.recovery.entries_unreadable", true, "reads that failed, which are steps"},
    {"OperationOutcome.recovery.manifest_rebuilt", true, "a rename, which is a step"},
    {"OperationOutcome.recovery.manifest_problem", true, "words"},
    {"OperationOutcome.recovery.foreign", true, "names that a step listed"},
    {"OperationOutcome.recovery.notes", true, "words"},
    {"LedgerEntry.fault", true, "of the plan; what it does shows in what was sent"},
    {"LedgerEntry.model", true, "part of the target"},
    {"LedgerEntry.range_asked", true, "a request with a range is longer, as its send step says"},
    {"LedgerEntry.accepted_at", true, "a trace has no clock"},
    {"LedgerEntry.ended_at", true, "a trace has no clock"},
    {"StageEnd.uncontrolled", false, "the outcome has it, of all stages"},
    {"StageEnd.why_others_differ", false, "the outcome has it, of all stages"},
    {"StageEnd.crashes", false, "the outcome has them, of all stages"},
    {"SimOutcome.uncontrolled", false, "such a run says nothing, so nobody compares it"},
    {"SimOutcome.why_others_differ", false, "of the world, not of the run"},
};

template <class T>
struct Change {
  std::string_view field;
  std::function<void(T&)> make;
};

template <class T>
constexpr bool kIsHashed = requires(TraceHash hash, T item) { hash.add(item); };
static_assert(kIsHashed<Step> && kIsHashed<OperationOutcome> && kIsHashed<LedgerEntry>);

const NotInTheTrace* excuse_of(const std::string& field) {
  const auto* const found = std::find_if(std::begin(kNotInTheTrace), std::end(kNotInTheTrace),
                                         [&](const NotInTheTrace& each) { return each.field == field; });
  return found == std::end(kNotInTheTrace) ? nullptr : found;
}

// Makes each change to what `make` makes; `put` puts it into an outcome. Every one of the type's `fields` must be
// changed, and every excuse needed.
template <class T>
void expect_each_seen(const std::string& type, std::size_t fields, const std::function<T()>& make,
                      const std::function<void(T&&, SimOutcome&)>& put, const std::vector<Change<T>>& changes) {
  std::set<std::string_view> changed, excused;
  for (const Change<T>& change : changes) {
    const std::string field = type + "." + std::string(change.field);
    SCOPED_TRACE(field);
    changed.insert(change.field.substr(0, change.field.find('.')));
    const NotInTheTrace* const excuse = excuse_of(field);
    if (excuse != nullptr) excused.insert(excuse->field);
    T same = make(), other = make();
    change.make(other);
    if constexpr (kIsHashed<T>) {
      TraceHash one, two;
      one.add(same);
      two.add(other);
      EXPECT_EQ(one.value() != two.value(), excuse == nullptr);
    }
    SimOutcome left, right, third;
    put(std::move(same), left);
    put(std::move(other), right);
    put(make(), third);
    EXPECT_EQ(first_difference("a", left, "b", third), "");
    EXPECT_EQ(first_difference("a", left, "b", right) != "", excuse == nullptr || excuse->is_compared);
  }
  EXPECT_EQ(changed.size(), fields) << type << " has a field that nobody changes";
  for (const NotInTheTrace& each : kNotInTheTrace) {
    EXPECT_TRUE(!each.field.starts_with(type + ".") || excused.contains(each.field)) << each.field << " is no field";
  }
}

// A field more does not compile here; then it belongs into a table below.
template <class T>
concept FieldsAreFourteen = requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
template <class T>
concept FieldsAreFifteen = requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
static_assert(FieldsAreFourteen<Step> && !FieldsAreFifteen<Step>, "PendingStep and thirteen fields");
constexpr std::size_t kPendingFields = 8, kStepFields = kPendingFields + 13, kOperationFields = 16, kLedgerFields = 14,
                      kEndFields = 12, kViolationFields = 6, kOutcomeFields = 24;
[[maybe_unused]] void name_all_fields(PendingStep& pending, OperationOutcome& operation, LedgerEntry& entry,
                                      StageEnd& end, StepViolation& violation, SimOutcome& outcome) {
  [[maybe_unused]] auto& [kind, path, to_path, file, connection, offset, size, mode] = pending;
  [[maybe_unused]] auto& [o1, o2, o3, o4, o5, o6, o7, o8, o9, o10, o11, o12, o13, o14, o15, o16] = operation;
  [[maybe_unused]] auto& [found, state, detail, removed] = operation.reports[0];
  [[maybe_unused]] auto& [key, place, bytes, sha256, url, listed] = found;
  [[maybe_unused]] auto& [r1, r2, r3, r4, r5, r6, r7, r8, r9, r10] = *operation.recovery;
  [[maybe_unused]] auto& [l1, l2, l3, l4, l5, l6, l7, l8, l9, l10, l11, l12, l13, l14] = entry;
  [[maybe_unused]] auto& [e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11, e12] = end;
  [[maybe_unused]] auto& [v1, v2, v3, v4, v5, v6] = violation;
  [[maybe_unused]] auto& [run, operations, violations, judged, ledger, trace_hash, steps, processes, faults, errnos,
                          shorts, idle, refusals, process_faults, damage, begins, ends, first_kill, trace, files,
                          uncontrolled, others, crashes, promised, one_run] = outcome;
}

Step one_step() {
  Step step;
  step.kind = StepKind::sleep_until;  // which has `until`; a hand-made step may have all the rest too
  step.path = "entries/a";
  step.stat = StepStat{.type = modelcache::FileType::regular, .mode = 0644, .links = 1, .size_bytes = 10};
  step.names = {"a", "b"};
  step.actor = ActorStep{1, 2};
  return step;
}

TEST(WorldComparison, SeesEachFieldOfAStep) {
  const std::vector<Change<Step>> changes = {
      {"kind", [](Step& step) { step.kind = StepKind::stat; }},
      {"path", [](Step& step) { step.path = "entries/b"; }},
      {"to_path", [](Step& step) { step.to_path = "b"; }},
      {"file", [](Step& step) { step.file = 1; }},
      {"connection", [](Step& step) { step.connection = 1; }},
      {"offset", [](Step& step) { step.offset = 1; }},
      {"size", [](Step& step) { step.size = 1; }},
      {"mode", [](Step& step) { step.mode = 1; }},
      {"stage", [](Step& step) { step.stage = StageKind::epilogue; }},
      {"process", [](Step& step) { step.process = 1; }},
      {"own_step", [](Step& step) { step.own_step = 1; }},
      {"error", [](Step& step) { step.error = ENOENT; }},
      {"result", [](Step& step) { step.result = 1; }},
      {"replaced", [](Step& step) { step.replaced = 1; }},
      {"stat", [](Step& step) { step.stat.reset(); }},
      {"stat.type", [](Step& step) { step.stat->type = modelcache::FileType::symlink; }},
      {"stat.mode", [](Step& step) { step.stat->mode = 0600; }},
      {"stat.links", [](Step& step) { step.stat->links = 2; }},
      {"stat.size_bytes", [](Step& step) { step.stat->size_bytes = 11; }},
      {"names", [](Step& step) { step.names.pop_back(); }},
      {"names.each", [](Step& step) { step.names[1] = "c"; }},
      {"names.lengths", [](Step& step) { step.names = {"ab"}; }},
      {"fault", [](Step& step) { step.fault = StepFault::does_nothing; }},
      {"program", [](Step& step) { step.program = "curl"; }},
      {"actor", [](Step& step) { step.actor = ActorStep{1, 3}; }},
      {"at", [](Step& step) { step.at = nanoseconds(1); }},
      {"until", [](Step& step) { step.until = nanoseconds(1); }},
  };
  expect_each_seen<Step>(
      "Step", kStepFields, one_step, [](Step&& step, SimOutcome& outcome) { outcome.trace.push_back(std::move(step)); },
      changes);
}

OperationOutcome one_operation() {
  OperationOutcome outcome;
  outcome.error = modelcache::ErrorCode::io;
  outcome.message = "broke";
  outcome.entries = {{.key = "k", .path = "entries/k", .size_bytes = 5, .sha256 = {}, .url = "u"}};
  outcome.reports = {{.entry = {.key = "k", .path = "entries/k", .sha256 = {}, .url = "u"}, .detail = "d"}};
  outcome.recovery.emplace();
  return outcome;
}

using Recovery = modelcache::RecoveryReport;

Change<OperationOutcome> recovering(std::string_view field, const std::function<void(Recovery&)>& change) {
  return {field, [change](OperationOutcome& outcome) { change(*outcome.recovery); }};
}

TEST(WorldComparison, SeesEachFieldOfAnOperation) {
  const std::vector<Change<OperationOutcome>> changes = {
      {"stage", [](OperationOutcome& outcome) { outcome.stage = StageKind::warm_up; }},
      {"process", [](OperationOutcome& outcome) { outcome.process = 1; }},
      {"index", [](OperationOutcome& outcome) { outcome.index = 1; }},
      {"operation.kind", [](OperationOutcome& outcome) { outcome.operation.kind = OperationKind::list; }},
      {"operation.model", [](OperationOutcome& outcome) { outcome.operation.model = 1; }},
      {"first_step", [](OperationOutcome& outcome) { outcome.first_step = 1; }},
      {"end_step", [](OperationOutcome& outcome) { outcome.end_step = 1; }},
      {"actors", [](OperationOutcome& outcome) { outcome.actors = 1; }},
      {"error", [](OperationOutcome& outcome) { outcome.error.reset(); }},
      {"error.code", [](OperationOutcome& outcome) { outcome.error = modelcache::ErrorCode::denied; }},
      {"message", [](OperationOutcome& outcome) { outcome.message = "breaks"; }},
      {"path", [](OperationOutcome& outcome) { outcome.path = "entries/a"; }},
      {"claims_hit", [](OperationOutcome& outcome) { outcome.claims_hit = true; }},
      {"claimed_attempts", [](OperationOutcome& outcome) { outcome.claimed_attempts = 1; }},
      {"lock", [](OperationOutcome& outcome) { outcome.lock = modelcache::LockUse::held; }},
      {"entries", [](OperationOutcome& outcome) { outcome.entries.clear(); }},
      {"entries.key", [](OperationOutcome& outcome) { outcome.entries[0].key = "l"; }},
      {"entries.path", [](OperationOutcome& outcome) { outcome.entries[0].path = "entries/l"; }},
      {"entries.size_bytes", [](OperationOutcome& outcome) { outcome.entries[0].size_bytes = 6; }},
      {"entries.sha256", [](OperationOutcome& outcome) { outcome.entries[0].sha256.emplace(); }},
      {"entries.url", [](OperationOutcome& outcome) { outcome.entries[0].url = "v"; }},
      {"entries.listed", [](OperationOutcome& outcome) { outcome.entries[0].listed = true; }},
      {"reports", [](OperationOutcome& outcome) { outcome.reports.clear(); }},
      {"reports.entry", [](OperationOutcome& outcome) { outcome.reports[0].entry.key = "l"; }},
      {"reports.state", [](OperationOutcome& outcome) { outcome.reports[0].state = modelcache::EntryState::corrupt; }},
      {"reports.detail", [](OperationOutcome& outcome) { outcome.reports[0].detail = "e"; }},
      {"reports.removed", [](OperationOutcome& outcome) { outcome.reports[0].removed = true; }},
      {"recovery", [](OperationOutcome& outcome) { outcome.recovery.reset(); }},
      recovering("recovery.temporaries_removed", [](Recovery& report) { report.temporaries_removed = 1; }),
      recovering("recovery.temporaries_kept", [](Recovery& report) { report.temporaries_kept = 1; }),
      recovering("recovery.entries_adopted", [](Recovery& report) { report.entries_adopted = 1; }),
      recovering("recovery.listings_dropped", [](Recovery& report) { report.listings_dropped = 1; }),
      recovering("recovery.entries_bad", [](Recovery& report) { report.entries_bad = 1; }),
      recovering("recovery.entries_unreadable", [](Recovery& report) { report.entries_unreadable = 1; }),
      recovering("recovery.manifest_rebuilt", [](Recovery& report) { report.manifest_rebuilt = true; }),
      recovering("recovery.manifest_problem", [](Recovery& report) { report.manifest_problem = "full"; }),
      recovering("recovery.foreign", [](Recovery& report) { report.foreign = {"x"}; }),
      recovering("recovery.notes", [](Recovery& report) { report.notes = {"x"}; }),
  };
  expect_each_seen<OperationOutcome>(
      "OperationOutcome", kOperationFields, one_operation,
      [](OperationOutcome&& each, SimOutcome& outcome) { outcome.operations.push_back(std::move(each)); }, changes);
}

TEST(WorldComparison, SeesEachFieldOfAConnection) {
  const std::vector<Change<LedgerEntry>> changes = {
      {"connection", [](LedgerEntry& entry) { entry.connection = 1; }},
      {"listener", [](LedgerEntry& entry) { entry.listener = 1; }},
      {"fault", [](LedgerEntry& entry) { entry.fault = NetworkFault{.kind = FaultKind::drip}; }},
      {"requested", [](LedgerEntry& entry) { entry.requested = true; }},
      {"target", [](LedgerEntry& entry) { entry.target = "/m"; }},
      {"model", [](LedgerEntry& entry) { entry.model = "m"; }},
      {"range_asked", [](LedgerEntry& entry) { entry.range_asked = true; }},
      {"status", [](LedgerEntry& entry) { entry.status = 200; }},
      {"head_bytes_sent", [](LedgerEntry& entry) { entry.head_bytes_sent = 1; }},
      {"body_bytes_sent", [](LedgerEntry& entry) { entry.body_bytes_sent = 1; }},
      {"full_body_sent", [](LedgerEntry& entry) { entry.full_body_sent = true; }},
      {"ending", [](LedgerEntry& entry) { entry.ending = Ending::reset; }},
      {"accepted_at", [](LedgerEntry& entry) { entry.accepted_at = nanoseconds(1); }},
      {"ended_at", [](LedgerEntry& entry) { entry.ended_at = nanoseconds(1); }},
  };
  expect_each_seen<LedgerEntry>(
      "LedgerEntry", kLedgerFields, [] { return LedgerEntry{}; },
      [](LedgerEntry&& entry, SimOutcome& outcome) { outcome.ledger.push_back(std::move(entry)); }, changes);
}

// Of its fields, what a process and the stage came to is hashed by the runner (SimRun.HashesHowAStageEnds), and the
// rest follows from the steps.
TEST(WorldComparison, SeesEachFieldOfAnEnd) {
  const std::vector<Change<StageEnd>> changes = {
      {"ends", [](StageEnd& end) { end.ends[0] = ProcessEnd::killed; }},
      {"ends.size", [](StageEnd& end) { end.ends.clear(); }},
      {"own_steps", [](StageEnd& end) { end.own_steps[0] = 1; }},
      {"switches", [](StageEnd& end) { end.switches.clear(); }},
      {"switches.process", [](StageEnd& end) { end.switches[0].process = 9; }},
      {"switches.step", [](StageEnd& end) { end.switches[0].step = 9; }},
      {"switches.to", [](StageEnd& end) { end.switches[0].to = 9; }},
      {"steps", [](StageEnd& end) { end.steps = 1; }},
      {"preemptions", [](StageEnd& end) { end.preemptions = 1; }},
      {"moves", [](StageEnd& end) { end.moves = 1; }},
      {"stuck", [](StageEnd& end) { end.stuck = "a waits for b"; }},
      {"is_deadlock", [](StageEnd& end) { end.is_deadlock = true; }},
      {"virtual_time", [](StageEnd& end) { end.virtual_time = nanoseconds(1); }},
      {"uncontrolled", [](StageEnd& end) { end.uncontrolled = "a thread"; }},
      {"why_others_differ", [](StageEnd& end) { end.why_others_differ = "other numbers"; }},
      {"crashes", [](StageEnd& end) { end.crashes = {"process 1 died"}; }},
  };
  const auto make = [] {
    return StageEnd{.ends = {ProcessEnd::ended},
                    .own_steps = {5},
                    .switches = {{1, 2, 3}},
                    .stuck = {},
                    .uncontrolled = {},
                    .why_others_differ = {},
                    .crashes = {}};
  };
  expect_each_seen<StageEnd>(
      "StageEnd", kEndFields, make, [](StageEnd&& end, SimOutcome& outcome) { outcome.run = std::move(end); }, changes);
}

const std::vector<Change<StepViolation>>& violation_changes() {
  static const std::vector<Change<StepViolation>> kChanges = {
      {"invariant", [](StepViolation& violation) { violation.invariant = "other"; }},
      {"object", [](StepViolation& violation) { violation.object = "other"; }},
      {"what", [](StepViolation& violation) { violation.what = "other"; }},
      {"stage", [](StepViolation& violation) { violation.stage = StageKind::epilogue; }},
      {"step", [](StepViolation& violation) { violation.step = 9; }},
      {"process", [](StepViolation& violation) { violation.process = 9; }},
  };
  return kChanges;
}

TEST(WorldComparison, SeesEachFieldOfAViolation) {
  const auto make = [] { return StepViolation{.invariant = "one", .object = "m0", .what = "twice"}; };
  using Place = std::vector<StepViolation> SimOutcome::*;
  for (const Place place : {&SimOutcome::violations, &SimOutcome::not_promised}) {
    expect_each_seen<StepViolation>(
        "StepViolation", kViolationFields, make,
        [place](StepViolation&& each, SimOutcome& outcome) { (outcome.*place).push_back(std::move(each)); },
        violation_changes());
    for (const Change<StepViolation>& change : violation_changes()) {
      SimOutcome first, second, third;
      StepViolation other = make();
      change.make(other);
      (first.*place) = {make()};
      (second.*place) = {other};
      (third.*place) = {make()};
      EXPECT_THAT(repetition_difference(first, second), StartsWith("the traces are the same, and the verdicts are not"))
          << change.field;
      EXPECT_EQ(repetition_difference(first, third), "");
    }
  }
}

SimOutcome one_outcome() {
  SimOutcome outcome;
  outcome.judged = {1, 2};
  outcome.steps_at_first_kill = {1};
  outcome.files = {"a", "b"};
  outcome.crashes = {"x"};
  return outcome;
}

TEST(WorldComparison, SeesEachFieldOfAnOutcome) {
  const std::vector<Change<SimOutcome>> changes = {
      {"run", [](SimOutcome& outcome) { outcome.run.steps = 1; }},
      {"operations", [](SimOutcome& outcome) { outcome.operations.emplace_back(); }},
      {"violations", [](SimOutcome& outcome) { outcome.violations.emplace_back(); }},
      {"judged", [](SimOutcome& outcome) { outcome.judged[1] = 3; }},
      {"judged.size", [](SimOutcome& outcome) { outcome.judged.pop_back(); }},
      {"ledger", [](SimOutcome& outcome) { outcome.ledger.emplace_back(); }},
      {"trace_hash", [](SimOutcome& outcome) { outcome.trace_hash = 1; }},
      {"steps", [](SimOutcome& outcome) { outcome.steps = 1; }},
      {"processes", [](SimOutcome& outcome) { outcome.processes = 1; }},
      {"disk_faults_met", [](SimOutcome& outcome) { outcome.disk_faults_met.back() = 1; }},
      {"errnos_met", [](SimOutcome& outcome) { outcome.errnos_met.back() = 1; }},
      {"short_transfers_met", [](SimOutcome& outcome) { outcome.short_transfers_met = 1; }},
      {"idle_locks_met", [](SimOutcome& outcome) { outcome.idle_locks_met = 1; }},
      {"refusals_met", [](SimOutcome& outcome) { outcome.refusals_met = 1; }},
      {"process_faults_met", [](SimOutcome& outcome) { outcome.process_faults_met.back() = 1; }},
      {"damage_met", [](SimOutcome& outcome) { outcome.damage_met.back() = 1; }},
      {"run_ledger_begin", [](SimOutcome& outcome) { outcome.run_ledger_begin = 1; }},
      {"run_ledger_end", [](SimOutcome& outcome) { outcome.run_ledger_end = 1; }},
      {"steps_at_first_kill", [](SimOutcome& outcome) { outcome.steps_at_first_kill[0] = 2; }},
      {"trace", [](SimOutcome& outcome) { outcome.trace.emplace_back(); }},
      {"files", [](SimOutcome& outcome) { outcome.files[1] = "c"; }},
      {"uncontrolled", [](SimOutcome& outcome) { outcome.uncontrolled = "threads"; }},
      {"why_others_differ", [](SimOutcome& outcome) { outcome.why_others_differ = "numbers"; }},
      {"crashes", [](SimOutcome& outcome) { outcome.crashes.clear(); }},
      {"not_promised", [](SimOutcome& outcome) { outcome.not_promised.emplace_back(); }},
  };
  expect_each_seen<SimOutcome>(
      "SimOutcome", kOutcomeFields, one_outcome,
      [](SimOutcome&& made, SimOutcome& outcome) { outcome = std::move(made); }, changes);
}

}  // namespace
}  // namespace stampede
