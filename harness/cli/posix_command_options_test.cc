// That options of the commands of controlled worlds do what they say.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/cli/explore_sim.h"
#include "harness/cli/posix_command_for_test.h"
#include "harness/live/no_filters_for_test.h"
#include "harness/plan/plan_json.h"
#include "harness/run/sim_benchmark.h"
#include "harness/run/sim_exploration.h"

namespace stampede {
namespace {

using nlohmann::json;

// Does nothing, and says that all is done.
const std::string kIdleSubject = std::string(STAMPEDE_PLUGINS) + "/idle_subject.so";

class CommandOptions : public testing::Test {
 protected:
  // What a command says in JSON; null where its status is another one.
  static json said(std::vector<std::string> arguments, int expected = 0) {
    std::string text;
    arguments.emplace_back("--json");
    EXPECT_EQ(run(arguments, &text), expected) << text;
    return json::parse(text, nullptr, false);
  }
  static json explored(const std::vector<std::string>& options) {
    std::vector<std::string> arguments = {"explore", "--world", "sim", "--strategy", "default"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return said(arguments);
  }
  static std::string content(const std::string& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  }

  TestDirectory directory_;
  std::string plan_ = directory_.file("plan.json", print_plan(three_get_one()));
};

TEST_F(CommandOptions, ExploreDrawsWhatItIsToldTo) {
  const json four = explored({"--runs", "5", "--seed", "8", "--processes", "4", "--once"});
  ASSERT_TRUE(four.is_object());
  EXPECT_EQ(four.at("plans"), 5);
  EXPECT_EQ(four.at("schedules"), 5);
  EXPECT_EQ(four.at("repetitions"), 0);
  EXPECT_EQ(four.at("seed"), 8);
  EXPECT_GE(four.at("processes"), 25) << "four each, and an epilogue";
  EXPECT_LE(four.at("processes"), 30) << "and a warm-up";
  EXPECT_EQ(four.at("strategies"), json({{"default", {{"runs", 5}, {"hits", 0}}}}));
  const json twice = explored({"--runs", "5", "--seed", "8", "--processes", "4"});
  EXPECT_EQ(twice.at("repetitions"), 5);
  EXPECT_EQ(twice.at("steps"), four.at("steps"));
  const json shard = explored({"--runs", "5", "--seed", "8", "--processes", "4", "--once", "--shard", "1/2"});
  EXPECT_NE(shard.at("trace_hash"), four.at("trace_hash"));
  EXPECT_EQ(explored({"--runs", "1", "--seed", "9", "--once"}).at("trace_hash"),
            explored({"--runs", "1", "--seed", "8", "--once", "--shard", "1/2"}).at("trace_hash"));
}

TEST_F(CommandOptions, SkewIsAHeadStartForTheFirst) {
  const std::vector<std::string> sweep = {"explore", "--world", "sim", "--plan", plan_, "--sweep", "kills"};
  std::vector<std::string> skewed = sweep;
  skewed.insert(skewed.end(), {"--skew", "10"});
  const json even = said(sweep), uneven = said(skewed);
  ASSERT_TRUE(even.is_object() && uneven.is_object());
  // The second process is 10 steps behind, the third 20; there is a point before and after each.
  EXPECT_EQ(uneven.at("points").get<std::uint64_t>(), even.at("points").get<std::uint64_t>() + 2 * 30);
}

TEST_F(CommandOptions, TooLongAHeadStartIsRefusedWithItsFigures) {
  RunningCommand command({"explore", "--world", "sim", "--skew", "2000", "--processes", "8", "--jobs", "2"},
                         directory_.path(), RunningCommand::Heard::errors);
  EXPECT_EQ(command.wait(), 2);
  EXPECT_NE(command.text().find("--skew 2000: 8 processes would take more than 50000 idle steps"), std::string::npos)
      << command.text();
}

TEST_F(CommandOptions, TheLongestHeadStartIsTaken) {
  const json all = explored({"--skew", "5000", "--processes", "5", "--runs", "1", "--once", "--seed", "3"});
  ASSERT_TRUE(all.is_object());
  EXPECT_EQ(all.at("plans"), 1);
}

TEST_F(CommandOptions, NobodyIsToldOfProgressButOnATerminal) {
  const std::vector<std::string> commands[] = {
      {"explore", "--world", "sim", "--runs", "20", "--jobs", "2"},
      {"explore", "--world", "sim", "--plan", plan_, "--sweep", "kills"},
      {"explore", "--runs", "1", "--processes", "2", "--models", "generated:1KiB"},
      {"replay", plan_},
      {"shrink", plan_, "--subject", kIdleSubject, "--out", directory_.path() + "/smaller.json"},
      {"bench", "--world", "sim", "--scenario", "sim_same", "--runs", "1"}};
  for (const std::vector<std::string>& each : commands) {
    RunningCommand command(each, directory_.path(), RunningCommand::Heard::errors);
    EXPECT_LE(command.wait(), 1) << testing::PrintToString(each);
    EXPECT_EQ(command.text(), "") << testing::PrintToString(each);
  }
}

TEST_F(CommandOptions, SweepsKillOnceOrTwice) {
  Plan plan = three_get_one();
  plan.processes.resize(2);
  for (PlanProcess& process : plan.processes) process.operations = {{OperationKind::find, 0}};
  const std::string file = directory_.file("find.json", print_plan(plan));
  const json once = said({"explore", "--world", "sim", "--plan", file, "--sweep", "kills"});
  const json twice = said({"explore", "--world", "sim", "--plan", file, "--sweep", "kill-pairs"});
  ASSERT_TRUE(once.is_object() && twice.is_object());
  EXPECT_EQ(once.at("schedules"), once.at("points"));
  EXPECT_EQ(once.at("drawn").at("kill_before"), once.at("points").get<std::uint64_t>() / 2);
  EXPECT_EQ(twice.at("points"), once.at("points"));
  EXPECT_GT(twice.at("schedules"), once.at("points"));
  EXPECT_EQ(twice.at("schedules"), twice.at("schedules_expected"));
  const std::uint64_t kills = twice.at("drawn").at("kill_before").get<std::uint64_t>() +
                              twice.at("drawn").at("kill_after").get<std::uint64_t>();
  EXPECT_EQ(kills, 2 * twice.at("schedules").get<std::uint64_t>()) << "two kills each";
}

TEST_F(CommandOptions, ExploreRefusesWhatDoesNotGoTogether) {
  Plan plan = three_get_one();
  plan.process_faults.resize(1);
  const std::string kills = directory_.file("kills.json", print_plan(plan));
  const std::pair<std::vector<std::string>, const char*> refused[] = {
      {{"--plan", kills, "--sweep", "kills"}, "--sweep: the plan kills processes by itself"},
      {{"--sweep", "kills"}, "--sweep: needs --plan"},
      {{"--plan", plan_, "--sweep", "kills", "--subject", kIdleSubject}, "--sweep: for the built-in subject only"},
      {{"--strategy", "exhaustive:1"}, "--strategy exhaustive: needs --plan"},
      {{"--plan", plan_, "--strategy", "exhaustive:1", "--jobs", "2"}, "runs as one job"},
      {{"--plan", plan_, "--strategy", "exhaustive:1", "--shard", "0/2"}, "has no shards"},
      {{"--plan", plan_, "--processes", "2"}, "--processes: not with --plan"},
      {{"--plan", plan_, "--skew", "10000", "--processes", "2"}, "--processes: not with --plan"},
      {{"--skew", "10000", "--processes", "64"}, "would take more than"},
      {{"--subject", "none.so"}, "--subject: "},
  };
  for (const auto& [options, why] : refused) {
    std::vector<std::string> arguments = {"explore", "--world", "sim"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    std::string text;
    EXPECT_EQ(run(arguments, &text, true), 2) << why;
    EXPECT_NE(text.find(why), std::string::npos) << text;
  }
  for (const std::vector<std::string>& more :
       std::vector<std::vector<std::string>>{{"--once"}, {"--plan", plan_, "--sweep", "kills"}}) {
    std::vector<std::string> arguments = {"explore", "--world", "both"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    std::string text;
    EXPECT_EQ(run(arguments, &text, true), 2);
    EXPECT_NE(text.find("--world both: the repetition"), std::string::npos) << text;
  }
}

TEST_F(CommandOptions, ReplayRunsEveryPlanAndSeedOnItsSubject) {
  std::string line;
  EXPECT_EQ(run({"replay", "--seed", "7", "--seed-line"}, &line), 0);
  const std::string seeds = directory_.file("seeds.txt", line + "8 0 0\n");
  const json all = said({"replay", plan_, "--seeds", seeds, "--seed", "5"});
  ASSERT_TRUE(all.is_object());
  std::vector<std::string> names;
  for (const json& each : all.at("replayed")) names.push_back(each.at("name"));
  EXPECT_EQ(names, (std::vector<std::string>{plan_, "seed 7", "seed 8", "seed 5"}));
  EXPECT_EQ(all.at("stale"), 1);
  EXPECT_EQ(all.at("speeds").at("sim").at("schedules"), 6) << "each that is not stale twice";
  std::string text;
  EXPECT_EQ(run({"replay", plan_, "--subject", "none.so"}, &text, true), 2);
  EXPECT_NE(text.find("none.so"), std::string::npos) << text;
}

// A plan whose subject cannot be had costs the others nothing.
TEST_F(CommandOptions, ReplayKeepsWhatWasFoundWhereAnotherPlanCannotRun) {
  Plan plan = three_get_one();
  plan.subject = "nobody";
  const std::string absent = directory_.file("absent.json", print_plan(plan));
  for (const auto& [plans, status] : std::initializer_list<std::pair<std::vector<std::string>, int>>{
           {{absent}, 2}, {{absent, plan_}, 1}, {{plan_, absent}, 1}}) {
    std::vector<std::string> words = {"replay", "--subject", kIdleSubject};
    words.insert(words.end(), plans.begin(), plans.end());
    const json all = said(words, status);
    ASSERT_TRUE(all.is_object());
    EXPECT_EQ(all.at("not_run"), 1);
    EXPECT_EQ(all.at("violated"), plans.size() - 1);
    for (std::size_t i = 0; i < plans.size(); ++i) {
      EXPECT_EQ(all.at("replayed").at(i).at("verdict"), plans[i] == absent ? "not run" : "VIOLATED");
    }
    RunningCommand command(words, directory_.path(), RunningCommand::Heard::errors);
    EXPECT_EQ(command.wait(), status);
    EXPECT_EQ(command.text().find("stampede: " + absent + ": "), 0U) << command.text();
    EXPECT_NE(command.text().find("nobody: known are "), std::string::npos) << command.text();
  }
  EXPECT_EQ(run({"replay", plan_, absent}), 2) << "the other one held";
}

TEST_F(CommandOptions, SecondsAreAnEndInEveryWorld) {
  for (const char* const world : {"free", "sim"}) {
    EXPECT_EQ(said({"explore", "--world", world, "--seconds", "0.000000001"}, 2).value("plans", 1), 0) << world;
  }
}

TEST_F(CommandOptions, ExploreReportsARunThatCannotBegin) {
  const std::string nowhere = directory_.path() + "/nowhere";
  for (const auto heard : {RunningCommand::Heard::output, RunningCommand::Heard::errors}) {
    RunningCommand command({"explore", "--models", "generated:1KiB", "--json"}, nowhere, heard);
    EXPECT_EQ(command.wait(), 3);
    EXPECT_NE(command.text().find("make directory "), std::string::npos) << command.text();
  }
}

TEST_F(CommandOptions, BenchStartsProcessesAsItIsTold) {
  for (const auto& [start, modes] : std::initializer_list<std::pair<const char*, std::vector<std::string>>>{
           {"exec", {"exec"}}, {"fork", {"fork"}}}) {
    const json all = said({"bench", "--world", "free", "--scenario", "warm_hits", "--models", "generated:1KiB",
                           "--runs", "1", "--start", start});
    std::vector<std::string> started;
    for (const json& row : all.at("rows")) {
      if (row.at("name") == all.at("rows").at(0).at("name")) started.push_back(row.at("start"));
    }
    EXPECT_EQ(started, modes);
  }
}

bool has_no_filters() { return refuse_filters(); }

TEST_F(CommandOptions, BenchWithoutALiveWorldSaysSoWithItsStatus) {
  for (const bool has_others : {true, false}) {
    std::vector<std::string> words = {"bench", "--scenario", "live_decision", "--runs", "1", "--json"};
    if (has_others) words.insert(words.end(), {"--scenario", "sim_same"});
    RunningCommand command(words, directory_.path(), RunningCommand::Heard::output, has_no_filters);
    EXPECT_EQ(command.wait(), 3);
    const json all = json::parse(command.text(), nullptr, false);
    EXPECT_EQ(all.is_object(), has_others) << command.text();
    if (has_others) EXPECT_EQ(all.at("world"), "sim");
  }
}

// Each field of the options comes from the word of its own.
TEST(ExploreOptions, AreWhatTheArgumentsSay) {
  ExploreSimArguments arguments;
  arguments.strategy = "pct:3";
  arguments.shard = "3/5";
  arguments.jobs = 7;
  arguments.skew = 11;
  arguments.is_once = true;
  arguments.seed = 13;
  arguments.runs = 17;
  arguments.seconds = 0.5;
  arguments.processes = 19;
  SimExplorationOptions options;
  ASSERT_EQ(choose_options(arguments, options), 0);
  EXPECT_EQ(options.seed, 13U);
  EXPECT_EQ(options.runs, 17U);
  EXPECT_EQ(options.seconds, 0.5);
  EXPECT_EQ(options.jobs, 7U);
  EXPECT_EQ(options.shard, 3U);
  EXPECT_EQ(options.shards, 5U);
  EXPECT_EQ(print(options.strategy), "pct:3");
  EXPECT_EQ(options.processes, 19U);
  EXPECT_EQ(options.skew, 11U);
  EXPECT_FALSE(options.plan);
  EXPECT_FALSE(options.runs_twice);
  SimExplorationOptions usual;
  ASSERT_EQ(choose_options({}, usual), 0);
  EXPECT_EQ(usual.runs, 10'000U);
  EXPECT_EQ(usual.seconds, std::nullopt);
  EXPECT_EQ(usual.processes, std::nullopt);
  EXPECT_EQ(usual.jobs, 1U);
  EXPECT_TRUE(usual.runs_twice);
  EXPECT_EQ(print(usual.strategy), "mix");
  arguments.runs.reset();
  ASSERT_EQ(choose_options(arguments, options), 0);
  EXPECT_EQ(options.runs, std::nullopt) << "until the time is over";
}

TEST_F(CommandOptions, BenchSavesWhatItPrints) {
  const std::string file = directory_.path() + "/before.json";
  std::string text;
  EXPECT_EQ(run({"bench", "--world", "sim", "--scenario", "sim_same", "--runs", "2", "--json", "--save", file}, &text),
            0);
  const json object = json::parse(text, nullptr, false);
  ASSERT_TRUE(object.is_object()) << text;
  EXPECT_EQ(content(file), text);
  EXPECT_FALSE(std::filesystem::exists(file + ".new"));
  EXPECT_EQ(object.at("world"), "sim");
  ASSERT_EQ(object.at("rows").size(), 1U);
  EXPECT_EQ(object.at("rows").at(0).at("name"), "sim_same_model_3proc");
  EXPECT_EQ(object.at("rows").at(0).at("runs"), 2);
  EXPECT_EQ(object.at("rows").at(0).at("violation_count"), 0);
  EXPECT_EQ(run({"bench", "--world", "sim", "--scenario", "sim_same", "--runs", "1", "--save", file + "/below"}, &text),
            2);
  EXPECT_NE(text.find("\nall held: 0 violations in 1 runs\n"), std::string::npos) << text;
  EXPECT_EQ(run({"bench", "--world", "sim", "--scenario", "nonesuch"}, &text, true), 2);
  EXPECT_NE(text.find("no scenario begins so"), std::string::npos) << text;
}

TEST_F(CommandOptions, ShrinkKeepsTheWorstStatusInAnyOrder) {
  for (const char* const name : {"plans/a.json", "plans/b.json"}) directory_.file(name, print_plan(three_get_one()));
  for (const std::size_t lost : {0, 1}) {
    const std::string names[] = {"/a-shrunk.json", "/b-shrunk.json"};
    const std::string out = directory_.path() + "/out" + std::to_string(lost);
    std::filesystem::create_directories(out + names[lost]);  // so that it cannot be written
    const json object =
        said({"shrink", directory_.path() + "/plans", "--subject", kIdleSubject, "--proof", "0", "--out", out}, 2);
    ASSERT_TRUE(object.is_object());
    ASSERT_EQ(object.at("shrunk").size(), 2U);
    for (const std::size_t i : {0, 1}) {
      EXPECT_EQ(object.at("shrunk").at(i).at("plan"), i == lost ? "" : out + names[i]);
      EXPECT_EQ(object.at("shrunk").at(i).at("proof"), "none");
    }
    EXPECT_EQ(object.at("subject"), kIdleSubject);
  }
  const std::string folder = directory_.path() + "/new/";
  EXPECT_EQ(run({"shrink", plan_, "--subject", kIdleSubject, "--proof", "0", "--out", folder}), 0);
  EXPECT_TRUE(read_plan(folder + "plan-shrunk.json"));
}

}  // namespace
}  // namespace stampede
