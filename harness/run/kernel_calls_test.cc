// Call sequences to the choice: what each choice draws, how many it has, and how calls are told.
#include "harness/run/kernel_calls.h"

#include <gtest/gtest.h>

#include <deque>

namespace stampede {
namespace {

using modelcache::LockMode;
using modelcache::OpenMode;
using modelcache::RenameMode;
using Numbers = std::vector<std::uint64_t>;

// Gives the numbers that it was made with, then zeros, and notes how many choices there were each time.
class GivenChoices final : public Choices {
 public:
  explicit GivenChoices(Numbers numbers) : numbers_(numbers.begin(), numbers.end()) {}
  std::uint64_t below(std::uint64_t count) override {
    counts_.push_back(count);
    if (numbers_.empty()) return 0;
    const std::uint64_t number = numbers_.front();
    numbers_.pop_front();
    EXPECT_LT(number, count) << "choice " << counts_.size();
    return number;
  }
  [[nodiscard]] const Numbers& counts() const { return counts_; }
  [[nodiscard]] bool are_used() const { return numbers_.empty(); }

 private:
  std::deque<std::uint64_t> numbers_;
  Numbers counts_;
};

Numbers operator+(Numbers left, const Numbers& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

// Two processes, nothing special, no making call, one call.
const Numbers kBefore = {1, 0, 0, 0, 0, 0, 0, 0};
const Numbers kCountsBefore = {2, 2, 2, 3, 3, 6, 7, 40};

struct Drawn {
  std::string call;
  Numbers counts;
  friend bool operator==(const Drawn&, const Drawn&) = default;
};

// The one call that these choices draw, and how many they were.
Drawn drawn(const Numbers& numbers) {
  GivenChoices choices(kBefore + numbers);
  const CallSequence sequence = draw_calls(choices, {});
  EXPECT_TRUE(choices.are_used());
  EXPECT_EQ(sequence.calls.size(), 1U);
  if (sequence.calls.size() != 1 || choices.counts().size() < kBefore.size()) return {};
  const auto after = choices.counts().begin() + static_cast<std::ptrdiff_t>(kBefore.size());
  EXPECT_EQ(Numbers(choices.counts().begin(), after), kCountsBefore);
  return {describe(sequence.calls[0]), Numbers(after, choices.counts().end())};
}

TEST(DrawnCall, IsOfTheKindThatWasChosen) {
  const char* const kinds[] = {"open",           "open",      "open",      "open",           "rename", "rename",
                               "rename",         "unlink",    "unlink",    "link",           "link",   "make_directory",
                               "make_directory", "stat_name", "stat_name", "stat",           "read",   "write",
                               "write",          "truncate",  "sync_file", "sync_directory", "list",   "try_lock",
                               "try_lock",       "try_lock",  "unlock",    "close"};
  ASSERT_EQ(std::size(kinds), 28U);
  for (std::uint64_t kind = 0; kind < std::size(kinds); ++kind) {
    const Drawn call = drawn({kind, 1});
    EXPECT_TRUE(call.call.starts_with("1: " + std::string(kinds[kind]) + " ")) << kind << ": " << call.call;
  }
}

TEST(DrawnCall, TakesItsChoicesInOneOrder) {
  // Kind and process; a directory that is not the first, by number; a plain name; a mode.
  EXPECT_EQ(drawn({0, 1, 2, 0, 3, 47, 3, 1}),
            (Drawn{"1: open 'd' at descriptor 3 create_new", {28, 2, 3, 24, 5, 64, 4, 6}}));
  EXPECT_EQ(drawn({3, 0, 1, 47, 0, 5}), (Drawn{"0: open 'a' at descriptor 0 root", {28, 2, 3, 64, 4, 6}}));
  EXPECT_EQ(drawn({0, 0, 2, 23, 0, 1, 0}),
            (Drawn{"0: open 'b' at no descriptor open_or_create", {28, 2, 3, 24, 64, 4, 6}}));
  EXPECT_EQ(drawn({4, 0, 2, 22, 4, 2, 0, 1, 0, 0, 0, 2, 1}),
            (Drawn{"0: rename 'a' at descriptor 4 to 'c' at descriptor 1 no_replace",
                   {28, 2, 3, 24, 5, 3, 24, 5, 64, 4, 64, 4, 2}}));
  EXPECT_EQ(drawn({6, 0, 0, 0, 0, 1, 0, 0, 0}),
            (Drawn{"0: rename 'b' at descriptor 0 to 'a' at descriptor 0", {28, 2, 3, 3, 64, 4, 64, 4, 2}}));
  EXPECT_EQ(drawn({10, 1, 0, 0, 48, 20, 48, 20, 1}),
            (Drawn{"1: link '.' at descriptor 0 to 'c/..' at descriptor 0", {28, 2, 3, 3, 64, 22, 64, 22, 2}}));
  EXPECT_EQ(drawn({8, 0, 0, 63, 1}), (Drawn{"0: unlink '256 times n' at descriptor 0", {28, 2, 3, 64, 4}}));
  EXPECT_EQ(drawn({12, 0, 0, 62, 21}), (Drawn{"0: make_directory 'd/../b' at descriptor 0", {28, 2, 3, 64, 22}}));
  EXPECT_EQ(drawn({13, 0, 0, 48, 6}), (Drawn{"0: stat_name '..' at descriptor 0", {28, 2, 3, 64, 22}}));
  // Calls on open files take the same choices, whether they need them or not.
  EXPECT_EQ(drawn({16, 1, 0, 2, 1, 30, 5, 11}),
            (Drawn{"1: read descriptor 2, 11 bytes at 5", {28, 2, 24, 5, 2, 32, 24, 12}}));
  EXPECT_EQ(drawn({18, 0, 0, 0, 0, 31, 1, 0}),
            (Drawn{"0: write descriptor 0, 0 bytes at 9223372036854775807", {28, 2, 24, 5, 2, 32, 4, 12}}));
  EXPECT_EQ(drawn({19, 0, 23, 0, 0, 0, 30, 23}),
            (Drawn{"0: truncate no descriptor to 23", {28, 2, 24, 2, 32, 24, 32, 24}}));
  EXPECT_EQ(drawn({19, 0, 0, 1, 0, 0, 0, 31, 2}),
            (Drawn{"0: truncate descriptor 1 to 18446744073709551615", {28, 2, 24, 5, 2, 32, 24, 32, 3}}));
  EXPECT_EQ(drawn({25, 0, 0, 4, 1}).call, "0: try_lock descriptor 4 exclusive");
  EXPECT_EQ(drawn({23, 0, 0, 4, 0}).call, "0: try_lock descriptor 4 shared");
}

TEST(DrawnCall, HasEveryOddNameOffsetAndSize) {
  const char* const odd[] = {"l",   "m",   "p",   "p",  "l",   ".", "..",    "",    "a/",  "d/",   "a/b",
                             "d/c", "./b", "l/b", "l/", "$/a", "$", "$/d/b", "b//", "x/y", "c/..", "d/../b"};
  for (std::uint64_t i = 0; i < std::size(odd); ++i) {
    const std::string name = "'" + std::string(odd[i]) + "'";
    EXPECT_EQ(drawn({7, 0, 0, 48, i}).call, "0: unlink " + name + " at descriptor 0");
    // Nothing above the directory is opened, or linked from.
    const std::string below = name == "'..'" || name == "'c/..'" ? "'.'" : name;
    EXPECT_EQ(drawn({0, 0, 0, 62, i}).call, "0: open " + below + " at descriptor 0 open_or_create");
  }
  const char* const long_names[] = {"'255 times n'", "'256 times n'", "'4096 times n'", "'a?b'"};
  for (std::uint64_t i = 0; i < 4; ++i) {
    EXPECT_EQ(drawn({7, 0, 0, 63, i}).call, "0: unlink " + std::string(long_names[i]) + " at descriptor 0");
  }
  const char* const offsets[] = {"100000", "9223372036854775807", "9223372036854775808", "18446744073709551615"};
  for (std::uint64_t i = 0; i < 4; ++i) {
    EXPECT_EQ(drawn({16, 0, 0, 0, 0, 31, i, 0}).call, "0: read descriptor 0, 0 bytes at " + std::string(offsets[i]));
  }
  const char* const sizes[] = {"100000", "9223372036854775808", "18446744073709551615"};
  for (std::uint64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(drawn({19, 0, 0, 0, 0, 0, 0, 31, i}).call, "0: truncate descriptor 0 to " + std::string(sizes[i]));
  }
  const char* const modes[] = {"open_or_create", "create_new", "read", "read_write", "directory", "root"};
  for (std::uint64_t i = 0; i < 6; ++i) {
    EXPECT_EQ(drawn({0, 0, 0, 0, 0, i}).call, "0: open 'a' at descriptor 0 " + std::string(modes[i]));
  }
}

TEST(DrawnSequence, HasUmasksUsersLimitsAndSpecialFiles) {
  const unsigned umasks[] = {022, 0, 077, 0277, 0477, 0777, 0133, 0555, 0007, 0700};
  for (std::uint64_t i = 0; i < std::size(umasks); ++i) {
    GivenChoices choices({0, 0, 1, i});
    const CallSequence sequence = draw_calls(choices, {});
    EXPECT_EQ(sequence.umasks, (std::array<unsigned, 2>{022, umasks[i]}));
    EXPECT_EQ(sequence.processes, 1U);
  }
  const auto counts_of = [](const CallVariety& variety, const Numbers& numbers, CallSequence& sequence) {
    GivenChoices choices(numbers);
    sequence = draw_calls(choices, variety);
    return choices.counts();
  };
  CallSequence sequence;
  // One process, plain; a limit of four; "l" leads nowhere, "m" is none, a FIFO; no making call, one call.
  EXPECT_EQ(counts_of({}, {0, 0, 0, 7, 2, 2, 7, 2, 6, 5}, sequence),
            (Numbers{2, 2, 2, 8, 3, 3, 11, 3, 11, 6, 7, 40, 28, 1, 3, 64, 4, 6}));
  EXPECT_EQ(sequence.descriptors_max, 4U);
  EXPECT_EQ(sequence.special, (std::vector<SpecialFile>{{"l", false, "none"}, {"p", true, ""}}));
  EXPECT_EQ(sequence.calls.size(), 1U);
  EXPECT_EQ(counts_of({.has_users = true, .has_descriptor_limits = false}, {0, 0, 0, 1, 2, 1, 1, 1, 2, 10}, sequence),
            (Numbers{2, 2, 2, 2, 3, 2, 3, 3, 3, 11, 6, 7, 40, 28, 1, 3, 64, 4, 6}));
  EXPECT_EQ(sequence.users, (std::array<std::uint32_t, 2>{2, 1}));
  EXPECT_EQ(sequence.descriptors_max, 0U);
  EXPECT_EQ(sequence.special, (std::vector<SpecialFile>{{"m", false, "d/.."}}));
  // Two processes have no limit, and one has none seven times of eight.
  EXPECT_EQ(counts_of({}, {1}, sequence).at(3), 3U);
  EXPECT_EQ(sequence.processes, 2U);
  EXPECT_EQ(counts_of({}, {0, 0, 0, 6}, sequence).at(4), 3U);
  EXPECT_EQ(sequence.descriptors_max, 0U);
  const char* const targets[] = {"a", "d", "d/b", "l", "m", "$/d", "", "none", ".", "a/", "d/.."};
  for (std::uint64_t i = 0; i < std::size(targets); ++i) {
    counts_of({}, {1, 0, 0, 2, i}, sequence);
    EXPECT_EQ(sequence.special,
              i == 6 ? std::vector<SpecialFile>{} : (std::vector<SpecialFile>{{"l", false, targets[i]}}));
  }
}

TEST(DrawnSequence, MakesNamesBeforeItsCalls) {
  GivenChoices choices({1, 0, 0, 0, 0, 0, 6, 1, 0, 1, 0, 1, 0, 1, 2, 1, 0, 3, 0, 1, 4, 1, 0, 5, 0, 2});
  const CallSequence sequence = draw_calls(choices, {});
  ASSERT_EQ(sequence.calls.size(), 9U);
  const char* const expected[] = {
      "1: make_directory 'a' at descriptor 0",     "0: open 'b' at descriptor 0 open_or_create",
      "1: make_directory 'c' at descriptor 0",     "0: open 'd' at descriptor 0 open_or_create",
      "1: make_directory 'd/b' at descriptor 0",   "0: open 'p' at descriptor 0 open_or_create",
      "0: open 'a' at descriptor 0 open_or_create"};
  for (std::size_t i = 0; i < std::size(expected); ++i) EXPECT_EQ(describe(sequence.calls[i]), expected[i]);
  GivenChoices most({1, 0, 0, 0, 0, 0, 0, 39});
  EXPECT_EQ(draw_calls(most, {}).calls.size(), 40U);
}

TEST(KernelCall, IsToldInALine) {
  KernelCall call;
  call.process = 1;
  call.at = 2;
  call.to_at = kNoDescriptor;
  call.name = std::string(41, 'x');
  call.to_name = std::string(40, 'y');
  call.offset = 3;
  call.size = 4;
  const std::string y = "'" + call.to_name + "'";
  const std::pair<StepKind, std::string> rows[] = {
      {StepKind::open, "1: open '41 times x' at descriptor 2 read"},
      {StepKind::rename, "1: rename '41 times x' at descriptor 2 to " + y + " at no descriptor"},
      {StepKind::link, "1: link '41 times x' at descriptor 2 to " + y + " at no descriptor"},
      {StepKind::unlink, "1: unlink '41 times x' at descriptor 2"},
      {StepKind::make_directory, "1: make_directory '41 times x' at descriptor 2"},
      {StepKind::stat_name, "1: stat_name '41 times x' at descriptor 2"},
      {StepKind::read, "1: read descriptor 2, 4 bytes at 3"},
      {StepKind::write, "1: write descriptor 2, 4 bytes at 3"},
      {StepKind::truncate, "1: truncate descriptor 2 to 4"},
      {StepKind::try_lock, "1: try_lock descriptor 2 shared"},
      {StepKind::list, "1: list descriptor 2"},
      {StepKind::close, "1: close descriptor 2"}};
  for (const auto& [kind, text] : rows) {
    call.kind = kind;
    EXPECT_EQ(describe(call), text);
  }
}

}  // namespace
}  // namespace stampede
