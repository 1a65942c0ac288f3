// Executed commands: their steps, their children and threads, what the world takes in hand, and what it ends.
#include "harness/live/command_world.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>
#include <sstream>
#include <thread>

#include "harness/live/call_stops.h"
#include "harness/live/command_filter.h"
#include "harness/live/command_for_test.h"
#include "harness/live/no_process_numbers_for_test.h"

namespace stampede {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::UnorderedElementsAre;

constexpr const char* kSelf = "/proc/self/exe";

// -- what this program does as a command
// -------------------------------------------------------------------------------

std::string in_cache(const char* name) { return std::string(::getenv("CACHE")) + "/" + name; }

void append(const char* name, const char* text) {
  const int file = ::open(in_cache(name).c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  (void)!::write(file, text, std::strlen(text));
  ::close(file);
}

void append_by_threads() {
  std::thread one([] { append("log", "1"); }), two([] { append("log", "2"); });
  one.join();
  two.join();
  append("log", "0");
}

int errno_of(long result) { return result < 0 ? errno : 0; }

void print_chance_and_time() {
  std::uint64_t drawn = 0;
  (void)!::getrandom(&drawn, sizeof drawn, 0);
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);  // by the vDSO, where there is one
  std::printf("%llx %lld %ld %d %p\n", static_cast<unsigned long long>(drawn), static_cast<long long>(now.tv_sec),
              now.tv_nsec, ::getpid(), static_cast<void*>(&drawn));
}

// Where the kernel and the world put what is opened, a number each; then the errors of who would put something there
// himself.
void print_descriptors() {
  append("a", "x");
  const auto open_shell = [](int flags) { return ::open("/bin/sh", O_RDONLY | flags); };
  const int first = open_shell(O_CLOEXEC), second = open_shell(O_CLOEXEC), lowest = open_shell(0);
  char byte = 0;
  const bool is_read = ::read(second, &byte, 1) == 1 && byte == '\x7f' && ::close(first) == 0;
  const int again = open_shell(O_CLOEXEC), watched = ::open(in_cache("a").c_str(), O_RDONLY | O_CLOEXEC);
  std::printf("%d %d %d %d %d %d", first, second, lowest, again, watched, is_read ? 1 : 0);
  std::printf(" %d %d", errno_of(::dup2(watched, second)), errno_of(::dup3(watched, second + 1, 0)));
  std::printf(" %d %d\n", errno_of(::fcntl(watched, F_DUPFD, first)),
              errno_of(::fcntl(watched, F_DUPFD_CLOEXEC, first)));
}

// 0 where the kernel says of its children what is so.
int wait_for_children() {
  const auto born = [](unsigned seconds) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(static_cast<int>(::sleep(seconds)));
    return child;
  };
  const pid_t soon = born(1), late = born(3);
  if (::waitpid(late, nullptr, 0) != late) return 1;
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(soon), &info, WEXITED) != 0 || info.si_pid != soon) return 2;
  return ::waitpid(-1, nullptr, 0) == -1 && errno == ECHILD ? 0 : 3;
}

int perform(std::string_view job) {
  if (job == "children") return wait_for_children();
  if (job == "descriptors") return print_descriptors(), 0;
  if (job == "many descriptors") {
    for (int i = 0; i < kFirstPrivateFd; ++i) (void)!::open("/dev/null", O_RDONLY);
    return append("a", "x"), 0;
  }
  if (job == "threads") return append_by_threads(), 0;
  if (job == "chance and time") return print_chance_and_time(), 0;
  if (job == "io_uring") return errno_of(::syscall(__NR_io_uring_setup, 8, nullptr));
  if (job == "listener") {
    const auto listener = install_call_filter();
    return listener ? 0 : listener.error().code == modelcache::ErrorCode::exhausted ? 16 : 1;
  }
  if (job == "filter") {  // one that allows all
    (void)::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    const sock_fprog program{1, &allow};
    return errno_of(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program)), append("a", "x"), 0;
  }
  if (job == "map") {
    const int file = ::open(in_cache("m").c_str(), O_RDWR | O_CREAT, 0644);
    (void)!::ftruncate(file, 4096);
    return ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) == MAP_FAILED ? 1 : 0;
  }
  if (job == "compute") {
    for (volatile int i = 0;;) i = 1 - i;
  }
  return 99;
}

// -- tests
// -------------------------------------------------------------------------------------------------------------

