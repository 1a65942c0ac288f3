// Tests of plans as JSON: what is printed, what comes back, and what is refused with file, key and expectation.
#include "harness/plan/plan_json.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "harness/plan/one_of_everything.h"
#include "harness/plan/plan_generator.h"

namespace stampede {
namespace {

constexpr std::string_view kEverything = R"({
  "plan": 1,
  "why": "it is needed",
  "found_by": "a person",
  "expect": "one_download",
  "kills": ["a"],
  "trace_hash": "0123456789abcdef",
  "models": [
    {"name": "m0", "bytes": 1024},
    {"name": "nets/m1.onnx", "bytes": 70000}
  ],
  "processes": [
    {"operations": [{"get": "m0"}, "list"]},
    {"operations": [{"remove": "nets/m1.onnx"}], "verify": "always", "lock_wait": "20ms", "only_wait": true, "umask": "077", "descriptors_max": 9, "idle_steps": 7}
  ],
  "start": {"warm": ["nets/m1.onnx"], "damage": [{"cut": "nets/m1.onnx"}, "unlisted"], "read_only": true},
  "network": {
    "turns": [
      "drip:1000+flip_byte:7",
      "none"
    ],
    "repeat": true,
    "every": 2
  },
  "disk": [
    {"step": "write", "nth": 3, "error": "ENOSPC", "path": "tmp/", "process": 1, "times": 0},
    {"step": "try_lock", "effect": "does_nothing"}
  ],
  "process_faults": [
    {"kill_before": {"process": 1, "step": 17}},
    {"stop": {"process": 0, "step": 3, "time": "5ms"}},
    {"clock_step": {"process": 0, "step": 4, "time": "-3600s"}}
  ],
  "schedule": {
    "switches": [
      [0, 12, 1], [1, 3, 0]
    ],
    "time_runs_first": true
  }
}
)";

std::string replaced(std::string_view text, std::string_view what, std::string_view by) {
  std::string result(text);
  const std::size_t at = result.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return result.replace(at, what.size(), by);
}

TEST(PlanJson, PrintsOneOfEverything) { EXPECT_EQ(print_plan(plan_of_everything()), kEverything); }

TEST(PlanJson, ReadsOneOfEverything) {
  const auto plan = parse_plan(kEverything, "f.json");
  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_EQ(*plan, plan_of_everything());
}

TEST(PlanJson, LeavesDefaultsOut) {
  Plan plan;
  plan.processes.resize(1);
  constexpr std::string_view kText =
      "{\n  \"plan\": 1,\n  \"models\": [],\n  \"processes\": [\n    {\"operations\": []}\n  ]\n}\n";
  EXPECT_EQ(print_plan(plan), kText);
  EXPECT_EQ(*parse_plan(kText, "f"), plan);
  EXPECT_EQ(*parse_plan(R"({"plan": 1, "processes": [{}]})", "f"), plan);
}

TEST(PlanJson, AllowsComments) {
  const auto plan = parse_plan("{\"plan\": 1, // first\n\"processes\": [{}] /* one */}", "f");
  ASSERT_TRUE(plan) << plan.error().message();
}

// The plan that the corpus explains line by line: it can be read, and leaves nothing out.
TEST(PlanJson, ReadsTheExplainedPlan) {
  std::ifstream file(STAMPEDE_CORPUS "/README.md");
  std::string text;
  bool is_inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) is_inside = line == "```json";
    if (is_inside && !line.starts_with("```")) text += line + "\n";
  }
  const auto plan = parse_plan(text, "README.md");
  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_FALSE(plan->start.damage.empty() || plan->disk.empty() || plan->schedule.switches.empty());
  EXPECT_FALSE(plan->note.why.empty() || plan->note.kills.empty() || plan->note.trace_hash.empty());
  const auto expect_explained = [&](auto kind) {
    EXPECT_NE(text.find(name_of(kind)), std::string::npos) << name_of(kind);
  };
  for (std::size_t i = 0; i < kOperationKinds; ++i) expect_explained(static_cast<OperationKind>(i));
  for (std::size_t i = 0; i < kDamageKinds; ++i) expect_explained(static_cast<DamageKind>(i));
  for (std::size_t i = 1; i < kDiskEffects; ++i) expect_explained(static_cast<DiskEffect>(i));
  for (std::size_t i = 0; i < kProcessFaultKinds; ++i) expect_explained(static_cast<ProcessFaultKind>(i));
  for (const std::string key : {"found_by", "expect", "lock_wait", "only_wait", "descriptors_max", "idle_steps",
                                "read_only", "repeat", "every", "path", "nth", "times", "time_runs_first"}) {
    EXPECT_NE(text.find("\"" + key + "\": "), std::string::npos) << key;
  }
}

