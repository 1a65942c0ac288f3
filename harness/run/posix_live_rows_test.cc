// Rows of the live world on this machine: what they count can be counted otherwise.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <string_view>
#include <thread>

#include "harness/free/posix_bare_start.h"
#include "harness/free/posix_scratch_directory.h"
#include "harness/live/live_skip_for_test.h"
#include "harness/live/live_zygote.h"
#include "harness/run/command_benchmark.h"
#include "harness/run/command_plan.h"
#include "harness/run/figures.h"
#include "harness/run/idle_subject_for_test.h"
#include "harness/run/live_benchmark.h"
#include "harness/run/live_job.h"
#include "harness/run/sim_benchmark.h"
#include "harness/run/subject_catalogue.h"
#include "harness/strategy/random_walk.h"

namespace stampede {
namespace {

const std::vector<std::string> kCommandZygote = {STAMPEDE_PROGRAM, "live-command-zygote"};

bool goes_on() { return false; }
void ignore(const std::string&) {}

double processor_seconds() {
  double sum = 0;
  for (const auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    EXPECT_EQ(::getrusage(who, &usage), 0);
    sum += static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec);
    sum += static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  }
  return sum;
}

class LiveRows : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto world = make_live_plan_world(programs_.zygote);
    if (!world) GTEST_SKIP() << "no live world here: " << not_live_here(world.error().message());
  }

  std::vector<LiveRow> rows(const std::vector<std::string>& chosen, std::uint64_t runs, const LiveBenchmarkSize& size,
                            const std::function<void(const std::string&)>& progress = ignore) {
    auto measured = run_live_benchmark(chosen, runs, programs_, goes_on, progress, size);
    EXPECT_FALSE(measured.error) << measured.error->message();
    return std::move(measured.rows);
  }

  const LiveBenchmarkPrograms programs_{{STAMPEDE_PROGRAM, "live-zygote"},
                                        {STAMPEDE_PROGRAM, "live-calls-zygote"},
                                        STAMPEDE_PROGRAM,
                                        kCommandZygote,
                                        STAMPEDE_SUBJECTS};
};

TEST_F(LiveRows, TakeTheStepsOfTheSimulator) {
  std::vector<std::string> said;
  const LiveBenchmarkSize size{.schedules = 3};
  const auto live = rows({"live_same", "live_drawn"}, 2, size, [&](const auto& text) { said.push_back(text); });
  const auto sim = run_sim_benchmark({"sim_"}, 1, goes_on, ignore, 3);
  ASSERT_EQ(live.size(), 2U);
  ASSERT_EQ(sim.size(), 2U);
  EXPECT_EQ(live[0].name, "live_same_model_3proc");
  EXPECT_EQ(live[1].name, "live_drawn_plans");
  for (std::size_t i = 0; i < 2; ++i) {
    SCOPED_TRACE(live[i].name);
    EXPECT_EQ(live[i].steps, sim[i].steps);
    EXPECT_EQ(live[i].processes, sim[i].processes);
    EXPECT_EQ(live[i].schedules, 3U);
    EXPECT_EQ(live[i].runs, 2U);
    EXPECT_EQ(live[i].violations, 0U);
    EXPECT_EQ(live[i].uncontrolled, 0U);
    EXPECT_GT(live[i].ratio_to_bare_starts.value_or(0), 0);
    EXPECT_FALSE(live[i].ratio_to_one_world || live[i].decision_microseconds || live[i].cpu_milliseconds);
  }
  EXPECT_EQ(said, (std::vector<std::string>{"live_same_model_3proc, run 1 of 2", "live_same_model_3proc, run 2 of 2",
                                            "live_drawn_plans, run 1 of 2", "live_drawn_plans, run 2 of 2"}));
}

TEST_F(LiveRows, TakeTwiceTheStepsInTwoWorlds) {
  const auto both = rows({"live_same", "live_two"}, 1, {.schedules = 2});
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[1].schedules, 4U);
  EXPECT_EQ(both[1].processes, 3U);
  const bool is_possible = std::thread::hardware_concurrency() >= 2;
  EXPECT_EQ(both[1].runs, is_possible ? 1U : 0U);
  EXPECT_EQ(both[1].steps, is_possible ? 2 * both[0].steps : 0U);
  EXPECT_EQ(both[1].ratio_to_one_world.has_value(), is_possible);
  EXPECT_FALSE(both[1].ratio_to_bare_starts);
}