TEST_F(CommandWorldTest, SeesWhatAShellAndItsChildrenDoInTheCacheDirectory) {
  const StageEnd end = run_shells({"echo hello > $CACHE/a; cat $CACHE/a; mv $CACHE/a $CACHE/b; echo x > /dev/null"});
  EXPECT_EQ(end.uncontrolled, "");
  EXPECT_THAT(end.crashes, IsEmpty());
  EXPECT_EQ(recorder_.text,
            "0.open a sh 1 0\n0.close a sh 1 0\n0.write a sh 1 6\n0.open a cat 1 0\n0.stat a cat 1 0\n"
            "0.read a cat 1 6\n0.read a cat 1 0\n0.close a cat 1 0\n0.rename a b mv 1 0\n");
  EXPECT_THAT(statuses_, ElementsAre(0));
  EXPECT_THAT(outputs_, ElementsAre("hello\n"));
  EXPECT_THAT(recorder_.ends, ElementsAre("0 ended"));
}

TEST_F(CommandWorldTest, KnowsWhereAnOpenFileWentMeanwhile) {
  run_shells({"echo x > $CACHE/a; exec 3<$CACHE/a; cat <&3; mv $CACHE/a $CACHE/b; cat <&3; rm $CACHE/b; cat <&3"});
  EXPECT_THAT(recorder_.steps, IsSupersetOf({"0.read a", "0.rename a b", "0.read b", "0.unlink b"}));
  EXPECT_EQ(std::count(recorder_.steps.begin(), recorder_.steps.end(), "0.read b"), 2) << recorder_.text;
  EXPECT_THAT(statuses_, ElementsAre(0));
}

TEST_F(CommandWorldTest, WaitsForLocksInItsOwnQueue) {
  const StageEnd end = run_shells({"flock $CACHE/lock sh -c 'echo 0 >> $CACHE/log; sleep 100; echo 0 >> $CACHE/log'",
                                   "flock $CACHE/lock sh -c 'echo 1 >> $CACHE/log'; cat $CACHE/log"});
  EXPECT_EQ(end.uncontrolled, "");
  EXPECT_EQ(end.stuck, "");
  EXPECT_THAT(outputs_, ElementsAre("", "0\n0\n1\n"));
  EXPECT_GE(end.virtual_time, std::chrono::seconds(100));
}

TEST_F(CommandWorldTest, CarriesBytesThroughPipesOfChildren) {
  const StageEnd end = run_shells({"head -c 300000 /dev/zero | tee $CACHE/a | wc -c; (exit 7)"});
  EXPECT_EQ(end.uncontrolled, "");
  EXPECT_THAT(outputs_, ElementsAre("300000\n"));
  EXPECT_THAT(statuses_, ElementsAre(7));
}

// One looks without waiting and takes its child; one waits for the second of two while the first has ended.
TEST_F(CommandWorldTest, KnowsWhichChildrenWereWaitedFor) {
  const StageEnd end =
      run({{"sh", "-c", "(echo a > $CACHE/a) & wait $!; /bin/true; echo b > $CACHE/b"}, {kSelf, "job", "children"}});
  EXPECT_EQ(end.uncontrolled, "");
  EXPECT_THAT(statuses_, ElementsAre(0, 0));
}

