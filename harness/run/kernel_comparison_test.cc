// What a call is told, line by line, in the simulator and in the kernel; how a disagreement reads; what shrinking
// keeps.
#include "harness/run/kernel_comparison.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iterator>

#include "harness/plan/sanitized.h"
#include "harness/run/posix_kernel_comparison.h"

namespace stampede {
namespace {

using modelcache::LockMode;
using modelcache::OpenMode;
using modelcache::RenameMode;
using Lines = std::vector<std::string>;

KernelCall open_call(std::string name, OpenMode mode, std::uint32_t process = 0) {
  KernelCall call;
  call.kind = StepKind::open;
  call.process = process;
  call.name = std::move(name);
  call.open_mode = mode;
  return call;
}

KernelCall named(StepKind kind, std::string name, std::uint32_t process = 0) {
  KernelCall call = open_call(std::move(name), OpenMode::read, process);
  call.kind = kind;
  return call;
}

KernelCall moved(StepKind kind, std::string name, std::string to_name, RenameMode mode = RenameMode::replace) {
  KernelCall call = named(kind, std::move(name));
  call.to_name = std::move(to_name);
  call.rename_mode = mode;
  return call;
}

KernelCall on(StepKind kind, std::uint32_t at, std::uint64_t size = 0, std::uint64_t offset = 0,
              std::uint32_t process = 0) {
  KernelCall call = named(kind, "", process);
  call.at = at;
  call.size = size;
  call.offset = offset;
  return call;
}

KernelCall lock_call(std::uint32_t at, LockMode mode, std::uint32_t process) {
  KernelCall call = on(StepKind::try_lock, at, 0, 0, process);
  call.lock_mode = mode;
  return call;
}

struct Told {
  KernelCall call;
  std::string line;
};

void expect_lines(CallSequence sequence, const std::vector<Told>& told, const Lines& tree,
                  bool compares_times = false) {
  Lines expected;
  for (const Told& each : told) {
    sequence.calls.push_back(each.call);
    expected.push_back(each.line);
  }
  expected.insert(expected.end(), tree.begin(), tree.end());
  EXPECT_EQ(make_sim_call_world(is_root(), compares_times)->run(sequence), expected) << "the simulator";
  const auto kernel = KernelCallWorld::make(compares_times);
  if (!kernel) GTEST_SKIP() << "not applicable: " << kernel.error().message();
  EXPECT_EQ((*kernel)->run(sequence), expected) << "the kernel";
}

TEST(CallLines, SayWhatBytesAndNamesCallsGive) {
  expect_lines({},
               {{open_call("a", OpenMode::create_new), "ok"},
                {on(StepKind::write, 1, 5), "5 bytes"},
                {on(StepKind::write, 1, 2, 7), "2 bytes"},
                {on(StepKind::read, 1, 11), "9 bytes fghij..cd"},
                {open_call("a", OpenMode::read), "ok"},
                {on(StepKind::read, 2, 11), "9 bytes fghij..cd"},
                {on(StepKind::read, 2, 3, 1), "3 bytes ghi"},
                {on(StepKind::read, 2, 3, 9), "0 bytes "},
                {on(StepKind::write, 2, 1), "EBADF"},
                {on(StepKind::stat, 1), "file #1 mode 644 links 1 size 9"},
                {on(StepKind::truncate, 1, 6), "ok"},
                {named(StepKind::make_directory, "d"), "ok"},
                {named(StepKind::make_directory, "d"), "EEXIST"},
                {moved(StepKind::link, "a", "d/b"), "ok"},
                {named(StepKind::stat_name, "d/b"), "file #1 mode 644 links 2 size 6"},
                {named(StepKind::stat_name, "d"), "directory #2 mode 755 links 2 size 60"},
                {moved(StepKind::rename, "a", "d/b", RenameMode::no_replace), "EEXIST"},
                {moved(StepKind::rename, "a", "c"), "ok"},
                {on(StepKind::list, 0), "names c d"},
                {on(StepKind::list, 1), "ENOTDIR"},
                {named(StepKind::unlink, "a"), "ENOENT"},
                {named(StepKind::unlink, "d"), "EISDIR"},
                {on(StepKind::sync_file, 1), "ok"},
                {on(StepKind::sync_directory, 0), "ok"},
                {open_call("$/d", OpenMode::directory), "ok"},
                {on(StepKind::close, 3), "ok"},
                {on(StepKind::close, 0), "EBADF"},
                {on(StepKind::close, kNoDescriptor), "EBADF"}},
               {"/: directory #3 mode 777 links 3 size 80", "/c/: file #1 mode 644 links 2 size 6 fghij.",
                "/d/: directory #2 mode 755 links 2 size 60", "/d/b/: file #1 mode 644 links 2 size 6 fghij."});
}

TEST(CallLines, SayWhoHasALock) {
  CallSequence two;
  two.processes = 2;
  two.umasks = {022, 077};
  expect_lines(two,
               {{open_call("a", OpenMode::open_or_create, 0), "ok"},
                {open_call("a", OpenMode::open_or_create, 1), "ok"},
                {open_call("b", OpenMode::open_or_create, 1), "ok"},
                {lock_call(1, LockMode::exclusive, 0), "ok"},
                {lock_call(1, LockMode::shared, 1), "EAGAIN"},
                {lock_call(2, LockMode::exclusive, 1), "ok"},
                {on(StepKind::unlock, 1), "ok"},
                {lock_call(1, LockMode::shared, 1), "ok"},
                {lock_call(1, LockMode::shared, 0), "ok"},
                {lock_call(1, LockMode::exclusive, 0), "EAGAIN"},
                {on(StepKind::close, 1, 0, 0, 1), "ok"},
                {lock_call(1, LockMode::exclusive, 0), "ok"}},
               {"/: directory #1 mode 777 links 2 size 80", "/a/: file #2 mode 644 links 1 size 0 ",
                "/b/: file #3 mode 600 links 1 size 0 "});
}

TEST(CallLines, SayWhatIsNeitherFileNorDirectory) {
  CallSequence special;
  special.special = {{"l", false, "a"}, {"m", false, "$/d"}, {"p", true, ""}};
  expect_lines(special,
               {{named(StepKind::stat_name, "l"), "symlink #1 mode 777 links 1"},
                {named(StepKind::stat_name, "p"), "other #2 mode 644 links 1 size 0"},
                {open_call("l", OpenMode::read), "ELOOP"},
                {open_call("m/x", OpenMode::read), "ENOENT"},
                {named(StepKind::make_directory, "d"), "ok"},
                {open_call("m/x", OpenMode::create_new), "ok"},
                {open_call(std::string(256, 'n'), OpenMode::read), "ENAMETOOLONG"},
                {on(StepKind::truncate, 1, UINT64_MAX), "EINVAL"}},
               {"/: directory #3 mode 777 links 3 size 120", "/d/: directory #4 mode 755 links 2 size 60",
                "/d/x/: file #5 mode 644 links 1 size 0 ", "/l/: symlink #1 mode 777 links 1",
                "/m/: symlink #6 mode 777 links 1", "/p/: other #2 mode 644 links 1 size 0"});
}

// Whoever has five closes the oldest but the directory, unless that is where he opens.
TEST(CallLines, SayWhatWasClosedForAnOpen) {
  KernelCall last = open_call("b", OpenMode::open_or_create);
  last.at = 1;
  expect_lines({},
               {{named(StepKind::make_directory, "d"), "ok"},
                {open_call("d", OpenMode::directory), "ok"},
                {open_call("a", OpenMode::open_or_create), "ok"},
                {open_call("a", OpenMode::open_or_create), "ok"},
                {open_call("a", OpenMode::open_or_create), "ok"},
                {last, "ok"},
                {open_call("c", OpenMode::open_or_create), "ok"},
                {on(StepKind::list, 1), "names b"}},
               {"/: directory #1 mode 777 links 3 size 100", "/a/: file #2 mode 644 links 1 size 0 ",
                "/c/: file #3 mode 644 links 1 size 0 ", "/d/: directory #4 mode 755 links 2 size 60",
                "/d/b/: file #5 mode 644 links 1 size 0 "});
}

TEST(CallLines, KeepToALimitOfDescriptors) {
  if (kIsSanitized) GTEST_SKIP() << "not applicable: a sanitizer needs descriptors for its own checks";
  CallSequence limited;
  limited.descriptors_max = 2;
  expect_lines(limited,
               {{open_call("a", OpenMode::open_or_create), "ok"},
                {open_call("b", OpenMode::open_or_create), "EMFILE"},
                {on(StepKind::close, 1), "ok"},
                {open_call("a", OpenMode::read), "ok"}},
               {"/: directory #1 mode 777 links 2 size 60", "/a/: file #2 mode 644 links 1 size 0 "});
}

TEST(CallLines, SayWhichTimesHaveChanged) {
  expect_lines({},
               {{open_call("a", OpenMode::open_or_create), "ok"},
                {on(StepKind::stat, 1), "file #1 mode 644 links 1 size 0"},
                {on(StepKind::stat, 1), "file #1 mode 644 links 1 size 0"},
                {on(StepKind::write, 1, 1), "1 bytes"},
                {on(StepKind::stat, 1), "file #1 mode 644 links 1 size 1 mtime changed ctime changed"},
                {moved(StepKind::link, "a", "b"), "ok"},
                {on(StepKind::stat, 1), "file #1 mode 644 links 2 size 1 ctime changed"},
                {on(StepKind::stat, 1), "file #1 mode 644 links 2 size 1"},
                {on(StepKind::truncate, 1, 0), "ok"},
                {named(StepKind::stat_name, "b"), "file #1 mode 644 links 2 size 0 mtime changed ctime changed"},
                {named(StepKind::stat_name, "b"), "file #1 mode 644 links 2 size 0"}},
               {"/: directory #2 mode 777 links 2 size 80", "/a/: file #1 mode 644 links 2 size 0 ",
                "/b/: file #1 mode 644 links 2 size 0 "},
               true);
}

TEST(CallLines, LeaveNoDescriptorOpen) {
  const auto kernel = KernelCallWorld::make();
  if (!kernel) GTEST_SKIP() << "not applicable: " << kernel.error().message();
  const auto descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
  };
  CallSequence sequence;
  sequence.processes = 2;
  sequence.calls = {open_call("a", OpenMode::open_or_create, 0), open_call("a", OpenMode::open_or_create, 1)};
  const auto before = descriptors();
  EXPECT_EQ((*kernel)->run(sequence).size(), 4U);
  EXPECT_EQ(descriptors(), before);
}

TEST(CallLines, DependOnUserAndUmask) {
  if (!is_root()) GTEST_SKIP() << "not applicable: only root can be another user";
  CallSequence users;
  users.processes = 2;
  users.users = {0, 2};
  users.umasks = {077, 0};
  expect_lines(users,
               {{named(StepKind::make_directory, "d", 0), "ok"},
                {open_call("d/a", OpenMode::open_or_create, 1), "EACCES"},
                {open_call("d/a", OpenMode::open_or_create, 0), "ok"},
                {open_call("b", OpenMode::open_or_create, 1), "ok"},
                {named(StepKind::make_directory, "e", 1), "ok"},
                {open_call("b", OpenMode::read_write, 0), "ok"}},
               {"/: directory #1 mode 777 links 4 size 100", "/b/: file #2 mode 666 links 1 size 0 ",
                "/d/: directory #3 mode 700 links 2 size 60", "/d/a/: file #4 mode 600 links 1 size 0 ",
                "/e/: directory #5 mode 777 links 2 size 40"});
}

class GivenWorld final : public CallWorld {
 public:
  explicit GivenWorld(std::function<Lines(const CallSequence&)> lines) : lines_(std::move(lines)) {}
  Lines run(const CallSequence& sequence) override {
    ++runs_;
    return lines_(sequence);
  }
  [[nodiscard]] int runs() const { return runs_; }

