// Specifications and reports come back as they were, field by field, and nothing else is taken for one.
#include "harness/free/worker_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace stampede {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

WorkerSpecification odd_specification() {
  WorkerSpecification specification;
  specification.operations = {{.url = "http://h/a", .sha256 = modelcache::sha256_of("a"), .directory = "/d \"x\""}};
  specification.operations.push_back(
      {.url = "http://h/b",
       .sha256 = modelcache::sha256_of("b"),
       .directory = "/e",
       .command = CommandGet{.line = {.argv = {"get", "a b"}, .environment = {"A=b", "C="}, .timeout = milliseconds(9)},
                             .artifact = "/d/a"}});
  specification.attempts_max = 3;
  specification.backoff_first = milliseconds(5);
  specification.backoff_max = milliseconds(7);
  specification.reads_back = false;
  specification.counts_descriptors = true;
  return specification;
}

TEST(WorkerText, GivesSpecificationsBack) {
  const auto parsed = parse_specification(print(odd_specification()));
  ASSERT_TRUE(parsed) << parsed.error().message();
  ASSERT_EQ(parsed->operations.size(), 2U);
  EXPECT_EQ(parsed->operations[0].url, "http://h/a");
  EXPECT_EQ(parsed->operations[0].sha256, modelcache::sha256_of("a"));
  EXPECT_EQ(parsed->operations[0].directory, "/d \"x\"");
  EXPECT_FALSE(parsed->operations[0].command);
  EXPECT_EQ(parsed->operations[1].url, "http://h/b");
  EXPECT_EQ(parsed->operations[1].sha256, modelcache::sha256_of("b"));
  EXPECT_EQ(parsed->operations[1].directory, "/e");
  ASSERT_TRUE(parsed->operations[1].command);
  const CommandGet& command = *parsed->operations[1].command;
  EXPECT_EQ(command.line.argv, (std::vector<std::string>{"get", "a b"}));
  EXPECT_EQ(command.line.environment, (std::vector<std::string>{"A=b", "C="}));
  EXPECT_EQ(command.line.timeout, milliseconds(9));
  EXPECT_EQ(command.artifact, "/d/a");
  EXPECT_EQ(parsed->attempts_max, 3U);
  EXPECT_EQ(parsed->backoff_first, milliseconds(5));
  EXPECT_EQ(parsed->backoff_max, milliseconds(7));
  EXPECT_FALSE(parsed->reads_back);
  EXPECT_TRUE(parsed->counts_descriptors);
}

TEST(WorkerText, GivesEachPolicyAndSwitchBack) {
  using modelcache::VerifyPolicy;
  for (const VerifyPolicy policy : {VerifyPolicy::when_changed, VerifyPolicy::always, VerifyPolicy::never}) {
    WorkerSpecification specification;
    specification.verify = policy;
    specification.counts_descriptors = false;
    const auto parsed = parse_specification(print(specification));
    ASSERT_TRUE(parsed) << parsed.error().message();
    EXPECT_EQ(parsed->verify, policy);
    EXPECT_TRUE(parsed->reads_back);
    EXPECT_FALSE(parsed->counts_descriptors);
    EXPECT_TRUE(parsed->operations.empty());
  }
}

// `text` with one key changed by `change`, below the place.
template <class Change>
std::string changed(const std::string& text, const std::string& place, Change change) {
  json object = json::parse(text);
  change(object.at(json::json_pointer(place)));
  return object.dump();
}

TEST(WorkerText, RefusesASpecificationThatLacksAnything) {
  const std::string good = print(odd_specification());
  const std::pair<std::string, std::vector<std::string>> required[] = {
      {"",
       {"operations", "attempts_max", "backoff_first_ms", "backoff_max_ms", "verify", "reads_back",
        "counts_descriptors"}},
      {"/operations/0", {"url", "sha256", "directory"}},
      {"/operations/1/command", {"argv", "environment", "timeout_ms", "artifact"}},
  };
  for (const auto& [place, keys] : required) {
    for (const std::string& key : keys) {
      const auto lacks = parse_specification(changed(good, place, [&](json& object) { object.erase(key); }));
      ASSERT_FALSE(lacks) << key;
      EXPECT_EQ(lacks.error().code, modelcache::ErrorCode::invalid_argument);
      EXPECT_EQ(lacks.error().place, "worker specification");
      EXPECT_FALSE(parse_specification(changed(good, place, [&](json& object) { object[key] = json::object(); })))
          << key << " of another type";
    }
  }
  const std::pair<std::string, json> bad_values[] = {
      {"/operations/0/sha256", "abc"}, {"/operations/1/command/argv", json::array()}, {"/verify", "sometimes"}};
  for (const auto& [place, value] : bad_values) {
    const json& bad = value;
    EXPECT_FALSE(parse_specification(changed(good, place, [&](json& object) { object = bad; }))) << place;
  }
}

OperationReport odd_success() {
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
  return success;
}

OperationReport odd_failure() {
  OperationReport failure;
  failure.error_code = "reset";
  failure.error_message = "receive: reset";
  failure.began_at = MachineTime(11);
  failure.ended_at = MachineTime(13);
  failure.command = CommandRecord{
      .end = CommandEnd::talked_too_much, .value = 9, .output_bytes = 1UL << 40U, .last_output = "y \xff"};
  return failure;
}

WorkerReport odd_report() {
  OperationReport plain;  // nothing that may be left out
  plain.succeeded = true;
  return {.operations = {odd_success(), odd_failure(), plain},
          .measures = {.times = {{"get", {MachineTime(7), MachineTime(6)}}, {"open", {MachineTime(8)}}},
                       .counts = {{"bytes", 3}, {"redirects", 4}}},
          .ready_at = MachineTime(4),
          .descriptors_before = 5,
          .descriptors_after = 6,
          .peak_memory_bytes = 4096};
}

