// The simulator behaves as the kernel: random call sequences on both, as root and as nobody in particular.
#include "harness/run/posix_kernel_comparison.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "harness/plan/choices.h"

namespace stampede {
namespace {

// STAMPEDE_KERNEL_SEQUENCES=100000 runs more of them, STAMPEDE_KERNEL_SEED=7 others.
std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

struct Tally {
  std::uint64_t sequences = 0, calls = 0;
  KernelSurroundings surroundings;
  std::map<std::string, std::uint64_t> results;  // of calls, by their first word
};

// Empty where all agree, else the smallest disagreement. Nothing is compared where `make` fails: its message.
std::string compare(std::uint64_t count, std::uint64_t seed, bool compares_times, Tally& tally) {
  auto made = KernelCallWorld::make(compares_times);
  if (!made) return made.error().message();
  KernelCallWorld& kernel = **made;
  const KernelSurroundings& surroundings = tally.surroundings = kernel.surroundings();
  const auto simulator = make_sim_call_world(surroundings.is_root, compares_times);
  const auto choices = choices_of_seed(seed);
  for (std::uint64_t i = 0; i < count; ++i) {
    const CallSequence sequence = draw_calls(*choices, surroundings.variety);
    if (disagreement(sequence, *simulator, kernel)) {
      const CallSequence small = shrink(sequence, *simulator, kernel);
      return fmt::format("sequence {} of seed {}: {}", i, seed,
                         disagreement(small, *simulator, kernel).value_or("(differs only at times)"));
    }
    ++tally.sequences;
    tally.calls += sequence.calls.size();
    if (i % 4 != 0) continue;
    const std::vector<std::string> lines = simulator->run(sequence);
    for (std::size_t line = 0; line < sequence.calls.size(); ++line) {
      ++tally.results[lines[line].substr(0, lines[line].find_first_of(" ,"))];
    }
  }
  return "";
}

std::string counts_text(const Tally& tally) {
  std::string text = fmt::format("{} sequences, {} calls; of a quarter:", tally.sequences, tally.calls);
  for (const auto& [result, count] : tally.results) text += fmt::format(" {} {}", result, count);
  return text;
}

// Every result that the calls can have came up.
std::string missing_results(const Tally& tally) {
  std::string missing;
  for (const char* result :
       {"EAGAIN", "EBADF", "EBUSY", "EEXIST", "EINVAL", "EISDIR", "ELOOP", "ENAMETOOLONG", "ENOENT", "ENOTDIR",
        "ENOTEMPTY", "EPERM", "ESPIPE", "ok", "names", "file", "directory", "symlink"}) {
    if (!tally.results.contains(result)) missing += std::string(result) + " ";
  }
  if (tally.surroundings.variety.has_descriptor_limits && !tally.results.contains("EMFILE")) missing += "EMFILE ";
  if (!tally.surroundings.is_root && !tally.results.contains("EACCES")) missing += "EACCES ";
  return missing;
}

std::string compare_and_report(std::uint64_t count, std::uint64_t seed) {
  Tally tally;
  const std::string difference = compare(count, seed, false, tally);
  std::printf("%s\n", counts_text(tally).c_str());
  std::fflush(stdout);
  if (!difference.empty()) return difference;
  const std::string missing = missing_results(tally);
  return missing.empty() ? "" : "never seen: " + missing;
}

TEST(KernelComparison, FindsNoDifference) {
  EXPECT_EQ(compare_and_report(number_from("STAMPEDE_KERNEL_SEQUENCES", 3000), number_from("STAMPEDE_KERNEL_SEED", 1)),
            "");
}

TEST(KernelComparison, FindsNoDifferenceForAnUnprivilegedUser) {
  if (!is_root()) GTEST_SKIP() << "not applicable: this is no root, and the test above has shown it already";
  EXPECT_EQ(as_unprivileged_user([] {
              return compare_and_report(number_from("STAMPEDE_KERNEL_SEQUENCES", 3000),
                                        number_from("STAMPEDE_KERNEL_SEED", 2));
            }),
            "");
}

TEST(KernelComparison, FindsNoDifferenceInTimes) {
  Tally tally;
  EXPECT_EQ(compare(number_from("STAMPEDE_KERNEL_SEQUENCES", 2000) / 100, number_from("STAMPEDE_KERNEL_SEED", 3), true,
                    tally),
            "");
  EXPECT_GE(tally.sequences, 20U);
}

// Passes the calls on and lies about one of them.
class LyingWorld final : public CallWorld {
 public:
  explicit LyingWorld(CallWorld& honest) : honest_(honest) {}
  std::vector<std::string> run(const CallSequence& sequence) override {
    std::vector<std::string> lines = honest_.run(sequence);
    for (std::size_t i = 0; i < sequence.calls.size(); ++i) {
      if (sequence.calls[i].kind == StepKind::unlink && lines[i] == "ok") lines[i] = "EISDIR";
    }
    return lines;
  }

 private:
  CallWorld& honest_;
};

TEST(KernelComparison, FindsADifferenceAndShrinksIt) {
  const auto simulator = make_sim_call_world(false, false);
  LyingWorld liar(*simulator);
  const auto choices = choices_of_seed(1);
  std::size_t found = 0, smallest = SIZE_MAX;
  for (int i = 0; i < 2000; ++i) {
    const CallSequence sequence = draw_calls(*choices, {});
    EXPECT_EQ(disagreement(sequence, *simulator, *simulator), std::nullopt);
    if (!disagreement(sequence, *simulator, liar)) continue;
    const CallSequence small = shrink(sequence, *simulator, liar);
    for (std::size_t call = 0; call < small.calls.size(); ++call) {  // none of them can be left out
      CallSequence smaller = small;
      smaller.calls.erase(smaller.calls.begin() + static_cast<std::ptrdiff_t>(call));
      EXPECT_EQ(disagreement(smaller, *simulator, liar), std::nullopt);
    }
    smallest = std::min(smallest, small.calls.size());
    EXPECT_NE(disagreement(small, *simulator, liar).value_or("").find("the kernel says:    EISDIR"), std::string::npos);
    ++found;
  }
  EXPECT_GT(found, 50U);
  EXPECT_EQ(smallest, 1U);  // a link that was there from the start is removed
}

}  // namespace
}  // namespace stampede