TEST_F(LiveRows, CountTheCallsOfADecision) {
  const auto few = rows({"live_decision"}, 1, {.calls = 30, .traced_calls = 20});
  const auto more = rows({"live_decision"}, 2, {.calls = 50, .traced_calls = 20});
  ASSERT_EQ(few.size(), 2U);
  ASSERT_EQ(more.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    SCOPED_TRACE(few[i].name);
    EXPECT_EQ(more[i].steps - few[i].steps, 20U) << "of one run";
    EXPECT_EQ(more[i].runs, 2U);
    EXPECT_EQ(few[i].processes, 1U);
    EXPECT_EQ(few[i].schedules, 0U);
    EXPECT_EQ(few[i].uncontrolled, 0U);
    EXPECT_GT(few[i].decision_microseconds.value_or(0), 0);
    EXPECT_GT(few[i].seconds.value_or(0), 0);
    EXPECT_FALSE(few[i].schedules_per_second || few[i].ratio_to_bare_starts);
  }
}

TEST_F(LiveRows, SetCommandsBesideBareOnes) {
  const double before = processor_seconds();
  const auto commands = rows({"live_exec_modelcache"}, 1, {.command_schedules = 2, .bare_commands = 3});
  const double spent = processor_seconds() - before;
  ASSERT_EQ(commands.size(), 1U);
  const LiveRow& row = commands[0];
  EXPECT_EQ(row.schedules, 2U);
  EXPECT_EQ(row.processes, 3U);
  EXPECT_EQ(row.commands, 5U) << "a get each, and two of the epilogue";
  EXPECT_EQ(row.violations, 0U);
  EXPECT_EQ(row.uncontrolled, 0U);
  EXPECT_GT(row.steps, 2U * 5);
  EXPECT_GT(row.cpu_milliseconds.value_or(0), 0);
  EXPECT_LE(row.cpu_milliseconds.value_or(0) * 2, spent * 1e3);
  EXPECT_GT(row.cpu_ratio_to_bare_starts.value_or(0), 0);
  ASSERT_TRUE(row.ratio_to_bare_starts && row.ratio_of_plans_to_bare_starts);
  // 5 commands in the whole time against 3 in what is left without epilogues.
  EXPECT_GT(*row.ratio_of_plans_to_bare_starts, *row.ratio_to_bare_starts * 3 / 5);
}

TEST_F(LiveRows, AreWhatIsChosenUntilItIsInterrupted) {
  const auto none = run_live_benchmark({}, 1, programs_, [] { return true; }, ignore, {.schedules = 1});
  EXPECT_FALSE(none.error);
  EXPECT_TRUE(none.rows.empty());
  int asked = 0;
  const auto cut =
      run_live_benchmark({"live_same"}, 5, programs_, [&] { return ++asked > 2; }, ignore, {.schedules = 1});
  EXPECT_FALSE(cut.error);
  ASSERT_EQ(cut.rows.size(), 1U);
  EXPECT_EQ(cut.rows.front().runs, 1U) << "asked once for the row, and once for each run";
  LiveBenchmarkPrograms nobody = programs_;
  nobody.zygote = {"/nonexistent/program"};
  nobody.calls_zygote = nobody.zygote;
  for (const char* row : {"live_same", "live_two", "live_decision"}) {
    if (std::string(row) == "live_two" && std::thread::hardware_concurrency() < 2) continue;
    EXPECT_TRUE(run_live_benchmark({row}, 1, nobody, goes_on, ignore, {.schedules = 1}).error) << row;
  }
  nobody.subjects_directory = "/nonexistent";
  EXPECT_TRUE(run_live_benchmark({"live_exec_modelcache"}, 1, nobody, goes_on, ignore, {.command_schedules = 1}).error);
}

