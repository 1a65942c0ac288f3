// The commands about mutants and plugins, as people run them; none of these tests needs a mutant that was built.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "harness/cli/mutants_command.h"
#include "harness/cli/mutants_report.h"
#include "harness/cli/posix_command_for_test.h"
#include "harness/cli/subcommand.h"
#include "harness/plan/plan_json.h"
#include "harness/run/sim_benchmark.h"

namespace stampede {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(MutantsCommand, RefusesNamesAndStrategiesThatItDoesNotKnow) {
  std::string said;
  EXPECT_EQ(run({"mutants", "no_such_mutant"}, &said, true), 2);
  EXPECT_THAT(said, HasSubstr("known are bad_entry_removed_before_replacing, "));
  EXPECT_EQ(run({"mutants", "--seeds", "0"}), 2);
  EXPECT_EQ(run({"mutants", "--strategy", "exhaustive:1"}, &said, true), 2);
  EXPECT_THAT(said, HasSubstr("--strategy exhaustive:1: explores one plan; mutants draws many"));
  EXPECT_EQ(run({"mutants", "--strategy", "pct:0"}, &said, true), 2);
  EXPECT_THAT(said, HasSubstr("--strategy "));
}

// A program of its own, whose build has two mutants: one that does nothing, and one that is the good cache.
class TwoMutants : public testing::Test {
 protected:
  TwoMutants() {
    std::filesystem::create_directories(directory_.path() + "/bin");
    std::filesystem::copy_file(STAMPEDE_PROGRAM, program_);
    for (const auto& [name, library] : {std::pair{"idle", "/idle_subject.so"}, {"sound", "/modelcache.so"}}) {
      const std::string mutant = directory_.path() + "/mutants/" + name;
      directory_.file("mutants/" + std::string(name) + ".patch",
                      "What: w\nAfter: a\nBreaks: one_download\nRecipe: r\n--- a\n");
      std::filesystem::copy_file(std::string(STAMPEDE_PLUGINS) + library, mutant + ".so");
    }
  }
  int said(std::vector<std::string> words, std::string& text,
           RunningCommand::Heard heard = RunningCommand::Heard::output) {
    RunningCommand command(std::move(words), directory_.path(), heard, nullptr, program_);
    const int status = command.wait();
    text = command.text();
    return status;
  }

