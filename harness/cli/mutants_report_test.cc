// What searches for mutants came to: every counter another prime.
#include "harness/cli/mutants_report.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "harness/cli/report_for_test.h"
#include "harness/free/directory_for_test.h"
#include "harness/plan/plan_json.h"
#include "harness/run/sim_benchmark.h"

namespace stampede {
namespace {

using nlohmann::json;

MutantSearch killed(std::uint64_t plans, std::uint64_t schedules, double seconds, const std::string& invariant,
                    const std::string& strategy) {
  MutantSearch search;
  search.mutant = "m";
  search.is_over = search.is_killed = true;
  search.plans = plans;
  search.schedules = schedules;
  search.seconds = seconds;
  search.violation.invariant = invariant;
  search.violation.what = "what " + invariant;
  search.strategy = strategy;
  return search;
}

void shrink_to(MutantSearch& search, std::size_t processes, std::size_t switches, std::uint64_t replays) {
  Shrunk& shrunk = search.shrunk.emplace();
  shrunk.plan.processes.resize(processes);
  shrunk.plan.schedule.switches.resize(switches);
  shrunk.replays = replays;
}

// One mutant with three kills, of which two were shrunk; one that survived; one whose search was cut off.
MutantsReport three() {
  MutantsReport report;
  report.world = "live";
  report.strategy = "mix";
  report.seed = 101;
  report.runs = 103;
  report.skew = 107;
  report.mutants.resize(3);
  report.mutants[0].name = "found";
  report.mutants[1].name = "survivor";
  report.mutants[2].name = "cut_off";
  report.searches = {killed(109, 113, 9.5, "one_download", "pos"), killed(127, 131, 2.5, "honest_errors", "pct:2"),
                     killed(137, 139, 20.5, "one_download", "pct:2")};
  report.searches[0].seed = 149;
  report.searches[0].uncontrolled = 151;
  report.searches[0].fleeting = 157;
  shrink_to(report.searches[0], 3, 5, 7);
  report.searches[0].is_proven = true;
  report.searches[0].shrunk->is_fixed_point = true;
  shrink_to(report.searches[2], 4, 8, 10);
  for (int i = 0; i < 3; ++i) {
    MutantSearch& survived = report.searches.emplace_back();
    survived.is_over = true;
    survived.plans = 163;
    survived.uncontrolled = 1;
  }
  report.searches[4].fleeting = 2;
  report.searches.resize(9);
  return report;
}

TEST(MutantsReport, TellsOfEverySearchInJson) {
  const MutantsReport report = three();
  const MutantSearch& search = report.searches[0];
  const auto& [mutant, seed, is_over, is_killed, plans, schedules, seconds, violation, strategy, plan, shrunk,
               is_proven, uncontrolled, fleeting, good_breaks] = search;
  const json object = json::parse(json_of(report));
  const json& found = object.at("mutants").at(0);
  EXPECT_EQ(found.at("searches").at(0), json({{"seed", seed},
                                              {"killed", is_killed},
                                              {"plans", plans},
                                              {"seconds", seconds},
                                              {"invariant", violation.invariant},
                                              {"strategy", strategy},
                                              {"schedules", schedules},
                                              {"shrunk",
                                               {{"processes", 3},
                                                {"switches", 5},
                                                {"replays", shrunk->replays},
                                                {"proven", is_proven},
                                                {"fixed_point", true}}},
                                              {"uncontrolled", uncontrolled},
                                              {"fleeting", fleeting},
                                              {"good_breaks", good_breaks}}));
  EXPECT_TRUE(is_over && plan.processes.empty()) << mutant;
  EXPECT_TRUE(found.at("searches").at(1).at("shrunk").is_null());
  EXPECT_EQ(found.at("searches").size(), 3U);
  const json& survived = object.at("mutants").at(1).at("searches").at(0);
  EXPECT_EQ(survived.at("killed"), false);
  EXPECT_EQ(survived.at("plans"), 163);
  EXPECT_TRUE(survived.at("invariant").is_null() && survived.at("strategy").is_null());
  EXPECT_TRUE(object.at("mutants").at(2).at("searches").empty()) << "what was cut off says nothing";
  const json all = json({{"world", "live"},
                         {"strategy", "mix"},
                         {"seed", 101},
                         {"runs", 103},
                         {"skew", 107},
                         {"all_killed", false},
                         {"interrupted", false}});
  for (const auto& [key, value] : all.items()) {
    EXPECT_EQ(object.at(key), value) << key;
  }
}

TEST(MutantsReport, GivesMediansOfWhatWasFoundInJson) {
  const json list = json::parse(json_of(three())).at("mutants");
  json found = list.at(0);
  found.erase("searches");
  EXPECT_EQ(found, json({{"name", "found"},
                         {"killed", true},
                         {"plans", 127.0},
                         {"seconds", 9.5},
                         {"invariant", "one_download"},
                         {"strategy", "pct:2"},
                         {"plans_max", 137},
                         {"schedules", 131.0},
                         {"processes", 3.5},
                         {"switches", 6.5},
                         {"replays", 8.5},
                         {"proven", 1}}));
  json survivor = list.at(1);
  survivor.erase("searches");
  EXPECT_EQ(survivor, json({{"name", "survivor"},
                            {"killed", false},
                            {"plans", nullptr},
                            {"seconds", nullptr},
                            {"invariant", nullptr},
                            {"strategy", nullptr},
                            {"plans_max", 0},
                            {"schedules", nullptr},
                            {"processes", nullptr},
                            {"switches", nullptr},
                            {"replays", nullptr},
                            {"proven", 0}}));
  EXPECT_EQ(list.at(2).at("killed"), false);
}

TEST(MutantsReport, TellsTheLongestSearchWhicheverCameFirst) {
  MutantsReport report;
  report.mutants.resize(1);
  report.mutants[0].name = "m";
  report.searches = {killed(9, 9, 1, "one_download", "pos"), killed(4, 4, 1, "one_download", "pos")};
  EXPECT_EQ(json::parse(json_of(report)).at("mutants").at(0).at("plans_max"), 9);
}

// A line's words.
std::string row(const std::string& text, const std::string& begin) {
  const std::size_t at = text.find("\n" + begin + " ");
  if (at == std::string::npos) return "no row " + begin;
  std::string words;
  for (const char c : text.substr(at + 1, text.find('\n', at + 1) - at - 1)) {
    if (c != ' ' || !words.ends_with(' ')) words += c;
  }
  return words;
}

TEST(MutantsReport, ShowsTheSameAsText) {
  const std::string text = text_of(three());
  EXPECT_TRUE(text.starts_with("mutants in live, strategy mix, seed 101, at most 103 plans a search, skew 107\n"))
      << text;
  EXPECT_EQ(row(text, "mutant"), "mutant found plans s invariant by");
  EXPECT_EQ(row(text, "found"), "found 3/3 127 9.5 one_download pct:2");
  EXPECT_EQ(row(text, "survivor"), "survivor 0/3 >489 SURVIVED");
  EXPECT_EQ(row(text, "cut_off"), "cut_off 0/0 >0");
  const std::string shrunk = text.substr(std::min(text.find("\nshrunk "), text.size()));
  EXPECT_EQ(row(shrunk, "shrunk"), "shrunk of processes switches replays proven");
  EXPECT_EQ(row(shrunk, "found"), "found 2/3 3.5 6.5 8.5 1/2");
  EXPECT_TRUE(
      text.ends_with("154 plans were uncontrolled, and not judged\n"
                     "159 violations did not come again, and are no kill\n"
                     "1 of 3 mutants found by every search\n"))
      << text;
}

TEST(MutantsReport, LeavesOutWhatThereIsNothingToSayOf) {
  MutantsReport report;
  report.world = "sim";
  report.strategy = "pos";
  report.mutants.resize(1);
  report.mutants[0].name = "m";
  report.searches = {killed(2, 3, 10.25, "one_download", "pos")};
  std::string text = text_of(report);
  EXPECT_TRUE(text.starts_with("mutants in sim, strategy pos, seed 0, at most 0 plans a search\n\n")) << text;
  EXPECT_EQ(row(text, "m"), "m 1/1 2 10 one_download pos") << "no tenths from ten seconds on";
  EXPECT_TRUE(text.ends_with("\n\n1 of 1 mutants found by every search\n")) << text;
  for (const char* const word : {"shrunk", "uncontrolled", "did not come", "GOOD"}) {
    EXPECT_EQ(text.find(word), std::string::npos) << word;
  }
  report.searches.back().uncontrolled = report.searches.back().fleeting = 1;
  report.searches.back().good_breaks = "one_download: twice";
  report.searches.back().seed = 7;
  text = text_of(report);
  EXPECT_TRUE(
      text.ends_with("THE GOOD CACHE breaks one_download: twice\n  on a plan that was drawn for m, seeds from 7\n"
                     "1 plans were uncontrolled, and not judged\n"
                     "1 violations did not come again, and are no kill\n"
                     "1 of 1 mutants found by every search\n"))
      << text;
}

TEST(MutantsReport, AllAreKilledOnlyWhereEachSearchKilledAndTheGoodCacheHeld) {
  MutantsReport report;
  EXPECT_FALSE(report.all_killed()) << "nothing was searched";
  report.searches = {killed(1, 1, 1, "x", "y"), killed(1, 1, 1, "x", "y")};
  EXPECT_TRUE(report.all_killed());
  report.searches[1].good_breaks = "x";
  EXPECT_FALSE(report.all_killed());
  report.searches[1].good_breaks = "";
  report.searches[1].is_killed = false;
  EXPECT_FALSE(report.all_killed());
}

TEST(SaveKillers, KeepsTheSmallestPlanOfEachInvariant) {
  const TestDirectory directory;
  MutantsReport report = three();
  report.mutants.resize(1);
  report.searches.resize(3);
  for (MutantSearch& search : report.searches) search.plan = three_get_one();
  report.searches[1].plan.note.trace_hash = "0123456789abcdef";
  for (const std::size_t i : {0, 2}) report.searches[i].shrunk->plan = three_get_one();
  report.searches[0].shrunk->plan.schedule.switches = {{1, 2, 0}, {2, 3, 0}};
  report.searches[2].shrunk->plan.schedule.switches = {{1, 2, 0}};
  report.searches[2].seed = 211;
  const std::string out = directory.path() + "/below/out";
  ASSERT_TRUE(save_killers(report, out));
  const auto small = read_plan(out + "/m-one_download.json"), whole = read_plan(out + "/m-honest_errors.json");
  ASSERT_TRUE(small) << small.error().message();
  ASSERT_TRUE(whole) << whole.error().message();
  EXPECT_EQ(small->schedule.switches.size(), 1U);
  EXPECT_EQ(small->note.why, "one_download: what one_download");
  EXPECT_EQ(small->note.expect, "holds");
  EXPECT_EQ(small->note.kills, std::vector<std::string>{"m"});
  EXPECT_EQ(small->note.found_by,
            "stampede mutants m --world live --strategy mix --seed 211 --runs 103 --skew 107 --shrink");
  EXPECT_EQ(whole->note.found_by, "stampede mutants m --world live --strategy mix --seed 0 --runs 103 --skew 107");
  EXPECT_EQ(whole->note.trace_hash, "");
  const auto names = std::filesystem::directory_iterator(out);
  EXPECT_EQ(std::distance(begin(names), end(names)), 2);
  report.skew = 0;
  ASSERT_TRUE(save_killers(report, out));
  const auto straight = read_plan(out + "/m-honest_errors.json");
  ASSERT_TRUE(straight);
  EXPECT_EQ(straight->note.found_by, "stampede mutants m --world live --strategy mix --seed 0 --runs 103");
  const auto refused = save_killers(report, out + "/m-honest_errors.json/below");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, modelcache::ErrorCode::io);
}

}  // namespace
}  // namespace stampede
