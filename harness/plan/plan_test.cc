// Tests of plans: names both ways, what is refused and where, the line for people.
#include "harness/plan/plan.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <string>

#include "harness/plan/one_of_everything.h"

namespace stampede {
namespace {

template <class Kind, class Named>
void expect_names_both_ways(std::size_t count, Named named) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto kind = static_cast<Kind>(i);
    EXPECT_NE(name_of(kind), "?");
    EXPECT_EQ(named(name_of(kind)), kind) << name_of(kind);
  }
  EXPECT_EQ(name_of(static_cast<Kind>(count)), "?");
  EXPECT_EQ(named("nonsense"), std::nullopt);
  EXPECT_EQ(named(""), std::nullopt);
}

TEST(PlanNames, GoBothWays) {
  expect_names_both_ways<OperationKind>(kOperationKinds, operation_kind_named);
  expect_names_both_ways<DamageKind>(kDamageKinds, damage_kind_named);
  expect_names_both_ways<DiskEffect>(kDiskEffects, disk_effect_named);
  expect_names_both_ways<ProcessFaultKind>(kProcessFaultKinds, process_fault_kind_named);
}

TEST(PlanNames, OfErrnosGoBothWays) {
  for (const std::string_view name : {"ENOSPC", "EIO", "EINTR", "EMFILE", "EACCES", "EROFS", "EXDEV", "ENOLCK",
                                      "EDQUOT", "ESTALE", "EINVAL", "EOPNOTSUPP"}) {
    ASSERT_TRUE(errno_named(name)) << name;
    EXPECT_EQ(errno_name(*errno_named(name)), name);
  }
  EXPECT_EQ(errno_named("ENOENT"), std::nullopt);
  EXPECT_EQ(errno_name(0), "?");
  EXPECT_EQ(errno_named("ENOSPC"), ENOSPC);
}

TEST(PlanNames, EveryErrnoOfAStepHasAName) {
  std::size_t seen = 0;
  for (std::size_t step = 0; step < kStepKinds; ++step) {
    for (const int error : errnos_of(static_cast<StepKind>(step))) {
      EXPECT_NE(errno_name(error), "?");
      ++seen;
    }
  }
  EXPECT_GT(seen, 50U);
}

TEST(PlanCheck, AcceptsOneOfEverything) {
  const auto checked = check(plan_of_everything());
  EXPECT_TRUE(checked) << checked.error().message();
}

struct PlanRefusal {
  std::string place;   // of the error
  std::string detail;  // a part of it
  std::function<void(Plan&)> spoil;
};

