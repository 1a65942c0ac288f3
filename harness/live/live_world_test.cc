// What the live world promises beyond the steps: lost control is noticed, and nothing is left behind.
#include "harness/live/live_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <fstream>

#include "harness/live/live_for_test.h"
#include "harness/live/thread_ticks.h"

namespace stampede {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<int> own_descriptors() {
  std::vector<int> open;
  for (int fd = 0; fd < 256; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) open.push_back(fd);
  }
  return open;
}

// Signals come while the supervisor waits for whatever it waits for; they change nothing.
TEST_F(LiveTest, GivesDescriptorsWhileSignalsCome) {
  ThreadTicks ticks;
  ASSERT_TRUE(ticks.is_made());
  ticks.turn_on(std::chrono::milliseconds(1));
  const StageEnd end = run({"open again and again"});
  ticks.turn_off();
  EXPECT_EQ(end.uncontrolled, "");
  EXPECT_THAT(reports_, testing::ElementsAre(testing::EndsWith(" done")));
}

TEST_F(LiveTest, PassesReportsBeforeTheNextStep) {
  const StageEnd end = run({"write"});
  EXPECT_EQ(end.uncontrolled, "");
  EXPECT_THAT(end.crashes, IsEmpty());
  EXPECT_THAT(recorder_.steps, ElementsAre("0.open", "0.open", "0.write", "0.close"));
  EXPECT_THAT(reports_, ElementsAre("0.3 written", "0.4 closed"));
  EXPECT_THAT(recorder_.ends, ElementsAre("0 ended"));
  EXPECT_EQ(world_->disk().stat(world_->disk().file_at("/sim/file")).size_bytes, 8U);
}

TEST_F(LiveTest, ShowsProcessesNothingOfItself) {
  run({"descriptors"});
  ASSERT_EQ(reports_.size(), 1U);
  EXPECT_THAT(reports_[0], HasSubstr(".0 3")) << "the standard streams, and no more";
}

TEST_F(LiveTest, KillsBeforeAndAfterAStep) {
  const ProcessFault before[] = {{ProcessFaultKind::kill_before, 0, 1, {}}};
  run({"write"}, {.process_faults = before});
  EXPECT_THAT(recorder_.steps, ElementsAre("0.open"));
  EXPECT_EQ(world_->disk().file_at("/sim/file"), 0U);
  const ProcessFault after[] = {{ProcessFaultKind::kill_after, 0, 1, {}}};
  const StageEnd end = run({"write"}, {.process_faults = after});
  EXPECT_THAT(recorder_.ends, ElementsAre("0 killed", "0 killed"));
  EXPECT_THAT(end.ends, ElementsAre(ProcessEnd::killed));
  EXPECT_THAT(end.own_steps, ElementsAre(2U));
  EXPECT_NE(world_->disk().file_at("/sim/file"), 0U);
  EXPECT_EQ(world_->disk().open_descriptors(), 0U);
}

TEST_F(LiveTest, ClosesAlsoWhereCloseFails) {
  const DiskFault fault[] = {{.step = StepKind::close, .path = "/sim/a", .error = EIO}};
  run({"lock, close, lock"}, {.disk = fault});
  EXPECT_THAT(reports_, ElementsAre("0.3 locked", "0.4 failed", "0.6 locked", "0.7 closed"));
  EXPECT_EQ(world_->disk().open_descriptors(), 0U);
}

TEST_F(LiveTest, WakesWhoWaitsForALockWhenItsHolderEnds) {
  const StageEnd end = run({"lock a", "lock a", "lock a"});
  EXPECT_EQ(end.stuck, "");
  EXPECT_THAT(end.ends, ElementsAre(ProcessEnd::ended, ProcessEnd::ended, ProcessEnd::ended));
}

TEST_F(LiveTest, NamesTheCycleOfADeadlock) {
  // Process 1 takes b while 0 stands behind its lock of a.
  const ProcessFault stop[] = {{ProcessFaultKind::stop, 0, 4, std::chrono::milliseconds(1)}};
  const StageEnd end = run({"lock a, then b", "lock b, then a"}, {.process_faults = stop});
  EXPECT_TRUE(end.is_deadlock);
  EXPECT_EQ(end.stuck, "process 0 waits for /sim/b held by process 1, which waits for /sim/a held by process 0");
  EXPECT_THAT(end.ends, ElementsAre(ProcessEnd::abandoned, ProcessEnd::abandoned));
  EXPECT_EQ(end.uncontrolled, "");
}

TEST_F(LiveTest, StopsAtTheBoundOfSteps) {
  const StageEnd end = run({"look for ever"}, {.steps_max = 100});
  EXPECT_EQ(end.steps, 100U);
  EXPECT_EQ(end.stuck, "the bound of 100 steps was reached");
  EXPECT_THAT(recorder_.ends, ElementsAre("0 abandoned"));
}

TEST_F(LiveTest, TellsCrashes) {
  const StageEnd end = run({"abort", "end with 7", "nothing"});
  EXPECT_THAT(end.crashes, ElementsAre("process 0 died of signal 6", "process 1 ended with status 7"));
  EXPECT_THAT(reports_, ElementsAre("0.0 so far"));
  EXPECT_EQ(end.uncontrolled, "");
}

