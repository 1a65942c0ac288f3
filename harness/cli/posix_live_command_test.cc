// The commands of the live world as people run them: explore, replay in one world or both.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "harness/cli/posix_command_for_test.h"
#include "harness/plan/plan_json.h"
#include "harness/run/plan_world.h"
#include "harness/run/sim_benchmark.h"

namespace stampede {
namespace {

using nlohmann::json;

class LiveCommand : public testing::Test {
 protected:
  // What `arguments` say in JSON. Skips where the command says that this machine cannot do it.
  json said(std::vector<std::string> arguments, int expected = 0) {
    std::string text;
    arguments.emplace_back("--json");
    const int status = run_or_say_why(std::move(arguments), &text, &why_not_);
    can_run_ = why_not_.empty();
    if (can_run_) EXPECT_EQ(status, expected) << text;
    return json::parse(text, nullptr, false);
  }

  TestDirectory directory_;
  bool can_run_ = true;
  std::string why_not_;  // in the command's words
};

TEST_F(LiveCommand, ExploresTheSameTracesAsTheSimulatedWorld) {
  const json live = said({"explore", "--world", "live", "--runs", "20", "--seed", "1"});
  if (!can_run_) GTEST_SKIP() << why_not_;
  const json sim = said({"explore", "--world", "sim", "--runs", "20", "--seed", "1"});
  EXPECT_EQ(live.at("world"), "live");
  EXPECT_EQ(live.at("plans"), 20);
  EXPECT_EQ(live.at("uncontrolled"), 0);
  EXPECT_EQ(live.at("divergences"), 0);
  EXPECT_EQ(live.at("trace_hash"), sim.at("trace_hash"));
  EXPECT_EQ(live.at("judged"), sim.at("judged"));
}

TEST_F(LiveCommand, ComparesEachPlanInBothWorlds) {
  const json both = said({"explore", "--world", "both", "--runs", "20", "--seed", "1"});
  if (!can_run_) GTEST_SKIP() << why_not_;
  EXPECT_EQ(both.at("world"), "both");
  EXPECT_EQ(both.at("plans"), 20);
  EXPECT_EQ(both.at("repetitions"), 20);
  EXPECT_EQ(both.at("uncontrolled"), 0);
  EXPECT_EQ(both.at("divergences"), 0);
  EXPECT_EQ(run({"explore", "--world", "both", "--runs", "20", "--once"}), 2);
}

TEST_F(LiveCommand, GivesTheSameHashWithTwoJobs) {
  const std::string plan = directory_.file("plan.json", print_plan(three_get_one()));
  std::set<std::string> hashes;
  for (const char* const jobs : {"1", "2"}) {
    const json live =
        said({"explore", "--world", "live", "--plan", plan, "--runs", "20", "--seed", "1", "--jobs", jobs});
    if (!can_run_) GTEST_SKIP() << why_not_;
    EXPECT_EQ(live.at("uncontrolled"), 0);
    hashes.insert(live.at("trace_hash"));
  }
  EXPECT_EQ(hashes.size(), 1U);
}

TEST_F(LiveCommand, ReplaysInBothWorlds) {
  const std::string plan = directory_.file("plan.json", print_plan(three_get_one()));
  const json both = said({"replay", plan, "--seed", "5", "--world", "both"});
  if (!can_run_) GTEST_SKIP() << why_not_;
  EXPECT_EQ(both.at("world"), "both");
  EXPECT_EQ(both.at("plans"), 2);
  for (const json& replayed : both.at("replayed")) EXPECT_EQ(replayed.at("verdict"), "as expected") << replayed;
  // Each twice in the simulated world; the worlds are compared by a run in each.
  EXPECT_EQ(both.at("speeds").at("sim").at("schedules"), 6);
  EXPECT_EQ(both.at("speeds").at("live").at("schedules"), 2);
  EXPECT_GT(both.at("speeds").at("live").at("schedules_per_second"), 0.0);
  const json live = said({"replay", plan, "--world", "live"});
  EXPECT_EQ(live.at("replayed").at(0).at("trace_hash"), both.at("replayed").at(0).at("trace_hash"));
}

// As many points as in the simulator, and the same runs.
TEST_F(LiveCommand, SweepsTheKillsThatTheSimulatorSweeps) {
  const std::string plan = directory_.file("plan.json", print_plan(three_get_one()));
  const json live = said({"explore", "--world", "live", "--plan", plan, "--sweep", "kills"});
  if (!can_run_) GTEST_SKIP() << why_not_;
  const json sim = said({"explore", "--world", "sim", "--plan", plan, "--sweep", "kills"});
  EXPECT_EQ(live.at("world"), "live");
  EXPECT_EQ(live.at("complete"), true);
  EXPECT_GT(live.at("points"), 200);
  EXPECT_EQ(live.at("violation_count"), 0);
  for (const char* const key : {"points", "schedules", "kills_met", "steps", "trace_hash"}) {
    EXPECT_EQ(live.at(key), sim.at(key)) << key;
  }
}

TEST_F(LiveCommand, MeasuresWhatADecisionCosts) {
  const json bench = said({"bench", "--world", "live", "--scenario", "live_decision", "--runs", "1"});
  if (!can_run_) GTEST_SKIP() << why_not_;
  ASSERT_EQ(bench.at("rows").size(), 2U);
  for (const json& row : bench.at("rows")) {
    EXPECT_EQ(row.at("start"), "live");
    EXPECT_EQ(row.at("uncontrolled"), 0);
    EXPECT_GT(row.at("steps"), 1000);
    EXPECT_GT(row.at("decision_us_p50"), 0) << row;
    EXPECT_EQ(row.at("strace_us_p50").is_null(), row.at("ratios").at("strace").is_null()) << row;
  }
}

// A program that stands alone has no subjects beside it.
TEST_F(LiveCommand, TellsTheRowsBeforeOneThatItCannotHave) {
  (void)said({"explore", "--world", "live", "--runs", "1"});
  if (!can_run_) GTEST_SKIP() << why_not_;
  const std::string program = directory_.file("bin/stampede", "");
  for (const char* const ending : {"", "-live-zygote"}) {
    std::filesystem::copy_file(std::string(STAMPEDE_PROGRAM) + ending, program + ending,
                               std::filesystem::copy_options::overwrite_existing);
    std::filesystem::permissions(program + ending, std::filesystem::perms::owner_all);
  }
  using Heard = RunningCommand::Heard;
  for (const Heard heard : {Heard::output, Heard::errors}) {
    RunningCommand command({"bench", "--world", "live", "--scenario", "live_same", "--scenario", "live_exec_modelcache",
                            "--scenario", "live_decision", "--runs", "1", "--json"},
                           directory_.path(), heard, nullptr, program);
    EXPECT_EQ(command.wait(), kCannotRunHere);
    if (heard == Heard::errors) {
      EXPECT_NE(command.text().find("modelcache_command"), std::string::npos) << command.text();
      continue;
    }
    const json rows = json::parse(command.text()).at("rows");
    ASSERT_EQ(rows.size(), 1U) << "none is begun behind it";
    EXPECT_EQ(rows[0].at("name"), "live_same_model_3proc");
  }
}

// Idle: it does nothing, and says that all is done. The built-in cache would break nothing.
TEST_F(LiveCommand, RunsTheSubjectThatWasNamed) {
  const std::string idle = std::string(STAMPEDE_PLUGINS) + "/idle_subject.so";
  const json live = said({"explore", "--world", "live", "--subject", idle, "--runs", "1", "--seed", "1", "--no-shrink",
                          "--out", directory_.path()},
                         1);
  if (!can_run_) GTEST_SKIP() << why_not_;
  EXPECT_EQ(live.at("subject"), idle);
  EXPECT_GT(live.at("violation_count"), 0);
}

// A program without the small one beside it forks its processes itself.
TEST_F(LiveCommand, RunsTheSameWithoutTheSmallZygote) {
  const std::vector<std::string> words{"explore", "--world", "live", "--runs", "3", "--seed", "1", "--json"};
  const json with = said({words.begin(), words.end() - 1});
  if (!can_run_) GTEST_SKIP() << why_not_;
  const std::string copy = directory_.path() + "/stampede";
  std::filesystem::copy_file(STAMPEDE_PROGRAM, copy);
  RunningCommand command(words, directory_.path(), RunningCommand::Heard::output, nullptr, copy);
  EXPECT_EQ(command.wait(), 0);
  const json without = json::parse(command.text(), nullptr, false);
  ASSERT_TRUE(without.is_object()) << command.text();
  EXPECT_EQ(without.at("trace_hash"), with.at("trace_hash"));
}

TEST_F(LiveCommand, RefusesWhatOnlyAnotherWorldTakes) {
  EXPECT_EQ(run({"explore", "--world", "live", "--fault-share", "0.5"}), 2);
}

}  // namespace
}  // namespace stampede
