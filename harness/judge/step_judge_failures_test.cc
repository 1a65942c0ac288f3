// Histories of failures: those that something explains, those that nothing explains, and successes that hide one.
#include <gtest/gtest.h>

#include <cerrno>

#include "harness/judge/history_for_test.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::OpenMode;
using std::chrono::hours;
using std::chrono::milliseconds;
using Ids = std::set<std::string>;

// One get that takes `steps` and fails with `code`.
template <class Steps>
Ids violated_by_get(Plan plan, ErrorCode code, Steps steps) {
  History history(std::move(plan));
  history.make_cache();
  steps(history);
  history.fails_with(code);
  history.finish();
  return history.violated();
}

TEST(StepJudgeFailures, OfWhoMetNoFaultAreSpurious) {
  const auto nothing = [](History&) {};
  for (const ErrorCode code : {ErrorCode::io, ErrorCode::not_found, ErrorCode::lock_timeout, ErrorCode::bad_entry}) {
    EXPECT_EQ(violated_by_get(plan_of({OperationKind::get}), code, nothing), Ids{"no_spurious_failure"});
  }
}

TEST(StepJudgeFailures, OfOthersExplainNothing) {
  History history;
  history.by(1).make_cache();
  history.open("entries/x", OpenMode::read, History::fails(EIO));
  history.fails_with(ErrorCode::io);
  history.by(0).fails_with(ErrorCode::io);
  history.finish();
  expect_trips(history, {"no_spurious_failure"});
  EXPECT_EQ(history.judge().violations()[0].process, 0U);
  EXPECT_GT(history.judged("honest_errors"), 0U);
}

TEST(StepJudgeFailures, OfADiskHaveItsCode) {
  const struct {
    int error;
    ErrorCode code;
  } cases[] = {{ENOSPC, ErrorCode::no_space}, {EDQUOT, ErrorCode::no_space},  {EROFS, ErrorCode::read_only},
               {EACCES, ErrorCode::denied},   {EMFILE, ErrorCode::exhausted}, {EIO, ErrorCode::io},
               {ESTALE, ErrorCode::io},       {EXDEV, ErrorCode::io},         {ENOLCK, ErrorCode::io},
               {EINVAL, ErrorCode::io},       {EOPNOTSUPP, ErrorCode::io}};
  for (const auto& c : cases) {
    const auto fails = [&](History& history) { history.open("entries/x", OpenMode::read, History::fails(c.error)); };
    EXPECT_EQ(violated_by_get(plan_of({OperationKind::get}), c.code, fails), Ids{}) << c.error;
    EXPECT_EQ(violated_by_get(plan_of({OperationKind::get}), ErrorCode::wrong_checksum, fails), Ids{"honest_errors"});
  }
}

TEST(StepJudgeFailures, OfInterruptedCallsAreNone) {
  const auto interrupted = [](History& history) { history.open("entries/x", OpenMode::read, History::fails(EINTR)); };
  EXPECT_EQ(violated_by_get(plan_of({OperationKind::get}), ErrorCode::io, interrupted), Ids{"no_spurious_failure"});
}

TEST(StepJudgeFailures, OfOneOperationDoNotExplainTheNext) {
  History history(plan_of({OperationKind::get, OperationKind::get}));
  history.make_cache();
  history.open("entries/x", OpenMode::read, History::fails(EIO));
  history.fails_with(ErrorCode::io);
  history.fails_with(ErrorCode::io);
  history.finish();
  expect_trips(history, {"no_spurious_failure"});
}

TEST(StepJudgeFailures, OfOpeningTheCacheExplainAll) {
  History history(plan_of({OperationKind::get, OperationKind::get}));
  history.make_directory("", History::fails(EACCES));
  for (int i = 0; i < 2; ++i) {
    OperationOutcome outcome = history.outcome();
    outcome.first_step = outcome.end_step = 1;
    outcome.error = ErrorCode::denied;
    history.ends(outcome);
  }
  history.finish();
  expect_trips(history, {});
}