TEST(PlanJson, GivesEveryDrawnPlanBack) {
  std::set<std::uint64_t> hashes;
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    const auto choices = choices_of_seed(seed);
    const Plan plan = draw_plan(*choices);
    const std::string text = print_plan(plan);
    const auto read = parse_plan(text, "f");
    ASSERT_TRUE(read) << read.error().message() << "\n" << text;
    ASSERT_EQ(*read, plan) << text;
    hashes.insert(plan_hash(plan));
  }
  EXPECT_GT(hashes.size(), 4500U);  // some of the simplest plans come twice
}

TEST(PlanJson, GivesTheLargestPlanBack) {
  Plan plan = plan_of_everything();
  plan.models.resize(kPlanModelsMax);
  for (std::size_t i = 0; i < plan.models.size(); ++i)
    plan.models[i] = {std::string(199, 'm') + "abcdefghijklmnop"[i], 1};
  plan.processes.resize(kPlanProcessesMax);
  for (PlanProcess& process : plan.processes)
    process.operations.resize(kPlanOperationsMax, Operation{OperationKind::get, 15});
  plan.schedule.switches.resize(16 * kPlanListMax, Switch{63, 10'000'000, 62});
  plan.disk.resize(kPlanListMax, DiskFault{.step = StepKind::rename,
                                           .process = 63,
                                           .path = std::string(1000, '"'),
                                           .nth = 9'999'999,
                                           .times = 0,
                                           .error = *errno_named("EXDEV")});
  plan.network.faults.resize(kPlanListMax, plan.network.faults[0]);
  ASSERT_TRUE(check(plan));
  const auto read = parse_plan(print_plan(plan), "f");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(*read, plan);
}

TEST(PlanJson, GivesTextsBack) {
  Plan plan = plan_of_everything();
  plan.note.why = "a \"quoted\" \\ na\xc3\xafve \xf0\x9f\x90\x98";
  plan.disk[0].path = "a\\\"b";
  EXPECT_EQ(*parse_plan(print_plan(plan), "f"), plan);
}

TEST(PlanHash, IsOfWhatThePlanDoes) {
  Plan plan = plan_of_everything();
  const std::uint64_t hash = plan_hash(plan);
  plan.note = {};
  EXPECT_EQ(plan_hash(plan), hash);
  plan.schedule.switches[0].step = 13;
  EXPECT_NE(plan_hash(plan), hash);
}

// Golden: the hashes of corpus/seeds.txt must mean the same in every build. A change of the generator, which raises
// kGeneratorVersion, changes the second.
TEST(PlanHash, IsTheSameInEveryBuild) {
  EXPECT_EQ(kGeneratorVersion, 2U);
  EXPECT_EQ(plan_hash(plan_of_everything()), 13'771'668'354'213'052'636U);
  std::uint64_t all = 0;
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    const auto choices = choices_of_seed(seed);
    all = all * 31 + plan_hash(draw_plan(*choices));
  }
  EXPECT_EQ(all, 4'082'666'427'822'401'777U);
}

struct TextRefusal {
  std::string what;  // a part of the good text, and what stands there instead
  std::string by;
  std::string detail;  // the beginning of the error's
};