TEST_F(LiveTest, NoticesAWaitThatItDoesNotKnow) {
  const StageEnd end = run({"wait for a pipe", "write"});
  EXPECT_THAT(end.uncontrolled, HasSubstr("process 0 waits for something that the world does not know"));
  EXPECT_THAT(end.ends, ElementsAre(ProcessEnd::abandoned, ProcessEnd::abandoned));
}

TEST_F(LiveTest, NoticesWhoComputesForEver) {
  start(std::chrono::milliseconds(300));
  EXPECT_THAT(run({"compute for ever"}).uncontrolled, HasSubstr("has computed for 300 ms without a step"));
}

TEST_F(LiveTest, NoticesAStepOfAThread) {
  EXPECT_THAT(run({"let a thread look"}).uncontrolled, HasSubstr("is none of the processes' first threads"));
}

// Also ends the child, which nobody else would.
TEST_F(LiveTest, NoticesAStepOfAChild) {
  EXPECT_THAT(run({"let a child look"}).uncontrolled, HasSubstr("is none of the processes' first threads"));
}

TEST_F(LiveTest, GoesOnAfterARunOutOfControl) {
  EXPECT_NE(run({"wait for a pipe"}).uncontrolled, "");
  recorder_ = {};
  ASSERT_TRUE(world_->clear(peers_).has_value());
  EXPECT_EQ(run({"write"}).uncontrolled, "");
  EXPECT_THAT(recorder_.steps, ElementsAre("0.open", "0.open", "0.write", "0.close"));
}

TEST_F(LiveTest, LeavesNothingBehind) {
  world_.reset();
  const std::vector<int> before = own_descriptors();
  start();
  run({"write", "lock a", "abort", "wait for a pipe"});
  run({"lock a, then b", "lock a"});
  ASSERT_TRUE(world_->clear(peers_).has_value());
  world_.reset();
  EXPECT_EQ(own_descriptors(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST_F(LiveTest, SaysWhyItCannotStart) {
  const auto no_program = LiveWorld::start({.zygote = {"/no/such/program"}, .directory = directory_});
  ASSERT_FALSE(no_program.has_value());
  EXPECT_EQ(no_program.error().code, modelcache::ErrorCode::not_found);
  const auto no_directory =
      LiveWorld::start({.zygote = {"/proc/self/exe", "live-zygote"}, .directory = directory_ + "/none"});
  ASSERT_FALSE(no_directory.has_value());
  EXPECT_EQ(no_directory.error().code, modelcache::ErrorCode::not_found);
  const auto no_zygote =
      LiveWorld::start({.zygote = {"/proc/self/exe", "--gtest_list_tests"}, .directory = directory_});
  ASSERT_FALSE(no_zygote.has_value());
  EXPECT_THAT(no_zygote.error().message(), HasSubstr("has ended"));
}

// -- in a process of its own -----------------------------------------------------------------------------------------

// Runs `body` in a fork of this test, which never returns from it.
template <class Body>
pid_t in_a_child(const Body& body) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  body();
  ::_exit(9);
}

int status_of(pid_t child) {
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Root passes every permission, so it goes on as somebody who has none.
TEST_F(LiveTest, WorksForAnOrdinaryUser) {
  world_.reset();
  ASSERT_EQ(::chmod(directory_.c_str(), 0777), 0);
  const pid_t child = in_a_child([&] {
    if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) ::_exit(2);
    start();
    if (!world_) ::_exit(3);
    const StageEnd end = run({"write", "lock a", "lock a"});
    world_.reset();
    ::_exit(end.uncontrolled.empty() && end.crashes.empty() && recorder_.ends.size() == 3 ? 0 : 1);
  });
  EXPECT_EQ(status_of(child), 0);
}

// The observer is told of a step, and with that the supervisor dies: all its processes must follow.
TEST_F(LiveTest, ItsProcessesDieWithIt) {
  world_.reset();
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);  // orphans come here, and can be counted
  struct Suicide final : Observer {
    int steps = 0;
    void on_step(const Step&, const DiskView&) override {
      if (++steps == 4) (void)::kill(::getpid(), SIGKILL);
    }
    void on_process_end(std::uint32_t, ProcessEnd, const DiskView&) override {}
  };
  const pid_t child = in_a_child([&] {
    start();
    const std::vector<StageProcess> processes{{.job = "look for ever"}, {.job = "lock a"}};
    DefaultSchedule strategy;
    Suicide suicide;
    (void)world_->run({.processes = processes}, strategy, suicide);
  });
  EXPECT_EQ(status_of(child), 128 + SIGKILL);
  int orphans = 0;
  for (int status = 0; ::waitpid(-1, &status, 0) > 0; ++orphans) {
    EXPECT_EQ(WIFSIGNALED(status) ? WTERMSIG(status) : 0, SIGKILL) << status;
  }
  EXPECT_EQ(orphans, 3) << "the zygote and two processes";
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

}  // namespace
}  // namespace stampede

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "live-zygote") {
    return stampede::run_live_zygote([] {}, stampede::perform_test_job);
  }
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