TEST(WorkerText, GivesReportsBack) {
  const std::string text = print(odd_report());
  EXPECT_EQ(text.find('\n'), text.size() - 1) << "one line";
  const auto whole = parse_report(text);
  ASSERT_TRUE(whole) << whole.error().message();
  EXPECT_EQ(whole->measures.times, odd_report().measures.times);
  EXPECT_EQ(whole->measures.counts, odd_report().measures.counts);
  EXPECT_EQ(whole->ready_at, MachineTime(4));
  EXPECT_EQ(whole->descriptors_before, 5U);
  EXPECT_EQ(whole->descriptors_after, 6U);
  EXPECT_EQ(whole->peak_memory_bytes, 4096U);
  ASSERT_EQ(whole->operations.size(), 3U);
  const OperationReport& success = whole->operations[0];
  EXPECT_TRUE(success.succeeded);
  EXPECT_EQ(success.path, "/d/entries/x");
  EXPECT_TRUE(success.claims_hit);
  EXPECT_EQ(success.claimed_attempts, 2U);
  EXPECT_TRUE(success.went_without_lock);
  EXPECT_EQ(success.read_back, modelcache::sha256_of("a"));
  EXPECT_EQ(success.notes, (std::vector<std::string>{"one", "two \xef\xbf\xbd"}));
  EXPECT_EQ(success.began_at, MachineTime(5));
  EXPECT_EQ(success.ended_at, MachineTime(9));
  EXPECT_FALSE(success.command);
  EXPECT_EQ(success.error_code + success.error_message, "");
  const OperationReport& failure = whole->operations[1];
  EXPECT_FALSE(failure.succeeded);
  EXPECT_EQ(failure.error_code, "reset");
  EXPECT_EQ(failure.error_message, "receive: reset");
  EXPECT_EQ(failure.began_at, MachineTime(11));
  EXPECT_EQ(failure.ended_at, MachineTime(13));
  ASSERT_TRUE(failure.command);
  EXPECT_EQ(failure.command->value, 9);
  EXPECT_EQ(failure.command->output_bytes, 1UL << 40U);
  EXPECT_EQ(failure.command->last_output, "y \xef\xbf\xbd");
  const OperationReport& plain = whole->operations[2];
  EXPECT_TRUE(plain.succeeded);
  EXPECT_FALSE(plain.claims_hit || plain.went_without_lock || plain.read_back || plain.command);
  EXPECT_TRUE(plain.notes.empty());
  EXPECT_EQ(plain.claimed_attempts, 0U);
}

TEST(WorkerText, GivesEachEndOfACommandBack) {
  for (const CommandEnd end : {CommandEnd::not_started, CommandEnd::exited, CommandEnd::signalled,
                               CommandEnd::timed_out, CommandEnd::talked_too_much}) {
    OperationReport report = odd_success();
    report.command = CommandRecord{.end = end, .value = 0, .output_bytes = 0, .last_output = ""};
    WorkerReport whole;
    whole.operations = {report};
    const auto parsed = parse_report(print(whole));
    ASSERT_TRUE(parsed) << parsed.error().message();
    ASSERT_EQ(parsed->operations.size(), 1U);
    ASSERT_TRUE(parsed->operations[0].command);
    EXPECT_EQ(parsed->operations[0].command->end, end);
    EXPECT_EQ(parsed->operations[0].path, "/d/entries/x") << "the rest is still there";
  }
}

TEST(WorkerText, LeavesOutWhatCouldNotBeMeasured) {
  const auto parsed = parse_report(print(WorkerReport{}));
  ASSERT_TRUE(parsed) << parsed.error().message();
  EXPECT_FALSE(parsed->descriptors_before || parsed->descriptors_after || parsed->peak_memory_bytes);
  EXPECT_TRUE(parsed->measures.times.empty() && parsed->measures.counts.empty() && parsed->operations.empty());
}

TEST(WorkerText, RefusesAReportThatLacksAnything) {
  const std::string good = print(odd_report());
  const std::pair<std::string, std::vector<std::string>> required[] = {
      {"", {"operations", "times", "counts", "ready_at"}},
      {"/operations/0", {"succeeded", "began_at", "ended_at", "path", "claims_hit", "claimed_attempts"}},
      {"/operations/1", {"error_code", "error_message"}},
      {"/operations/1/command", {"end", "value", "output_bytes", "last_output"}},
  };
  for (const auto& [place, keys] : required) {
    for (const std::string& key : keys) {
      const auto lacks = parse_report(changed(good, place, [&](json& object) { object.erase(key); }));
      ASSERT_FALSE(lacks) << key;
      EXPECT_EQ(lacks.error().code, modelcache::ErrorCode::invalid_argument);
      EXPECT_EQ(lacks.error().place, "worker report");
      if (key == "times") continue;  // any object will do
      EXPECT_FALSE(parse_report(changed(good, place, [&](json& object) { object[key] = json::object({{"a", {}}}); })))
          << key << " of another type";
    }
  }
  const auto bad_end = changed(good, "/operations/1/command/end", [](json& end) { end = "slept"; });
  EXPECT_FALSE(parse_report(bad_end)) << "an end that nothing has";
  EXPECT_FALSE(parse_report(changed(good, "/operations/0/read_back", [](json& digest) { digest = "abc"; })));
  EXPECT_FALSE(parse_report(changed(good, "/operations/0/notes", [](json& notes) { notes = 7; })));
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