// Each is wrong in one place.
std::vector<PlanRefusal> plan_refusals() {
  const auto long_text = std::string(kPlanTextMax + 1, 'x');
  return {
      {"models", "expected 0 to 16, got 17", [](Plan& p) { p.models.resize(17, {"m", 1}); }},
      {"models[0].name", "got \"\"", [](Plan& p) { p.models[0].name = ""; }},
      {"models[0].name", "got \"../m\"", [](Plan& p) { p.models[0].name = "../m"; }},
      {"models[0].name", "got \"/m\"", [](Plan& p) { p.models[0].name = "/m"; }},
      {"models[0].name", "got \"a b\"", [](Plan& p) { p.models[0].name = "a b"; }},
      {"models[0].name", "at most 200", [](Plan& p) { p.models[0].name = std::string(201, 'm'); }},
      {"models[0].name", "other bytes", [](Plan& p) { p.models[0].name = "m\n"; }},
      {"models[1].name", "got \"m0\" again", [](Plan& p) { p.models[1].name = "m0"; }},
      {"models[0].bytes", "expected 0 to 1048576, got 1048577", [](Plan& p) { p.models[0].size_bytes = 1048577; }},
      {"processes", "expected 1 to 64, got 0", [](Plan& p) { p.processes.clear(); }},
      {"processes", "expected 1 to 64, got 65", [](Plan& p) { p.processes.resize(65); }},
      {"processes[1].operations", "expected 0 to 256", [](Plan& p) { p.processes[1].operations.resize(257); }},
      {"processes[1].operations[0].model", "one of 2 models, got 2",
       [](Plan& p) { p.processes[1].operations[0].model = 2; }},
      {"processes[0].operations[1].model", "expected 0 to 0, got 1",
       [](Plan& p) { p.processes[0].operations[1].model = 1; }},
      {"processes[0].operations[0].kind", "a known kind",
       [](Plan& p) { p.processes[0].operations[0].kind = static_cast<OperationKind>(8); }},
      {"processes[0].verify", "a known policy",
       [](Plan& p) { p.processes[0].verify = static_cast<modelcache::VerifyPolicy>(3); }},
      {"processes[0].lock_wait", "got -1ms", [](Plan& p) { p.processes[0].lock_wait = std::chrono::milliseconds(-1); }},
      {"processes[0].lock_wait", "10 years",
       [](Plan& p) { p.processes[0].lock_wait = kPlanTimeMax + std::chrono::milliseconds(1); }},
      {"processes[0].umask", "got 1000", [](Plan& p) { p.processes[0].umask = 01000; }},
      {"processes[0].umask", "got 100", [](Plan& p) { p.processes[0].umask = 0100; }},
      {"processes[0].descriptors_max", "got 1048577", [](Plan& p) { p.processes[0].descriptors_max = 1048577; }},
      {"processes[0].idle_steps", "got 50001", [](Plan& p) { p.processes[0].idle_steps = 50'001; }},
      {"processes[1].idle_steps", "expected 0 to 49000, got 49001",
       [](Plan& p) { p.processes[0].idle_steps = 1000, p.processes[1].idle_steps = 49'001; }},
      {"start.warm[0]", "one of 2 models", [](Plan& p) { p.start.warm = {2}; }},
      {"start.warm[1]", "each model once", [](Plan& p) { p.start.warm = {1, 1}; }},
      {"start.damage", "got 4097", [](Plan& p) { p.start.damage.resize(4097, {DamageKind::unlisted, 0}); }},
      {"start.damage[0]", "start.warm names, got \"m0\"", [](Plan& p) { p.start.damage[0].model = 0; }},
      {"start.damage[0]", "one of 2 models", [](Plan& p) { p.start.damage[0] = {DamageKind::dead_temporary, 2}; }},
      {"start.damage[1]", "expected 0 to 0", [](Plan& p) { p.start.damage[1].model = 1; }},
      {"start.damage[0]", "a known kind", [](Plan& p) { p.start.damage[0].kind = static_cast<DamageKind>(6); }},
      {"network.turns", "got 4097", [](Plan& p) { p.network.faults.resize(4097); }},
      {"network.turns[1]", "contradict", [](Plan& p) { p.network.faults[1].parts.resize(2, {FaultKind::drip, 0, 9}); }},
      {"network.turns[1]", "needs a number of bytes",
       [](Plan& p) { p.network.faults[1] = NetworkFault{.kind = FaultKind::drip}; }},
      {"network.turns[1]", "what \"bare_lf\" says",
       [](Plan& p) { p.network.faults[1] = NetworkFault{.kind = FaultKind::bare_lf, .at_bytes = 3}; }},
      {"network.turns[1]", "known kinds", [](Plan& p) { p.network.faults[1].parts = {{static_cast<FaultKind>(99)}}; }},
      {"network.every", "expected 1 to", [](Plan& p) { p.network.every = 0; }},
      {"disk", "got 4097", [](Plan& p) { p.disk.resize(4097, p.disk[0]); }},
      {"disk[0].step", "a known step", [](Plan& p) { p.disk[0].step = static_cast<StepKind>(26); }},
      {"disk[0].step", "can fail, got now", [](Plan& p) { p.disk[0].step = StepKind::now; }},
      {"disk[0].process", "one of 2 processes, got 2", [](Plan& p) { p.disk[0].process = 2; }},
      {"disk[0].path", "at most 4096 bytes, got 4097", [=](Plan& p) { p.disk[0].path = long_text; }},
      {"disk[0].path", "UTF-8", [](Plan& p) { p.disk[0].path = "\xff"; }},
      {"disk[0].nth", "got 10000001", [](Plan& p) { p.disk[0].nth = 10'000'001; }},
      {"disk[0].times", "got 10000001", [](Plan& p) { p.disk[0].times = 10'000'001; }},
      {"disk[0].times", "that end", [](Plan& p) { p.disk[0].error = EINTR; }},
      {"disk[0].error", "EINTR, ESTALE for write, got EXDEV", [](Plan& p) { p.disk[0].error = EXDEV; }},
      {"disk[0].error", "got none", [](Plan& p) { p.disk[0].error = 0; }},
      {"disk[1].error", "none with another effect, got EIO", [](Plan& p) { p.disk[1].error = EIO; }},
      {"disk[1].effect", "got open", [](Plan& p) { p.disk[1].step = StepKind::open; }},
      {"disk[1].effect", "got try_lock", [](Plan& p) { p.disk[1].effect = DiskEffect::short_transfer; }},
      {"disk[1].effect", "a known effect", [](Plan& p) { p.disk[1].effect = static_cast<DiskEffect>(3); }},
      {"process_faults", "got 4097", [](Plan& p) { p.process_faults.resize(4097, p.process_faults[0]); }},
      {"process_faults[0].process", "one of 2 processes", [](Plan& p) { p.process_faults[0].process = 2; }},
      {"process_faults[0].step", "got 10000001", [](Plan& p) { p.process_faults[0].step = 10'000'001; }},
      {"process_faults[0].time", "none, got 1ns",
       [](Plan& p) { p.process_faults[0].time = std::chrono::nanoseconds(1); }},
      {"process_faults[0].kind", "a known kind",
       [](Plan& p) { p.process_faults[0].kind = static_cast<ProcessFaultKind>(4); }},
      {"process_faults[1].time", "more than 0", [](Plan& p) { p.process_faults[1].time = {}; }},
      {"process_faults[2].time", "-10 to 10 years",
       [](Plan& p) { p.process_faults[2].time = p.process_faults[2].time.min(); }},
      {"process_faults[2].time", "-10 to 10 years",
       [](Plan& p) { p.process_faults[2].time = p.process_faults[2].time.max(); }},
      {"schedule.switches", "got 65537", [](Plan& p) { p.schedule.switches.resize(65537); }},
      {"schedule.switches[1][0]", "one of 2 processes", [](Plan& p) { p.schedule.switches[1].process = 2; }},
      {"schedule.switches[1][1]", "got 10000001", [](Plan& p) { p.schedule.switches[1].step = 10'000'001; }},
      {"schedule.switches[1][2]", "one of 2 processes", [](Plan& p) { p.schedule.switches[1].to = 2; }},
      {"why", "UTF-8", [](Plan& p) { p.note.why = "\x1b[2J"; }},
      {"why", "UTF-8", [](Plan& p) { p.note.why = "\xed\xa0\x80"; }},  // half of a pair
      {"why", "UTF-8", [](Plan& p) { p.note.why = "\xc0\xaf"; }},      // a longer form than needed
      {"why", "UTF-8", [](Plan& p) { p.note.why = "\xc2\x9b"; }},      // CSI
      {"why", "UTF-8", [](Plan& p) { p.note.why = "\xe2\x82"; }},      // cut
      {"found_by", "at most 4096", [=](Plan& p) { p.note.found_by = long_text; }},
      {"expect", "id of an invariant", [](Plan& p) { p.note.expect = ""; }},
      {"expect", "id of an invariant", [](Plan& p) { p.note.expect = "No way"; }},
      {"kills", "got 4097", [](Plan& p) { p.note.kills.resize(4097, "x"); }},
      {"kills[0]", "name of a mutant", [](Plan& p) { p.note.kills[0] = ""; }},
      {"trace_hash", "16 hexadecimal", [](Plan& p) { p.note.trace_hash = "0123456789abcdeF"; }},
  };
}

TEST(PlanCheck, NamesThePlaceThatIsWrong) {
  for (const PlanRefusal& refusal : plan_refusals()) {
    Plan plan = plan_of_everything();
    refusal.spoil(plan);
    const auto checked = check(plan);
    ASSERT_FALSE(checked) << refusal.place << ": " << refusal.detail;
    EXPECT_EQ(checked.error().code, modelcache::ErrorCode::invalid_argument);
    EXPECT_EQ(checked.error().place, refusal.place);
    EXPECT_NE(checked.error().detail.find(refusal.detail), std::string::npos) << checked.error().message();
  }
}

TEST(PlanCheck, AcceptsTextInOtherLanguages) {
  Plan plan = plan_of_everything();
  plan.note.why = "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x90\x98";
  EXPECT_TRUE(check(plan));
}

TEST(PlanLine, ShowsThePlanAtAGlance) {
  Plan plan;
  plan.models = {{"m0", 1024}};
  plan.processes.resize(2);
  for (PlanProcess& process : plan.processes) process.operations = {Operation{}};
  EXPECT_EQ(print_line(plan), "2 processes, m0 1 KiB: get m0 | get m0");
  plan.schedule.switches = {{0, 1, 1}, {1, 1, 0}, {0, 2, 1}};
  plan.process_faults = {{ProcessFaultKind::kill_before, 1, 17, {}}};
  EXPECT_EQ(print_line(plan), "2 processes, m0 1 KiB: get m0 | get m0; 3 switches; kill 1 before 17");
}

TEST(PlanLine, ShowsOneOfEverything) {
  EXPECT_EQ(
      print_line(plan_of_everything()),
      "2 processes, m0 1 KiB, nets/m1.onnx 70000 B: get m0, list | 7 idle, remove nets/m1.onnx; warm nets/m1.onnx; "
      "cut nets/m1.onnx, unlisted; read-only; network drip:1000+flip_byte:7, none again and again, each after 1 "
      "good; write 3 and all that follow of 1 on tmp/ ENOSPC, try_lock 0 does_nothing; 2 switches; time runs "
      "first; kill 1 before 17, stop 0 before 3 for 5ms, clock -3600s before 4 of 0");
}

TEST(PlanLine, CountsWhatIsTooMuchToShow) {
  Plan plan;
  plan.processes = {PlanProcess{.operations = std::vector<Operation>(9, {OperationKind::recover, 0})}, PlanProcess{}};
  EXPECT_EQ(print_line(plan), "2 processes: 9 operations | nothing");
}

TEST(PlanTime, IsPrintedInTheLargestExactUnit) {
  using std::chrono::nanoseconds;
  EXPECT_EQ(print_time(nanoseconds(0)), "0s");
  EXPECT_EQ(print_time(nanoseconds(7)), "7ns");
  EXPECT_EQ(print_time(nanoseconds(1'500'000)), "1500us");
  EXPECT_EQ(print_time(nanoseconds(20'000'000)), "20ms");
  EXPECT_EQ(print_time(nanoseconds(-3'600'000'000'000)), "-3600s");
}

}  // namespace
}  // namespace stampede