TEST_F(LiveRows, TellWhatAllTheirRunsViolated) {
  const std::uint64_t of_one = violations_of_the_idle();
  ASSERT_GT(of_one, 0U);
  LiveBenchmarkPrograms idle = programs_;
  idle.zygote = {"/proc/self/exe", "idle-zygote"};
  const auto told = run_live_benchmark({"live_same", "live_two"}, 2, idle, goes_on, ignore, {.schedules = 3});
  EXPECT_FALSE(told.error);
  ASSERT_EQ(told.rows.size(), 2U);
  EXPECT_EQ(told.rows[0].violations, 2 * 3 * of_one);
  if (told.rows[1].runs > 0) {
    EXPECT_EQ(told.rows[1].violations, 2 * (2 + 1) * 3 * of_one) << "of two worlds, and of one";
  }
}

TEST_F(LiveRows, TellHowManyRunsOfDecisionsWereUncontrolled) {
  LiveBenchmarkPrograms waiting = programs_;
  waiting.calls_zygote = {"/proc/self/exe", "waiting-zygote"};
  const auto told = run_live_benchmark({"live_decision_plain"}, 2, waiting, goes_on, ignore, {.traced_calls = 1});
  EXPECT_FALSE(told.error);
  ASSERT_EQ(told.rows.size(), 1U);
  EXPECT_EQ(told.rows[0].uncontrolled, 2U);
  EXPECT_EQ(told.rows[0].decision_microseconds, std::nullopt);
}

TEST_F(LiveRows, TellWhatCommandsViolated) {
  const auto scratch = PosixScratchDirectory::make();
  ASSERT_TRUE(scratch);
  const std::string file = scratch->path() + "/modelcache_command.json";
  std::ofstream(file) << R"({"subject": 1, "name": "modelcache_command", "summary": "says it has what it never fetched",
                             "argv": ["true", "{url}", "{sha256}", "{cache}"], "artifact": "stdout"})";
  const auto subject = find_subject("modelcache_command", scratch->path());
  ASSERT_TRUE(subject) << subject.error().message();
  auto world = make_command_plan_world(*subject, kCommandZygote);
  ASSERT_TRUE(world) << world.error().message();
  SimRunner runner(std::move(*world));
  const std::uint64_t of_one = time_schedules({as_command_plan(three_get_one(), subject->name)}, runner).violations;
  ASSERT_GT(of_one, 0U);
  LiveBenchmarkPrograms idle = programs_;
  idle.subjects_directory = scratch->path();
  const auto told = run_live_benchmark({"live_exec_modelcache"}, 2, idle, goes_on, ignore,
                                       {.command_schedules = 2, .bare_commands = 1});
  EXPECT_FALSE(told.error);
  ASSERT_EQ(told.rows.size(), 1U);
  EXPECT_EQ(told.rows[0].violations, 2 * 2 * of_one);
}