  TestDirectory directory_;
  std::string program_ = directory_.path() + "/bin/stampede";
};

TEST_F(TwoMutants, AreSearchedAsTheOptionsSay) {
  std::string text;
  const std::string out = directory_.path() + "/out";
  ASSERT_EQ(said({"mutants", "idle", "--seed", "5", "--runs", "7", "--seeds", "2", "--skew", "3", "--strategy", "pos",
                  "--shrink", "--proof", "0", "--out", out, "--json"},
                 text),
            0)
      << text;
  json object = json::parse(text, nullptr, false);
  ASSERT_TRUE(object.is_object()) << text;
  EXPECT_EQ(object.at("seed"), 5);
  EXPECT_EQ(object.at("runs"), 7);
  EXPECT_EQ(object.at("skew"), 3);
  EXPECT_EQ(object.at("all_killed"), true);
  ASSERT_EQ(object.at("mutants").size(), 1U);
  const json& idle = object.at("mutants").at(0);
  EXPECT_EQ(idle.at("name"), "idle");
  EXPECT_EQ(idle.at("plans"), 1);
  EXPECT_EQ(idle.at("strategy"), "pos");
  EXPECT_EQ(idle.at("processes"), 1) << "shrunk";
  EXPECT_EQ(idle.at("proven"), 0);
  ASSERT_EQ(idle.at("searches").size(), 2U);
  EXPECT_EQ(idle.at("searches").at(1).at("seed"), 12);
  EXPECT_FALSE(std::filesystem::is_empty(out));
  ASSERT_EQ(said({"mutants", "--runs", "3"}, text), 1);
  EXPECT_THAT(text, HasSubstr("1 of 2 mutants found by every search\n"));
}

TEST_F(TwoMutants, AreReportedThoughNothingCanBeSaved) {
  const std::string file = directory_.file("file", "");
  for (const auto& [names, status] : std::initializer_list<std::pair<std::vector<std::string>, int>>{
           {{"idle"}, 2}, {{"idle", "sound"}, 1}, {{"sound", "idle"}, 1}}) {
    std::vector<std::string> words = {"mutants", "--runs", "3", "--out", file + "/below"};
    words.insert(words.end(), names.begin(), names.end());
    std::string text;
    EXPECT_EQ(said(words, text), status);
    EXPECT_THAT(text, HasSubstr("1 of " + std::to_string(names.size()) + " mutants found by every search\n"));
    EXPECT_EQ(said(words, text, RunningCommand::Heard::errors), status);
    EXPECT_THAT(text, HasSubstr("cannot be written"));
  }
}

TEST_F(TwoMutants, AreLeftWhereItIsInterrupted) {
  RunningCommand command({"mutants", "--runs", "1000000000", "--jobs", "2", "--json"}, directory_.path(),
                         RunningCommand::Heard::output, nullptr, program_);
  command.await_handler(SIGINT);
  command.signal(SIGINT);
  EXPECT_EQ(command.wait(), 130);
  EXPECT_EQ(json::parse(command.text(), nullptr, false).value("interrupted", false), true) << command.text();
}

TEST_F(TwoMutants, AreWhatASharpReplayRuns) {
  for (const auto& [mutant, status] : {std::pair{"idle", 0}, {"sound", 1}}) {
    Plan plan = three_get_one();
    plan.note.kills = {mutant};
    const std::string file = directory_.file("plan.json", print_plan(plan));
    std::string text;
    EXPECT_EQ(said({"replay", file, "--sharp", "--json"}, text), status);
    const json object = json::parse(text, nullptr, false);
    ASSERT_TRUE(object.is_object()) << text;
    EXPECT_EQ(object.at("dull"), status);
    EXPECT_EQ(object.at("kills"), 1 - status);
    EXPECT_EQ(said({"replay", file, "--sharp"}, text), status);
    EXPECT_THAT(text, HasSubstr(std::to_string(status) + " dull (" + std::to_string(1 - status) + " kills)"));
  }
}

// Each field of the options comes from the word of its own.
TEST(MutantsOptions, AreWhatTheWordsSay) {
  CLI::App app;
  Subcommand command(app, "mutants", "");
  MutantsArguments arguments;
  add_options(command, arguments);
  MutantSearchOptions options;
  ASSERT_EQ(choose_options(arguments, options), 0);
  EXPECT_EQ(options.seed, 1U);
  EXPECT_EQ(options.runs, 10'000U);
  EXPECT_EQ(options.seeds, 1U);
  EXPECT_EQ(options.jobs, 1U);
  EXPECT_EQ(options.skew, 0U);
  EXPECT_FALSE(options.shrinks);
  EXPECT_EQ(options.proof_schedules_max, ProofOptions{}.schedules_max);
  EXPECT_EQ(print(options.strategy), "mix");
  app.parse(
      "mutants a b --world live --strategy pct:3 --seed 5 --runs 7 --seeds 11 --skew 13 --shrink --proof 17 --jobs 19 "
      "--out x --json");
  ASSERT_EQ(choose_options(arguments, options), 0);
  EXPECT_EQ(arguments.names, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(arguments.world, "live");
  EXPECT_EQ(arguments.out, "x");
  EXPECT_TRUE(arguments.is_json);
  EXPECT_EQ(options.seed, 5U);
  EXPECT_EQ(options.runs, 7U);
  EXPECT_EQ(options.seeds, 11U);
  EXPECT_EQ(options.jobs, 19U);
  EXPECT_EQ(options.skew, 13U);
  EXPECT_TRUE(options.shrinks);
  EXPECT_EQ(options.proof_schedules_max, 17U);
  EXPECT_EQ(print(options.strategy), "pct:3");
}

TEST(MutantsCommand, SharpReplayNeedsPlansThatNameMutantsThereAre) {
  const TestDirectory directory;
  Plan plan = three_get_one();
  std::string said;
  const std::string without = directory.file("without.json", print_plan(plan));
  EXPECT_EQ(run({"replay", without, "--sharp"}, &said, true), 2);
  EXPECT_THAT(said, HasSubstr("no plan names a mutant"));
  plan.note.kills = {"no_such_mutant"};
  const std::string with = directory.file("with.json", print_plan(plan));
  EXPECT_EQ(run({"replay", with, "--sharp"}, &said, true), 2);
  EXPECT_THAT(said, HasSubstr("with.json: kills"));
  EXPECT_EQ(run({"replay", with}), 0);
}

TEST(SubjectOption, TakesPluginsInControlledWorldsAlone) {
  const std::string plugin = std::string(STAMPEDE_PLUGINS) + "/modelcache.so";
  std::string said;
  EXPECT_EQ(run({"explore", "--world", "sim", "--subject", plugin, "--runs", "5", "--seed", "1", "--json"}, &said), 0);
  EXPECT_EQ(json::parse(said, nullptr, false).at("subject"), plugin);
  EXPECT_EQ(run({"explore", "--subject", plugin, "--runs", "1"}, &said, true), 2);
  EXPECT_THAT(said, HasSubstr("a plugin runs in the worlds sim and live"));
  EXPECT_EQ(run({"explore", "--world", "sim", "--subject", "shell_cache", "--runs", "1"}, &said, true), 2);
  EXPECT_THAT(said, HasSubstr("it needs --world live or free"));
}

TEST(SubjectOption, ReplaysAndShowsPlansOnAPlugin) {
  const TestDirectory directory;
  const std::string plan = directory.file("plan.json", print_plan(three_get_one()));
  const std::string plugin = std::string(STAMPEDE_PLUGINS) + "/modelcache.so";
  const std::string idle = std::string(STAMPEDE_PLUGINS) + "/idle_subject.so";
  std::string ours, theirs, said;
  EXPECT_EQ(run({"show", plan}, &ours), 0);
  EXPECT_EQ(run({"show", plan, "--subject", plugin}, &theirs), 0);
  EXPECT_EQ(ours, theirs);
  EXPECT_EQ(run({"replay", plan, "--subject", plugin}), 0);
  EXPECT_EQ(run({"replay", plan, "--subject", idle}, &said), 1);
  EXPECT_THAT(said, HasSubstr("VIOLATED"));
  EXPECT_EQ(
      run({"show", plan, "--subject", std::string(STAMPEDE_PLUGINS) + "/subject_of_another_build.so"}, &said, true), 2);
  EXPECT_THAT(said, HasSubstr("of another build"));
}

MutantSearch search(std::uint64_t plans, bool is_killed, const std::string& strategy) {
  MutantSearch one;
  one.is_over = true;
  one.is_killed = is_killed;
  one.plans = plans;
  one.strategy = strategy;
  if (is_killed) one.violation.invariant = "one_download";
  return one;
}

TEST(MutantsReport, GivesMediansAndTheMostFrequentStrategy) {
  MutantsReport report;
  report.mutants.resize(1);
  report.mutants[0].name = "m";
  report.searches = {search(1, true, "a"), search(9, true, "b"), search(4, true, "b")};
  const json found = json::parse(json_of(report)).at("mutants").at(0);
  EXPECT_EQ(found.at("killed"), true);
  EXPECT_EQ(found.at("plans"), 4);
  EXPECT_EQ(found.at("strategy"), "b");
  EXPECT_EQ(found.at("invariant"), "one_download");
  EXPECT_TRUE(report.all_killed());
}

TEST(MutantsReport, CountsWhatIsProvenOfWhatWasShrunk) {
  MutantsReport report;
  report.mutants.resize(1);
  report.mutants[0].name = "m";
  for (const bool is_proven : {true, false, true}) {
    MutantSearch& one = report.searches.emplace_back(search(5, true, "a"));
    one.shrunk.emplace().plan.processes.resize(2);
    one.is_proven = is_proven;
  }
  const json found = json::parse(json_of(report)).at("mutants").at(0);
  EXPECT_EQ(found.at("proven"), 2);
  EXPECT_EQ(found.at("processes"), 2);
  EXPECT_EQ(found.at("searches").at(1).at("shrunk").at("proven"), false);
  EXPECT_THAT(text_of(report), HasSubstr("2/3"));
}

TEST(MutantsReport, CallsAMutantThatOneSearchMissedASurvivor) {
  MutantsReport report;
  report.mutants.resize(1);
  report.mutants[0].name = "m";
  report.searches = {search(1, true, "a"), search(50, false, "")};
  EXPECT_EQ(json::parse(json_of(report)).at("mutants").at(0).at("killed"), false);
  EXPECT_FALSE(report.all_killed());
  EXPECT_THAT(text_of(report), HasSubstr("1/2"));
  report.searches = {search(50, false, ""), search(50, false, "")};
  EXPECT_THAT(text_of(report), HasSubstr("SURVIVED"));
  EXPECT_THAT(text_of(report), HasSubstr("0 of 1 mutants found"));
}

}  // namespace
}  // namespace stampede
