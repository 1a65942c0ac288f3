// Input: choices, as few bytes each as it needs. The one generator turns them into a plan; what is left over moves its
// processes (harness/strategy/drawn_preemptions.h). Whatever the bytes are, there is a plan and a schedule.
// Oracle:
// - no step violates an invariant of controlled worlds
// - nor does what the plan's processes leave
// - nor does what the epilogue gets
// - a second run can follow the switches of the first
// - it takes the same steps
// - with the same results
// - and the same verdict
// A failure prints four lines; its plan stays in the folder $STAMPEDE_FOUND, or stampede-found/.
#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>

#include "harness/plan/choices.h"
#include "harness/plan/plan_generator.h"
#include "harness/run/found_plan.h"
#include "harness/strategy/drawn_preemptions.h"
#include "harness/strategy/handoffs.h"

namespace {

// Larger bodies are slow under sanitizers, and differ from these in nothing but the number of receives.
constexpr std::uint64_t kModelBytesMax = 20 * 1024;

// Counters that libFuzzer takes for features, besides edges; it clears them before each input.
#ifdef __ELF__
__attribute__((section("__libfuzzer_extra_counters")))
#endif
std::array<std::uint8_t, stampede::kHandoffs>
    handoff_counters;

std::string folder_of_findings() {
  const char* const folder = std::getenv("STAMPEDE_FOUND");
  return folder == nullptr ? "stampede-found" : folder;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static stampede::SimRunner runner;
  const auto choices = stampede::choices_of_bytes(std::as_bytes(std::span(data, size)));
  const stampede::Plan plan = stampede::draw_plan(*choices, {.model_bytes_max = kModelBytesMax});
  stampede::DrawnPreemptions drawn(*choices);
  stampede::HandoffWatch watch(drawn, [](std::size_t number) {
    if (handoff_counters[number] < UINT8_MAX) ++handoff_counters[number];
  });
  if (const auto found = stampede::find_failure(runner, plan, watch, "fuzz target schedule")) {
    const std::string name = fmt::format("fuzz-{}", found->plan.note.trace_hash);
    std::fputs(stampede::report_found(*found, folder_of_findings(), name).c_str(), stderr);
    std::abort();
  }
  return 0;
}