// The parts are made up, so that every figure is known.
TEST_F(LiveRows, SetTheirTimeBesideTheirBounds) {
  LiveBenchmarkParts parts;
  parts.bare_starts = [](const std::vector<Plan>& plans, LiveWorld&, Observer&) {
    return modelcache::Result<double>(static_cast<double>(plans.size()));
  };
  parts.side_by_side = [this](const std::vector<Plan>& plans, std::size_t count,
                              const std::vector<std::string>& zygote) {
    EXPECT_EQ(plans.size(), 3U);
    EXPECT_EQ(zygote, programs_.zygote);
    LiveRun run;
    run.tally = count == 2 ? ScheduleTally{.seconds = 5, .steps = 70, .violations = 11, .uncontrolled = 13}
                           : ScheduleTally{.seconds = 4, .steps = 30, .violations = 17, .uncontrolled = 19};
    return run;
  };
  parts.traced = [this](const std::string& program, std::string_view call, std::uint64_t calls) {
    EXPECT_EQ(program, programs_.program);
    EXPECT_EQ(calls, 20U);
    return std::optional<std::chrono::nanoseconds>(call == "read" ? 2'500 : 3'500);
  };
  const auto before = std::chrono::steady_clock::now();
  const auto told = run_live_benchmark({"live_same", "live_two", "live_decision"}, 2, programs_, goes_on, ignore,
                                       {.schedules = 3, .calls = 30, .traced_calls = 20}, parts);
  const double outer = seconds_since(before);
  EXPECT_FALSE(told.error);
  ASSERT_EQ(told.rows.size(), 4U);
  const LiveRow &same = told.rows[0], &two = told.rows[1];
  EXPECT_DOUBLE_EQ(same.ratio_to_bare_starts.value_or(-1), 3 / same.seconds.value_or(1));
  EXPECT_LE(same.seconds_max.value_or(outer + 1), outer);
  if (two.runs > 0) {
    EXPECT_EQ(two.seconds, 5);
    EXPECT_EQ(two.steps, 70U);
    EXPECT_EQ(two.violations, 2U * (11 + 17));
    EXPECT_EQ(two.uncontrolled, 2U * (13 + 19));
    EXPECT_DOUBLE_EQ(two.ratio_to_one_world.value_or(-1), 2 * 4 / 5.0);
  }
  for (const std::size_t i : {2, 3}) {
    const LiveRow& row = told.rows[i];
    EXPECT_EQ(row.strace_microseconds, i == 2 ? 2.5 : 3.5);
    EXPECT_LE(row.seconds_max.value_or(outer + 1), outer);
    // Of 29 from one call to the next, 15 take the median at least.
    EXPECT_LE(row.decision_microseconds.value_or(1e9) * 1e-6 * 15, row.seconds_max.value_or(0));
  }
}

TEST_F(LiveRows, KeepWhatWasFoundBeforeAnError) {
  LiveBenchmarkPrograms idle = programs_;
  idle.zygote = {"/proc/self/exe", "idle-zygote"};
  LiveBenchmarkParts parts;
  int measured = 0;
  parts.bare_starts = [&](const std::vector<Plan>&, LiveWorld&, Observer&) -> modelcache::Result<double> {
    if (++measured == 4) return modelcache::fail(modelcache::ErrorCode::exhausted, "start", "", "no more processes");
    return 1;
  };
  const auto told = run_live_benchmark({"live_same", "live_drawn", "live_decision"}, 3, idle, goes_on, ignore,
                                       {.schedules = 2}, parts);
  ASSERT_TRUE(told.error);
  EXPECT_EQ(told.error->detail, "no more processes");
  ASSERT_EQ(told.rows.size(), 2U) << "none is begun behind it";
  EXPECT_EQ(told.rows[0].runs, 3U);
  EXPECT_EQ(told.rows[0].violations, 3 * 2 * violations_of_the_idle());
  EXPECT_EQ(told.rows[1].runs, 0U);
  EXPECT_GT(told.rows[1].violations, 0U) << "the run was judged, and its bound failed";
  EXPECT_EQ(told.rows[1].seconds, std::nullopt);

  if (std::thread::hardware_concurrency() < 2) return;
  for (const std::size_t failing : {1, 2}) {
    parts.side_by_side = [&](const std::vector<Plan>&, std::size_t count, const std::vector<std::string>&) {
      LiveRun run;
      run.tally.violations = count == 2 ? 7 : 5;
      if (count == failing) run.error = modelcache::Error{modelcache::ErrorCode::io, "", "", "gone"};
      return run;
    };
    const auto two = run_live_benchmark({"live_two"}, 2, idle, goes_on, ignore, {.schedules = 2}, parts);
    ASSERT_TRUE(two.error);
    EXPECT_EQ(two.error->detail, "gone");
    ASSERT_EQ(two.rows.size(), 1U);
    EXPECT_EQ(two.rows[0].violations, 12U);
  }
  const LiveRun none = run_side_by_side(plans_to_time(1, false), 2, {"/nonexistent/program"});
  EXPECT_TRUE(none.error);
}

