// What every command that works for long says and returns once it gets Ctrl-C: what was done until then, and 130.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/cli/posix_command_for_test.h"
#include "harness/plan/plan_json.h"
#include "harness/run/sim_benchmark.h"

namespace stampede {
namespace {

using nlohmann::json;

constexpr std::size_t kMore = 20'000;  // than anybody has done when he is interrupted at once

TEST(InterruptedCommand, EndsWithAReportAndItsOwnStatus) {
  const TestDirectory directory;
  const std::string plan = print_plan(three_get_one()), file = directory.file("plan.json", plan);
  for (int i = 0; i < 300; ++i) directory.file("plans/" + std::to_string(i) + ".json", plan);
  std::string line, seeds;
  ASSERT_EQ(run({"replay", "--seed", "7", "--seed-line"}, &line), 0);
  for (std::size_t i = 0; i < kMore; ++i) seeds += line;
  seeds = directory.file("seeds.txt", seeds);
  std::vector<std::string> plans(kMore, file);
  plans.insert(plans.begin(), "replay");
  const struct {
    std::vector<std::string> words;
    const char* done;  // the key that says how much was, or has it as a list
    std::size_t all;
  } commands[] = {
      {{"explore", "--models", "generated:1KiB", "--processes", "1", "--runs", "20000"}, "plans", kMore},
      {{"explore", "--world", "sim", "--runs", "1000000"}, "plans", 1'000'000},
      {{"explore", "--world", "sim", "--plan", file, "--strategy", "exhaustive:3"}, "exhausted", 1},
      {{"explore", "--world", "sim", "--plan", file, "--sweep", "kill-pairs"}, "complete", 1},
      {{"replay", "--seeds", seeds}, "replayed", kMore},
      {plans, "replayed", kMore},
      {{"shrink", directory.path() + "/plans", "--subject", std::string(STAMPEDE_PLUGINS) + "/idle_subject.so"},
       "shrunk",
       300},
      {{"bench", "--world", "sim", "--scenario", "sim_same", "--runs", "20000"}, "rows", 2},
      {{"bench", "--world", "free", "--models", "generated:1KiB", "--runs", "20000"}, "rows", 1000},
  };
  for (const auto& each : commands) {
    for (const bool is_json : {true, false}) {
      std::vector<std::string> words = each.words;
      if (is_json) words.emplace_back("--json");
      SCOPED_TRACE(testing::PrintToString(words));
      RunningCommand command(words, directory.path(),
                             is_json ? RunningCommand::Heard::output : RunningCommand::Heard::errors);
      command.await_handler(SIGINT);
      command.signal(SIGINT);
      EXPECT_EQ(command.wait(), 130);
      if (!is_json) {
        EXPECT_NE(command.text().find("interrupted: this is what was done before\n"), std::string::npos)
            << command.text();
        continue;
      }
      const json said = json::parse(command.text(), nullptr, false);
      ASSERT_TRUE(said.is_object()) << command.text();
      EXPECT_EQ(said.at("interrupted"), true);
      const json& done = said.at(each.done);
      EXPECT_LT(done.is_array() ? done.size() : done.is_boolean() ? done == true : done.get<std::size_t>(), each.all);
    }
  }
}

}  // namespace
}  // namespace stampede
