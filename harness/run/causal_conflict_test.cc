// Which steps conflict, kind by kind, and orders of hand-made traces to the last move.
#include <gtest/gtest.h>

#include <cerrno>
#include <map>

#include "cache/os.h"
#include "harness/run/causal_order.h"

namespace stampede {
namespace {

using modelcache::OpenMode;

struct Look {
  StepKind kind = StepKind::read;
  std::string path, to_path = "";
  OpenMode mode = OpenMode::read;
  FileNumber file = 0;
  ConnectionNumber connection = 0;
  int error = 0;
};

Step step_of(std::uint32_t process, const Look& look) {
  Step step;
  step.process = process;
  step.kind = look.kind;
  step.path = look.path;
  step.to_path = look.to_path;
  step.mode = static_cast<std::uint32_t>(look.mode);
  step.file = look.file;
  step.connection = look.connection;
  step.error = look.error;
  return step;
}

std::string words(const Look& look) {
  return std::string(name_of(look.kind)) + " '" + look.path + "' '" + look.to_path + "'";
}

void expect_conflict(const Look& one, const Look& other, bool expected) {
  EXPECT_EQ(conflict(step_of(0, one), step_of(1, other)), expected) << words(one) << ", " << words(other);
  EXPECT_EQ(conflict(step_of(1, other), step_of(0, one)), expected) << words(other) << ", " << words(one);
  EXPECT_FALSE(conflict(step_of(1, one), step_of(1, other))) << "of one process: " << words(one);
}

TEST(Conflict, OfAReaderIsWithWhoeverChangesWhatItReads) {
  const std::map<StepKind, bool> changes = {
      {StepKind::open, false},          {StepKind::read, false},        {StepKind::write, true},
      {StepKind::truncate, true},       {StepKind::sync_file, false},   {StepKind::sync_directory, false},
      {StepKind::rename, true},         {StepKind::link, true},         {StepKind::unlink, true},
      {StepKind::stat, false},          {StepKind::stat_name, false},   {StepKind::list, false},
      {StepKind::make_directory, true}, {StepKind::try_lock, true},     {StepKind::unlock, true},
      {StepKind::close, false},         {StepKind::resolve, false},     {StepKind::connect, false},
      {StepKind::send, false},          {StepKind::receive, false},     {StepKind::now, false},
      {StepKind::wall_time, false},     {StepKind::sleep_until, false}, {StepKind::random, false},
      {StepKind::self, false},          {StepKind::liveness, false}};
  ASSERT_EQ(changes.size(), kStepKinds);
  for (const auto& [kind, is_change] : changes) {
    expect_conflict({kind, "entries/a"}, {StepKind::read, "entries/a"}, is_change);
    expect_conflict({kind, "entries/a"}, {StepKind::read, "entries/b"}, false);
    // Whatever the kind is, a connect meets connects alone.
    expect_conflict({kind, "entries/a"}, {StepKind::connect, "entries/a"}, kind == StepKind::connect);
  }
  // Steps of their own meet nobody who changes something either.
  for (const StepKind kind : {StepKind::resolve, StepKind::send, StepKind::receive, StepKind::now, StepKind::wall_time,
                              StepKind::sleep_until, StepKind::random, StepKind::self, StepKind::liveness}) {
    expect_conflict({kind, "entries/a", "", OpenMode::read, 3}, {StepKind::write, "entries/a", "", OpenMode::read, 3},
                    false);
  }
}

TEST(Conflict, OfAnOpenDependsOnWhetherItCreates) {
  for (const auto& [mode, creates] : {std::pair(OpenMode::create_new, true), std::pair(OpenMode::open_or_create, true),
                                      std::pair(OpenMode::read, false), std::pair(OpenMode::read_write, false),
                                      std::pair(OpenMode::directory, false), std::pair(OpenMode::root, false)}) {
    expect_conflict({StepKind::open, "tmp/a", "", mode}, {StepKind::stat_name, "tmp/a"}, creates);
    expect_conflict({StepKind::open, "tmp/a", "", mode}, {StepKind::list, "tmp"}, creates);
  }
}

TEST(Conflict, OfACloseDependsOnWhatItCloses) {
  for (const auto& [path, drops] : {std::pair("locks/a", true), std::pair("tmp/a", true), std::pair("locks", false),
                                    std::pair("locksmith/a", false), std::pair("entries/a", false)}) {
    expect_conflict({StepKind::close, path}, {StepKind::stat_name, path}, drops);
  }
  expect_conflict({StepKind::close, "tmp/a", "", OpenMode::read, 0, 1}, {StepKind::write, "tmp/a"}, false);
}

TEST(Conflict, IsByFileNumberOrByEitherName) {
  const auto file = [](StepKind kind, const char* path, FileNumber number) {
    return Look{kind, path, "", OpenMode::read, number};
  };
  expect_conflict(file(StepKind::write, "tmp/a", 3), file(StepKind::read, "entries/a", 3), true);
  expect_conflict(file(StepKind::write, "tmp/a", 3), file(StepKind::read, "entries/a", 4), false);
  expect_conflict(file(StepKind::write, "tmp/a", 0), file(StepKind::read, "entries/a", 0), false);
  const Look move{StepKind::rename, "tmp/a", "entries/a"};
  expect_conflict(move, {StepKind::stat_name, "tmp/a"}, true);
  expect_conflict(move, {StepKind::stat_name, "entries/a"}, true);
  expect_conflict(move, {StepKind::stat_name, "entries/b"}, false);
  expect_conflict(move, {StepKind::link, "tmp/b", "entries/a"}, true);
  expect_conflict(move, {StepKind::link, "tmp/b", "tmp/a"}, true);
  expect_conflict(move, {StepKind::link, "tmp/b", "entries/b"}, false);
  expect_conflict({StepKind::unlink, "tmp/a"}, {StepKind::stat_name, ""}, false);
}

TEST(Conflict, OfAListIsWithNamesDirectlyInIt) {
  struct Row {
    const char *list, *path, *to_path;
    bool meets;
  };
  for (const Row& row : {Row{"tmp", "tmp/a", "entries/a", true}, Row{"entries", "tmp/a", "entries/a", true},
                         Row{"locks", "tmp/a", "entries/a", false}, Row{"tmp", "tmpx/a", "x", false},
                         Row{"", "manifest.json", "tmp/x", true}, Row{"", "tmp/x", "manifest.json", true},
                         Row{"", "tmp/x", "entries/x", false}}) {
    expect_conflict({StepKind::rename, row.path, row.to_path}, {StepKind::list, row.list}, row.meets);
  }
  for (const StepKind kind : {StepKind::link, StepKind::unlink, StepKind::make_directory}) {
    expect_conflict({kind, "tmp/a"}, {StepKind::list, "tmp"}, true);
  }
  expect_conflict({StepKind::write, "tmp/a"}, {StepKind::list, "tmp"}, false);
  expect_conflict({StepKind::unlink, "tmp/a"}, {StepKind::stat, "tmp"}, false);
}

TEST(Conflict, OfASleeperIsWithWhoReleasesItsLock) {
  expect_conflict({StepKind::sleep_until, "locks/a"}, {StepKind::unlock, "locks/a"}, true);
  expect_conflict({StepKind::sleep_until, "locks/a"}, {StepKind::close, "locks/a"}, true);
  expect_conflict({StepKind::sleep_until, "locks/a"}, {StepKind::unlock, "locks/b"}, false);
  expect_conflict({StepKind::sleep_until, "locks/a"}, {StepKind::try_lock, "locks/a"}, false);
  expect_conflict({StepKind::sleep_until, ""}, {StepKind::unlock, ""}, false);
  expect_conflict({StepKind::now, "locks/a"}, {StepKind::unlock, "locks/a"}, false);
}

// Steps with their own numbers.
std::vector<Step> trace(const std::vector<std::pair<std::uint32_t, Look>>& looks) {
  std::map<std::uint32_t, std::uint32_t> next;
  std::vector<Step> steps;
  for (const auto& [process, look] : looks) {
    steps.push_back(step_of(process, look));
    steps.back().own_step = next[process]++;
  }
  return steps;
}

using Switches = std::vector<Switch>;
const Look kReadA{StepKind::read, "a"}, kReadB{StepKind::read, "b"}, kWriteA{StepKind::write, "a"},
    kWriteB{StepKind::write, "b"}, kWriteC{StepKind::write, "c"}, kReadC{StepKind::read, "c"};

TEST(SharedPrivateFiles, AreLookedForAmongPrivateStepsAlone) {
  const Look temporary{StepKind::write, "tmp/a"};
  EXPECT_FALSE(shares_private_files(trace({})));
  EXPECT_FALSE(shares_private_files(trace({{0, kWriteA}, {1, kReadA}})));
  EXPECT_FALSE(shares_private_files(trace({{0, temporary}, {0, temporary}})));
  EXPECT_FALSE(shares_private_files(
      trace({{0, {StepKind::sleep_until, "locks/a"}}, {1, {StepKind::unlock, "locks/a"}}, {1, temporary}})));
  EXPECT_TRUE(shares_private_files(trace({{0, kWriteA}, {1, temporary}, {0, {StepKind::unlink, "tmp/a"}}})));
  EXPECT_TRUE(shares_private_files(trace({{0, {StepKind::unlink, "tmp/a"}}, {0, kWriteA}, {1, temporary}})));
}

TEST(Moves, AreSwitchesFromActorToActor) {
  std::vector<Step> steps = trace({{0, kReadA}, {1, kReadA}, {1, kReadA}, {0, kReadA}});
  const std::size_t in_order[] = {0, 1, 2, 3}, others_first[] = {1, 2, 0, 3};
  EXPECT_EQ(moves_of(steps, in_order), (Switches{{0, 1, 1}, {1, 2, 0}}));
  EXPECT_EQ(moves_of(steps, others_first), (Switches{{0, 0, 1}, {1, 2, 0}}));
  EXPECT_EQ(moves_of(steps, {}), Switches{});
  steps[1].actor = ActorStep{65, 8};
  steps[2].actor = ActorStep{1, 3};
  EXPECT_EQ(moves_of(steps, in_order), (Switches{{0, 1, 65}, {65, 9, 1}, {1, 4, 0}}));
}

TEST(FewestMoves, OfNobodyAreNone) {
  EXPECT_EQ(fewest_moves(Plan{}, {}, {}, true), Switches{});
  EXPECT_EQ(fewest_moves(Plan{}, {}, {}, false), Switches{});
  EXPECT_EQ(fewest_moves(Plan{}, trace({{2, kReadA}}), {2}, true), (Switches{{0, 0, 2}}));
}

TEST(FewestMoves, BeginWithWhoeverSavesMost) {
  // Process 1 must be first; of beginnings that are as good the lowest counts.
  EXPECT_EQ(fewest_moves(Plan{}, trace({{1, kWriteA}, {0, kReadA}, {0, kReadB}, {1, kReadB}}), {}, false),
            (Switches{{0, 0, 1}, {1, 2, 0}}));
  EXPECT_EQ(fewest_moves(Plan{}, trace({{1, kReadA}, {0, kReadA}}), {}, false), (Switches{{0, 1, 1}}));
}

TEST(FewestMoves, GoOnWithWhoCanGoFurthest) {
  const std::vector<Step> steps = trace({{0, kWriteA},
                                         {1, {StepKind::write, "own"}},
                                         {2, kWriteB},
                                         {2, {StepKind::read, "two"}},
                                         {1, kReadB},
                                         {1, kWriteC},
                                         {0, kReadC}});
  EXPECT_EQ(fewest_moves(Plan{}, steps, {}, false), (Switches{{0, 1, 2}, {2, 2, 1}, {1, 3, 0}}));
}

TEST(FewestMoves, KeepASleeperBehindWhoWokeIt) {
  const Look lock{StepKind::try_lock, "locks/a"}, unlock{StepKind::unlock, "locks/a"}, sleep{StepKind::sleep_until, ""};
  const Look refused{StepKind::try_lock, "locks/a", "", OpenMode::read, 0, 0, EAGAIN};
  EXPECT_EQ(fewest_moves(Plan{}, trace({{0, lock}, {1, refused}, {0, kReadA}, {0, unlock}, {1, sleep}, {1, kReadB}}),
                         {}, false),
            (Switches{{0, 2, 1}, {1, 1, 0}, {0, 3, 1}}));
  // Who has got its lock since, or was refused none, sleeps for itself.
  const Look other{StepKind::try_lock, "locks/b"};
  EXPECT_EQ(fewest_moves(
                Plan{}, trace({{0, lock}, {1, refused}, {1, other}, {0, kReadA}, {0, unlock}, {1, sleep}, {1, kReadB}}),
                {}, false),
            (Switches{{0, 2, 1}, {1, 4, 0}}));
}

TEST(FewestMoves, KeepADeathBeforeWhateverFollows) {
  const std::vector<Step> steps = trace({{1, kReadC}, {1, kWriteA}, {0, kReadB}, {0, kReadC}});
  EXPECT_EQ(fewest_moves(Plan{}, steps, {}, false), (Switches{{0, 2, 1}}));
  EXPECT_EQ(fewest_moves(Plan{}, steps, {1}, false), (Switches{{0, 0, 1}, {1, 2, 0}}));
  EXPECT_EQ(fewest_moves(Plan{}, steps, {0}, false), (Switches{{0, 2, 1}}));
  // Just the last step is the death: what process 0 did before it stays free.
  const std::vector<Step> late = trace({{1, kReadC}, {0, kReadB}, {1, kWriteA}});
  EXPECT_EQ(fewest_moves(Plan{}, late, {1}, false), (Switches{{0, 1, 1}}));
}

TEST(FewestMoves, KeepStepsInOrderThatOneFaultCounts) {
  const std::vector<Step> steps = trace({{1, {StepKind::write, "tmp/a"}}, {0, {StepKind::write, "tmp/b"}}});
  struct Row {
    DiskFault fault;
    bool counts_both;
  };
  const std::vector<Row> rows = {{DiskFault{.step = StepKind::write, .path = ""}, true},
                                 {DiskFault{.step = StepKind::write, .path = "tmp/"}, true},
                                 {DiskFault{.step = StepKind::write, .path = "tmp/a"}, false},
                                 {DiskFault{.step = StepKind::write, .path = "tmp/b"}, false},
                                 {DiskFault{.step = StepKind::read, .path = ""}, false},
                                 {DiskFault{.step = StepKind::write, .process = 1, .path = ""}, false}};
  for (const Row& row : rows) {
    Plan plan;
    plan.disk = {DiskFault{.step = StepKind::link, .path = ""}, row.fault};
    EXPECT_EQ(fewest_moves(plan, steps, {}, false),
              row.counts_both ? (Switches{{0, 0, 1}, {1, 1, 0}}) : (Switches{{0, 1, 1}}))
        << name_of(row.fault.step) << row.fault.path;
    Plan one;
    one.disk = {row.fault};
    const std::vector<Step> mixed = trace({{1, {StepKind::write, "tmp/a"}}, {0, {StepKind::truncate, "tmp/b"}}});
    EXPECT_EQ(fewest_moves(one, mixed, {}, false), (Switches{{0, 1, 1}})) << "of one kind alone";
  }
}

// What comes before the last step by a chain of causes stays, and nothing else.
TEST(FewestMoves, FollowCausesOfCauses) {
  const std::vector<Step> steps =
      trace({{2, kWriteA}, {3, kWriteC}, {1, kReadA}, {2, kWriteC}, {1, kWriteB}, {0, kReadB}});
  EXPECT_EQ(fewest_moves(Plan{}, steps, {}, true), (Switches{{0, 0, 2}, {2, 1, 1}, {1, 2, 0}}));
  // A death is a cause of all that follows.
  EXPECT_EQ(fewest_moves(Plan{}, steps, {3}, true), (Switches{{0, 0, 2}, {2, 1, 3}, {3, 1, 1}, {1, 2, 0}}));
}

}  // namespace
}  // namespace stampede
