// The commands about mutants and plugins, as people run them; none of these tests needs a mutant that was built.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/cli/mutants_report.h"
#include "harness/cli/posix_command_for_test.h"
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