const std::vector<TextRefusal>& text_refusals() {
  static const std::vector<TextRefusal> kRefusals = {
      {"\"plan\": 1", "\"plan\": 2", "plan: expected version 1, got 2"},
      {"\"plan\": 1", "\"plan\": \"1\"", "plan: expected version 1, got \"1\""},
      {"\"plan\": 1", "\"plan\": 1.5", "plan: expected version 1, got 1.5"},
      {"\"plan\": 1,\n  \"why\": \"it is needed\"", "\"why\": \"\",\n  \"plan\": 1",
       "plan: expected an object whose first key this is"},
      {"\"why\": \"it", "\"reason\": \"it", "reason: expected one of the keys plan, why, "},
      {"\"why\": \"it is needed\"", "\"why\": [1, \"two\"]", "why: expected a text, got [1,\"two\"]"},
      {"\"found_by\"", "\"why\"", "why: expected each key once, got it again"},
      {"\"one_download\"", "\"One\"", "expect: expected \"holds\" or the id of an invariant"},
      {"[\"a\"]", "[\"a\", null]", "kills[1]: expected the name of a mutant, got null"},
      {"\"bytes\": 1024", "\"bytes\": -1", "models[0].bytes: expected a number from 0 to 1048576, got -1"},
      {"\"bytes\": 1024", "\"bytes\": 1e30", "models[0].bytes: expected a number from 0 to 1048576, got 1e+30"},
      {"\"bytes\": 1024", "\"bytes\": 99999999999999999999999999",
       "models[0].bytes: expected a number from 0 to 1048576, got 1e+26"},
      {"\"bytes\": 1024", "\"bytes\": 1e999", "expected JSON, got number overflow"},
      {"\"bytes\": 1024", "\"bytes\": 1048577", "models[0].bytes: expected a number from 0 to 1048576, got 1048577"},
      {"\"bytes\": 1024", "\"bytes\": 1, \"bytes\": 1", "models[0].bytes: expected each key once, got it again"},
      {"\"bytes\": 1024", "\"size\": 1024", "models[0].size: expected one of the keys name, bytes, got 1024"},
      {"{\"name\": \"m0\", \"bytes\": 1024}", "\"m0\"", "models[0]: expected an object, got \"m0\""},
      {"\"name\": \"m0\"", "\"name\": \"../m0\"", "models[0].name: expected letters, "},
      {"\"name\": \"m0\"", "\"name\": \"nets/m1.onnx\"",
       "models[1].name: expected a name of its own, got \"nets/m1.onnx\""},
      {"{\"get\": \"m0\"}", "{\"get\": \"m7\"}",
       "processes[0].operations[0].get: expected a model of \"m0\", \"nets/m1.onnx\", got \"m7\""},
      {"{\"get\": \"m0\"}", "{\"get\": 0}", "processes[0].operations[0].get: expected a model of "},
      {"{\"get\": \"m0\"}", "{\"fetch\": \"m0\"}", "processes[0].operations[0]: expected \"list\", \"verify\", "},
      {"{\"get\": \"m0\"}", "\"get\"", "processes[0].operations[0]: expected \"list\""},
      {"{\"get\": \"m0\"}", "{\"list\": \"m0\"}", "processes[0].operations[0]: expected \"list\""},
      {"{\"get\": \"m0\"}", "{\"get\": \"m0\", \"find\": \"m0\"}", "processes[0].operations[0]: expected \"list\""},
      {"[{\"get\": \"m0\"}, \"list\"]", "{}", "processes[0].operations: expected a list, got {}"},
      {"\"always\"", "\"sometimes\"", "processes[1].verify: expected \"when-changed\", \"always\" or \"never\""},
      {"\"20ms\"", "20", "processes[1].lock_wait: expected a time such as"},
      {"\"20ms\"", "\"20\"", "processes[1].lock_wait: expected a time such as"},
      {"\"20ms\"", "\"20us\"", "processes[1].lock_wait: expected a time such as"},
      {"\"20ms\"", "\"-20ms\"", "processes[1].lock_wait: expected 0 to 10 years, got -20ms"},
      {"\"20ms\"", "\"315360001s\"", "processes[1].lock_wait: expected a time such as"},
      {"\"20ms\"", "\"99999999999999999999s\"", "processes[1].lock_wait: expected a time such as"},
      {"\"-3600s\"", "\"-315360001s\"", "process_faults[2].clock_step.time: expected a time such as"},
      {"\"-3600s\"", "\"-9223372036854775807s\"", "process_faults[2].clock_step.time: expected a time such as"},
      {"\"only_wait\": true", "\"only_wait\": 1", "processes[1].only_wait: expected true or false, got 1"},
      {"\"077\"", "\"099\"", "processes[1].umask: expected three octal digits"},
      {"\"077\"", "\"1077\"", "processes[1].umask: expected three octal digits"},
      {"\"077\"", "77", "processes[1].umask: expected three octal digits"},
      {"\"descriptors_max\": 9", "\"descriptors_max\": 1048577", "processes[1].descriptors_max: expected a number"},
      {"\"idle_steps\": 7", "\"idle_steps\": 50001", "processes[1].idle_steps: expected a number from 0 to 50000"},
      {"[\"nets/m1.onnx\"], \"damage\"", "[1], \"damage\"", "start.warm[0]: expected a model of"},
      {"[\"nets/m1.onnx\"], \"damage\"", "[], \"damage\"", "start.damage[0]: expected a model that start.warm names"},
      {"\"unlisted\"", "\"lost\"",
       "start.damage[1]: expected \"unlisted\", \"manifest_garbage\" or {KIND: MODEL} with"},
      {"\"read_only\"", "\"readonly\"", "start.readonly: expected one of the keys warm, damage, read_only"},
      {"\"drip:1000+flip_byte:7\"", "\"drip\"", "network.turns[0]: expected a turn (drip needs a number of bytes"},
      {"\"drip:1000+flip_byte:7\"", "{}", "network.turns[0]: expected a turn such as"},
      {"\"repeat\": true", "\"repeat\": null", "network.repeat: expected true or false, got null"},
      {"\"every\": 2", "\"every\": 0", "network.every: expected 1 to 10000000, got 0"},
      {"\"step\": \"write\"", "\"step\": \"scribble\"", "disk[0].step: expected the name of a step"},
      {"\"step\": \"write\", ", "", "disk[0].step: expected the name of a step"},
      {"\"ENOSPC\"", "\"ENOENT\"", "disk[0].error: expected the name of an errno"},
      {"\"ENOSPC\"", "\"EXDEV\"", "disk[0].error: expected one of ENOSPC, "},
      {"\"error\": \"ENOSPC\", ", "", "disk[0].error: expected one of ENOSPC, "},
      {"\"does_nothing\"", "\"nothing\"", "disk[1].effect: expected \"error\", \"short_transfer\" or \"does_nothing\""},
      {"\"process\": 1, \"times\"", "\"process\": 2, \"times\"",
       "disk[0].process: expected the index of one of 2 processes"},
      {"\"times\": 0", "\"times\": true", "disk[0].times: expected a number"},
      {"\"kill_before\"", "\"kill\"", "process_faults[0]: expected {KIND: {\"process\": P, \"step\": N}} with"},
      {"\"step\": 17", "\"step\": 17, \"time\": \"1s\"", "process_faults[0].time: expected none, got 1000000000ns"},
      {"\"step\": 17", "\"at\": 17", "process_faults[0].kill_before.at: expected one of the keys process, step, time"},
      {"[0, 12, 1]", "[0, 12]", "schedule.switches[0]: expected [process, own step, next process], got [0,12]"},
      {"[0, 12, 1]", "[0, -12, 1]", "schedule.switches[0][1]: expected a number"},
      {"[0, 12, 1]", "[0, 12, 2]", "schedule.switches[0][2]: expected the index of one of 2 processes, got 2"},
      {"[0, 12, 1]", "[[[[[[[[0]]]]]]]]", "schedule.switches[0][0][0][0][0][0]: expected at most 8 levels"},
      {"\"time_runs_first\": true", "\"time_runs_first\": \"yes\"", "schedule.time_runs_first: expected true or false"},
      {"}\n}\n", "}\n}\n}", "expected JSON, got parse error at line 41"},
      {"\"m0\"", std::string("\"m\0\"", 4), "expected JSON, got a zero at byte "},
      {"\"a\"", "\"\xff\"", "expected JSON, got parse error at line 6"},
      {"\"a\"", "\"\\u0007\"", "kills[0]: expected UTF-8 without control characters"},
  };
  return kRefusals;
}

