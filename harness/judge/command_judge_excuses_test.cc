// What excuses a command: each excuse has a history in which it does, and a twin in which it must not.
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>

#include "harness/judge/history_for_test.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::FileType;
using modelcache::OpenMode;
using std::chrono::hours;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using Ids = std::set<std::string>;
using Steps = std::function<void(History&)>;

Subject plain() {
  Subject subject;
  subject.command.emplace();
  subject.may_stay = {"locks/*"};
  return subject;
}

struct Row {
  std::string_view what;
  bool is_excused;
  Steps steps;
};

Plan faulty(ProcessFaultKind kind, std::size_t process) {
  Plan plan = History::one_get();
  plan.process_faults = {{kind, process, 1, seconds(1)}};
  return plan;
}

// Process 0 fails after these steps.
TEST(CommandJudgeExcuses, OfAFailureAreFaultsThatItMet) {
  const auto connects = [](std::uint32_t process, int error) {
    return [=](History& h) { h.by(process).connect("none", false, History::is_told(error)); };
  };
  const Row rows[] = {
      {"none", false, [](History&) {}},
      {"a step of its own", true, [](History& h) { h.open("x", OpenMode::read, History::fails(EIO)); }},
      {"a short transfer", true, [](History& h) { h.write("x", 0, {}, {EIO, StepFault::short_transfer}); }},
      {"a step of another", false, [](History& h) { h.by(1).open("x", OpenMode::read, History::fails(EIO)); }},
      {"an error without a fault", false, [](History& h) { h.open("x", OpenMode::read, History::is_told(EIO)); }},
      {"a refused connection", true, connects(0, ECONNREFUSED)},
      {"another's refused connection", false, connects(1, ECONNREFUSED)},
      {"an unreachable server", false, connects(0, ENETUNREACH)},
      {"a refusal that is none", false,
       [](History& h) { h.open("x", OpenMode::read, History::is_told(ECONNREFUSED)); }},
      {"a harmful turn", true, [](History& h) { h.connect("reset_in_body:3", false); }},
      {"another's harmful turn", false, [](History& h) { h.by(1).connect("reset_in_body:3", false); }},
      {"a harmless turn", false, [](History& h) { h.connect("drip:3", false); }},
  };
  for (const Row& row : rows) {
    History history(History::one_get(), plain());
    row.steps(history.by(0));
    history.by(0).fails_with(ErrorCode::io);
    history.stage_ends();
    EXPECT_EQ(history.violated(), row.is_excused ? Ids{} : Ids{"no_spurious_failure"}) << row.what;
    EXPECT_EQ(history.judged("no_spurious_failure"), row.is_excused ? 0U : 1U) << row.what;
  }
}

TEST(CommandJudgeExcuses, OfAFailureAreClocksAndStopsOfAnybodyAndItsOwnDeath) {
  const struct {
    ProcessFaultKind kind;
    std::size_t process;
    bool is_excused;
  } rows[] = {{ProcessFaultKind::clock_step, 0, true},  {ProcessFaultKind::clock_step, 1, true},
              {ProcessFaultKind::stop, 0, true},        {ProcessFaultKind::stop, 1, true},
              {ProcessFaultKind::kill_before, 0, true}, {ProcessFaultKind::kill_before, 1, false},
              {ProcessFaultKind::kill_after, 0, true},  {ProcessFaultKind::kill_after, 1, false}};
  for (const auto& row : rows) {
    History history(faulty(row.kind, row.process), plain());
    history.by(0).fails_with(ErrorCode::io);
    history.stage_ends();
    EXPECT_EQ(history.violated(), row.is_excused ? Ids{} : Ids{"no_spurious_failure"})
        << name_of(row.kind) << " " << row.process;
  }
}

// What happens before the run, and in what is said of it at its end.
TEST(CommandJudgeExcuses, EndWithTheirStage) {
  const Row rows[] = {
      {"a harmful turn", false, [](History& h) { h.connect("reset_in_body:3", false); }},
      {"a fault", false, [](History& h) { h.open("x", OpenMode::read, History::fails(EIO)); }},
  };
  for (const Row& row : rows) {
    History history(History::one_get(), plain());
    history.begin_stage(StageKind::warm_up);
    row.steps(history);
    history.stage_ends();
    history.begin_stage(StageKind::run);
    history.fails_with(ErrorCode::io);
    history.stage_ends();
    EXPECT_EQ(history.violated(), Ids{"no_spurious_failure"}) << row.what;
  }
}

