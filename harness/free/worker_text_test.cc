// Specifications and reports come back as they were, and nothing else is taken for one.
#include "harness/free/worker_text.h"

#include <gtest/gtest.h>

namespace stampede {
namespace {

TEST(WorkerText, GivesSpecificationsBack) {
  WorkerSpecification specification;
  specification.operations = {{.url = "http://h/a", .sha256 = modelcache::sha256_of("a"), .directory = "/d \"x\""}};
  specification.operations.push_back(specification.operations.front());
  specification.operations.back().command =
      CommandGet{.line = {.argv = {"get", "a b"}, .environment = {"A=b"}, .timeout = std::chrono::milliseconds(9)},
                 .artifact = "/d/a"};
  specification.attempts_max = 3;
  specification.backoff_max = std::chrono::milliseconds(7);
  specification.verify = modelcache::VerifyPolicy::always;
  specification.reads_back = false;
  specification.counts_descriptors = false;
  const auto parsed = parse_specification(print(specification));
  ASSERT_TRUE(parsed) << parsed.error().message();
  EXPECT_EQ(parsed->operations.at(0).url, "http://h/a");
  EXPECT_EQ(parsed->operations.at(0).sha256, modelcache::sha256_of("a"));
  EXPECT_EQ(parsed->operations.at(0).directory, "/d \"x\"");
  EXPECT_FALSE(parsed->operations.at(0).command);
  ASSERT_TRUE(parsed->operations.at(1).command);
  const CommandGet& command = *parsed->operations[1].command;
  EXPECT_EQ(command.line.argv, (std::vector<std::string>{"get", "a b"}));
  EXPECT_EQ(command.line.environment, std::vector<std::string>{"A=b"});
  EXPECT_EQ(command.line.timeout, std::chrono::milliseconds(9));
  EXPECT_EQ(command.artifact, "/d/a");
  EXPECT_EQ(parsed->attempts_max, 3U);
  EXPECT_EQ(parsed->backoff_max, std::chrono::milliseconds(7));
  EXPECT_EQ(parsed->verify, modelcache::VerifyPolicy::always);
  EXPECT_FALSE(parsed->reads_back);
  EXPECT_FALSE(parsed->counts_descriptors);
}

TEST(WorkerText, GivesReportsBack) {
  OperationReport success;
  success.succeeded = true;
  success.path = "/d/entries/x";
  success.claims_hit = true;
  success.claimed_attempts = 2;
  success.went_without_lock = true;
  success.read_back = modelcache::sha256_of("a");
  success.notes = {"one", "two \xff"};
  success.began_at = MachineTime(5);
  success.ended_at = MachineTime(9);
  OperationReport failure;
  failure.error_code = "reset";
  failure.error_message = "receive: reset";
  failure.command = CommandRecord{
      .end = CommandEnd::talked_too_much, .value = 9, .output_bytes = 1UL << 40U, .last_output = "y \xff"};
  const auto whole = parse_report(print({.operations = {success, failure},
                                         .measures = {.times = {{"get", {MachineTime(7)}}}, .counts = {{"bytes", 3}}},
                                         .ready_at = MachineTime(4),
                                         .descriptors_before = 5,
                                         .descriptors_after = {},
                                         .peak_memory_bytes = 4096}));
  ASSERT_TRUE(whole) << whole.error().message();
  EXPECT_EQ(whole->measures.times.at("get"), Samples{MachineTime(7)});
  EXPECT_EQ(whole->measures.counts.at("bytes"), 3U);
  EXPECT_EQ(whole->ready_at, MachineTime(4));
  EXPECT_EQ(whole->descriptors_before, 5U);
  EXPECT_EQ(whole->peak_memory_bytes, 4096U);
  EXPECT_FALSE(whole->descriptors_after);
  const std::vector<OperationReport>* const parsed = &whole->operations;
  ASSERT_EQ(parsed->size(), 2U);
  EXPECT_TRUE((*parsed)[0].succeeded);
  EXPECT_EQ((*parsed)[0].path, success.path);
  EXPECT_TRUE((*parsed)[0].claims_hit);
  EXPECT_EQ((*parsed)[0].claimed_attempts, 2U);
  EXPECT_TRUE((*parsed)[0].went_without_lock);
  EXPECT_EQ((*parsed)[0].read_back, success.read_back);
  EXPECT_EQ((*parsed)[0].notes.size(), 2U);
  EXPECT_EQ((*parsed)[0].ended_at, MachineTime(9));
  EXPECT_FALSE((*parsed)[1].succeeded);
  EXPECT_EQ((*parsed)[1].error_code, "reset");
  EXPECT_FALSE((*parsed)[0].command);
  ASSERT_TRUE((*parsed)[1].command);
  EXPECT_EQ((*parsed)[1].command->end, CommandEnd::talked_too_much);
  EXPECT_EQ((*parsed)[1].command->value, 9);
  EXPECT_EQ((*parsed)[1].command->output_bytes, 1UL << 40U);
}

TEST(WorkerText, RefusesWhatIsNoReport) {
  for (const char* text : {"", "{}", "[]", "{\"operations\":[{}]}", "{\"operations\":[{\"succeeded\":true}]}", "R"}) {
    EXPECT_FALSE(parse_report(text)) << text;
  }
  EXPECT_FALSE(parse_report(print(WorkerReport{}).substr(0, 20)));
  EXPECT_FALSE(parse_specification("{}"));
}

}  // namespace
}  // namespace stampede
