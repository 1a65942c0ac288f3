// The oracle of `schedule` aborts on each planted bad cache with four lines and the plan, on a good one never; and each
// handoff is counted where libFuzzer looks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "fuzz/sentences_for_test.h"
#include "harness/free/directory_for_test.h"
#include "harness/plan/choices.h"
#include "harness/plan/plan_generator.h"
#include "harness/plan/plan_json.h"
#include "harness/run/cache_client.h"
#include "harness/run/sim_run.h"
#include "harness/strategy/drawn_preemptions.h"
#include "harness/strategy/handoffs.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
// The ends of the section, which the linker names.
extern "C" std::uint8_t __start___libfuzzer_extra_counters[], __stop___libfuzzer_extra_counters[];

namespace stampede {
namespace {

namespace fs = std::filesystem;
using testing::MatchesRegex;

// An operation of a client, as it begins.
struct Moment {
  const ClientSetting& setting;
  const Operation& operation;
  int run;           // the target's own runs, counted from 1
  bool is_epilogue;  // or else the warm-up, or a process of the plan
};

// Of what the cache does wrong.
struct Lie {
  std::string sentence;  // that it breaks, in the words of the target's first comment
  std::string what;      // how the report begins, a regular expression
  std::function<void(const Moment&)> before = nullptr;
  std::function<bool(const Moment&)> does_nothing = nullptr;  // and says that it succeeded
  std::function<void(const Moment&, OperationOutcome&)> after = nullptr;
};
struct {
  Lie lie;
  int run = 1;
} planted;

class LyingClient final : public SubjectClient {
 public:
  explicit LyingClient(const ClientSetting& setting) : setting_(setting), client_(setting) {}
  OperationOutcome perform(const Operation& operation) override {
    const Lie& lie = planted.lie;
    // The last model is the epilogue's own, and its last get ends a run.
    const std::size_t last = setting_.models.size() - 1;
    const Moment moment{setting_, operation, planted.run, setting_.process.operations.back().model == last};
    if (operation.model == last) ++planted.run;
    if (lie.before) lie.before(moment);
    OperationOutcome outcome;
    outcome.operation = operation;
    if (!lie.does_nothing || !lie.does_nothing(moment)) outcome = client_.perform(operation);
    if (lie.after) lie.after(moment, outcome);
    return outcome;
  }

