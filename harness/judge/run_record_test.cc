// What a run record is asked for: operations by the plan, excuses that a plan gives, damage, things by their names.
#include "harness/judge/run_record.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "cache/key.h"
#include "harness/judge/record_account_for_test.h"

namespace stampede {
namespace {

using modelcache::FileType;
using modelcache::OpenMode;
using Lines = std::vector<std::string>;

TEST(ChangingTruth, KnowsWhenItWasOther) {
  ChangingTruth truth;
  truth.begin(false);
  EXPECT_FALSE(truth.now());
  EXPECT_TRUE(truth.was(false, 0));
  EXPECT_FALSE(truth.was(true, 0));
  truth.set(false, 3);  // which it is
  EXPECT_FALSE(truth.was(true, 0));
  truth.set(true, 5);
  EXPECT_TRUE(truth.now());
  EXPECT_TRUE(truth.was(true, 9));
  EXPECT_TRUE(truth.was(false, 4));
  EXPECT_FALSE(truth.was(false, 5));
  truth.set(true, 7);
  EXPECT_FALSE(truth.was(false, 5));
  truth.set(false, 8);
  EXPECT_TRUE(truth.was(true, 7));
  EXPECT_FALSE(truth.was(true, 8));
  truth.begin(true);
  EXPECT_TRUE(truth.now());
  EXPECT_FALSE(truth.was(false, 0));
}

std::string name(const std::optional<Operation>& operation) {
  return operation ? std::string(name_of(operation->kind)) + " " + std::to_string(operation->model) : "none";
}

TEST(RunRecord, KnowsWhatAProcessIsAt) {
  Plan plan = plan_of({OperationKind::find, OperationKind::list});
  plan.models.push_back({"m1", 20});
  plan.models.push_back({"m2", 20});
  plan.processes.push_back({.operations = {{OperationKind::remove, 2}}});
  plan.start.warm = {2, 1};
  History history(plan);
  RunRecord& record = history.record();
  const struct {
    StageKind stage;
    std::size_t processes;
    std::vector<Lines> operations;  // of processes 0, 1 and 2
  } rows[] = {{StageKind::warm_up, 1, {{"get 2", "get 1"}, {"get 2", "get 1"}, {"get 2", "get 1"}}},
              {StageKind::run, 2, {{"find 0", "list 0"}, {"remove 2"}, {}}},
              {StageKind::epilogue,
               1,
               {{"get 0", "get 1", "get 2", "get 3"},
                {"get 0", "get 1", "get 2", "get 3"},
                {"get 0", "get 1", "get 2", "get 3"}}}};
  for (const auto& row : rows) {
    EXPECT_EQ(record.process_count(row.stage), row.processes);
    for (std::uint32_t process = 0; process < 3; ++process) {
      Lines operations;
      for (std::uint32_t i = 0; i < record.operation_count(row.stage, process); ++i) {
        operations.push_back(name(record.operation_of(row.stage, process, i)));
      }
      EXPECT_EQ(operations, row.operations[process]) << name_of(row.stage) << " " << process;
      const auto count = static_cast<std::uint32_t>(operations.size());
      EXPECT_EQ(name(record.operation_of(row.stage, process, count)), "none");
    }
  }
  EXPECT_EQ(name(record.operation_of(0)), "none") << "nobody has begun";
  history.open("x", OpenMode::read);
  EXPECT_EQ(name(record.operation_of(0)), "find 0");
  EXPECT_EQ(name(record.operation_of(1)), "none");
  history.succeeds(true);
  EXPECT_EQ(name(record.operation_of(0)), "list 0");
  history.ends(history.outcome());
  EXPECT_EQ(name(record.operation_of(0)), "none");
  History cold(plan_of({OperationKind::get}));
  EXPECT_EQ(cold.record().operation_count(StageKind::warm_up, 0), 1U);
  EXPECT_EQ(name(cold.record().operation_of(StageKind::warm_up, 0, 0)), "recover 0");
  EXPECT_EQ(name(cold.record().operation_of(StageKind::warm_up, 0, 1)), "none");
}

// Errors that no fault made, and the codes that they explain by the plan.
TEST(RunRecord, TakesFailuresThatThePlanMadeForExcuses) {
  const auto plan_with = [](const char* turn, std::uint32_t descriptors, bool read_only, unsigned umask) {
    Plan plan = plan_of({OperationKind::get});
    plan.processes.push_back({.operations = {{OperationKind::get, 0}}});
    if (*turn != 0) plan.network.faults = {{}, parse_turn(turn).value()};
    plan.processes[0].descriptors_max = descriptors;
    plan.start.read_only = read_only;
    plan.processes[1].umask = umask;
    return plan;
  };
  const struct {
    std::string_view what;
    Plan plan;
    std::string codes;   // of process 0 after EMFILE, ENFILE, EROFS, EACCES, EPERM, ECONNREFUSED, ETIMEDOUT, EIO
    std::string others;  // of process 1
  } rows[] = {
      {"nothing", plan_with("", 0, false, 022), "; ; ; ; ; ; ; ; ", "; ; ; ; ; ; ; ; "},
      {"few descriptors", plan_with("", 9, false, 022), "exhausted; exhausted; ; ; ; ; ; ; ", "; ; ; ; ; ; ; ; "},
      {"a read-only directory", plan_with("", 0, true, 022), "; ; read_only; ; ; ; ; ; ", "; ; read_only; ; ; ; ; ; "},
      {"a umask that denies", plan_with("", 0, false, 0100), "; ; ; denied; denied; ; ; ; ",
       "; ; ; denied; denied; ; ; ; "},
      {"a umask that denies others", plan_with("", 0, false, 077), "; ; ; ; ; ; ; ; ", "; ; ; ; ; ; ; ; "},
      {"a turn that refuses", plan_with("refused", 0, false, 022), "; ; ; ; ; refused; ; ; ",
       "; ; ; ; ; refused; ; ; "},
      {"a stall", plan_with("stall_in_body:3", 0, false, 022), "; ; ; ; ; ; timed_out; ; ",
       "; ; ; ; ; ; timed_out; ; "},
      {"a stall before", plan_with("stall_before_headers", 0, false, 022), "; ; ; ; ; ; timed_out; ; ",
       "; ; ; ; ; ; timed_out; ; "},
      {"drops", plan_with("drip:3", 0, false, 022), "; ; ; ; ; ; timed_out; ; ", "; ; ; ; ; ; timed_out; ; "},
      {"another turn", plan_with("flip_byte:3", 0, false, 022), "; ; ; ; ; ; ; ; ", "; ; ; ; ; ; ; ; "},
  };
  for (const auto& row : rows) {
    for (const std::uint32_t process : {0U, 1U}) {
      std::string text, in_epilogue;
      for (const int error : {EMFILE, ENFILE, EROFS, EACCES, EPERM, ECONNREFUSED, ETIMEDOUT, EIO}) {
        History history(row.plan);
        history.record();
        history.by(process).open("x", OpenMode::read);
        history.open("x", OpenMode::read, History::is_told(error));
        for (const auto& [own_step, codes] : history.record().process(process).early_codes) EXPECT_EQ(own_step, 1U);
        text += history.record().process(process).codes.text() + "; ";
        EXPECT_EQ(history.record().process(process).early_codes.empty(),
                  history.record().process(process).codes.empty());
        EXPECT_EQ(history.record().is_clean(), error == ECONNREFUSED || error == ETIMEDOUT);
        history.begin_stage(StageKind::epilogue);
        history.open("x", OpenMode::read, History::is_told(error));
        in_epilogue += history.record().process(0).codes.text();
      }
      EXPECT_EQ(text, (process == 0 ? row.codes : row.others)) << row.what;
      EXPECT_EQ(in_epilogue, "") << row.what;
    }
  }
}

// Which sizes nobody without a checksum can tell from a model's: of 100 bytes and 10.
TEST(RunRecord, KnowsWhichLiesAUrlMayLeadTo) {
  const struct {
    std::string_view turn;
    std::set<std::size_t> sizes;
  } rows[] = {{"none", {}},
              {"drip:3", {}},
              {"close_in_body:3", {}},
              {"flip_byte:3", {100, 10}},
              {"zero_bytes:3", {100, 10}},
              {"swap_halves", {100, 10}},
              {"other_version_same_etag", {100, 10}},
              {"other_version_new_etag", {100, 10}},
              {"length_too_short", {99, 9}},
              {"bytes_after_body", {101, 11}},
              {"bytes_after_body+flip_byte:3", {100, 10, 101, 11}}};
  for (const auto& row : rows) {
    Plan plan = plan_of({OperationKind::get_by_url});
    plan.network.faults = {{}, parse_turn(row.turn).value()};
    History history(plan);
    RunRecord& record = history.record();
    EXPECT_EQ(record.may_lie_by_url(), !row.sizes.empty()) << row.turn;
    std::set<std::size_t> sizes;
    for (std::size_t size = 0; size < 120; ++size) {
      const FileNumber file = history.disk().make("x", FileType::regular, 0644);
      history.disk().set_bytes(file, Bytes(size));
      if (record.contents().is_model(0, true, file, history.disk())) sizes.insert(size);
    }
    EXPECT_EQ(sizes, row.sizes) << row.turn;
  }
  Plan empty = plan_of({OperationKind::get_by_url});
  empty.models[0].size_bytes = 0;
  empty.network.faults = {parse_turn("length_too_short").value()};
  History history(empty);
  EXPECT_TRUE(history.record().may_lie_by_url()) << "the epilogue's model is shorter by one";
}

TEST(RunRecord, LooksAtDamageAsIfItHadBeenSoForLong) {
  Plan plan = plan_of({OperationKind::get}, true);
  plan.models.push_back({"m1", 20});
  plan.start.warm = {0, 1};
  for (const bool is_damaged : {true, false}) {
    if (is_damaged) plan.start.damage = {{DamageKind::cut, 0}};
    if (!is_damaged) plan.start.damage.clear();
    History history(plan);
    history.record();
    history.begin_stage(StageKind::warm_up);
    for (const std::size_t model : {0U, 1U}) history.publish(history.stage(model), model);
    history.stage_ends();
    history.disk().set_bytes(history.disk().file_at(history.entry(0)), Bytes(50));
    history.disk().make("manifest.json", FileType::regular, 0644);
    history.disk().make("tmp/x", FileType::regular, 0644);
    history.disk().make("tmp/y", FileType::regular, 0644);
    history.disk().make("x", FileType::regular, 0644);
    history.begin_stage(StageKind::run);
    history.open("x", OpenMode::read);
    history.disk().make("tmp/z", FileType::regular, 0644);
    history.stage_ends();
    history.begin_stage(StageKind::epilogue);
    history.open("x", OpenMode::read);
    if (is_damaged) {
      EXPECT_EQ(account_of(history),
                (Lines{"run: epilogue moment=14 now=14us manifest_changed=12", "change: place=unknown",
                       "process 0: begun own_steps=1 start=13 start_time=14us last=14us opened=1 files=1",
                       "entry {0}: model=0 file=1 version=3 present present_other_until=3 "
                       "good_other_until=11 losses=1 changed=12 named=4",
                       "entry {1}: model=1 file=2 version=2 present present_other_until=9 good "
                       "good_other_until=9 changed=10 named=10",
                       "temporary tmp/x: file=4 earlier made=12", "temporary tmp/y: file=5 earlier made=12"}));
    } else {
      EXPECT_EQ(account_of(history),
                (Lines{"run: epilogue moment=14 now=14us", "change: place=unknown",
                       "process 0: begun own_steps=1 start=13 start_time=14us last=14us opened=1 files=1",
                       "entry {0}: model=0 file=1 version=2 present present_other_until=3 good "
                       "good_other_until=3 changed=4 named=4",
                       "entry {1}: model=1 file=2 version=2 present present_other_until=9 good "
                       "good_other_until=9 changed=10 named=10"}));
    }
  }
}

TEST(RunRecord, FindsThings) {
  Plan plan = plan_of({OperationKind::get});
  plan.models.push_back({"m1", 20});
  plan.models.push_back({"m0", 100});  // the same bytes
  History history(plan);
  RunRecord& record = history.record();
  EXPECT_EQ(record.entry_of_model(0), nullptr);
  history.open(history.entry(1), OpenMode::create_new);
  history.open(history.entry(0), OpenMode::create_new);
  ASSERT_EQ(record.entries().size(), 2U);
  EXPECT_EQ(record.entry_of_model(0), &record.entries()[1]);
  EXPECT_EQ(record.entry_of_model(1), &record.entries()[0]);
  EXPECT_EQ(record.entry_of_model(2), &record.entries()[1]);
  EXPECT_EQ(record.find_entry(history.key(1)), &record.entries()[0]);
  EXPECT_EQ(record.find_entry("x"), nullptr);
  EXPECT_EQ(record.key_of(1), history.key(1));
  EXPECT_EQ(record.find_lock("manifest.lock"), nullptr);
  history.lock(1);
  ASSERT_EQ(record.locks().size(), 1U);
  EXPECT_EQ(record.find_lock(history.key(1) + ".lock"), &record.locks()[0]);
  EXPECT_TRUE(record.holds(0, history.key(1)));
  EXPECT_FALSE(record.holds(1, history.key(1)));
  EXPECT_FALSE(record.holds(0, history.key(0)));
  EXPECT_FALSE(record.holds(0, history.key(1).substr(0, 20)));
  const std::string hex = history.key(0);
  const struct {
    std::string path, object;
  } rows[] = {{history.entry(0), "m0"},
              {history.entry(1), "m1"},
              {"locks/" + history.key(1) + ".lock", "m1"},
              {"tmp/" + history.key(3) + ".1.2.3.tmp", "epilogue"},
              {"tmp/manifest.1.2.tmp", "tmp/manifest"},
              {"tmp/x", "tmp/x"},
              {"manifest.json", "manifest.json"},
              {"entries/x.y", "entries/x.y"},
              {"", "the directory"},
              {"/x", "/x"}};
  for (const auto& row : rows) EXPECT_EQ(record.object_of(row.path), row.object) << row.path;
}

TEST(RunRecord, ForgetsTheRunBefore) {
  Plan plan = plan_of({OperationKind::get, OperationKind::get}, true);
  plan.network.faults = {parse_turn("flip_byte:1+drip:3").value(), parse_turn("refused").value()};
  plan.start.damage = {{DamageKind::cut, 0}};
  plan.processes[0].umask = 0700;
  History broken(plan);
  RunRecord record;
  broken.make_cache();
  broken.list();
  const std::vector<Model> models_of_broken = {broken.model(0), broken.model(1)};
  record.begin(plan, models_of_broken);
  const auto take = [&](StepKind kind, const std::string& path, int error, StepFault fault) {
    Step step;
    step.kind = kind;
    step.path = path;
    step.error = error;
    step.fault = fault;
    step.process = 1;
    step.at = std::chrono::hours(1);
    record.take(step, broken.disk());
  };
  take(StepKind::make_directory, "", 0, StepFault::none);
  take(StepKind::try_lock, "locks/manifest.lock", ENOLCK, StepFault::error);
  take(StepKind::try_lock, "locks/manifest.lock", EWOULDBLOCK, StepFault::none);
  take(StepKind::close, "locks/manifest.lock", 0, StepFault::none);
  take(StepKind::connect, "", 0, StepFault::none);
  take(StepKind::unlink, "manifest.json", 0, StepFault::none);
  take(StepKind::unlink, broken.entry(0), 0, StepFault::none);
  OperationOutcome outcome;
  outcome.process = 1;
  record.begin_outcome(outcome);
  record.end_outcome(outcome);
  ASSERT_TRUE(record.do_locks_lie() && record.has_given_up_manifest() && record.may_lie_by_url());
  ASSERT_GT(record.manifest_changed_at(), 0U);
  // What the second run does tells whether anything of the first is left.
  take(StepKind::connect, "", 0, StepFault::none);
  record.end_stage();
  record.enter(StageKind::epilogue, broken.disk());
  ASSERT_GT(record.first_connection_of_stage(), 0U);
  const auto second_run = [&](History& history) {
    std::vector<Lines> all = {account_of(history)};
    for (const int error : {ECONNREFUSED, ETIMEDOUT, EACCES})
      history.open("x", OpenMode::read, History::is_told(error));
    history.connect();
    history.open("entries/" + modelcache::key_of_url("x"), OpenMode::create_new);
    for (FileNumber file = 0; file < 9; ++file) {
      Step write;
      write.kind = StepKind::write;
      write.path = "x";
      write.file = file;
      write.result = 1;
      history.disk().make("x", FileType::regular, 0644);
      history.take(write);
      all.push_back(account_of(history));
    }
    return all;
  };
  History alone(plan_of({OperationKind::get_by_url}));
  alone.record();
  History again(plan_of({OperationKind::get_by_url}));
  const std::vector<Model> models = {again.model(0), again.model(1)};
  record.begin(again.plan(), models);
  std::swap(record, again.record());
  EXPECT_EQ(second_run(again), second_run(alone));
}

}  // namespace
}  // namespace stampede
