// Histories of how runs of commands go and end.
#include <cerrno>

#include "harness/judge/command_rows_for_test.h"

namespace stampede {

using modelcache::ErrorCode;
using modelcache::FileType;
using modelcache::OpenMode;
using std::chrono::hours;

namespace {

StageEnd stuck(std::uint64_t steps, std::chrono::nanoseconds time, bool is_deadlock = false) {
  StageEnd end;
  end.stuck = "nobody moves";
  end.steps = steps;
  end.virtual_time = time;
  end.is_deadlock = is_deadlock;
  return end;
}

void begin_stage(History& h, StageKind stage) {
  h.begin_stage(stage);
  h.by(0);
}

}  // namespace

const std::vector<CommandRow>& command_rows_of_runs() {
  static const std::vector<CommandRow> all = {
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
         h.disk().set_mode(publish_at_once(h), 0600);
         h.succeeds(false);
       },
       1,
       {"published_modes of m0 at run 4 by 0: {0} has mode 0600, expected 0644"}},
      {"published_modes",
       "nobody's umask",
       [](History& h) {
         h.plan().processes[0].umask = 077;
         h.plan().processes[1].umask = 027;
         h.disk().set_mode(publish_at_once(h), 0664);
         h.succeeds(false);
       },
       1,
       {"published_modes of m0 at run 4 by 0: {0} has mode 0664, expected 0600"}},
      {"published_modes",
       "nobody's umask, of the second",
       [](History& h) {
         h.plan().processes[0].umask = 077;
         h.plan().processes[1].umask = 027;
         h.disk().set_mode(publish_at_once(h, 1), 0664);
         h.by(1).succeeds(false);
       },
       1,
       {"published_modes of m1 at run 4 by 0: {1} has mode 0664, expected 0640"}},
      {"published_modes",
       "its own umask, and that of who may have published it",
       [](History& h) {
         h.plan().processes[1].operations[0].model = 0;
         h.plan().processes[0].umask = 002;
         h.plan().processes[1].umask = 027;
         h.disk().set_mode(publish_at_once(h), 0664);
         h.by(0).succeeds(false);
         h.by(1).ends(naming(h, h.entry(0)));
       },
       2,
       {}},
      {"published_modes",
       "that of a clean process",
       [](History& h) {
         h.plan().processes[0].umask = 077;
         h.disk().set_mode(publish_at_once(h), 0644);
         h.succeeds(false);
       },
       1,
       {}},
      {"nothing_left_over",
       "a name of each",
       [](History& h) {
         publish_at_once(h);
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
         publish_at_once(h);
         h.rename(h.stage(0), "files/copy");
         h.ends(naming(h, "files/copy"));
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
         begin_stage(h, StageKind::run);
         h.stage_ends(stuck(3, hours(24) - std::chrono::nanoseconds(1)));
       },
       2,
       {}},
      {"recovery_needs_no_hands",
       "a clean process fails",
       [](History& h) {
         h.connect("flip_byte:3", false);  // no excuse
         h.stage_ends();
         begin_stage(h, StageKind::epilogue);
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
         begin_stage(h, StageKind::warm_up);
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
         begin_stage(h, StageKind::epilogue);
         h.stage_ends();
       },
       1,
       {}},
      {"recovery_needs_no_hands",
       "a clean process that gets nowhere is no proof",
       [](History& h) {
         h.stage_ends();
         begin_stage(h, StageKind::epilogue);
         h.stage_ends(stuck(5, hours(0)));
       },
       0,
       {}},
  };
  return all;
}

}  // namespace stampede
