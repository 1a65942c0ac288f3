// What a world of commands leaves behind, with a namespace of process numbers and without one; both run the same.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "harness/live/command_for_test.h"

namespace stampede {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// The parameter is the word that makes this program that zygote.
class EndOfCommandWorld : public CommandWorldTest, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    CommandWorldTest::SetUp();
    world_.reset();
  }
  const std::string no_numbers_ = "nobody may make a namespace of process numbers here ";
  // Whether the world is one of the kind that is asked for. One that could have numbers of its own, but has none since
  // the machine gives them to nobody, is not.
  bool is_as_asked() {
    start(kPatience, {"/proc/self/exe", GetParam()});
    if (!world_) return false;
    run_shells({"true"});
    const bool wants_numbers = GetParam() == std::string(kCommandZygoteWord);
    const bool is_so = world_->has_process_numbers() == wants_numbers;
    EXPECT_TRUE(is_so || wants_numbers) << "a namespace was made all the same";
    return is_so;
  }
};

TEST_P(EndOfCommandWorld, LeavesNothing) {
  const auto descriptors = [] {
    int count = 0;
    for (int fd = 0; fd < 512; ++fd) count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    return count;
  };
  const int before = descriptors();
  if (!is_as_asked()) GTEST_SKIP() << not_live_here(no_numbers_ + why_not_, {"--process-numbers"});
  const std::string root = world_->root();
  run_shells({"echo a > $CACHE/a", "sleep 1; setsid sleep 1000 & exit 1", "kill -9 $$"});
  EXPECT_THAT(statuses_, ElementsAre(0, 1, 128 + SIGKILL));
  world_.reset();
  EXPECT_EQ(descriptors(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_FALSE(std::filesystem::exists(root));
}

// Everything that a stage started must follow its supervisor, whoever made it.
TEST_P(EndOfCommandWorld, TakesItsCommandsAlong) {
  if (!is_as_asked()) GTEST_SKIP() << not_live_here(no_numbers_ + why_not_, {"--process-numbers"});
  world_.reset();
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);  // orphans come here, and can be counted
  struct Suicide final : Observer {
    void on_step(const Step& step, const DiskView&) override {
      if (step.path == "b") (void)::kill(::getpid(), SIGKILL);
    }
    void on_process_end(std::uint32_t, ProcessEnd, const DiskView&) override {}
  };
  directory_ = (std::filesystem::temp_directory_path() / "stampede-test-XXXXXX").string();
  ASSERT_NE(::mkdtemp(directory_.data()), nullptr);
  EXPECT_EQ(in_a_child([&] {
              start(kPatience, {"/proc/self/exe", GetParam()});
              std::filesystem::create_directories(cache());
              // Calls that nobody answers any more fail; whoever takes no notice would compute until its limit.
              const std::string shell =
                  "ulimit -S -t 2; setsid sh -c 'sleep 1000; while :; do :; done' & echo a > $CACHE/b; sleep 1000";
              std::vector<StageProcess> processes{{.commands = {command({"sh", "-c", shell}, 0)}},
                                                  {.commands = {command({"sleep", "1000"}, 1)}}};
              Suicide suicide;
              (void)world_->run({.processes = processes}, by_default_, suicide);
            }),
            128 + SIGKILL);
  int orphans = 0;
  for (int status = 0; ::waitpid(-1, &status, 0) > 0; ++orphans) {  // comes to an end: nobody is left
    EXPECT_FALSE(WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU) << "it was left alone";
  }
  EXPECT_EQ(errno, ECHILD);
  EXPECT_GE(orphans, 2) << "the zygote and its stage at least";
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
  std::filesystem::remove_all(directory_);  // the dead clean nothing up
}

INSTANTIATE_TEST_SUITE_P(Numbers, EndOfCommandWorld, testing::Values(kCommandZygoteWord, kWithoutNumbersWord),
                         [](const auto& info) {
                           return info.param == std::string(kCommandZygoteWord) ? "Own" : "OfTheSystem";
                         });

// Children, an orphan, locks, a wait for a child that another ends, a kill, a failing step.
TEST_F(CommandWorldTest, RunsTheSameWithoutProcessNumbersOfItsOwn) {
  const std::vector<std::string> lines{
      "(echo a > $CACHE/a) & wait $!; flock $CACHE/l cat $CACHE/a", "flock $CACHE/l sh -c 'echo b >> $CACHE/b'; exit 3",
      "(sleep 5; kill -9 $$) & echo c > $CACHE/c; sleep 10", "(echo d > $CACHE/d) & wait; echo e > $CACHE/e",
      "setsid sh -c 'sleep 1000; echo x > $CACHE/late' & exit 0"};
  const ProcessFault kills[] = {{ProcessFaultKind::kill_before, 3, 1, {}}};
  const DiskFault full[] = {{.step = StepKind::write, .path = "b", .error = ENOSPC}};
  const auto run_all = [&] {
    const StageEnd end = run_shells(lines, {.disk = full, .process_faults = kills});
    EXPECT_EQ(end.uncontrolled, "");
    EXPECT_THAT(end.crashes, ElementsAre(HasSubstr("process 4: command 0 ended and left"), HasSubstr("process 2")));
    std::string text = recorder_.text;
    for (const std::string& each : recorder_.ends) text += each + "\n";
    for (std::size_t i = 0; i < lines.size(); ++i) text += std::to_string(statuses_[i]) + " " + outputs_[i] + "\n";
    return text;
  };
  const std::string with = run_all();
  EXPECT_THAT(with, HasSubstr("0.write a"));
  EXPECT_THAT(with, HasSubstr("3 killed"));
  start(kPatience, {"/proc/self/exe", kWithoutNumbersWord});
  ASSERT_TRUE(world_) << why_not_;
  EXPECT_EQ(run_all(), with);
  EXPECT_FALSE(world_->has_process_numbers());
  clear();
  EXPECT_EQ(run_all(), with) << "nor does it differ from itself";
}

}  // namespace
}  // namespace stampede