TEST(PlanJson, RefusesWithFileAndKeyAndExpectation) {
  for (const TextRefusal& refusal : text_refusals()) {
    const auto plan = parse_plan(replaced(kEverything, refusal.what, refusal.by), "dir/f.json");
    ASSERT_FALSE(plan) << refusal.by;
    EXPECT_EQ(plan.error().code, modelcache::ErrorCode::invalid_argument);
    EXPECT_EQ(plan.error().place, "dir/f.json");
    EXPECT_EQ(plan.error().detail.substr(0, refusal.detail.size()), refusal.detail) << refusal.by;
  }
}

TEST(PlanJson, RefusesEveryTruncation) {
  const std::size_t whole = kEverything.find_last_of('}') + 1;
  for (std::size_t length = 0; length < whole; ++length) {
    const auto plan = parse_plan(kEverything.substr(0, length), "f");
    ASSERT_FALSE(plan) << length;
    ASSERT_EQ(plan.error().code, modelcache::ErrorCode::invalid_argument);
    ASSERT_EQ(plan.error().detail.substr(0, 13), "expected JSON") << length;
  }
}

TEST(PlanJson, RefusesWhatIsNoPlan) {
  for (const std::string_view text : {"", "[]", "{}", "1", "null", "\"plan\"", "{\"faults\": 1}"}) {
    EXPECT_FALSE(parse_plan(text, "f")) << text;
  }
  EXPECT_EQ(parse_plan("{}", "f").error().detail, "plan: expected an object whose first key this is, got {}");
}

