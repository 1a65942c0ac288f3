// The commands of the simulated world as people run them: explore, sweeps, replay, show, and bad plans.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <span>

#include "harness/cli/posix_command_for_test.h"
#include "harness/cli/report_for_test.h"
#include "harness/plan/plan_json.h"
#include "harness/run/sim_benchmark.h"

namespace stampede {
namespace {

using nlohmann::json;

// A plan of two processes, on disk.
class SimCommand : public testing::Test {
 protected:
  SimCommand() {
    plan_.processes.resize(2);
    save();
  }
  void save() { file_ = directory_.file("plan.json", print_plan(plan_)); }
  // The message of a plan that is refused.
  std::string refusal(const std::string& text) {
    std::string message;
    const std::string bad = directory_.file("bad.json", text);
    EXPECT_EQ(run({"replay", bad}, &message, true), 2) << text;
    EXPECT_NE(message.find("bad.json"), std::string::npos) << message;
    EXPECT_EQ(run({"show", bad}), 2);
    EXPECT_EQ(run({"explore", "--world", "sim", "--plan", bad}), 2);
    return message;
  }
  // The plan's text with one piece of it changed.
  std::string with(const std::string& from, const std::string& to) {
    std::string text = print_plan(plan_);
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from << " in " << text;
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
  }

