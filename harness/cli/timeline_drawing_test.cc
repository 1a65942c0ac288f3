// Each mark, lane, name and line of a drawing, of runs that are made by hand.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <sstream>
#include <string>

#include "cache/key.h"
#include "harness/cli/names_for_test.h"
#include "harness/cli/timeline.h"
#include "harness/faults/scripted_peers.h"
#include "harness/plan/model.h"

namespace stampede {
namespace {

using modelcache::LockMode;
using modelcache::OpenMode;

// Steps a microsecond apart, of processes that get m0.
struct HandMadeRun {
  explicit HandMadeRun(std::size_t processes) {
    plan.models = {{"m0", 10}};
    plan.processes.resize(processes);
    for (PlanProcess& process : plan.processes) process.operations = {{OperationKind::get, 0}};
    outcome.run.ends.assign(processes, ProcessEnd::ended);
    outcome.run.own_steps.assign(processes, 1000);  // until it is said: nobody comes to his end
    outcome.trace_hash = 0x2a;
  }
  Step& step(std::uint32_t process, StepKind kind, const std::string& path = "") {
    Step step;
    step.process = process;
    step.own_step = own_steps[process]++;
    step.kind = kind;
    step.path = path;
    step.at = std::chrono::microseconds(++outcome.steps);
    outcome.trace.push_back(step);
    return outcome.trace.back();
  }
  Step& open(std::uint32_t process, const std::string& path, OpenMode mode, FileNumber file) {
    Step& opened = step(process, StepKind::open, path);
    opened.mode = static_cast<std::uint32_t>(mode);
    opened.file = file;
    return opened;
  }
  Step& on_server(std::uint32_t process, StepKind kind, std::uint64_t result, int error = 0) {
    Step& done = step(process, kind);
    done.connection = 7;
    done.result = result;
    done.error = error;
    return done;
  }
  // The process ends with the step that it took last.
  void end(std::uint32_t process, ProcessEnd how = ProcessEnd::ended) {
    outcome.run.own_steps[process] = own_steps[process];
    outcome.run.ends[process] = how;
  }
  OperationOutcome& operation(std::uint32_t process, OperationKind kind = OperationKind::get) {
    OperationOutcome done;
    done.process = process;
    done.operation.kind = kind;
    done.end_step = own_steps[process];
    outcome.operations.push_back(done);
    return outcome.operations.back();
  }
  [[nodiscard]] std::string draw(const TimelineStyle& style = {.width = 100}) const {
    return draw_timeline(plan, outcome, style);
  }