 private:
  ClientSetting setting_;
  CacheClient client_;
};

}  // namespace

// Instead of the cache's: the linker takes what it finds first.
const SubjectPlugin& built_in_subject() {
  static constexpr SubjectPlugin kSubject{
      .version = kSubjectPluginVersion,
      .stamp = "",
      .make_client = [](const ClientSetting& setting) -> std::unique_ptr<SubjectClient> {
        return std::make_unique<LyingClient>(setting);
      },
      .warm_up = [] {},
      .code = nullptr,
      .code_count = 0};
  return kSubject;
}

namespace {

void open_and_close(const Moment& moment, modelcache::Fd directory, std::string_view name) {
  if (const auto file = moment.setting.os.open(directory, name, modelcache::OpenMode::create_new)) {
    (void)moment.setting.os.close(*file);
  }
}

// What would be left over, but for the epilogue, which takes it away before anything else.
void litter_until_the_epilogue(const Moment& moment) {
  modelcache::Os& os = moment.setting.os;
  const auto root = os.open(modelcache::kWorkingDirectory, moment.setting.directory, modelcache::OpenMode::root);
  if (!root) return;
  if (moment.is_epilogue) {
    (void)os.unlink(*root, "stray");
  } else {
    open_and_close(moment, *root, "stray");
  }
  (void)os.close(*root);
}

std::vector<Lie> lies() {
  const std::string differ = "divergence: two runs of one plan differ: ";
  return {
      {.sentence = "no step violates an invariant of controlled worlds",
       .what = "confined_to_the_directory: ",
       .before = [](const Moment& m) { open_and_close(m, modelcache::kWorkingDirectory, "/elsewhere"); }},
      {.sentence = "nor does what the plan's processes leave",
       .what = "nothing_left_over: stray ",
       .before = litter_until_the_epilogue},
      {.sentence = "nor does what the epilogue gets",
       .what = "bytes_are_what_was_asked: ",
       .does_nothing = [](const Moment& m) { return m.is_epilogue; }},
      {.sentence = "a second run can follow the switches of the first",
       .what = differ + "step ",
       .does_nothing = [](const Moment& m) { return m.run == 2; }},
      {.sentence = "it takes the same steps",
       .what = differ + "the traces differ",
       .before =
           [](const Moment& m) {
             // One for another: more of them would show in the results.
             m.run == 2 ? (void)m.setting.os.now() : (void)m.setting.os.wall_time();
           }},
      {.sentence = "with the same results",
       .what = differ + "the traces differ",
       .after =
           [](const Moment& m, OperationOutcome& outcome) {
             if (m.run == 2) outcome.message += "falsified";
           }},
      {.sentence = "and the same verdict",
       .what = differ + "the traces are the same, and the verdicts are not:",
       .after =
           [](const Moment& m, OperationOutcome& outcome) {
             if (m.run == 2 && !m.is_epilogue) outcome.operation.model = m.setting.models.size() - 1;
           }},
  };
}

const Lie kSaysItHas{.sentence = "", .what = "bytes_are_what_was_asked: ", .does_nothing = [](const Moment& m) {
                       return m.operation.kind == OperationKind::get;
                     }};

void give(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

std::vector<std::string> corpus() {
  std::vector<fs::path> files{fs::directory_iterator(STAMPEDE_FUZZ_FOLDER "/../corpus/fuzz/schedule"), {}};
  std::sort(files.begin(), files.end());
  std::vector<std::string> inputs;
  for (const fs::path& file : files) {
    std::ifstream stream(file, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  return inputs;
}

std::span<std::uint8_t> counters() {
  const auto size = static_cast<std::size_t>(__stop___libfuzzer_extra_counters - __start___libfuzzer_extra_counters);
  return std::span(__start___libfuzzer_extra_counters, size).first(std::min(size, kHandoffs));
}

// How often each handoff happens in the plan of `bytes`, run and repeated: the repetition takes no watch.
std::vector<std::uint64_t> handoffs_of(const std::string& bytes) {
  std::vector<std::uint64_t> counts(kHandoffs, 0);
  const auto choices = choices_of_bytes(std::as_bytes(std::span(bytes)));
  const Plan plan = draw_plan(*choices, {.model_bytes_max = 20 * 1024});
  DrawnPreemptions drawn(*choices);
  HandoffWatch watch(drawn, [&](std::size_t number) { ++counts.at(number); });
  SimRunner runner;
  runner.run(plan, watch);
  return counts;
}

class ScheduleOracle : public testing::Test {
 protected:
  ~ScheduleOracle() override { planted = {}; }

  // The file that is left where the target aborts; no bytes are all zeros, which are one process that gets one model.
  fs::path file_of(const Lie& lie, const std::string& folder, bool in_the_present_one, const std::string& bytes = "") {
    planted.lie = lie;
    const std::string name = folder + "/fuzz-[0-9a-f]+\\.json";
    EXPECT_EXIT(
        {
          fs::current_path(directory_.path());
          if (in_the_present_one) {
            ::unsetenv("STAMPEDE_FOUND");
          } else {
            ::setenv("STAMPEDE_FOUND", folder.c_str(), 1);
          }
          give(bytes);
        },
        kAborted,
        MatchesRegex("violated: " + lie.what + "(.|\n)*\nplan: [^\n]*\nreplay:   stampede replay " + name +
                     "\nfile:     " + name + " [^\n]*\n"));
    std::vector<fs::path> files;
    std::error_code error;
    for (const auto& file : fs::directory_iterator(fs::path(directory_.path()) / folder, error)) {
      files.push_back(file.path());
    }
    EXPECT_EQ(files.size(), 1U) << "plans were left";
    return files.size() == 1 ? files[0] : fs::path();
  }

  Plan aborted_with(const Lie& lie, const std::string& folder, bool in_the_present_one, const std::string& bytes = "") {
    const fs::path file = file_of(lie, folder, in_the_present_one, bytes);
    const auto plan = read_plan(file.string());
    if (!plan) {
      ADD_FAILURE() << plan.error().message();
      return {};
    }
    EXPECT_EQ(file.filename(), "fuzz-" + plan->note.trace_hash + ".json");
    EXPECT_EQ(plan->note.found_by, "fuzz target schedule");
    return *plan;
  }

  TestDirectory directory_;
};

TEST_F(ScheduleOracle, AbortsWhereASentenceIsBroken) {
  std::set<std::string> sentences;
  const std::string folder = directory_.path() + "/found";
  for (const Lie& lie : lies()) {
    SCOPED_TRACE(lie.sentence);
    sentences.insert(lie.sentence);
    std::filesystem::remove_all(folder);
    // Several processes, which are switched.
    const Plan plan = aborted_with(lie, folder, false, corpus().at(0));
    EXPECT_FALSE(plan.schedule.switches.empty()) << "choose another input";
    EXPECT_EQ(plan.note.expect, lie.what.starts_with("divergence") ? "holds" : lie.what.substr(0, lie.what.find(':')));
  }
  EXPECT_EQ(sentences, sentences_of("schedule")) << "each sentence of the oracle needs a lie";
}

TEST_F(ScheduleOracle, AbortsWithThePlanThatBreaksAnInvariant) {
  const Plan plan = aborted_with(kSaysItHas, "stampede-found", true);
  EXPECT_EQ(plan.note.expect, "bytes_are_what_was_asked");
  EXPECT_EQ(plan.processes.size(), 1U);
}

TEST_F(ScheduleOracle, DrawsThePlanOfTheBytesWithModelsOfTwentyKibibytesAtMost) {
  std::string bytes;
  Plan expected;
  const auto is_meant = [&] {
    return !expected.models.empty() && expected.models[0].size_bytes == 20 * 1024 &&
           expected.processes[0].operations[0].kind == OperationKind::get && expected.process_faults.empty();
  };
  for (int number = 0; number < 4096 && !is_meant(); ++number) {
    bytes = std::string(40, static_cast<char>(number % 256)) + static_cast<char>(number / 256);
    for (std::size_t i = 0; i < bytes.size(); i += 3) bytes[i] = static_cast<char>(number / 16 + static_cast<int>(i));
    const auto choices = choices_of_bytes(std::as_bytes(std::span(bytes)));
    expected = draw_plan(*choices, {.model_bytes_max = 20 * 1024});
  }
  ASSERT_TRUE(is_meant()) << "choose other bytes";
  const Plan plan = aborted_with(kSaysItHas, "found", false, bytes);
  EXPECT_EQ(plan.models, expected.models);
  EXPECT_EQ(plan.processes, expected.processes);
}

TEST_F(ScheduleOracle, CountsEachHandoffWhereTheEngineLooks) {
  ASSERT_EQ(counters().size(), kHandoffs);
  const auto inputs = corpus();
  ASSERT_GE(inputs.size(), 4U);
  std::uint64_t in_all = 0, at_the_end = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::vector<std::uint64_t> expected = handoffs_of(inputs[i]);
    std::fill(counters().begin(), counters().end(), 0xfd);  // two more are counted
    give(inputs[i]);
    for (std::size_t number = 0; number < kHandoffs; ++number) {
      ASSERT_EQ(counters()[number], 0xfd + std::min<std::uint64_t>(expected[number], 2)) << number;
      in_all += expected[number];
      at_the_end += expected[number] > 2 ? 1 : 0;
    }
  }
  EXPECT_GT(in_all, 0U);
  EXPECT_GT(at_the_end, 0U) << "no counter came to its end";
}

// Nothing but the bytes decides: larger bodies are another plan.
TEST_F(ScheduleOracle, HoldsForTheCacheItself) {
  std::fill(counters().begin(), counters().end(), 0);
  give("");
  for (const std::uint8_t count : counters()) EXPECT_EQ(count, 0) << "one process hands nothing on";
}

}  // namespace
}  // namespace stampede