TEST(StepJudgeFailures, OfTheNetworkHaveItsCode) {
  const struct {
    const char* turn;
    ErrorCode code;
  } cases[] = {{"reset_in_body:1", ErrorCode::reset},
               {"close_in_body:1", ErrorCode::truncated},
               {"status:404", ErrorCode::not_found},
               {"status:503", ErrorCode::http_status},
               {"flip_byte:1", ErrorCode::wrong_checksum},
               {"bare_lf", ErrorCode::bad_response},
               {"redirect_loop", ErrorCode::too_many_redirects}};
  for (const auto& c : cases) {
    const auto asks = [&](History& history) {
      history.lock(0);
      history.connect(c.turn, false);
      history.release(0);
    };
    EXPECT_EQ(violated_by_get(plan_of({OperationKind::get}), c.code, asks), Ids{}) << c.turn;
    EXPECT_EQ(violated_by_get(plan_of({OperationKind::get}), ErrorCode::io, asks), Ids{"honest_errors"}) << c.turn;
  }
  const auto asks_well = [](History& history) {
    history.lock(0);
    history.connect("interim", true);
    history.release(0);
  };
  EXPECT_EQ(violated_by_get(plan_of({OperationKind::get}), ErrorCode::bad_response, asks_well),
            Ids{"no_spurious_failure"});
}

TEST(StepJudgeFailures, WithoutAChecksumAreUnverifiableWithoutALength) {
  const auto asks = [](History& history) { history.connect("length_missing", true); };
  EXPECT_EQ(violated_by_get(plan_of({OperationKind::get_by_url}), ErrorCode::unverifiable, asks), Ids{});
  const auto asks_well = [](History& history) { history.connect("none", true); };
  EXPECT_EQ(violated_by_get(plan_of({OperationKind::get_by_url}), ErrorCode::unverifiable, asks_well),
            Ids{"no_spurious_failure"});
}

TEST(StepJudgeFailures, OfRefusedConnectionsNeedATurnThatRefuses) {
  const auto refused = [](History& history) {
    history.lock(0);
    history.connect("none", false, History::is_told(ECONNREFUSED));
    history.release(0);
  };
  EXPECT_EQ(violated_by_get(plan_of({OperationKind::get}), ErrorCode::refused, refused), Ids{"no_spurious_failure"});
  Plan plan = plan_of({OperationKind::get});
  plan.network.faults = {parse_turn("refused").value()};
  EXPECT_EQ(violated_by_get(plan, ErrorCode::refused, refused), Ids{});
}

TEST(StepJudgeFailures, ForWantOfDescriptorsNeedALimit) {
  const auto fails = [](History& history) { history.open("entries/x", OpenMode::read, History::is_told(EMFILE)); };
  EXPECT_EQ(violated_by_get(plan_of({OperationKind::get}), ErrorCode::exhausted, fails), Ids{"no_spurious_failure"});
  Plan plan = plan_of({OperationKind::get});
  plan.processes[0].descriptors_max = 5;
  EXPECT_EQ(violated_by_get(plan, ErrorCode::exhausted, fails), Ids{});
}

TEST(StepJudgeFailures, OfAReadOnlyMountNeedOne) {
  const auto fails = [](History& history) {
    history.open("locks/manifest.lock", OpenMode::open_or_create, History::is_told(EROFS));
  };
  EXPECT_EQ(violated_by_get(plan_of({OperationKind::get}), ErrorCode::read_only, fails), Ids{"no_spurious_failure"});
  Plan plan = plan_of({OperationKind::get});
  plan.start.read_only = true;
  EXPECT_EQ(violated_by_get(plan, ErrorCode::read_only, fails), Ids{});
}

TEST(StepJudgeFailures, OfPermissionsNeedAUmaskThatDenies) {
  const auto fails = [](History& history) { history.open("entries/x", OpenMode::read, History::is_told(EACCES)); };
  EXPECT_EQ(violated_by_get(plan_of({OperationKind::get}), ErrorCode::denied, fails), Ids{"no_spurious_failure"});
  Plan plan = plan_of({OperationKind::get});
  plan.processes.push_back(plan.processes[0]);
  plan.processes[1].umask = 0277;
  plan.processes[1].operations.clear();
  EXPECT_EQ(violated_by_get(plan, ErrorCode::denied, fails), Ids{});
}

TEST(StepJudgeFailures, ByTimeNeedTime) {
  for (const auto& [time, ids] : {std::pair{hours(1), Ids{}}, std::pair{hours(0), Ids{"no_spurious_failure"}}}) {
    const auto passes = [by = time](History& history) { history.pass(by).look(0); };
    EXPECT_EQ(violated_by_get(plan_of({OperationKind::get}), ErrorCode::timed_out, passes), ids);
  }
}