// The one that starts threads waits for them in a futex; each opens, writes and closes.
TEST_F(CommandWorldTest, MovesThreadsAsActorsOfTheirOwn) {
  struct Highest final : Strategy {
    void begin() override {}
    std::size_t choose(const Decision& decision) override { return decision.candidates.size() - 1; }
  } highest;
  const StageEnd first = run({{kSelf, "job", "threads"}});
  EXPECT_EQ(first.uncontrolled, "");
  EXPECT_THAT(statuses_, ElementsAre(0));
  const std::string by_default = recorder_.text;
  const auto log = [this] {
    const auto bytes = world_->disk().bytes(world_->disk().file_at("log"));
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  EXPECT_EQ(log(), "120");
  clear();
  strategy_ = &highest;
  const StageEnd second = run({{kSelf, "job", "threads"}});
  EXPECT_EQ(second.uncontrolled, "");
  EXPECT_EQ(log(), "210");
  EXPECT_FALSE(second.switches.empty());
}

TEST_F(CommandWorldTest, RunsTheSameTwice) {
  const std::vector<std::string> lines{"mktemp -p $CACHE; echo $$; ls $CACHE", "mktemp -p $CACHE; date +%N; ls $CACHE"};
  EXPECT_EQ(run_shells(lines).uncontrolled, "");
  const std::string steps = recorder_.text;
  const std::vector<std::string> outputs = outputs_;
  clear();
  EXPECT_EQ(run_shells(lines).uncontrolled, "");
  EXPECT_EQ(recorder_.text, steps);
  if (world_->has_process_numbers()) EXPECT_EQ(outputs_, outputs);
}

TEST_F(CommandWorldTest, GivesClocksChanceAndAddressesOfItsOwn) {
  run({{kSelf, "job", "chance and time"}});
  const std::string first = outputs_.at(0);
  clear();
  run({{kSelf, "job", "chance and time"}});
  if (world_->has_process_numbers()) EXPECT_EQ(outputs_.at(0), first);
  EXPECT_THAT(first, HasSubstr(" 1767225600 ")) << "the epoch of every controlled world";
}

TEST_F(CommandWorldTest, KillsBeforeAndAfterAStepWithAllChildren) {
  const ProcessFault before[] = {{ProcessFaultKind::kill_before, 0, 1, {}}};
  run_shells({"(echo a > $CACHE/a) & wait; echo b > $CACHE/b", "echo c > $CACHE/c"}, {.process_faults = before});
  EXPECT_THAT(recorder_.ends, UnorderedElementsAre("0 killed", "1 ended"));
  EXPECT_EQ(world_->disk().file_at("b"), 0U);
  EXPECT_NE(world_->disk().file_at("c"), 0U);
}

TEST_F(CommandWorldTest, LetsStepsFailAsThePlanSays) {
  const DiskFault full[] = {{.step = StepKind::write, .path = "", .error = ENOSPC}};
  run_shells({"echo a > $CACHE/a || echo failed"}, {.disk = full});
  EXPECT_THAT(outputs_.at(0), HasSubstr("failed"));
  EXPECT_THAT(recorder_.steps, Contains("0.write a !" + std::to_string(ENOSPC)));
}

// -- bad input
// ---------------------------------------------------------------------------------------------------------

TEST_F(CommandWorldTest, TellsOfACommandThatIsNotThere) {
  const StageEnd end = run({{"/no/such/program"}});
  EXPECT_EQ(end.uncontrolled, "");
  EXPECT_THAT(statuses_, ElementsAre(127));
}

TEST_F(CommandWorldTest, EndsWhoeverNeverEnds) {
  const StageEnd asleep = run_shells({"while :; do sleep 3600; done"});
  EXPECT_THAT(asleep.stuck, HasSubstr("of virtual time was reached"));
  EXPECT_THAT(recorder_.ends, ElementsAre("0 abandoned"));
  clear();
  EXPECT_THAT(run_shells({"while :; do echo x > $CACHE/a; done"}, {.steps_max = 100}).stuck,
              "the bound of 100 steps was reached");
  start(std::chrono::milliseconds(500));
  EXPECT_THAT(run({{kSelf, "job", "compute"}}).uncontrolled, HasSubstr("has computed for 500 ms without a step"));
  clear();
  EXPECT_THAT(run_shells({"while :; do umask > /dev/null; /bin/true; done"}).uncontrolled,
              HasSubstr("without a step on the cache directory"));
}

TEST_F(CommandWorldTest, NamesWhoWaitsForEver) {
  const StageEnd end = run_shells(
      {"flock $CACHE/a sh -c 'sleep 1; flock $CACHE/b true'", "flock $CACHE/b sh -c 'sleep 1; flock $CACHE/a true'"});
  EXPECT_TRUE(end.is_deadlock);
  EXPECT_THAT(end.stuck, AllOf(HasSubstr("process 0 waits for b"), HasSubstr("process 1 waits for a")));
}

TEST_F(CommandWorldTest, EndsWhoeverTalksTooMuch) {
  const StageEnd end = run_shells({"exec yes", "exec >&- 2>&-; echo lost; exit 3"});
  EXPECT_EQ(end.uncontrolled, "");
  EXPECT_THAT(end.crashes, ElementsAre(HasSubstr("process 0 wrote more than 1048576 bytes")));
  EXPECT_THAT(recorder_.ends, Contains("0 abandoned"));
  EXPECT_EQ(statuses_.at(1), 3);
}

TEST_F(CommandWorldTest, EndsDaemonsThatACommandLeaves) {
  const StageEnd end = run_shells({"setsid sh -c 'sleep 1000000; echo x > $CACHE/late' & exit 0"});
  EXPECT_EQ(end.uncontrolled, "");
  EXPECT_THAT(statuses_, ElementsAre(0));
  EXPECT_THAT(end.crashes, ElementsAre(HasSubstr("left a process running"))) << recorder_.text << end.stuck;
  EXPECT_EQ(world_->disk().file_at("late"), 0U);
}

TEST_F(CommandWorldTest, TakesAwayWhatWouldPassBesideIt) {
  run({{kSelf, "job", "io_uring"}, {kSelf, "job", "listener"}, {kSelf, "job", "filter"}});
  EXPECT_THAT(statuses_, ElementsAre(ENOSYS, EBUSY, 0));
  EXPECT_NE(world_->disk().file_at("a"), 0U) << "a filter of its own hides nothing";
}

TEST_F(CommandWorldTest, LeavesLibrariesAloneAndKeepsTheirDescriptorsApart) {
  struct stat ours{}, theirs{};
  ASSERT_EQ(::stat(world_->root().c_str(), &ours), 0);
  ASSERT_EQ(::stat("/bin/sh", &theirs), 0);
  if (ours.st_dev == theirs.st_dev) GTEST_SKIP() << "not applicable: the system lies on the directory's device";
  run({{kSelf, "job", "descriptors"}});
  std::ostringstream expected;
  expected << kFirstPrivateFd << " " << kFirstPrivateFd + 1 << " 3 " << kFirstPrivateFd << " 4 1 " << EBADF << " "
           << EBADF << " " << EINVAL << " " << EINVAL << "\n";
  EXPECT_THAT(outputs_, ElementsAre(expected.str()));
}

TEST_F(CommandWorldTest, SaysThatACommandHasTooManyDescriptors) {
  EXPECT_THAT(run({{kSelf, "job", "many descriptors"}}).uncontrolled, HasSubstr("more than 768 descriptors open"));
}

TEST_F(CommandWorldTest, SaysThatNobodySeesStoresIntoMappedFiles) {
  EXPECT_THAT(run({{kSelf, "job", "map"}}).uncontrolled, HasSubstr("through memory, which nobody sees"));
  clear();
  EXPECT_EQ(run_shells({"echo again > $CACHE/a"}).uncontrolled, "") << "the next run is none the worse";
}

TEST_F(CommandWorldTest, SaysWhyItCannotStart) {
  start(kPatience, {kSelf, "without-seccomp"});
  EXPECT_FALSE(world_);
  EXPECT_THAT(why_not_, AllOf(HasSubstr("install filter"), HasSubstr("seccomp")));
}

// -- in a process of its own
// -------------------------------------------------------------------------------------------

// Root passes every permission, so it goes on as somebody who has none.
TEST_F(CommandWorldTest, WorksForAnOrdinaryUser) {
  world_.reset();
  EXPECT_EQ(in_a_child([&] {
              if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) ::_exit(2);
              // The program's file may lie where that user cannot go; what runs already needs no path.
              start();
              if (!world_) ::_exit(3);
              const StageEnd end = run_shells({"echo a > $CACHE/a; cat $CACHE/a", "flock $CACHE/l true"});
              const bool is_well = end.uncontrolled.empty() && end.crashes.empty() && outputs_.at(0) == "a\n";
              world_.reset();
              ::_exit(is_well && statuses_.at(1) == 0 ? 0 : 1);
            }),
            0);
}