  TestDirectory directory_;
  Plan plan_ = three_get_one();
  std::string file_;
};

TEST_F(SimCommand, ExploresDrawnPlansAndSaysSoInJson) {
  std::string text, again;
  EXPECT_EQ(run({"explore", "--world", "sim", "--runs", "100", "--seed", "1", "--json"}, &text), 0) << text;
  const json object = json::parse(text, nullptr, false);
  ASSERT_TRUE(object.is_object()) << text;
  EXPECT_EQ(object.at("world"), "sim");
  EXPECT_EQ(object.at("plans"), 100);
  EXPECT_GE(object.at("schedules"), 100);  // and those that the strategies learn from
  EXPECT_EQ(object.at("repetitions"), 100);
  EXPECT_GT(object.at("steps"), 1000);
  EXPECT_TRUE(object.at("violations").empty());
  EXPECT_GT(object.at("judged").at("bytes_are_what_was_asked"), 0);
  EXPECT_GT(object.at("drawn").at("get"), 0);
  EXPECT_EQ(run({"explore", "--world", "sim", "--runs", "100", "--seed", "1", "--jobs", "2", "--json"}, &again), 0);
  EXPECT_EQ(json::parse(again, nullptr, false).value("trace_hash", ""), object.value("trace_hash", "none"));
}

TEST_F(SimCommand, ExploresTheSchedulesOfOnePlan) {
  std::string text;
  EXPECT_EQ(run({"explore", "--world", "sim", "--plan", file_, "--strategy", "exhaustive:1", "--json"}, &text), 0);
  const json object = json::parse(text, nullptr, false);
  ASSERT_TRUE(object.is_object()) << text;
  EXPECT_EQ(object.at("exhausted"), true);
  EXPECT_EQ(object.at("plans"), 1);
  EXPECT_GT(object.at("schedules"), 50);
}

TEST_F(SimCommand, SweepsKillsAndSaysHowManyPointsThereAre) {
  std::string text;
  EXPECT_EQ(run({"explore", "--world", "sim", "--plan", file_, "--sweep", "kills", "--json"}, &text), 0);
  const json object = json::parse(text, nullptr, false);
  ASSERT_TRUE(object.is_object()) << text;
  EXPECT_EQ(object.at("complete"), true);
  EXPECT_EQ(object.at("points"), object.at("schedules"));
  EXPECT_EQ(object.at("kills_met"), object.at("schedules"));
  EXPECT_EQ(run({"explore", "--world", "sim", "--plan", file_, "--sweep", "kill-pairs"}, &text), 0);
  EXPECT_NE(text.find("all were seen"), std::string::npos) << text;
}

TEST_F(SimCommand, RefusesOptionsOfAnotherWorld) {
  std::string text;
  const std::vector<std::string> free[] = {{"--models", "onnx"},
                                           {"--operations-per-process", "1"},
                                           {"--directories", "shared"},
                                           {"--fault-share", "0.5"},
                                           {"--fault", "drip:1"},
                                           {"--refused-models", "1"},
                                           {"--kills", "1"},
                                           {"--start", "fork"},
                                           {"--worker-timeout", "1"}};
  const std::vector<std::string> sim[] = {
      {"--strategy", "pos"}, {"--plan", file_},  {"--skew", "1"}, {"--sweep", "kills"},
      {"--jobs", "1"},       {"--shard", "0/1"}, {"--once"},      {"--no-shrink"}};
  for (const bool is_sim : {true, false}) {
    for (const std::vector<std::string>& option : is_sim ? std::span<const std::vector<std::string>>(free) : sim) {
      std::vector<std::string> arguments = {"explore", "--world", is_sim ? "sim" : "free"};
      arguments.insert(arguments.end(), option.begin(), option.end());
      EXPECT_EQ(run(arguments, &text, true), 2) << option.front();
      EXPECT_NE(text.find(option.front() + ": not for --world " + arguments[2]), std::string::npos) << text;
    }
  }
  for (const char* const bad : {"2/2", "x", "1/0", "0"}) {
    EXPECT_EQ(run({"explore", "--world", "sim", "--shard", bad}, &text, true), 2) << bad;
    EXPECT_NE(text.find("--shard"), std::string::npos) << text;
  }
  for (const std::vector<std::string>& ignored : std::vector<std::vector<std::string>>{
           {"--sweep", "kills", "--runs", "3"}, {"--sweep", "kills", "--strategy", "default"}, {"--processes", "9"}}) {
    std::vector<std::string> arguments = {"explore", "--world", "sim", "--plan", file_};
    arguments.insert(arguments.end(), ignored.begin(), ignored.end());
    EXPECT_EQ(run(arguments, &text, true), 2) << ignored.front();
  }
  for (const std::string bad : {"18446744073709551616", "-1", "x"}) {
    EXPECT_EQ(run({"explore", "--world", "sim", "--seed", bad, "--runs", "1"}, &text, true), 2) << bad;
    EXPECT_NE(text.find("below 2^64"), std::string::npos) << text;
  }
  EXPECT_EQ(run({"explore", "--world", "sim", "--runs", "0"}, &text, true), 2);
  EXPECT_NE(text.find("above 0"), std::string::npos) << text;
  EXPECT_EQ(run({"explore", "--world", "sim", "--runs", "1", "--out", file_ + "/below"}, &text, true), 2);
  EXPECT_NE(text.find("--out"), std::string::npos) << text;
  EXPECT_EQ(run({"explore", "--world", "sim", "--strategy", "luck"}, &text, true), 2);
  EXPECT_NE(text.find("luck"), std::string::npos) << text;
}

TEST_F(SimCommand, ReplaysPlansAndSeeds) {
  std::string text;
  EXPECT_EQ(run({"replay", directory_.path(), "--verbose"}, &text), 0) << text;
  EXPECT_NE(text.find("as expected"), std::string::npos) << text;
  EXPECT_EQ(run({"replay", "--seed", "5", "--json"}, &text), 0);
  EXPECT_EQ(json::parse(text, nullptr, false).value("plans", 0), 1) << text;
  EXPECT_EQ(run({"replay", "--seed", "5", "--seed-line"}, &text), 0);
  const std::string seeds = directory_.file("seeds.txt", text);
  EXPECT_EQ(run({"replay", "--seeds", seeds, "--json"}, &text), 0);
  EXPECT_EQ(json::parse(text, nullptr, false).value("stale", -1), 0) << text;
  EXPECT_EQ(run({"replay", "--seed-line"}), 2);
  EXPECT_EQ(run({"replay"}), 2);
  EXPECT_EQ(run({"replay", directory_.path() + "/none"}), 2);
}

// Who removes before anybody has got anything takes no entry away, and nothing was read.
TEST_F(SimCommand, NamesWhatWasNeverJudgedAndFailsWhereThatIsRequired) {
  plan_.processes.resize(1);
  plan_.processes[0].operations = {{OperationKind::remove, 0}};
  save();
  const std::vector<std::string> explore = {"explore", "--world", "sim", "--plan", file_, "--runs", "2"},
                                 sweep = {"explore", "--world", "sim", "--plan", file_, "--sweep", "kills"},
                                 replay = {"replay", file_};
  for (std::vector<std::string> arguments : {explore, sweep, replay}) {
    std::string text;
    EXPECT_EQ(run(arguments, &text), 0) << text;
    EXPECT_TRUE(last_line(text).starts_with("held as far as judged: ")) << text;
    EXPECT_NE(last_line(text).find("no_entry_vanishes"), std::string::npos) << text;
    EXPECT_EQ(last_line(text).find("upkeep_mends_what_it_can"), std::string::npos) << text;
    arguments.emplace_back("--require-judged");
    EXPECT_EQ(run(arguments), 3);
    arguments.emplace_back("--json");
    EXPECT_EQ(run(arguments, &text), 3);
    const json object = json::parse(text, nullptr, false);
    ASSERT_TRUE(object.is_object()) << text;
    const json& never = object.at("never_judged");
    EXPECT_NE(std::find(never.begin(), never.end(), "no_entry_vanishes"), never.end()) << never;
    EXPECT_EQ(object.at("judged").value("no_entry_vanishes", 0), 0);
  }
  plan_ = three_get_one();
  save();
  for (std::vector<std::string> arguments : {explore, replay}) {
    std::string text;
    arguments.emplace_back("--require-judged");
    EXPECT_EQ(run(arguments, &text), 0) << text;
    EXPECT_EQ(text.find("as far as judged"), std::string::npos) << text;
  }
}

TEST_F(SimCommand, RefusesToReplayWhatExpectsNoInvariant) {
  plan_.note.expect = "hold";
  save();
  std::string text;
  EXPECT_EQ(run({"replay", file_}, &text, true), 2);
  EXPECT_NE(text.find("plan.json: expect"), std::string::npos) << text;
}

TEST_F(SimCommand, FailsAReplayThatIsNotAsExpected) {
  plan_.note.expect = "one_download";
  save();
  std::string text;
  EXPECT_EQ(run({"replay", file_}, &text), 1);
  EXPECT_NE(text.find("HELD"), std::string::npos) << text;
  plan_.note.expect = "holds";
  plan_.schedule.switches = {Switch{1, 9000, 0}};
  save();
  EXPECT_EQ(run({"replay", file_}), 0);
  EXPECT_EQ(run({"replay", file_, "--strict"}, &text), 1);
  EXPECT_NE(text.find("step "), std::string::npos) << text;
  EXPECT_NE(text.find("expected"), std::string::npos) << text;
}

TEST_F(SimCommand, ShowsATimeline) {
  std::string text;
  EXPECT_EQ(run({"show", file_}, &text), 0);
  EXPECT_NE(text.find("= get m0: done"), std::string::npos) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(run({"show", "--seed", "3"}, &text), 0);
  EXPECT_EQ(run({"show"}), 2);
  EXPECT_EQ(run({"show", file_, "--seed", "3"}), 2);
}

TEST_F(SimCommand, NamesTheKeyOfABadPlan) {
  const std::string good = print_plan(plan_);
  EXPECT_NE(refusal(good.substr(0, good.size() / 2)), "");
  EXPECT_NE(refusal(with("\"plan\": 1", "\"plan\": 2")).find("plan"), std::string::npos);
  EXPECT_NE(refusal(with("\"get\"", "\"fetch\"")).find("fetch"), std::string::npos);
  EXPECT_NE(refusal(with("{\"get\": \"m0\"}", "{\"get\": \"m9\"}")).find("processes[0].operations[0]"),
            std::string::npos);
  EXPECT_NE(refusal(with("1024", "-1")).find("models[0]"), std::string::npos);
  EXPECT_NE(refusal(with("1024", "99999999999")).find("models[0]"), std::string::npos);
  EXPECT_NE(refusal(with("\"processes\": [", "\"processes\": 3, \"x\": [")).find("processes"), std::string::npos);
}

}  // namespace
}  // namespace stampede