TEST(StepJudgeFailures, ByTheTimeOfOneCallNeedASignal) {
  for (const bool is_interrupted : {true, false}) {
    const auto passes = [=](History& history) {
      history.lock(0);
      if (is_interrupted) history.connect("none", false, History::fails(EINTR));
      history.pass(std::chrono::seconds(10)).release(0);
    };
    EXPECT_EQ(violated_by_get(plan_of({OperationKind::get}), ErrorCode::timed_out, passes),
              is_interrupted ? Ids{} : Ids{"no_spurious_failure"});
  }
}

TEST(StepJudgeFailures, ByALockNeedSomebodyWhoHasItForThatLong) {
  const auto waits = [](milliseconds time, bool gets_it) {
    return [=](History& history) {
      history.open(history.lock_path(0), OpenMode::open_or_create);
      history.try_lock(history.lock_path(0), History::is_told(EWOULDBLOCK));
      history.pass(time);
      if (gets_it) {
        history.try_lock(history.lock_path(0));
      } else {
        history.try_lock(history.lock_path(0), History::is_told(EWOULDBLOCK));
      }
      history.close(history.lock_path(0));
    };
  };
  Plan plan = plan_of({OperationKind::get});
  plan.processes[0].lock_wait = milliseconds(10);
  EXPECT_EQ(violated_by_get(plan, ErrorCode::lock_timeout, waits(milliseconds(10), false)), Ids{"no_spurious_failure"})
      << "it goes on without the lock";
  EXPECT_EQ(violated_by_get(plan, ErrorCode::lock_timeout, waits(std::chrono::hours(2), false)), Ids{});
  plan.processes[0].only_wait = true;
  EXPECT_EQ(violated_by_get(plan, ErrorCode::lock_timeout, waits(milliseconds(10), false)), Ids{});
  EXPECT_EQ(violated_by_get(plan, ErrorCode::lock_timeout, waits(milliseconds(9), false)), Ids{"no_spurious_failure"});
  EXPECT_EQ(violated_by_get(plan, ErrorCode::lock_timeout, waits(milliseconds(10), true)), Ids{"no_spurious_failure"});
}

TEST(StepJudgeFailures, ToFindAreAnswersWhereNothingIsThere) {
  for (const OperationKind kind : {OperationKind::find, OperationKind::remove}) {
    History missing(plan_of({kind}));
    missing.make_cache();
    missing.fails_with(ErrorCode::not_found);
    missing.finish();
    expect_trips(missing, {});
    Plan plan = plan_of({kind});
    plan.start.warm = {0};
    History there(plan);
    there.begin_stage(StageKind::warm_up);
    there.make_cache();
    there.miss(0);
    there.stage_ends();
    there.begin_stage(StageKind::run);
    there.look(0);
    there.fails_with(ErrorCode::not_found);
    there.finish();
    expect_trips(there, {"no_spurious_failure"});
  }
}

TEST(StepJudgeFailures, ToFindABadEntryAreAnswersToo) {
  for (const OperationKind kind : {OperationKind::find, OperationKind::remove}) {
    Plan plan = plan_of({kind});
    plan.start.warm = {0};
    plan.start.damage = {{DamageKind::emptied, 0}};
    History history(plan);
    history.begin_stage(StageKind::warm_up);
    history.make_cache();
    history.miss(0);
    history.stage_ends();
    history.disk().set_bytes(history.disk().file_at(history.entry(0)), {});
    history.begin_stage(StageKind::run);
    history.look(0);
    history.fails_with(ErrorCode::not_found);
    history.stage_ends();
    expect_trips(history, kind == OperationKind::find ? Ids{} : Ids{"no_spurious_failure"});
  }
}

// A get whose step of that kind fails, and which succeeds all the same.
Ids violated_after(const std::function<void(History&)>& steps) {
  History history(plan_of({OperationKind::get}));
  history.make_cache();
  history.lock(0);
  history.connect();
  steps(history);
  history.list();
  history.release(0);
  history.succeeds(false);
  history.finish();
  return history.violated();
}

