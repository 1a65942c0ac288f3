// Histories of commands: each invariant that is judged for them has one that trips it, and one that just holds.
#include "harness/judge/command_judge.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <fstream>
#include <functional>
#include <regex>
#include <sstream>

#include "harness/judge/history_for_test.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::FileType;
using modelcache::OpenMode;
using std::chrono::hours;
using Lines = std::vector<std::string>;
using Steps = std::function<void(History&)>;

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

std::string half(History& h) {  // a temporary with half of the first model
  const std::string path = h.temporary(h.key(0));
  h.open(path, OpenMode::create_new);
  const Bytes& bytes = *h.model(0).bytes;
  h.write(path, h.disk().file_at(path), Bytes(bytes.begin(), bytes.begin() + 50));
  return path;
}

FileNumber publish(History& h, std::size_t model = 0) {  // complete, by one rename
  h.rename(h.stage(model), h.entry(model));
  return h.disk().file_at(h.entry(model));
}

OperationOutcome names(History& h, const std::string& path) {
  OperationOutcome outcome = h.outcome();
  outcome.path = path;
  return outcome;
}

StageEnd stuck(std::uint64_t steps, std::chrono::nanoseconds time, bool is_deadlock = false) {
  StageEnd end;
  end.stuck = "nobody moves";
  end.steps = steps;
  end.virtual_time = time;
  end.is_deadlock = is_deadlock;
  return end;
}

void begin_stage(History& h, Stage stage) {
  h.begin_stage(stage);
  h.by(0);
}

struct Row {
  std::string_view id, what;
  Steps steps;
  std::uint64_t judged = 0;  // the invariant of that id
  Lines lines;               // all violations, {0} and {1} for the entries' paths
};