TEST(PlanJson, RefusesAMillionProcesses) {
  std::string text = "{\"plan\": 1, \"processes\": [{}";
  for (int i = 1; i < 1'000'000; ++i) text += ",{}";
  const auto plan = parse_plan(text + "]}", "f");
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().detail, "processes: expected a list of at most 64, got 1000000");
}

TEST(PlanJson, RefusesAMillionKeysAndLevels) {
  std::string keys = "{\"plan\": 1";
  for (int i = 0; i < 100; ++i) keys += ",\"k" + std::to_string(i) + "\": 1";
  EXPECT_EQ(parse_plan(keys + "}", "f").error().detail, "k63: expected at most 64 keys");
  EXPECT_EQ(parse_plan("{\"plan\":" + std::string(1'000'000, '['), "f").error().detail.substr(0, 4), "plan");
}

TEST(PlanJson, RefusesAFileThatIsTooLarge) {
  const auto plan = parse_plan(std::string(kPlanFileBytesMax + 1, ' '), "f");
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, modelcache::ErrorCode::too_large);
}

TEST(PlanJson, ReadsFiles) {
  std::string folder = (std::filesystem::path(testing::TempDir()) / "plan_json_test.XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/plan.json";
  EXPECT_EQ(read_plan(path).error().code, modelcache::ErrorCode::not_found);
  EXPECT_EQ(read_plan(path).error().place, path);
  std::ofstream(path) << kEverything;
  const auto plan = read_plan(path);
  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_EQ(*plan, plan_of_everything());
  EXPECT_EQ(read_plan(folder).error().code, modelcache::ErrorCode::io);
  std::filesystem::resize_file(path, kPlanFileBytesMax + 1);
  EXPECT_EQ(read_plan(path).error().code, modelcache::ErrorCode::too_large);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace stampede
