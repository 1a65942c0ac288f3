// The oracle of `schedule` aborts on a planted bad cache with four lines and the plan, on a good one never; and each
// handoff is counted where libFuzzer looks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "fuzz/sentences_for_test.h"
#include "harness/free/directory_for_test.h"
#include "harness/plan/choices.h"
#include "harness/plan/plan_generator.h"
#include "harness/plan/plan_json.h"
#include "harness/run/planted_subject_for_test.h"
#include "harness/run/sim_run.h"
#include "harness/strategy/drawn_preemptions.h"
#include "harness/strategy/handoffs.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
// The ends of the section, which the linker names.
extern "C" std::uint8_t __start___libfuzzer_extra_counters[], __stop___libfuzzer_extra_counters[];

namespace stampede {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;

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
  ~ScheduleOracle() override { planted_lie() = PlantedLie::none; }

  // What is left where the target aborts; no bytes are all zeros, which are one process that gets one model.
  Plan aborted_with(PlantedLie lie, const std::string& what, const std::string& folder, bool in_the_present_one,
                    const std::string& bytes = "") {
    planted_lie() = lie;
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
        MatchesRegex("violated: " + what + "[^\n]*\nplan: [^\n]*\nreplay:   stampede replay " + name +
                     "\nfile:     " + name + " [^\n]*\n"));
    std::vector<fs::path> files;
    for (const auto& file : fs::directory_iterator(fs::path(directory_.path()) / folder)) files.push_back(file.path());
    if (files.size() != 1) {
      ADD_FAILURE() << files.size() << " plans were left";
      return {};
    }
    const auto plan = read_plan(files[0].string());
    if (!plan) {
      ADD_FAILURE() << plan.error().message();
      return {};
    }
    EXPECT_EQ(files[0].filename(), "fuzz-" + plan->note.trace_hash + ".json");
    EXPECT_EQ(plan->note.found_by, "fuzz target schedule");
    return *plan;
  }

  TestDirectory directory_;
};

TEST_F(ScheduleOracle, RequiresNoSentenceThatIsNotTestedHere) {
  EXPECT_TRUE(sentences_of("schedule").empty()) << "plant a cache that breaks it";
}

TEST_F(ScheduleOracle, AbortsWithThePlanThatBreaksAnInvariant) {
  const Plan plan = aborted_with(PlantedLie::says_it_has, "bytes_are_what_was_asked: ", "stampede-found", true);
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
  const Plan plan = aborted_with(PlantedLie::says_it_has, "bytes_are_what_was_asked: ", "found", false, bytes);
  EXPECT_EQ(plan.models, expected.models);
  EXPECT_EQ(plan.processes, expected.processes);
}

TEST_F(ScheduleOracle, AbortsWhereTwoRunsDiffer) {
  const Plan plan = aborted_with(PlantedLie::forgets, "divergence: ", directory_.path() + "/found", false);
  EXPECT_EQ(plan.note.expect, "holds");
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