 private:
  std::function<Lines(const CallSequence&)> lines_;
  int runs_ = 0;
};

std::string disagreement_of(const CallSequence& sequence, const Lines& ours, const Lines& theirs) {
  GivenWorld simulator([&](const CallSequence&) { return ours; }), kernel([&](const CallSequence&) { return theirs; });
  return disagreement(sequence, simulator, kernel).value_or("none");
}

TEST(Disagreement, TellsTheSurroundingsAndEverythingUpToIt) {
  CallSequence sequence;
  sequence.umasks = {022, 077};
  sequence.users = {0, 2};
  sequence.descriptors_max = 3;
  sequence.special = {{"l", false, "a"}, {"p", true, "ignored"}};
  sequence.calls = {named(StepKind::unlink, "a"), on(StepKind::stat, 1)};
  const std::string head =
      "umasks 22 77, users 0 2, descriptors 3\n  l -> a\n  p is a FIFO\n  0: unlink 'a' at descriptor 0 = ";
  EXPECT_EQ(disagreement_of(sequence, {"x", "y", "z"}, {"x", "y", "z"}), "none");
  EXPECT_EQ(disagreement_of(sequence, {"x", "y", "z"}, {"X", "y", "z"}),
            head + "x\nthe simulator says: x\nthe kernel says:    X\n");
  const std::string second = head + "x\n  0: stat descriptor 1 = ";
  EXPECT_EQ(disagreement_of(sequence, {"x", "y", "z"}, {"x", "Y", "Z"}),
            second + "y\nthe simulator says: y\nthe kernel says:    Y\n");
  EXPECT_EQ(disagreement_of(sequence, {"x", "y", "z"}, {"x", "y", "Z"}),
            second + "y\n  the tree at the end = z\nthe simulator says: z\nthe kernel says:    Z\n");
  EXPECT_EQ(disagreement_of(sequence, {"x", "y", "z"}, {"x", "y"}),
            second + "y\n  the tree at the end = z\nthe simulator says: z\nthe kernel says:    nothing\n");
  EXPECT_EQ(disagreement_of(sequence, {"x"}, {"x", "y"}),
            second + "nothing\nthe simulator says: nothing\nthe kernel says:    y\n");
}

// Differs as long as two calls on descriptors 3 and 5 are there, in that order.
TEST(Disagreement, IsShrunkToTheCallsThatItNeeds) {
  CallSequence sequence;
  for (std::uint32_t i = 0; i < 8; ++i) sequence.calls.push_back(on(StepKind::stat, i));
  GivenWorld simulator([](const CallSequence&) { return Lines{}; });
  GivenWorld kernel([](const CallSequence& given) {
    std::size_t found = 0;
    for (const KernelCall& call : given.calls) found += call.at == 3 || call.at == 5 ? 1 : 0;
    return found == 2 ? Lines{"differs"} : Lines{};
  });
  const CallSequence small = shrink(sequence, simulator, kernel);
  ASSERT_EQ(small.calls.size(), 2U);
  EXPECT_EQ(small.calls[0].at, 3U);
  EXPECT_EQ(small.calls[1].at, 5U);
  EXPECT_EQ(kernel.runs(), 8 + 2) << "each once, and again until none can go";
  EXPECT_EQ(simulator.runs(), 8 + 2);
}

TEST(UnprivilegedUser, SaysWhatItsBodySaidAndWhetherItDied) {
  if (!is_root()) GTEST_SKIP() << "not applicable: this is no root";
  const std::string text(100'000, 'x');
  EXPECT_EQ(as_unprivileged_user([&] { return (is_root() ? "root" : "nobody ") + text; }), "nobody " + text);
  EXPECT_EQ(as_unprivileged_user([]() -> std::string { std::_Exit(3); }), "the unprivileged child died, status 768");
  EXPECT_TRUE(is_root());
}

}  // namespace
}  // namespace stampede