TEST_F(LiveRows, AreBoundByAsManyProcessesOfAllStages) {
  struct Ends final : Observer {
    void on_step(const Step&, const DiskView&) override { ++steps; }
    void on_process_end(std::uint32_t, ProcessEnd, const DiskView&) override { ++ends; }
    std::uint64_t steps = 0, ends = 0;
  } seen;
  auto world = LiveWorld::start({.zygote = programs_.zygote});
  ASSERT_TRUE(world);
  std::vector<Plan> plans = plans_to_time(2, false);
  plans[0].start.warm = {0};
  const auto before = std::chrono::steady_clock::now();
  const auto seconds = bare_starts(plans, **world, seen);
  ASSERT_TRUE(seconds);
  EXPECT_LE(*seconds, seconds_since(before));
  EXPECT_EQ(seen.ends, 5U + 4) << "the plan's three, the epilogue's, and one that warms up";
  EXPECT_EQ(seen.steps, 0U);
}

TEST_F(LiveRows, TimeEpiloguesApart) {
  const auto subject = find_subject("modelcache_command", STAMPEDE_SUBJECTS);
  ASSERT_TRUE(subject) << subject.error().message();
  const auto bench = CommandBench::start(*subject, kCommandZygote);
  ASSERT_TRUE(bench) << bench.error().message();
  const SpentTime before = (*bench)->take_epilogues();
  EXPECT_EQ(before.seconds, 0);
  EXPECT_EQ(before.cpu_seconds, 0);
  const Plan plan = as_command_plan(three_get_one(), subject->name);
  SimRunner runner((*bench)->take_world());
  RandomWalk walk(1);
  const Stopwatch watch;
  EXPECT_EQ(runner.run(plan, walk).uncontrolled, "");
  const SpentTime all = watch.spent();
  const SpentTime epilogue = (*bench)->take_epilogues();
  EXPECT_GT(epilogue.seconds, 0);
  EXPECT_GT(epilogue.cpu_seconds, 0);
  EXPECT_LT(epilogue.seconds, all.seconds);
  EXPECT_LT(epilogue.cpu_seconds, all.cpu_seconds);
  EXPECT_EQ((*bench)->take_epilogues().seconds, 0) << "since this was last asked";
  const Model model = generated_model(plan.models.front().name, plan.models.front().size_bytes);
  const auto bare = (*bench)->run_bare(model, 2);
  ASSERT_TRUE(bare) << "the epilogue has left it there";
  EXPECT_GT(bare->seconds, 0);
  EXPECT_GT(bare->cpu_seconds, 0);
  EXPECT_FALSE((*bench)->run_bare(generated_model("unknown", 10), 1)) << "nobody serves it any more";
  EXPECT_FALSE(CommandBench::start(*subject, {"/nonexistent/program"}));
}

TEST(Stopwatch, CountsThisProcessAndItsChildren) {
  using Clock = std::chrono::steady_clock;
  const double outer = processor_seconds();
  const auto outer_began = Clock::now();
  const Stopwatch watch;
  const auto inner_began = Clock::now();
  const double inner = processor_seconds();
  EXPECT_TRUE(measure_bare_starts("/bin/true", 5));
  const double inner_spent = processor_seconds() - inner;
  const std::chrono::duration<double> inner_time = Clock::now() - inner_began;
  const SpentTime spent = watch.spent();
  const std::chrono::duration<double> outer_time = Clock::now() - outer_began;
  constexpr double kRounding = 1e-5;
  EXPECT_GT(inner_spent, 0);
  EXPECT_GE(spent.cpu_seconds, inner_spent - kRounding);
  EXPECT_LE(spent.cpu_seconds, processor_seconds() - outer + kRounding);
  EXPECT_GE(spent.seconds, inner_time.count());
  EXPECT_LE(spent.seconds, outer_time.count());
}

}  // namespace
}  // namespace stampede

// Also of live_sim_test.cc.
int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "live-zygote") {
    return stampede::run_subject_zygote(stampede::built_in_subject());
  }
  if (argc > 1 && std::string_view(argv[1]) == "idle-zygote") {
    return stampede::run_subject_zygote(stampede::idle_subject());
  }
  if (argc > 1 && std::string_view(argv[1]) == "waiting-zygote") {  // for what no world knows
    return stampede::run_live_zygote([] {},
                                     [](const stampede::LiveTask&) {
                                       int ends[2];
                                       char byte = 0;
                                       if (::pipe(ends) == 0) (void)!::read(ends[0], &byte, 1);
                                     });
  }
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