const std::vector<Row>& rows() {
  static const std::vector<Row> all = {
      {"bytes_are_what_was_asked",
       "nothing is there",
       [](History& h) { h.succeeds(true); },
       1,
       {"bytes_are_what_was_asked of m0 at run 0 by 0: process 0, get of m0 ended well and named {0}, which is not "
        "there"}},
      {"bytes_are_what_was_asked",
       "no path",
       [](History& h) { h.ends(names(h, "")); },
       1,
       {"bytes_are_what_was_asked of m0 at run 0 by 0: process 0, get of m0 ended well and named nothing, which is not "
        "there"}},
      {"bytes_are_what_was_asked",
       "other bytes",
       [](History& h) {
         publish(h, 1);
         h.ends(names(h, h.entry(1)));
       },
       1,
       {"bytes_are_what_was_asked of m0 at run 4 by 0: process 0, get of m0 ended well and named {1}, which holds "
        "other bytes"}},
      {"bytes_are_what_was_asked",
       "a directory",
       [](History& h) {
         h.disk().make("d", FileType::directory, 0644);
         h.ends(names(h, "d"));
       },
       1,
       {"bytes_are_what_was_asked of m0 at run 0 by 0: process 0, get of m0 ended well and named d, which holds other "
        "bytes"}},
      {"bytes_are_what_was_asked",
       "both processes, each its own",
       [](History& h) {
         publish(h, 0);
         publish(h, 1);
         h.by(0).succeeds(false);
         h.by(1).succeeds(false);
       },
       2,
       {}},
      {"bytes_are_what_was_asked",
       "both processes, each the other's",
       [](History& h) {
         publish(h, 0);
         publish(h, 1);
         h.by(0).ends(names(h, h.entry(1)));
         h.by(1).ends(names(h, h.entry(0)));
       },
       2,
       {"bytes_are_what_was_asked of m0 at run 8 by 0: process 0, get of m0 ended well and named {1}, which holds "
        "other bytes",
        "bytes_are_what_was_asked of m1 at run 8 by 0: process 1, get of m1 ended well and named {0}, which holds "
        "other bytes"}},
      {"bytes_are_what_was_asked",
       "a copy elsewhere in the directory",
       [](History& h) {
         h.rename(h.stage(0), "files/copy");
         h.ends(names(h, "files/copy"));
       },
       1,
       {}},
      {"visible_means_complete",
       "half is renamed",
       [](History& h) { h.rename(half(h), h.entry(0)); },
       1,
       {"visible_means_complete of m0 at run 3 by 0: {0} stands there with 50 of 100 bytes, or with others"}},
      {"visible_means_complete",
       "half is linked",
       [](History& h) { h.link(half(h), h.entry(0)); },
       1,
       {"visible_means_complete of m0 at run 3 by 0: {0} stands there with 50 of 100 bytes, or with others"}},
      {"visible_means_complete",
       "made in place, written, and cut",
       [](History& h) {
         h.open(h.entry(0), OpenMode::create_new);
         const FileNumber file = h.disk().file_at(h.entry(0));
         h.write(h.entry(0), file, Bytes(100));
         h.truncate(h.entry(0), file, 99);
       },
       3,
       {"visible_means_complete of m0 at run 1 by 0: {0} stands there with 0 of 100 bytes, or with others"}},
      {"visible_means_complete",
       "a directory",
       [](History& h) {
         h.disk().make(h.entry(0), FileType::directory, 0755);
         h.unlink(h.stage(1));  // the next look
       },
       1,
       {"visible_means_complete of m0 at run 1 by 0: {0} stands there with 0 of 100 bytes, or with others"}},
      {"visible_means_complete",
       "two models",
       [](History& h) {
         const std::string temporary = half(h);
         h.link(temporary, h.entry(0));
         h.by(1).link(temporary, h.entry(1));
       },
       2,
       {"visible_means_complete of m0 at run 3 by 0: {0} stands there with 50 of 100 bytes, or with others",
        "visible_means_complete of m1 at run 4 by 1: {1} stands there with 50 of 20 bytes, or with others"}},
      {"visible_means_complete", "all of it is renamed", [](History& h) { publish(h); }, 1, {}},
      {"visible_means_complete",
       "complete, and then half by no step, before others move",
       [](History& h) {
         h.disk().set_bytes(publish(h), Bytes(50));
         h.make_directory("d");  // no look
         h.close("d");
       },
       1,
       {}},
      {"published_bytes_never_change",
       "written to",
       [](History& h) { h.write(h.entry(0), publish(h), *h.model(0).bytes); },
       2,
       {"published_bytes_never_change of m0 at run 5 by 0: process 0 writes to {0}, which was complete under its name "
        "before"}},
      {"published_bytes_never_change",
       "cut to nothing under another name, after its own went",
       [](History& h) {
         const FileNumber file = publish(h);
         h.link(h.entry(0), "x");
         h.unlink(h.entry(0));
         h.by(1).truncate("x", file, 0);
       },
       2,
       {"no_entry_vanishes of m0 at run 6 by 0: process 0 takes the good file of m0 away",
        "published_bytes_never_change of a name of no model at run 7 by 1: process 1 writes to x, which was complete "
        "under its name before"}},
      {"published_bytes_never_change",
       "lengthened, both models",
       [](History& h) {
         for (const std::size_t model : {0U, 1U}) {
           const FileNumber file = publish(h, model);
           h.truncate(h.entry(model), file, 200);
           h.truncate(h.entry(model), file, 300);
         }
       },
       6,
       {"published_bytes_never_change of m0 at run 5 by 0: process 0 writes to {0}, which was complete under its name "
        "before",
        "no_entry_vanishes of m0 at run 5 by 0: process 0 spoils the file of m0",
        "visible_means_complete of m0 at run 5 by 0: {0} stands there with 200 of 100 bytes, or with others",
        "published_bytes_never_change of m1 at run 11 by 0: process 0 writes to {1}, which was complete under its name "
        "before",
        "no_entry_vanishes of m1 at run 11 by 0: process 0 spoils the file of m1",
        "visible_means_complete of m1 at run 11 by 0: {1} stands there with 200 of 20 bytes, or with others"}},
      {"published_bytes_never_change",
       "no byte, or in vain",
       [](History& h) {
         const FileNumber file = publish(h);
         Step none;  // no byte of one
         none.kind = StepKind::write;
         none.path = h.entry(0);
         none.file = file;
         none.size = 1;
         h.take(none);
         h.write(h.entry(0), file, Bytes(1), History::is_told(EBADF));
         h.truncate(h.entry(0), file, 1, History::is_told(EINVAL));
       },
       2,
       {}},
      {"published_bytes_never_change",
       "what was never complete under the name",
       [](History& h) {
         const std::string path = half(h);
         h.write(path, h.disk().file_at(path), *h.model(0).bytes);
         h.truncate(path, h.disk().file_at(path), 10);
       },
       3,
       {}},
      {"no_entry_vanishes",
       "removed",
       [](History& h) {
         publish(h);
         h.by(1).unlink(h.entry(0));
       },
       2,
       {"no_entry_vanishes of m0 at run 5 by 1: process 1 takes the good file of m0 away"}},
      {"no_entry_vanishes",
       "moved away",
       [](History& h) {
         publish(h);
         h.rename(h.entry(0), "x");
       },
       2,
       {"no_entry_vanishes of m0 at run 5 by 0: process 0 takes the good file of m0 away"}},
      {"no_entry_vanishes",
       "replaced by half",
       [](History& h) {
         publish(h);
         h.rename(half(h), h.entry(0));
       },
       2,
       {"no_entry_vanishes of m0 at run 7 by 0: process 0 spoils the file of m0",
        "visible_means_complete of m0 at run 7 by 0: {0} stands there with 50 of 100 bytes, or with others"}},
      {"no_entry_vanishes",
       "emptied by who opens it",
       [](History& h) {
         h.disk().set_bytes(publish(h), {});
         h.open(h.entry(0), OpenMode::read_write);
       },
       2,
       {"no_entry_vanishes of m0 at run 5 by 0: process 0 spoils the file of m0",
        "visible_means_complete of m0 at run 5 by 0: {0} stands there with 0 of 100 bytes, or with others"}},
      {"no_entry_vanishes",
       "written over",
       [](History& h) { h.write(h.entry(0), publish(h), Bytes(100)); },
       2,
       {"published_bytes_never_change of m0 at run 5 by 0: process 0 writes to {0}, which was complete under its name "
        "before",
        "no_entry_vanishes of m0 at run 5 by 0: process 0 spoils the file of m0",
        "visible_means_complete of m0 at run 5 by 0: {0} stands there with 100 of 100 bytes, or with others"}},
      {"no_entry_vanishes",
       "replaced by the same, and removed in vain",
       [](History& h) {
         publish(h);
         publish(h);
         h.disk().move(h.entry(0), "", false);
         h.unlink(h.entry(0), History::is_told(EBUSY));  // which says nothing of the disk
       },
       2,
       {}},
      {"no_entry_vanishes",
       "half is removed",
       [](History& h) {
         h.rename(half(h), h.entry(0));
         h.unlink(h.entry(0));
       },
       2,
       {"visible_means_complete of m0 at run 3 by 0: {0} stands there with 50 of 100 bytes, or with others"}},
      {"one_download",
       "twice",
       [](History& h) {
         h.by(0).connect();
         h.by(0).connect();
         h.by(1).connect();
         h.stage_ends();
       },
       2,
       {"one_download of m0 at run 6 by 1: m0: 2 requests were answered well"}},
      {"one_download",
       "once each, and once half, and once with other bytes",
       [](History& h) {
         for (const std::uint32_t process : {0U, 1U}) h.by(process).connect();
         h.connect("none", false);
         h.connect("flip_byte:3", true);
         h.stage_ends();
       },
       2,
       {}},
      {"one_download",
       "with a turn that harms nobody",
       [](History& h) {
         h.by(0).connect();
         h.by(0).connect("drip:10");
         h.stage_ends();
       },
       2,
       {"one_download of m0 at run 4 by 0: m0: 2 requests were answered well"}},
      {"no_spurious_failure",
       "nothing was wrong",
       [](History& h) {
         h.by(1).fails_with(ErrorCode::io);
         h.by(0).fails_with(ErrorCode::io);
         h.stage_ends();
       },
       2,
       {"no_spurious_failure of m1 at run 0 by 0: met no fault and failed: process 1, get of m1: step place: detail",
        "no_spurious_failure of m0 at run 0 by 0: met no fault and failed: process 0, get of m0: step place: detail"}},
      {"no_spurious_failure", "nobody failed", [](History& h) { h.stage_ends(); }, 1, {}},
      {"published_modes",
       "mkstemp's",
       [](History& h) {
         h.disk().set_mode(publish(h), 0600);
         h.succeeds(false);
       },
       1,
       {"published_modes of m0 at run 4 by 0: {0} has mode 0600, expected 0644"}},
      {"published_modes",
       "nobody's umask",
       [](History& h) {
         h.plan().processes[0].umask = 077;
         h.plan().processes[1].umask = 027;
         h.disk().set_mode(publish(h), 0664);
         h.succeeds(false);
       },
       1,
       {"published_modes of m0 at run 4 by 0: {0} has mode 0664, expected 0600"}},
      {"published_modes",
       "its own umask, and that of who may have published it",
       [](History& h) {
         h.plan().processes[1].operations[0].model = 0;
         h.plan().processes[0].umask = 077;
         h.plan().processes[1].umask = 027;
         h.disk().set_mode(publish(h), 0600);
         h.by(0).succeeds(false);
         h.by(1).ends(names(h, h.entry(0)));
       },
       2,
       {}},
      {"published_modes",
       "that of a clean process",
       [](History& h) {
         h.plan().processes[0].umask = 077;
         h.disk().set_mode(publish(h), 0644);
         h.succeeds(false);
       },
       1,
       {}},
      {"nothing_left_over",
       "a name of each",
       [](History& h) {
         publish(h);
         for (const std::size_t model : {0U, 1U}) h.disk().make(h.entry(model) + ".part", FileType::regular, 0644);
         h.disk().make("core", FileType::regular, 0644);
         h.disk().make("other", FileType::regular, 0644);
         h.disk().make("d", FileType::directory, 0644);
         h.stage_ends();
       },
       5,
       {"nothing_left_over of a name of no model at run 4 by 0: core is left over",
        "nothing_left_over of m1 at run 4 by 0: {1}.part is left over",
        "nothing_left_over of m0 at run 4 by 0: {0}.part is left over"}},
      {"nothing_left_over",
       "what may stay, what was named, and an entry",
       [](History& h) {
         publish(h);
         h.rename(h.stage(0), "files/copy");
         h.ends(names(h, "files/copy"));
         h.disk().make("locks/a/b.lock", FileType::regular, 0644);
         h.disk().make("manifest.json", FileType::regular, 0644);
         h.stage_ends();
       },
       4,
       {}},
      {"everyone_comes_to_an_end",
       "a deadlock",
       [](History& h) { h.stage_ends(stuck(3, hours(0), true)); },
       1,
       {"everyone_comes_to_an_end of run at run 0 by 0: nobody moves"}},
      {"everyone_comes_to_an_end",
       "a day",
       [](History& h) { h.stage_ends(stuck(3, hours(24))); },
       1,
       {"everyone_comes_to_an_end of run at run 0 by 0: nobody moves"}},
      {"everyone_comes_to_an_end",
       "steps",
       [](History& h) { h.stage_ends(stuck(5'001, hours(0))); },
       1,
       {"everyone_comes_to_an_end of run at run 0 by 0: nobody moves"}},
      {"everyone_comes_to_an_end",
       "less than these",
       [](History& h) {
         h.stage_ends(stuck(5'000, hours(0)));
         begin_stage(h, Stage::run);
         h.stage_ends(stuck(3, hours(24) - std::chrono::nanoseconds(1)));
       },
       2,
       {}},
      {"recovery_needs_no_hands",
       "a clean process fails",
       [](History& h) {
         h.connect("flip_byte:3", false);  // no excuse
         h.stage_ends();
         begin_stage(h, Stage::epilogue);
         h.open("x", OpenMode::read, History::fails(EIO));
         h.fails_with(ErrorCode::io);
         h.fails_with(ErrorCode::io);
         h.stage_ends();
       },
       2,
       {"recovery_needs_no_hands of m0 at epilogue 3 by 0: a clean process fails: process 0, get of m0: step place: "
        "detail",
        "recovery_needs_no_hands of m1 at epilogue 3 by 0: a clean process fails: process 0, get of m1: step place: "
        "detail"}},
      {"recovery_needs_no_hands",
       "the process that warms up fails",
       [](History& h) {
         begin_stage(h, Stage::warm_up);
         h.fails_with(ErrorCode::io);
         h.stage_ends();
       },
       1,
       {"recovery_needs_no_hands of m0 at warm_up 0 by 0: a clean process fails: process 0, get of m0: step place: "
        "detail"}},
      {"recovery_needs_no_hands",
       "a clean process gets everything",
       [](History& h) {
         h.stage_ends();
         begin_stage(h, Stage::epilogue);
         h.stage_ends();
       },
       1,
       {}},
      {"recovery_needs_no_hands",
       "a clean process that gets nowhere is no proof",
       [](History& h) {
         h.stage_ends();
         begin_stage(h, Stage::epilogue);
         h.stage_ends(stuck(5, hours(0)));
       },
       0,
       {}},
  };
  return all;
}

std::string filled(std::string text, const History& h) {
  for (std::size_t model = 0; model < 2; ++model) {
    const std::string word = "{" + std::to_string(model) + "}";
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word)) {
      text.replace(at, word.size(), h.entry(model));
    }
  }
  return text;
}

TEST(CommandJudge, JudgesEachInvariantByHistories) {
  for (const Row& row : rows()) {
    History history(two_models(), demo());
    row.steps(history.by(0));
    Lines expected;
    for (const std::string& line : row.lines) expected.push_back(filled(line, history));
    EXPECT_EQ(history.lines(), expected) << row.id << ": " << row.what;
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
  for (const Row& row : rows()) {
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
  history.disk().set_mode(publish(history), 0600);
  history.succeeds(false);
  history.stage_ends();
  EXPECT_EQ(lines_of(history.command().not_promised()),
            (Lines{"nothing_left_over of a name of no model at run 4 by 0: core is left over",
                   "nothing_left_over of m1 at run 4 by 0: " + history.entry(1) + ".part is left over"}));
  EXPECT_EQ(history.violated(), std::set<std::string>{"published_modes"});
  EXPECT_EQ(history.judged("nothing_left_over"), 4U);
}

TEST(CommandJudge, ForgetsTheRunBefore) {
  const auto judge = std::make_shared<CommandJudge>();
  History broken(History::one_get(), demo(), judge);
  broken.begin_stage(Stage::warm_up);
  for (int i = 0; i < 2; ++i) broken.connect();
  broken.fails_with(ErrorCode::io);
  broken.stage_ends();
  broken.begin_stage(Stage::run);
  broken.by(1).make_cache();
  broken.disk().set_mode(publish(broken), 0600);
  broken.lock(0);
  broken.try_lock("x", {0, StepFault::does_nothing});
  broken.rename(broken.stage(0), "core");
  broken.by(1).ends(names(broken, "core"));
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
  History fails(History::one_get(), demo(), judge);
  fails.fails_with(ErrorCode::io);
  fails.stage_ends();
  EXPECT_EQ(fails.lines(),
            Lines{"no_spurious_failure of m0 at run 0 by 0: met no fault and failed: process 0, get of m0: "
                  "step place: detail"});
}

}  // namespace
}  // namespace stampede