// A filter under which seccomp(2) fails, as in some containers.
int without_seccomp() {
  constexpr auto kLoad = static_cast<std::uint16_t>(BPF_LD | BPF_W | BPF_ABS);
  constexpr auto kIfEqual = static_cast<std::uint16_t>(BPF_JMP | BPF_JEQ | BPF_K);
  constexpr auto kReturn = static_cast<std::uint16_t>(BPF_RET | BPF_K);
  sock_filter code[] = {BPF_STMT(kLoad, offsetof(seccomp_data, nr)), BPF_JUMP(kIfEqual, __NR_seccomp, 0, 1),
                        BPF_STMT(kReturn, SECCOMP_RET_ERRNO | EINVAL), BPF_STMT(kReturn, SECCOMP_RET_ALLOW)};
  const sock_fprog program{4, code};
  (void)::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) return 1;
  return run_command_zygote();
}

}  // namespace
}  // namespace stampede

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == stampede::kCommandZygoteWord) return stampede::run_command_zygote();
  if (what == stampede::kWithoutNumbersWord) {
    return stampede::give_up_process_numbers() ? stampede::run_command_zygote() : 1;
  }
  if (what == "without-seccomp") return stampede::without_seccomp();
  if (what == "job" && argc > 2) return stampede::perform(argv[2]);
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
