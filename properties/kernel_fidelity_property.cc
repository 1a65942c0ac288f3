// The claim that the simulator is no fiction: whatever is called, it answers as the kernel does and leaves the same
// tree.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "harness/run/posix_kernel_comparison.h"
#include "properties/rapidcheck_choices.h"

namespace stampede {

// Found by RapidCheck.
// NOLINTNEXTLINE(readability-identifier-naming): the name is RapidCheck's.
void showValue(const CallSequence& sequence, std::ostream& out) {
  for (const KernelCall& call : sequence.calls) out << '\n' << describe(call);
}

namespace {

// The one generator of sequences. Each call takes up to ten choices.
rc::Gen<CallSequence> call_sequences(const CallVariety& variety) {
  constexpr double kLengthFactor = 4;
  auto numbers = rc::gen::scale(kLengthFactor, rc::gen::arbitrary<std::vector<std::uint64_t>>());
  return rc::gen::map(std::move(numbers), [variety](std::vector<std::uint64_t> drawn) {
    NumberChoices choices(std::move(drawn));
    return draw_calls(choices, variety);
  });
}

// What is wrong; empty where nothing is. RC_PARAMS chooses seed and count.
std::string check_fidelity() {
  auto kernel = KernelCallWorld::make();
  if (!kernel) return kernel.error().message();
  const KernelSurroundings& surroundings = (*kernel)->surroundings();
  const auto simulator = make_sim_call_world(surroundings.is_root, false);
  const bool holds = rc::check("the simulator answers as the kernel", [&] {
    const CallSequence sequence = *call_sequences(surroundings.variety);
    RC_TAG(sequence.processes);
    const auto difference = disagreement(sequence, *simulator, **kernel);
    if (difference) RC_FAIL(*difference);
  });
  return holds ? "" : "the simulator does not answer as the kernel; RapidCheck has said where";
}

TEST(KernelFidelity, Holds) { EXPECT_EQ(check_fidelity(), ""); }

TEST(KernelFidelity, HoldsForAnUnprivilegedUser) {
  if (!is_root()) GTEST_SKIP() << "not applicable: this is no root, and the test above has shown it already";
  EXPECT_EQ(as_unprivileged_user(check_fidelity), "");
}

}  // namespace
}  // namespace stampede