TEST(StepJudgeSuccess, DoesNotFollowAFailedWriteSyncOrClose) {
  const Ids trips = {"no_success_after_failed_write"};
  EXPECT_EQ(violated_after([](History& history) {
              const std::string temporary = history.stage(0);
              history.sync_file(temporary, history.disk().file_at(temporary), History::fails(EIO));
              history.sync_file(temporary, history.disk().file_at(temporary));  // a second call proves nothing
              history.publish(temporary, 0);
            }),
            (Ids{"no_success_after_failed_write", "published_bytes_are_synced", "listed_entries_are_durable"}));
  EXPECT_EQ(violated_after([](History& history) {
              const std::string temporary = history.stage(0);
              history.write(temporary, history.disk().file_at(temporary), Bytes(1), History::fails(ENOSPC));
              history.publish(temporary, 0);
            }),
            trips);
  EXPECT_EQ(violated_after([](History& history) {
              const std::string temporary = history.stage(0);
              const FileNumber file = history.disk().file_at(temporary);
              history.rename(temporary, history.entry(0));
              history.close_file(temporary, file, History::fails(EIO));
              history.sync_directory("entries");
            }),
            trips);
  EXPECT_EQ(violated_after([](History& history) {
              const std::string temporary = history.stage(0);
              history.rename(temporary, history.entry(0));
              history.close(temporary);
              history.sync_directory("entries", History::fails(EIO));
            }),
            (Ids{"no_success_after_failed_write", "success_is_durable", "listed_entries_are_durable"}));
  EXPECT_EQ(violated_after([](History& history) {
              const std::string temporary = history.stage(0);
              history.rename(temporary, history.entry(0));
              history.close(temporary);
              history.sync_directory("entries", History::fails(ENOSPC));
              history.sync_directory("entries");
            }),
            trips);
}

TEST(StepJudgeSuccess, DoesNotFollowAFailedCloseOfWhatWasWrittenInPlace) {
  const auto closes = [](OpenMode mode) {
    return violated_after([=](History& history) {
      history.publish(history.stage(0), 0);
      history.open(history.entry(0), mode);
      history.close(history.entry(0), History::fails(EIO));
    });
  };
  EXPECT_EQ(closes(OpenMode::read_write), Ids{"no_success_after_failed_write"});
  EXPECT_EQ(closes(OpenMode::read), Ids{});
}

TEST(StepJudgeSuccess, MayFollowWhatWasDoneAgainOrThrownAway) {
  EXPECT_EQ(violated_after([](History& history) {
              const std::string temporary = history.stage(0);
              history.sync_file(temporary, history.disk().file_at(temporary), History::fails(EINTR));
              history.publish(temporary, 0);
            }),
            Ids{});
  EXPECT_EQ(violated_after([](History& history) {
              const std::string thrown_away = history.stage(0);
              history.sync_file(thrown_away, history.disk().file_at(thrown_away), History::fails(EIO));
              history.unlink(thrown_away);
              history.close(thrown_away);
              history.publish(history.stage(0), 0);
            }),
            Ids{});
}

TEST(StepJudgeRetries, AreBounded) {
  History history(plan_of({OperationKind::get}));
  history.make_cache();
  history.lock(0);
  for (int i = 0; i < 55; ++i) history.connect("status:503", false);
  history.connect("status:503", false, History::fails(EINTR));  // made again
  EXPECT_EQ(history.violated(), Ids{});
  history.connect("status:503", false);
  expect_trips(history, {"retries_are_bounded"});
}

TEST(StepJudgeRetries, AreToldOfAsTheyWere) {
  History history(plan_of({OperationKind::get}));
  history.make_cache();
  history.lock(0);
  for (int i = 0; i < 6; ++i) history.connect("status:503", false);
  history.release(0);
  OperationOutcome outcome = history.outcome();
  outcome.error = ErrorCode::http_status;
  outcome.claimed_attempts = 6;
  history.ends(outcome);
  expect_trips(history, {"retries_are_bounded"});
}

TEST(StepJudgeRecovery, NeedsNoHands) {
  History history(plan_of({OperationKind::get}));
  history.make_cache();
  history.miss(0);
  history.stage_ends();
  history.begin_stage(StageKind::epilogue);
  history.hit(0);
  history.fails_with(ErrorCode::io);
  history.stage_ends();
  EXPECT_EQ(history.violated(), (Ids{"no_spurious_failure", "recovery_needs_no_hands"})) << history.told();
}

TEST(StepJudgeRecovery, GetsEveryModel) {
  History history(plan_of({OperationKind::get}));
  history.make_cache();
  history.miss(0);
  history.stage_ends();
  history.begin_stage(StageKind::epilogue);
  history.hit(0);
  history.process_ends(ProcessEnd::abandoned);
  history.stage_ends();
  expect_trips(history, {"recovery_needs_no_hands"});
}

}  // namespace
}  // namespace stampede