  Plan plan;
  SimOutcome outcome;
  std::map<std::uint32_t, std::uint32_t> own_steps;
};

// Without the names and the two lines of the head.
std::string rows_of(const std::string& drawing) {
  std::size_t at = drawing.find("\n\n") + 2;
  for (int i = 0; i < 2; ++i) at = drawing.find('\n', at) + 1;
  return drawing.substr(at, drawing.rfind("\n\n") + 1 - at);
}
std::string tail_of(const std::string& drawing) { return drawing.substr(drawing.rfind("\n\n") + 2); }

HandMadeRun two_get_one() {
  HandMadeRun run(2);
  run.plan.processes[1].operations.push_back({OperationKind::verify});
  run.outcome.run.preemptions = 1;
  run.open(0, kLock, OpenMode::open_or_create, 4);
  run.step(0, StepKind::now);
  run.step(1, StepKind::try_lock, kLock).error = EWOULDBLOCK;
  run.step(1, StepKind::sleep_until);
  run.on_server(0, StepKind::connect, 0);
  run.on_server(0, StepKind::receive, 10);
  Step& write = run.step(0, StepKind::write, "tmp/a");
  write.size = 10;
  write.result = 5;
  write.fault = StepFault::short_transfer;
  Step& rename = run.step(0, StepKind::rename, "tmp/a");
  rename.to_path = kEntry;
  rename.replaced = 3;
  OperationOutcome& got = run.operation(0);
  got.path = kEntry;
  run.end(0);
  run.step(1, StepKind::unlink, kEntry);
  OperationOutcome& failed = run.operation(1);
  failed.error = modelcache::ErrorCode::io;
  failed.message = "it broke";
  run.end(1, ProcessEnd::killed);
  run.outcome.ledger.resize(1);
  run.outcome.violations = {{.invariant = "no_entry_vanishes", .object = "m0", .what = "it is gone", .step = 9}};
  return run;
}

TEST(TimelineDrawing, HasALaneAProcessOneForTheServerAndARowAStep) {
  EXPECT_EQ(
      two_get_one().draw(),
      "names\n"
      "  E0   " +
          kEntry +
          "   (m0)\n"
          "  L0   " +
          kLock +
          "\n"
          "  T1   tmp/a\n"
          "\n"
          " step     us process 0                    process 1                    server\n"
          "             get m0                       get m0, verify               \n"
          "    1      1 open L0 (open_or_cre.. -> #4\n"
          "    3      3 |                            > try_lock .. -> EWOULDBLOCK\n"
          "    4      4 |                            sleep_until\n"
          "    5      5 connect -> c7                ~                            accepts c7\n"
          "    6      6 receive c7 -> 10             ~                            sends 10 B on c7\n"
          "    7      7 ! write T1 10 at 0 -> 5      ~\n"
          "    8      8 rename T1 to E0 (replace),.. ~\n"
          "             = get m0: done, E0\n"
          "    9      9                              unlink E0\n"
          "                                          = get m0: it broke\n"
          "                                          x killed\n"
          "      ****** VIOLATED no_entry_vanishes: it is gone\n"
          "\n"
          "9 steps, 1 of them not shown (clocks, numbers, warm-up, epilogue); 1 preemptions; trace 000000000000002a\n");
}

TEST(TimelineDrawing, IsColouredOnlyWhereAsked) {
  HandMadeRun run = two_get_one();
  EXPECT_EQ(run.draw().find('\x1b'), std::string::npos);
  run.outcome.ledger[0].fault = parse_turn("bare_lf").value();
  run.outcome.trace[5].error = ECONNRESET;
  run.on_server(0, StepKind::connect, 0, ECONNREFUSED);
  const std::string drawing = run.draw({.width = 100, .has_colours = true});
  const std::string bold = "\x1b[1m", red = "\x1b[31;1m", yellow = "\x1b[33m", dim = "\x1b[2m", plain = "\x1b[0m";
  const std::string empty = dim + std::string(29, ' ') + plain, goes_on = dim + "|" + std::string(28, ' ') + plain,
                    waits = dim + "~" + std::string(28, ' ') + plain, dead = dim + "x" + std::string(28, ' ') + plain;
  EXPECT_EQ(drawing.substr(drawing.find("\n\n") + 2),
            bold + " step     us process 0                    process 1                    server" + plain + "\n" +
                dim + "             get m0                       get m0, verify               " + plain + "\n" +
                "    1      1 open L0 (open_or_cre.. -> #4 " + empty + "\n" + "    3      3 " + goes_on + yellow +
                "> try_lock .. -> EWOULDBLOCK " + plain + "\n" + "    4      4 " + goes_on + "sleep_until\n" +
                "    5      5 connect -> c7                " + waits + red + "accepts c7: bare_lf" + plain + "\n" +
                "    6      6 receive c7 -> ECONNRESET     " + waits + red + "RST on c7" + plain + "\n" +
                "    7      7 " + red + "! write T1 10 at 0 -> 5      " + plain + waits + "\n" +
                "    8      8 rename T1 to E0 (replace),.. " + waits + "\n" + "             " + bold +
                "= get m0: done, E0" + plain + "\n" + "    9      9 " + empty + "unlink E0\n" + std::string(42, ' ') +
                red + "= get m0: it broke" + plain + "\n" + std::string(42, ' ') + red + "x killed" + plain + "\n" +
                red + "      ****** VIOLATED no_entry_vanishes: it is gone" + plain + "\n" +
                "   10     10 connect -> ECONNREFUSED      " + dead + red + "refuses" + plain + "\n" + "\n" +
                "10 steps, 1 of them not shown (clocks, numbers, warm-up, epilogue); 1 preemptions; trace "
                "000000000000002a\n");
}

TEST(TimelineDrawing, TellsWhatTheServerDid) {
  LedgerEntry good, bad;
  bad.fault = parse_turn("close_in_body:100").value();
  const struct {
    StepKind kind;
    int error;
    std::uint64_t result;
    Ledger ledger;
    std::string process, server;
  } cases[] = {
      {StepKind::connect, 0, 0, {good}, "connect -> c7", "accepts c7"},
      {StepKind::connect, 0, 0, {bad}, "connect -> c7", "accepts c7: close_in_body:100"},
      {StepKind::connect, 0, 0, {}, "connect -> c7", "accepts c7"},
      {StepKind::connect, ECONNREFUSED, 0, {bad}, "connect -> ECONNREFUSED", "refuses"},
      {StepKind::send, 0, 125, {}, "send c7 -> 125", "reads 125 B of c7"},
      {StepKind::send, EPIPE, 3, {}, "send c7 -> EPIPE", ""},
      {StepKind::receive, 0, 64, {}, "receive c7 -> 64", "sends 64 B on c7"},
      {StepKind::receive, 0, 0, {}, "receive c7 -> 0", "FIN on c7"},
      {StepKind::receive, ECONNRESET, 1, {}, "receive c7 -> ECONNRESET", "RST on c7"},
      {StepKind::receive, ETIMEDOUT, 1, {}, "receive c7 -> ETIMEDOUT", "silent on c7"},
      {StepKind::receive, EINTR, 1, {}, "receive c7 -> EINTR", ""},
      {StepKind::close, 0, 5, {}, "close c7", ""},
  };
  for (const auto& c : cases) {
    HandMadeRun run(1);
    run.on_server(0, c.kind, c.result, c.error);
    run.outcome.ledger = c.ledger;
    std::string expected = fmt::format("    1      1 {:<73}{}", c.process, c.server);
    expected.erase(expected.find_last_not_of(' ') + 1);
    EXPECT_EQ(rows_of(run.draw({.width = 160})), expected + "\n");
  }
}

TEST(TimelineDrawing, TakesTheLedgerInTheOrderOfConnects) {
  HandMadeRun run(1);
  for (const int error : {0, ECONNREFUSED, 0, 0}) run.on_server(0, StepKind::connect, 0, error);
  run.outcome.ledger.resize(2);
  run.outcome.ledger[0].fault = parse_turn("bare_lf").value();
  run.outcome.ledger[1].fault = parse_turn("interim:2").value();
  std::istringstream rows(rows_of(run.draw()));
  for (const std::string end : {"accepts c7: bare_lf", "refuses", "accepts c7: interim:2", "accepts c7"}) {
    std::string row;
    std::getline(rows, row);
    EXPECT_TRUE(row.ends_with("  " + end)) << row;
  }
}

TEST(TimelineDrawing, CountsWhatNobodyElseSeesAndShowsItWhereAskedOrFaulty) {
  for (std::size_t i = 0; i < kStepKinds; ++i) {
    const auto kind = static_cast<StepKind>(i);
    bool is_private = false;
    for (const StepKind each : {StepKind::now, StepKind::wall_time, StepKind::random, StepKind::self,
                                StepKind::liveness, StepKind::resolve}) {
      is_private = is_private || kind == each;
    }
    HandMadeRun run(1);
    Step& step = run.step(0, kind);
    run.outcome.steps = 17;
    EXPECT_EQ(rows_of(run.draw()).empty(), is_private) << name_of(kind);
    EXPECT_EQ(tail_of(run.draw()),
              is_private ? "17 steps, 1 of them not shown (clocks, numbers, warm-up, epilogue); 0 preemptions; trace "
                           "000000000000002a\n"
                         : "17 steps; 0 preemptions; trace 000000000000002a\n");
    EXPECT_FALSE(rows_of(run.draw({.shows_private = true})).empty()) << name_of(kind);
    step.fault = StepFault::error;
    EXPECT_NE(rows_of(run.draw()).find(" ! " + std::string(name_of(kind))), std::string::npos);
  }
}

TEST(TimelineDrawing, ShowsWarmUpAndEpilogueWhereAskedInTheFirstLane) {
  HandMadeRun run(3);
  run.step(0, StepKind::unlink, "x").stage = StageKind::warm_up;
  run.step(2, StepKind::unlink, "y");
  run.step(1, StepKind::unlink, "z").stage = StageKind::epilogue;
  OperationOutcome& after = run.operation(1);
  after.stage = StageKind::epilogue;
  const auto line = [](std::string_view title) { return fmt::format("{:-<60}\n", title); };
  const std::string x = "    1      1 unlink x\n", y = "    2      2" + std::string(25, ' ') + "unlink y\n",
                    z = "    3      3 unlink z                |\n";
  EXPECT_EQ(rows_of(run.draw({.width = 60})), y);
  EXPECT_EQ(rows_of(run.draw({.width = 60, .shows_epilogue = true})), y + line("-- epilogue ") + z);
  EXPECT_EQ(rows_of(run.draw({.width = 60, .shows_warm_up = true})), line("-- warm_up ") + x + line("-- run ") + y);
  EXPECT_EQ(tail_of(run.draw({.width = 60, .shows_warm_up = true})).find("3 steps, 1 of them not shown"), 0U);
}

TEST(TimelineDrawing, CutsWhatIsWiderThanALaneBeforeItsResult) {
  // The lane is 24 wide: 23 and a space.
  const struct {
    std::string path;
    int error;
    std::string shown;
  } cases[] = {
      {"sixteen_letters_", 0, "unlink sixteen_letters_"},   {"seventeen_letters", 0, "unlink seventeen_lett.."},
      {"sixteen_letters_", EIO, "unlink sixteen.. -> EIO"}, {"x", ENOENT, "unlink x -> ENOENT"},
      {"x", ENAMETOOLONG, "unlink x -> ENAMETOOL.."},  // the result would leave less than six letters
      {"x1", EWOULDBLOCK, "unlink.. -> EWOULDBLOCK"},
  };
  for (const auto& c : cases) {
    HandMadeRun run(1);
    run.step(0, StepKind::unlink, c.path).error = c.error;
    EXPECT_EQ(rows_of(run.draw({.width = 62})), "    1      1 " + c.shown + "\n");
  }
  HandMadeRun narrow(1);
  narrow.step(0, StepKind::unlink, "twelve");
  EXPECT_EQ(rows_of(narrow.draw({.width = 20})), "    1      1 unlink tw..\n") << "a lane is twelve wide at least";
}

TEST(TimelineDrawing, MarksSwitchesFromWhoCouldGoOn) {
  HandMadeRun run(3);
  run.step(0, StepKind::unlink, "a");
  run.step(1, StepKind::unlink, "b");  // 0 could have gone on
  run.step(1, StepKind::sleep_until);
  run.step(2, StepKind::unlink, "c");  // 1 could not
  run.step(2, StepKind::now);
  run.step(2, StepKind::unlink, "d");
  run.end(2);
  run.step(0, StepKind::unlink, "e");  // 2 could not
  run.step(1, StepKind::unlink, "f").fault = StepFault::error;
  EXPECT_EQ(rows_of(run.draw({.width = 73})),
            "    1      1 unlink a\n"
            "    2      2 |              > unlink b\n"
            "    3      3 |              sleep_until\n"
            "    4      4 |              ~              unlink c\n"
            "    6      6 |              ~              unlink d\n"
            "    7      7 unlink e       ~\n"
            "    8      8 |              > ! unlink f\n");
}

TEST(TimelineDrawing, NamesThePathsThatItMeetsInTheirOrder) {
  HandMadeRun run(1);
  for (const std::string path :
       {"tmp/z", "tmp/y", "tmp/z", "manifest.json", "locks/manifest.lock", "", "foreign", "entries/foreign"}) {
    run.step(0, StepKind::unlink, path);
  }
  run.step(0, StepKind::unlink, "entries/" + kUrlKey);
  run.step(0, StepKind::unlink, "locks/" + kUrlKey + ".lock");
  run.step(0, StepKind::link, "tmp/x").to_path = kEntry;
  run.step(0, StepKind::unlink, kLock);
  std::string shown;
  std::istringstream rows(rows_of(run.draw()));
  for (std::string row; std::getline(rows, row);) shown += row.substr(13) + "\n";
  EXPECT_EQ(shown,
            "unlink T1\nunlink T2\nunlink T1\nunlink M\nunlink LM\nunlink DIR\nunlink foreign\nunlink entries/foreign\n"
            "unlink EU0\nunlink LU0\nlink T3 to E0\nunlink L0\n");
  const std::string drawing = run.draw();
  EXPECT_EQ(drawing.substr(0, drawing.find("\n\n") + 1),
            "names\n  E0   " + kEntry + "   (m0)\n  EU0  entries/" + kUrlKey + "   (m0 by URL)\n  L0   " + kLock +
                "\n  LM   locks/manifest.lock\n  LU0  locks/" + kUrlKey +
                ".lock\n  M    manifest.json\n  T1   tmp/z\n  T2   tmp/y\n  T3   tmp/x\n");
}

TEST(TimelineDrawing, SaysHowOperationsEndBelowTheirLastSteps) {
  HandMadeRun run(2);
  const std::string indent(13 + 43, ' ');
  run.step(1, StepKind::unlink, "a");
  run.operation(1).claims_hit = true;
  run.step(1, StepKind::unlink, "b");
  run.operation(1, OperationKind::list);
  run.step(1, StepKind::unlink, "c");
  OperationOutcome& got = run.operation(1);
  got.path = kEntry;
  run.step(1, StepKind::unlink, "d");
  OperationOutcome& failed = run.operation(1, OperationKind::remove);
  failed.error = modelcache::ErrorCode::io;
  failed.message = "it broke";
  failed.claims_hit = true;
  EXPECT_EQ(rows_of(run.draw({.width = 142})),
            "    1      1" + std::string(44, ' ') + "unlink a\n" + indent + "= get m0: hit\n" + "    2      2" +
                std::string(44, ' ') + "unlink b\n" + indent + "= list: done\n" + "    3      3" +
                std::string(44, ' ') + "unlink c\n" + indent + "= get m0: done, E0\n" + "    4      4" +
                std::string(44, ' ') + "unlink d\n" + indent + "= remove m0: it broke\n");
}

TEST(TimelineDrawing, SaysWhoWasKilledAndWhoWasNotDone) {
  HandMadeRun run(4);
  run.outcome.run.stuck = "1 waits for 3";
  run.end(0, ProcessEnd::killed);  // before its first step
  run.step(1, StepKind::unlink, "a");
  run.end(1, ProcessEnd::abandoned);
  run.step(2, StepKind::unlink, "b");
  run.end(2, ProcessEnd::killed);
  run.step(3, StepKind::unlink, "c");
  EXPECT_EQ(rows_of(run.draw({.width = 113})),
            "             x killed\n"
            "    1      1 x                   unlink a\n"
            "                                 x not done: 1 waits for 3\n"
            "    2      2 x                   x                   unlink b\n"
            "                                                     x killed\n"
            "    3      3 x                   x                   x                   unlink c\n");
}

TEST(TimelineDrawing, SaysWhatWasViolatedBelowTheStepOrAtTheEnd) {
  HandMadeRun run(1);
  for (const char* path : {"a", "b", "c"}) run.step(0, StepKind::unlink, path);
  run.outcome.trace[1].stage = StageKind::epilogue;  // not shown, and counted
  run.outcome.trace[1].kind = StepKind::now;
  const auto violation = [](const char* id, std::uint64_t step) {
    return StepViolation{.invariant = id, .object = "m0", .what = "bad", .step = step};
  };
  run.outcome.violations = {violation("of_none", 0), violation("of_four", 4), violation("of_three", 3),
                            violation("of_two", 2), violation("of_two_too", 2)};
  EXPECT_EQ(rows_of(run.draw()),
            "    1      1 unlink a\n"
            "      ****** VIOLATED of_two: bad\n"
            "      ****** VIOLATED of_two_too: bad\n"
            "    3      3 unlink c\n"
            "      ****** VIOLATED of_three: bad\n"
            "      ****** VIOLATED of_none: bad\n"
            "      ****** VIOLATED of_four: bad\n");
}

TEST(TimelineDrawing, TellsOfProgramsThatTakeSteps) {
  HandMadeRun run(1);
  run.on_server(0, StepKind::receive, 3).program = "curl";
  EXPECT_EQ(rows_of(run.draw({.width = 62})), "    1      1 curl: receive c7 -> 3   sends 3 B on c7\n");
}

}  // namespace
}  // namespace stampede
