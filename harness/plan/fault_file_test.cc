// Fault files: what they may say, and that every mistake is named with its place.
#include "harness/plan/fault_file.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace stampede {
namespace {

FaultTurn turn_of(const char* text) { return parse_turn(text).value(); }

TEST(FaultFile, SaysWhatItsExampleShows) {
  const auto file = parse_fault_file(fault_file_example(), "example");
  ASSERT_TRUE(file) << file.error().message();
  const FaultSequence& turns = file->connections;
  EXPECT_EQ(turns.faults.size(), 3U);
  EXPECT_TRUE(turns.faults.at(0) == FaultTurn{});
  EXPECT_TRUE(turns.faults.at(1) == turn_of("drip:1000+flip_byte:7"));
  EXPECT_TRUE(turns.faults.at(2) == turn_of("status:429:retry_after=1+stall_before_headers:for=20ms"));
  EXPECT_TRUE(turns.repeats);
  EXPECT_EQ(turns.every, 2U);
  EXPECT_EQ(file->models.size(), 1U);
  const FaultSequence& own = file->models.at("m1.onnx");
  EXPECT_TRUE(own.faults ==
              (std::vector<FaultTurn>{turn_of("close_in_body:64KiB"), turn_of("other_version_same_etag:1")}));
  EXPECT_FALSE(own.repeats);
  EXPECT_EQ(own.every, 1U);
}

TEST(FaultFile, MayBeAlmostEmpty) {
  const auto file = parse_fault_file(R"({"faults": 1})", "f");
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->connections == FaultSequence{});
  EXPECT_TRUE(file->models.empty());
}

TEST(FaultFile, WritesEveryKindAsAnObject) {
  for (const FaultKind kind : all_fault_kinds()) {
    if (kind == FaultKind::none || kind == FaultKind::refused) continue;
    const auto [positional, keyed] = parameters_of(kind);
    std::string parameters;
    std::string shorthand(name_of(kind));
    if (!positional.empty()) {
      parameters = "\"" + std::string(positional) + "\": 404";
      shorthand += ":404";
    }
    if (!keyed.empty()) {
      const std::string value = keyed == "retry_after" ? "3" : "3ms";
      parameters += (parameters.empty() ? "\"" : ", \"") + std::string(keyed) + "\": \"" + value + "\"";
      shorthand += ":" + std::string(keyed) + "=" + value;
    }
    const std::string text =
        R"({"faults": 1, "turns": [{")" + std::string(name_of(kind)) + R"(": {)" + parameters + "}}]}";
    const auto file = parse_fault_file(text, "f");
    ASSERT_TRUE(file) << text << file.error().message();
    EXPECT_EQ(print(file->connections.faults.at(0)), shorthand);
  }
}

TEST(FaultFile, ErrorsNameTheFileTheKeyAndWhatWasExpected) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "expected JSON: "},
      {"{", "expected JSON: "},
      {"[]", "faults: expected an object whose first key this is"},
      {"{}", "faults: expected an object whose first key this is"},
      {R"({"turns": [], "faults": 1})", "faults: expected an object whose first key this is"},
      {R"({"faults": 2})", "faults: expected 1"},
      {R"({"faults": "1"})", "faults: expected 1"},
      {R"({"faults": 1, "turn": []})", "turn: unknown, expected one of every, faults, models, repeat, turns"},
      {R"({"faults": 1, "turns": [], "turns": []})", "turns: this key comes twice"},
      {R"({"faults": 1, "turns": "none"})", "turns: expected a list"},
      {R"({"faults": 1, "turns": ["none", 7]})", "turns[1]: expected a shorthand"},
      {R"({"faults": 1, "turns": [{}]})", "turns[0]: expected a shorthand"},
      {R"({"faults": 1, "turns": ["explode"]})", "turns[0]: 'explode': expected one of none, refused"},
      {R"({"faults": 1, "turns": ["refused"]})", "turns[0]: a server that listens cannot refuse"},
      {R"({"faults": 1, "turns": ["flip_byte:1+flip_byte:2"]})", "turns[0]: flip_byte:1 and flip_byte:2 contradict"},
      {R"({"faults": 1, "turns": [{"explode": {}}]})", "turns[0].explode: unknown kind of fault"},
      {R"({"faults": 1, "turns": [{"drip": 5}]})", "turns[0].drip: expected an object with its parameters"},
      {R"({"faults": 1, "turns": [{"drip": {"size": 5}}]})", "turns[0].drip.size: unknown, expected bytes or pause"},
      {R"({"faults": 1, "turns": [{"bare_lf": {"at": 5}}]})", "turns[0].bare_lf.at: unknown, expected no parameter"},
      {R"({"faults": 1, "turns": [{"flip_byte": {"by": 5}}]})", "turns[0].flip_byte.by: unknown, expected at"},
      {R"({"faults": 1, "turns": [{"drip": {"bytes": -5}}]})", "turns[0].drip.bytes: expected a number or a string"},
      {R"({"faults": 1, "turns": [{"drip": {"bytes": "5+bare_lf"}}]})", "turns[0].drip.bytes: expected one value"},
      {R"({"faults": 1, "turns": [{"drip": {"pause": "5ms"}}]})", "turns[0]: drip needs a number of bytes"},
      {R"({"faults": 1, "repeat": 1})", "repeat: expected true or false"},
      {R"({"faults": 1, "every": 0})", "every: expected a number from 1 to 1000000"},
      {R"({"faults": 1, "every": 1000001})", "every: expected a number from 1"},
      {R"({"faults": 1, "models": []})", "models: expected an object"},
      {R"({"faults": 1, "models": {"m": []}})", "models.m: expected an object with turns"},
      {R"({"faults": 1, "models": {"m": {"models": {}}}})", "models.m.models: unknown, expected one of every, repeat"},
      {R"({"faults": 1, "models": {"m": {"turns": ["none", "reset_on_accept"]}}})",
       "models.m.turns[1]: reset_on_accept comes before the request, when no model is known"},
      {R"({"faults": 1, "models": {"m": {"every": "x"}}})", "models.m.every: expected a number"},
  };
  for (const auto& [text, expected] : cases) {
    const auto file = parse_fault_file(text, "my.json");
    ASSERT_FALSE(file) << text;
    EXPECT_EQ(file.error().code, modelcache::ErrorCode::invalid_argument) << text;
    EXPECT_EQ(file.error().place, "my.json") << text;
    EXPECT_EQ(file.error().detail.rfind(expected, 0), 0U) << text << " -> " << file.error().detail;
  }
}

TEST(FaultFile, IsNamedWhereItCannotBeRead) {
  const auto missing = read_fault_file("/nonexistent/faults.json");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, modelcache::ErrorCode::not_found);
  EXPECT_NE(missing.error().message().find("read fault file /nonexistent/faults.json"), std::string::npos);
  const auto directory = read_fault_file(std::filesystem::temp_directory_path().string());
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().code, modelcache::ErrorCode::io);
}

}  // namespace
}  // namespace stampede
