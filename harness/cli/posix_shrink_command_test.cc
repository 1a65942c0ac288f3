// `stampede shrink` as people run it, on a subject that promises nothing and on the good cache.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "harness/cli/posix_command_for_test.h"
#include "harness/plan/plan_json.h"
#include "harness/run/sim_benchmark.h"

namespace stampede {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// Does nothing, and says that all is done.
const std::string kIdleSubject = std::string(STAMPEDE_PLUGINS) + "/idle_subject.so";

class ShrinkCommand : public testing::Test {
 protected:
  TestDirectory directory_;
  std::string plan_ = directory_.file("plan.json", print_plan(three_get_one()));
};

TEST_F(ShrinkCommand, ShowsTheFailureThenFourLinesAndTheProof) {
  std::string said;
  ASSERT_EQ(run({"shrink", plan_, "--subject", kIdleSubject}, &said), 0) << said;
  EXPECT_EQ(said.find("unshrunk: "), 0U) << said;
  const std::string file = plan_.substr(0, plan_.size() - 5) + "-shrunk.json";
  for (const std::string& line :
       {std::string("\nviolated: "), std::string("\nplan:     1 process, m0 1 KiB: get m0\n"),
        "\nreplay:   stampede replay " + file + " --subject " + kIdleSubject + "\n", "\nfile:     " + file,
        std::string("\nshrunk:   processes 3 -> 1, operations 3 -> 1"), std::string("\nproof:    proven")}) {
    EXPECT_THAT(said, HasSubstr(line));
  }
  const auto shrunk = read_plan(file);
  ASSERT_TRUE(shrunk);
  EXPECT_NE(shrunk->note.expect, "holds");
  EXPECT_EQ(run({"replay", file, "--subject", kIdleSubject, "--strict"}, &said), 1);
  EXPECT_EQ(read_plan(plan_)->processes.size(), 3U) << "the plan given stays as it is";
}

TEST_F(ShrinkCommand, TellsTheSameInJson) {
  std::string said;
  const std::string out = directory_.file("small.json", "");
  ASSERT_EQ(run({"shrink", plan_, "--subject", kIdleSubject, "--out", out, "--json"}, &said), 0) << said;
  const json object = json::parse(said, nullptr, false);
  ASSERT_TRUE(object.is_object()) << said;
  const json& shrunk = object.at("shrunk").at(0);
  EXPECT_EQ(shrunk.at("plan"), out);
  EXPECT_EQ(shrunk.at("before").at("processes"), 3);
  EXPECT_EQ(shrunk.at("after").at("processes"), 1);
  EXPECT_EQ(shrunk.at("proof"), "proven");
  EXPECT_EQ(shrunk.at("repeatable"), true);
  EXPECT_EQ(shrunk.at("fixed_point"), true);
  EXPECT_GT(shrunk.at("replays"), 1);
  EXPECT_EQ(object.at("interrupted"), false);
}

TEST_F(ShrinkCommand, TakesFoldersOfPlans) {
  std::filesystem::create_directories(directory_.path() + "/plans");
  directory_.file("plans/a.json", print_plan(three_get_one()));
  directory_.file("plans/b.json", print_plan(three_get_one()));
  const std::string out = directory_.path() + "/out";
  ASSERT_EQ(run({"shrink", directory_.path() + "/plans", "--subject", kIdleSubject, "--out", out}), 0);
  EXPECT_TRUE(read_plan(out + "/a-shrunk.json"));
  EXPECT_TRUE(read_plan(out + "/b-shrunk.json"));
}

TEST_F(ShrinkCommand, IsWhatExploreDoesWithWhatItFinds) {
  const std::string out = directory_.path() + "/found";
  std::string said;
  const std::vector<std::string> explore = {"explore", "--world", "sim", "--subject", kIdleSubject, "--seed",
                                            "1",       "--runs",  "20",  "--out",     out};
  ASSERT_EQ(run(explore, &said), 1);
  EXPECT_EQ(said.find("unshrunk: "), 0U) << said;
  EXPECT_THAT(said, HasSubstr("\nviolated: "));
  EXPECT_THAT(said, HasSubstr("\nproof:    proven"));
  EXPECT_THAT(said, HasSubstr("-shrunk.json"));
  std::size_t shrunk = 0, whole = 0;
  for (const auto& entry : std::filesystem::directory_iterator(out)) {
    EXPECT_TRUE(read_plan(entry.path().string())) << entry.path();
    ++(entry.path().string().ends_with("-shrunk.json") ? shrunk : whole);
  }
  EXPECT_GT(shrunk, 0U);
  EXPECT_LE(shrunk, 5U);
  EXPECT_GT(whole, shrunk);
  std::vector<std::string> in_json = explore;
  in_json.emplace_back("--json");
  ASSERT_EQ(run(in_json, &said), 1);
  const json object = json::parse(said, nullptr, false);
  ASSERT_TRUE(object.is_object()) << said;
  EXPECT_EQ(object.at("violations").at(0).at("shrunk").at("proof"), "proven");
  std::vector<std::string> unshrunk = explore;
  unshrunk.back() = directory_.path() + "/whole";
  unshrunk.insert(unshrunk.end(), {"--no-shrink", "--json"});
  ASSERT_EQ(run(unshrunk, &said), 1);
  for (const auto& entry : std::filesystem::directory_iterator(unshrunk[10])) {
    EXPECT_FALSE(entry.path().string().ends_with("-shrunk.json"));
  }
  EXPECT_TRUE(json::parse(said, nullptr, false).at("violations").at(0).at("shrunk").is_null());
}

// No run of this subject is like another, and the other plan's cannot be had.
TEST_F(ShrinkCommand, KeepsThatAResultDoesNotRepeatItself) {
  const std::string fickle = std::string(STAMPEDE_PLUGINS) + "/fickle_subject.so";
  Plan plan = three_get_one();
  plan.subject = "nobody";
  const std::string absent = directory_.file("absent.json", print_plan(plan));
  std::string said;
  EXPECT_EQ(run({"shrink", absent, "--subject", fickle}, &said, true), 2) << said;
  for (const std::vector<std::string>& plans : {std::vector{plan_}, {plan_, absent}, {absent, plan_}}) {
    std::vector<std::string> words = {"shrink", "--subject", fickle, "--proof", "0"};
    words.insert(words.end(), plans.begin(), plans.end());
    EXPECT_EQ(run(words, &said), 1) << said;
    EXPECT_THAT(said, HasSubstr("\nDIVERGED: a strict replay of it differs: the trace is another one\n"));
    words.emplace_back("--json");
    EXPECT_EQ(run(words, &said), 1) << said;
    const json object = json::parse(said, nullptr, false);
    ASSERT_TRUE(object.is_object()) << said;
    EXPECT_EQ(object.at("shrunk").at(0).at("repeatable"), false);
  }
  const std::string out = directory_.path() + "/none/a.json";
  EXPECT_EQ(run({"shrink", plan_, "--subject", fickle, "--proof", "0", "--out", out}, &said), 1);
  EXPECT_THAT(said, HasSubstr("could not be written; the plan is"));
  EXPECT_EQ(run({"explore", "--world", "sim", "--subject", fickle, "--runs", "3", "--out", out, "--json"}, &said), 1);
  EXPECT_EQ(json::parse(said, nullptr, false).value("divergences", 0), 3) << said;
}

TEST_F(ShrinkCommand, IsTheFirstPartOfAnExplanation) {
  std::string said;
  ASSERT_EQ(run({"show", plan_, "--explain", "--subject", kIdleSubject}, &said), 0) << said;
  EXPECT_THAT(said, HasSubstr("after shrinking"));
  EXPECT_THAT(said, HasSubstr("\nBroken:   "));
  EXPECT_THAT(said, HasSubstr("\nPlan:     1 process, m0 1 KiB: get m0\n"));
  EXPECT_EQ(run({"show", plan_, "--explain"}, &said, true), 2);
  EXPECT_THAT(said, HasSubstr("nothing to explain: it holds"));
}

TEST_F(ShrinkCommand, RefusesWhatItCannotShrink) {
  std::string said;
  EXPECT_EQ(run({"shrink", plan_}, &said, true), 2);
  EXPECT_THAT(said, HasSubstr("nothing to shrink: it holds"));
  EXPECT_FALSE(std::filesystem::exists(plan_.substr(0, plan_.size() - 5) + "-shrunk.json"));
  EXPECT_EQ(run({"shrink"}, &said, true), 2);
  EXPECT_THAT(said, HasSubstr("name plans"));
  EXPECT_EQ(run({"shrink", directory_.path() + "/none.json"}, &said, true), 2);
  EXPECT_EQ(run({"shrink", plan_, "--subject", "shell_cache"}, &said, true), 2);
  EXPECT_EQ(run({"shrink", plan_, "--subject", kIdleSubject, "--out", directory_.path() + "/none/a.json"}, &said), 2);
  EXPECT_THAT(said, HasSubstr("could not be written; the plan is"));
}

}  // namespace
}  // namespace stampede