TEST(CommandJudgeExcuses, OfTwoDownloadsAreDeathsFailuresAndLocksThatLie) {
  const Row rows[] = {
      {"none", false, [](History&) {}},
      {"who was killed", true, [](History& h) { h.process_ends(ProcessEnd::killed); }},
      {"who was abandoned", true, [](History& h) { h.process_ends(ProcessEnd::abandoned); }},
      {"who ended", false, [](History& h) { h.process_ends(); }},
      {"who failed", true,
       [](History& h) {
         h.by(1).open("x", OpenMode::read, History::fails(EIO));
         h.fails_with(ErrorCode::io);
       }},
      {"a lock that does nothing", true, [](History& h) { h.try_lock("x", {0, StepFault::does_nothing}); }},
      {"a lock that fails", true, [](History& h) { h.try_lock("x", History::fails(ENOLCK)); }},
      {"a lock that another has", false, [](History& h) { h.try_lock("x", History::is_told(EWOULDBLOCK)); }},
      {"a step that is none with locks", false, [](History& h) { h.open("x", OpenMode::read, History::fails(EIO)); }},
  };
  for (const Row& row : rows) {
    for (const StageKind stage :
         {StageKind::run, StageKind::warm_up}) {  // what was in the stage before excuses nothing
      History history(History::one_get(), plain());
      if (stage == StageKind::warm_up) {
        history.begin_stage(stage);
        row.steps(history);
        history.stage_ends();
        history.begin_stage(StageKind::run);
      } else {
        row.steps(history);
      }
      for (int i = 0; i < 2; ++i) history.by(0).connect();
      history.stage_ends();
      const bool is_excused = row.is_excused && stage == StageKind::run;
      EXPECT_EQ(history.violated().contains("one_download"), !is_excused) << row.what << " " << name_of(stage);
      EXPECT_EQ(history.judged("one_download"), is_excused ? 0U : 1U) << row.what << " " << name_of(stage);
    }
  }
}

TEST(CommandJudgeExcuses, OfTheFirstDownloadIsAColdDirectory) {
  for (const bool is_warm : {false, true}) {
    Plan plan = History::one_get();
    plan.models.push_back({"m1", 20});
    plan.start.warm = {is_warm ? 0U : 1U};
    History history(plan, plain());
    history.begin_stage(StageKind::warm_up);
    history.connect();  // of the stage before: not counted
    history.stage_ends();
    EXPECT_EQ(history.judged("one_download"), 0U);
    history.begin_stage(StageKind::run);
    history.connect();
    history.stage_ends();
    history.begin_stage(StageKind::epilogue);
    for (int i = 0; i < 2; ++i) history.connect();
    history.stage_ends();
    EXPECT_EQ(history.lines(), is_warm ? std::vector<std::string>{"one_download of m0 at run 4 by 0: m0: 1 requests "
                                                                  "were answered well"}
                                       : std::vector<std::string>{});
    EXPECT_EQ(history.judged("one_download"), 2U);
  }
}

// The rest is looked at after a run in which nobody died or failed, and after every epilogue.
TEST(CommandJudgeExcuses, OfWhatIsLeftOverEndWithTheEpilogue) {
  const Row rows[] = {
      {"none", false, [](History& h) { h.process_ends(); }},
      {"who was killed", true, [](History& h) { h.process_ends(ProcessEnd::killed); }},
      {"who failed", true,
       [](History& h) {
         h.open("x", OpenMode::read, History::fails(EIO));
         h.fails_with(ErrorCode::io);
       }},
  };
  for (const Row& row : rows) {
    for (const StageKind stage : {StageKind::warm_up, StageKind::run, StageKind::epilogue}) {
      History history(History::one_get(), plain());
      history.begin_stage(stage);
      history.disk().make("core", FileType::regular, 0644);
      row.steps(history);
      history.stage_ends();
      const bool is_excused = row.is_excused && stage != StageKind::epilogue;
      EXPECT_EQ(history.violated().contains("nothing_left_over"), !is_excused) << row.what << " " << name_of(stage);
      EXPECT_EQ(history.judged("nothing_left_over"), is_excused ? 0U : 1U) << row.what << " " << name_of(stage);
      history.begin_stage(StageKind::epilogue);  // nobody died here
      history.stage_ends();
      EXPECT_TRUE(history.violated().contains("nothing_left_over")) << row.what << " " << name_of(stage);
    }
  }
  History stuck(History::one_get(), plain());
  stuck.disk().make("core", FileType::regular, 0644);
  StageEnd end;
  end.stuck = "somebody waits";
  stuck.stage_ends(end);
  EXPECT_EQ(stuck.judged("nothing_left_over"), 0U);
}

TEST(CommandJudgeExcuses, OfANameAreGlobsThatMatchAllOfIt) {
  const struct {
    const char *glob, *name;
    bool may_stay;
  } rows[] = {{"locks/*", "locks/a", true},
              {"locks/*", "locks/a/b", true},
              {"locks/*", "x/locks/a", false},
              {"*.lock", "a/b.lock", true},
              {"*.lock", "b.lock.1", false},
              {"a?", "ab", true},
              {"a?", "a", false},
              {"b", "ab", false},
              {".*", ".hidden", true}};
  for (const auto& row : rows) {
    Subject subject = plain();
    subject.may_stay = {"nothing", row.glob};
    History history(History::one_get(), subject);
    history.disk().make(row.name, FileType::regular, 0644);
    history.stage_ends();
    EXPECT_EQ(history.violated(), row.may_stay ? Ids{} : Ids{"nothing_left_over"}) << row.glob << " " << row.name;
  }
}

