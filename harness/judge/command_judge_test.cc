// Histories of commands: each invariant that is judged for them has one that trips it, and one that just holds.
#include "harness/judge/command_judge.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <fstream>
#include <regex>
#include <sstream>

#include "harness/judge/command_rows_for_test.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::FileType;
using modelcache::OpenMode;
using Lines = std::vector<std::string>;

Subject demo() {
  Subject subject;
  subject.name = "demo";
  subject.command.emplace();
  subject.may_stay = {"locks/*.lock", "manifest.json"};
  return subject;
}

Plan two_models() {
  Plan plan = History::one_get();
  plan.models.push_back({"m1", 20});
  plan.processes[1].operations[0].model = 1;
  return plan;
}

std::vector<CommandRow> rows() {
  std::vector<CommandRow> all = command_rows_of_files();
  const auto& more = command_rows_of_runs();
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

TEST(CommandJudge, JudgesEachInvariantByHistories) {
  for (const CommandRow& row : rows()) {
    History history(two_models(), demo());
    row.steps(history.by(0));
    EXPECT_EQ(history.lines(), history.filled(row.lines)) << row.id << ": " << row.what;
    EXPECT_EQ(history.judged(row.id), row.judged) << row.id << ": " << row.what;
  }
}

// The ids that its source judges by.
std::set<std::string> judged_ids() {
  std::ifstream file(std::string(STAMPEDE_JUDGE_SOURCES) + "/command_judge.cc");
  std::ostringstream text;
  text << file.rdbuf();
  const std::string source = text.str();
  const std::regex pattern("judge\\(\"([a-z_]+)\"");
  std::set<std::string> ids;
  for (std::sregex_iterator at(source.begin(), source.end(), pattern), end; at != end; ++at) ids.insert((*at)[1]);
  return ids;
}

TEST(CommandJudge, HasAHistoryThatTripsAndOneThatHoldsForEachInvariant) {
  std::set<std::string> tripped, held;
  for (const CommandRow& row : rows()) {
    const bool trips = std::any_of(row.lines.begin(), row.lines.end(),
                                   [&](const std::string& line) { return line.starts_with(row.id); });
    if (row.judged > 0) (trips ? tripped : held).insert(std::string(row.id));
  }
  EXPECT_EQ(tripped, judged_ids());
  EXPECT_EQ(held, judged_ids());
  EXPECT_EQ(judged_ids().size(), 10U);
}

const Counts kGoodCounts = {
    {"bytes_are_what_was_asked", 4}, {"visible_means_complete", 2}, {"published_bytes_never_change", 4},
    {"no_entry_vanishes", 2},        {"one_download", 1},           {"no_spurious_failure", 1},
    {"published_modes", 4},          {"nothing_left_over", 10},     {"everyone_comes_to_an_end", 2},
    {"recovery_needs_no_hands", 1}};

TEST(CommandJudge, CountsWhatItJudgedInAGoodRun) {
  History history(History::one_get(), demo());
  history.share_one_download();
  history.finish();
  EXPECT_EQ(history.lines(), Lines{});
  EXPECT_EQ(history.counts(), kGoodCounts);
}

TEST(CommandJudge, KeepsApartWhatIsNotPromised) {
  Subject subject = demo();
  subject.not_promised = {{"nothing_left_over", "for the test"}};
  History history(two_models(), subject);
  for (const char* name : {"core", "core2"}) history.disk().make(name, FileType::regular, 0644);
  history.disk().make(history.entry(1) + ".part", FileType::regular, 0644);
  history.disk().set_mode(publish_at_once(history), 0600);
  history.succeeds(false);
  history.stage_ends();
  EXPECT_EQ(lines_of(history.command().not_promised()),
            (Lines{"nothing_left_over of a name of no model at run 4 by 0: core is left over",
                   "nothing_left_over of m1 at run 4 by 0: " + history.entry(1) + ".part is left over"}));
  EXPECT_EQ(history.violated(), std::set<std::string>{"published_modes"});
  EXPECT_EQ(history.judged("nothing_left_over"), 4U);
}

// Who waited in vain while time ran past a holder who could move has kept what caches promise.
TEST(CommandJudge, ExcusesTimeLimitsWhereTimeRunsFirst) {
  for (const bool time_runs_first : {false, true}) {
    History twice(History::one_get(), demo());
    twice.plan().schedule.time_runs_first = time_runs_first;
    for (int i = 0; i < 2; ++i) twice.connect();
    twice.stage_ends();
    EXPECT_EQ(twice.judged("one_download"), time_runs_first ? 0U : 1U);
    EXPECT_EQ(twice.violations().empty(), time_runs_first);
    History late(History::one_get(), demo());
    late.plan().schedule.time_runs_first = time_runs_first;
    late.fails_with(ErrorCode::timed_out);
    late.stage_ends();
    EXPECT_EQ(late.judged("no_spurious_failure"), time_runs_first ? 0U : 1U);
    EXPECT_EQ(late.violations().empty(), time_runs_first);
  }
}

TEST(CommandJudge, ForgetsTheRunBefore) {
  const auto judge = std::make_shared<CommandJudge>();
  History broken(History::one_get(), demo(), judge);
  broken.begin_stage(StageKind::warm_up);
  for (int i = 0; i < 2; ++i) broken.connect();
  broken.fails_with(ErrorCode::io);
  broken.stage_ends();
  broken.begin_stage(StageKind::run);
  broken.by(1).make_cache();
  for (int i = 0; i < 20; ++i) broken.disk().set_mode(publish_at_once(broken), 0600);
  broken.lock(0);
  broken.try_lock("x", {0, StepFault::does_nothing});
  broken.rename(broken.stage(0), "core");
  broken.by(1).ends(naming(broken, "core"));
  broken.by(0).open("x", OpenMode::read, History::fails(EIO));
  broken.fails_with(ErrorCode::io);
  broken.process_ends(ProcessEnd::killed);
  broken.write(broken.entry(0), broken.disk().file_at(broken.entry(0)), Bytes(5));
  ASSERT_GE(broken.violations().size(), 3U);
  const auto take = [](History& history) {
    history.share_one_download();
    history.disk().make("core", FileType::regular, 0644);
    history.ledger().push_back(history.ledger().front());
    for (int i = 0; i < 9; ++i) history.write("x", history.disk().make("core", FileType::regular, 0644), Bytes(1));
    history.finish();
  };
  History again(History::one_get(), demo(), judge);
  take(again);
  History alone(History::one_get(), demo());
  take(alone);
  EXPECT_EQ(again.lines(), alone.lines());
  EXPECT_EQ(alone.violated(), (std::set<std::string>{"nothing_left_over", "one_download"}));
  EXPECT_EQ(again.counts(), alone.counts());
  History breaks_off(History::one_get(), demo(), judge);
  breaks_off.open("x", OpenMode::read, History::fails(EIO));
  History fails(History::one_get(), demo(), judge);
  fails.fails_with(ErrorCode::io);
  fails.stage_ends();
  EXPECT_EQ(fails.lines(),
            Lines{"no_spurious_failure of m0 at run 0 by 0: met no fault and failed: process 0, get of m0: "
                  "step place: detail"});
}

}  // namespace
}  // namespace stampede
