// Rows of the live world on this machine: what they count can be counted otherwise.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <thread>

#include "harness/free/posix_bare_start.h"
#include "harness/live/live_skip_for_test.h"
#include "harness/run/command_benchmark.h"
#include "harness/run/command_plan.h"
#include "harness/run/live_benchmark.h"
#include "harness/run/sim_benchmark.h"
#include "harness/run/subject_catalogue.h"
#include "harness/strategy/random_walk.h"

namespace stampede {
namespace {

const std::vector<std::string> kCommandZygote = {STAMPEDE_PROGRAM, "live-command-zygote"};

bool goes_on() { return false; }
void ignore(const std::string&) {}

class LiveRows : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto world = make_live_plan_world(programs_.zygote);
    if (!world) GTEST_SKIP() << "no live world here: " << not_live_here(world.error().message());
  }

  std::vector<LiveRow> rows(const std::vector<std::string>& chosen, std::uint64_t runs, const LiveBenchmarkSize& size,
                            const std::function<void(const std::string&)>& progress = ignore) {
    auto measured = run_live_benchmark(chosen, runs, programs_, goes_on, progress, size);
    EXPECT_TRUE(measured) << measured.error().message();
    return measured ? std::move(*measured) : std::vector<LiveRow>{};
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
  const auto commands = rows({"live_exec_modelcache"}, 1, {.command_schedules = 2, .bare_commands = 3});
  ASSERT_EQ(commands.size(), 1U);
  const LiveRow& row = commands[0];
  EXPECT_EQ(row.schedules, 2U);
  EXPECT_EQ(row.processes, 3U);
  EXPECT_EQ(row.commands, 5U) << "a get each, and two of the epilogue";
  EXPECT_EQ(row.violations, 0U);
  EXPECT_EQ(row.uncontrolled, 0U);
  EXPECT_GT(row.steps, 2U * 5);
  EXPECT_GT(row.cpu_milliseconds.value_or(0), 0);
  EXPECT_GT(row.cpu_ratio_to_bare_starts.value_or(0), 0);
  ASSERT_TRUE(row.ratio_to_bare_starts && row.ratio_of_plans_to_bare_starts);
  // 5 commands in the whole time against 3 in what is left without epilogues.
  EXPECT_GT(*row.ratio_of_plans_to_bare_starts, *row.ratio_to_bare_starts * 3 / 5);
}

TEST_F(LiveRows, AreWhatIsChosenUntilItIsInterrupted) {
  const auto none = run_live_benchmark({}, 1, programs_, [] { return true; }, ignore, {.schedules = 1});
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->empty());
  int asked = 0;
  const auto cut =
      run_live_benchmark({"live_same"}, 5, programs_, [&] { return ++asked > 2; }, ignore, {.schedules = 1});
  ASSERT_TRUE(cut);
  ASSERT_EQ(cut->size(), 1U);
  EXPECT_EQ(cut->front().runs, 1U) << "asked once for the row, and once for each run";
  LiveBenchmarkPrograms nobody = programs_;
  nobody.zygote = {"/nonexistent/program"};
  nobody.calls_zygote = nobody.zygote;
  for (const char* row : {"live_same", "live_two", "live_decision"}) {
    if (std::string(row) == "live_two" && std::thread::hardware_concurrency() < 2) continue;
    EXPECT_FALSE(run_live_benchmark({row}, 1, nobody, goes_on, ignore, {.schedules = 1})) << row;
  }
  nobody.subjects_directory = "/nonexistent";
  EXPECT_FALSE(run_live_benchmark({"live_exec_modelcache"}, 1, nobody, goes_on, ignore, {.command_schedules = 1}));
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