// Outside of the directory nothing is left over, and nobody's mode is judged.
TEST(CommandJudgeExcuses, OfAPathIsThatItIsNotBelowTheDirectory) {
  for (const char* path : {"/elsewhere", "here"}) {
    History history(History::one_get(), plain());
    history.disk().make(path, FileType::regular, 0600);
    history.disk().set_bytes(history.disk().file_at(path), *history.model(0).bytes);
    OperationOutcome outcome = history.outcome();
    outcome.path = path;
    history.ends(outcome);
    history.stage_ends();
    const bool is_below = path == std::string("here");
    EXPECT_EQ(history.violated(), is_below ? Ids{"published_modes"} : Ids{"nothing_left_over"}) << path;
    EXPECT_EQ(history.judged("published_modes"), is_below ? 1U : 0U) << path;
    EXPECT_EQ(history.judged("bytes_are_what_was_asked"), 1U) << path;
  }
}

TEST(CommandJudgeModes, OfCleanProcessesAreThoseOfTheUsualUmask) {
  for (const unsigned mode : {0644U, 0640U, 0600U}) {
    Plan plan = History::one_get();
    plan.processes.resize(1);
    plan.processes[0].umask = 027;
    History history(plan, plain());
    history.begin_stage(StageKind::epilogue);
    history.rename(history.stage(0), history.entry(0));
    history.disk().set_mode(history.disk().file_at(history.entry(0)), mode);
    history.succeeds(false);
    const std::vector<std::string> expected = {"published_modes of m0 at epilogue 4 by 0: " + history.entry(0) +
                                               " has mode 0600, expected 0644"};
    EXPECT_EQ(history.lines(), mode == 0600U ? expected : std::vector<std::string>{}) << mode;
  }
}

TEST(CommandJudgeEnds, HaveBounds) {
  const auto stop = [](nanoseconds time) { return ProcessFault{ProcessFaultKind::stop, 0, 1, time}; };
  const struct {
    std::string_view what;
    const char* stuck;
    bool is_deadlock;
    std::uint64_t steps;
    nanoseconds time;
    ProcessFault fault;
    bool is_without_end;
  } rows[] = {
      {"all ended", "", false, 1'000'000, hours(48), stop(seconds(1)), false},
      {"a deadlock", "why", true, 1, hours(0), stop(hours(2)), true},
      {"a deadlock without words", "", true, 1, hours(0), stop(seconds(1)), true},
      {"a day", "why", false, 1, hours(24), stop(seconds(1)), true},
      {"nearly a day", "why", false, 1, hours(24) - nanoseconds(1), stop(seconds(1)), false},
      {"a day with a stop of an hour", "why", false, 1, hours(24), stop(hours(1)), false},
      {"and many steps", "why", false, 1'000'000'000, hours(24), stop(hours(1)), false},
      {"a day with less of a stop", "why", false, 1, hours(24), stop(hours(1) - nanoseconds(1)), true},
      {"a day with a clock's step", "why", false, 1, hours(24), {ProcessFaultKind::clock_step, 0, 1, hours(2)}, true},
      {"steps in no time", "why", false, 5'000, hours(0), stop(hours(2)), false},
      {"one more", "why", false, 5'001, hours(0), stop(hours(2)), true},
      {"steps in a second", "why", false, 6'000, seconds(2) - nanoseconds(1), stop(hours(2)), false},
      {"one more", "why", false, 6'001, seconds(2) - nanoseconds(1), stop(hours(2)), true},
      {"steps in two", "why", false, 7'000, seconds(2), stop(hours(2)), false},
      {"one more", "why", false, 7'001, seconds(2), stop(hours(2)), true},
  };
  for (const auto& row : rows) {
    Plan plan = History::one_get();
    plan.process_faults = {row.fault};
    History history(plan, plain());
    StageEnd end;
    end.stuck = row.stuck;
    end.is_deadlock = row.is_deadlock;
    end.steps = row.steps;
    end.virtual_time = row.time;
    history.stage_ends(end);
    const std::string line = "everyone_comes_to_an_end of run at run 0 by 0: " + std::string(row.stuck);
    EXPECT_EQ(history.lines(), row.is_without_end ? std::vector<std::string>{line} : std::vector<std::string>{})
        << row.what;
    EXPECT_EQ(history.judged("everyone_comes_to_an_end"), 1U) << row.what;
  }
}

}  // namespace
}  // namespace stampede
