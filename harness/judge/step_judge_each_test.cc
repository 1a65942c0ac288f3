// Each watched invariant has a file of its own and a history that trips it: there is none without both.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <functional>

#include "cache/key.h"
#include "harness/judge/history_for_test.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::OpenMode;
using Ids = std::set<std::string>;

struct Sabotage {
  std::string_view id;
  std::vector<OperationKind> kinds;  // of process 0, each of the first model, which is warm; process 1 gets it
  std::function<void(History&)> steps;
  std::vector<std::string> lines;  // all violations, {0} for the entry's path, and how often the invariant was judged
};

void bad_entry(History& h) {
  const std::string temporary = h.temporary(h.key(0));
  h.open(temporary, OpenMode::create_new);
  h.rename(temporary, h.entry(0));
}

void retries(History& h, int count) {
  h.lock(0);
  for (int i = 0; i < count; ++i) h.connect("status:503", false);
  h.release(0);
  h.fails_with(ErrorCode::http_status);
  h.stage_ends();
}

void fails_after_an_eio(History& h, ErrorCode code, bool has_met_it) {
  if (has_met_it) h.open("entries/x", OpenMode::read, History::fails(EIO));
  h.fails_with(code);
  h.stage_ends();
}

const std::vector<Sabotage>& sabotages() {
  static const std::vector<Sabotage> list = {
      {"bytes_are_what_was_asked",
       {OperationKind::get},
       [](History& h) {
         h.disk().set_bytes(h.disk().file_at(h.entry(0)), Bytes(100));
         h.succeeds(true);
       },
       {"bytes_are_what_was_asked of m0 at run 31 by 0: process 0, operation 0 (get of m0) named {0}, which has "
        "SHA-256 cd00e292c5970d3c5e2f0ffa5171e555bc46bfc4faddfb4a418b6840b86e79a3",
        "judged 1"}},
      {"visible_means_complete",
       {OperationKind::get},
       [](History& h) { bad_entry(h); },
       {"visible_means_complete of m0 at run 33 by 0: {0} holds 0 bytes with SHA-256 "
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "judged 1"}},
      {"published_bytes_never_change",
       {OperationKind::get},
       [](History& h) { h.truncate(h.entry(0), h.disk().file_at(h.entry(0)), 1); },
       {"visible_means_complete of m0 at run 32 by 0: {0} holds 1 bytes with SHA-256 "
        "fde502858306c235a3121e42326b53228b7ef4690eeed92a2b2eafe73c03a3ef",
        "published_bytes_never_change of m0 at run 32 by 0: process 0 changed the published file that it opened as {0}",
        "judged 1"}},
      {"no_entry_vanishes",
       {OperationKind::get},
       [](History& h) { h.unlink(h.entry(0)); },
       {"no_entry_vanishes of m0 at run 32 by 0: process 0 took the good entry {0} away, and nobody told it to",
        "judged 1"}},
      {"one_download",
       {OperationKind::get},
       [](History& h) {
         h.lock(0);
         h.connect();
       },
       {"one_download of m0 at run 34 by 0: process 0 downloads m0, which is there already", "judged 1"}},
      {"success_needs_bytes",
       {OperationKind::get},
       [](History& h) {
         h.ledger().clear();
         h.succeeds(true);
         h.stage_ends();
       },
       {"success_needs_bytes of m0 at run 31 by 0: process 0, operation 0 (get of m0) succeeded, and the server never "
        "sent all of it",
        "judged 1"}},
      {"hits_caused_no_request",
       {OperationKind::get},
       [](History& h) { h.succeeds(false); },
       {"hits_caused_no_request of process 0 at run 31 by 0: process 0, operation 0 (get of m0) says that it was no "
        "hit after 1 attempts, and connected 0 times",
        "judged 1"}},
      {"hits_write_nothing",
       {OperationKind::list},
       [](History& h) {
         h.list();
         OperationOutcome outcome = h.outcome();
         outcome.entries.resize(1);
         outcome.entries[0].key = h.key(0);
         h.ends(outcome);
       },
       {"hits_write_nothing of process 0 at run 41 by 0: process 0, operation 0 (list) had nothing to write, and wrote",
        "judged 1"}},
      {"retries_are_bounded",
       {OperationKind::get},
       [](History& h) { retries(h, 6); },
       {"one_download of m0 at run 34 by 0: process 0 downloads m0, which is there already",
        "retries_are_bounded of process 0 at run 47 by 0: process 0, operation 0 (get of m0) connected 6 times, and 5 "
        "are allowed with its redirects",
        "retries_pause of m0 at run 47 by 0: process 0, operation 0 (get of m0) made 6 attempts with 0 pauses between "
        "them",
        "judged 8"}},
      {"no_spurious_failure",
       {OperationKind::get},
       [](History& h) { fails_after_an_eio(h, ErrorCode::io, false); },
       {"no_spurious_failure of m0 at run 31 by 0: process 0, operation 0 (get of m0) met no fault and failed: step "
        "place: detail",
        "judged 1"}},
      {"honest_errors",
       {OperationKind::get},
       [](History& h) { fails_after_an_eio(h, ErrorCode::reset, true); },
       {"honest_errors of m0 at run 32 by 0: process 0, operation 0 (get of m0) failed with 'step place: detail'; what "
        "it met can cause io",
        "judged 1"}},
      {"no_success_after_failed_write",
       {OperationKind::get},
       [](History& h) {
         h.sync_directory("entries", History::fails(EIO));
         h.succeeds(true);
       },
       {"no_success_after_failed_write of process 0 at run 32 by 0: process 0, operation 0 (get of m0) succeeded after "
        "its own failed sync_directory at its step 0",
        "judged 1"}},
      {"one_holder_per_lock",
       {OperationKind::get},
       [](History& h) {
         h.lock(0);
         h.by(1).lock(0);
       },
       {"one_holder_per_lock of m0 at run 35 by 1: process 1 holds "
        "locks/sha256-f265745be0ac36c44b10b573078fa5527dca389215be42586bcf21235e507e88.lock, and so does process 0",
        "judged 2"}},
      {"only_the_dead_are_swept",
       {OperationKind::get},
       [](History& h) {
         const std::string temporary = h.stage(0);
         h.by(1).unlink(temporary);
       },
       {"only_the_dead_are_swept of m0 at run 35 by 1: process 1 took "
        "tmp/sha256-f265745be0ac36c44b10b573078fa5527dca389215be42586bcf21235e507e88.1.64.1.3.tmp away from process 0, "
        "which lives",
        "judged 1"}},
      {"confined_to_the_directory",
       {OperationKind::get},
       [](History& h) { h.unlink("/x", History::is_told(ENOENT)); },
       {"confined_to_the_directory of /x at run 32 by 0: process 0 tried to unlink /x, outside of the cache directory",
        "judged 1"}},
      {"published_modes",
       {OperationKind::get},
       [](History& h) {
         h.make_directory("x");
         h.disk().set_mode(h.disk().file_at("x"), 0700);
         h.stage_ends();
       },
       {"published_modes of x at run 32 by 0: x has mode 0700", "nothing_left_over of x at run 32 by 0: x is left over",
        "judged 9"}},
      {"manifest_always_parses",
       {OperationKind::get},
       [](History& h) { h.unlink("manifest.json"); },
       {"manifest_always_parses of manifest.json at run 32 by 0: process 0 took a good manifest away: who reads now "
        "takes it for an empty one",
        "judged 1"}},
      {"manifest_is_complete",
       {OperationKind::list},
       [](History& h) {
         h.disk().move("manifest.json", "", false);
         h.stage_ends();
       },
       {"manifest_is_complete of m0 at run 31 by 0: {0} is not listed as it is", "judged 1"}},
      {"nobody_lists_lies",
       {OperationKind::list},
       [](History& h) { h.ends(h.outcome()); },
       {"nobody_lists_lies of m0 at run 31 by 0: process 0, operation 0 (list): did not name "
        "sha256-f265745be0ac36c44b10b573078fa5527dca389215be42586bcf21235e507e88, which was there all the time",
        "judged 1"}},
      {"nothing_left_over",
       {OperationKind::get},
       [](History& h) {
         h.stage(0);
         h.stage_ends();
       },
       {"nothing_left_over of process 0 at run 34 by 0: process 0 opened 1 descriptors and closed 0",
        "nothing_left_over of descriptors at run 34 by 0: 1 descriptors are open at rest",
        "nothing_left_over of m0 at run 34 by 0: "
        "tmp/sha256-f265745be0ac36c44b10b573078fa5527dca389215be42586bcf21235e507e88.1.64.1.3.tmp is left over",
        "judged 11"}},
      {"everyone_comes_to_an_end",
       {OperationKind::get},
       [](History& h) {
         h.process_ends(ProcessEnd::abandoned);
         StageEnd end;
         end.is_deadlock = true;
         h.stage_ends(end);
       },
       {"everyone_comes_to_an_end of deadlock at run 31 by 0: process 0 did not come to an end: ", "judged 2"}},
      {"recovery_needs_no_hands",
       {OperationKind::get},
       [](History& h) {
         h.stage_ends();
         h.begin_stage(StageKind::epilogue);
         h.stage_ends();
       },
       {"recovery_needs_no_hands of the clean process at epilogue 31 by 0: of 3 operations of the clean process 0 "
        "ended: ",
        "judged 1"}},
      {"upkeep_mends_what_it_can",
       {OperationKind::list, OperationKind::repair},
       [](History& h) {
         bad_entry(h);
         h.ends(h.outcome());
         h.ends(h.outcome());
       },
       {"visible_means_complete of m0 at run 33 by 0: {0} holds 0 bytes with SHA-256 "
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "hits_write_nothing of process 0 at run 33 by 0: process 0, operation 0 (list) had nothing to write, and wrote",
        "manifest_is_complete of m0 at run 33 by 0: {0} is not listed as it is",
        "nobody_lists_lies of m0 at run 33 by 0: process 0, operation 0 (list): did not name "
        "sha256-f265745be0ac36c44b10b573078fa5527dca389215be42586bcf21235e507e88, which was there all the time",
        "operations_close_what_they_opened of process 0 at run 33 by 0: process 0, operation 0 (list) has ended, and 1 "
        "files or connections and 0 directories are open",
        "success_is_durable of m0 at run 33 by 0: process 0, operation 0 (list) succeeded, and a power loss undoes it: "
        "the directory of {0} was not synced since that name was given or taken",
        "upkeep_mends_what_it_can of m0 at run 33 by 0: process 0, operation 1 (repair) left {0}, which was bad all "
        "the time",
        "judged 1"}},
      {"orphans_go_with_the_next_miss",
       {OperationKind::list, OperationKind::recover},
       [](History& h) {
         h.by(1).stage(0);
         h.process_ends(ProcessEnd::killed);
         h.by(0).ends(h.outcome());
         h.ends(h.outcome());
       },
       {"nobody_lists_lies of m0 at run 34 by 0: process 0, operation 0 (list): did not name "
        "sha256-f265745be0ac36c44b10b573078fa5527dca389215be42586bcf21235e507e88, which was there all the time",
        "orphans_go_with_the_next_miss of m0 at run 34 by 0: process 0, operation 1 (recover) left "
        "tmp/sha256-f265745be0ac36c44b10b573078fa5527dca389215be42586bcf21235e507e88.1.65.1.3.tmp, whose owner was "
        "dead before it began",
        "judged 1"}},
      {"temporaries_are_few",
       {OperationKind::get},
       [](History& h) {
         for (int i = 0; i < 3; ++i) h.stage(0);
       },
       {"temporaries_are_few of process 0 at run 38 by 0: process 0 has 3 temporaries at a time", "judged 3"}},
      {"operations_close_what_they_opened",
       {OperationKind::get},
       [](History& h) {
         h.open(h.entry(0), OpenMode::read);
         h.succeeds(true);
       },
       {"operations_close_what_they_opened of process 0 at run 32 by 0: process 0, operation 0 (get of m0) has ended, "
        "and 1 files or connections and 0 directories are open",
        "judged 1"}},
      {"published_bytes_are_synced",
       {OperationKind::get},
       [](History& h) {
         const std::string temporary = h.stage(0);
         h.write(temporary, h.disk().file_at(temporary), *h.model(0).bytes);
         h.rename(temporary, h.entry(0));
       },
       {"published_bytes_are_synced of m0 at run 36 by 0: process 0 gave "
        "tmp/sha256-f265745be0ac36c44b10b573078fa5527dca389215be42586bcf21235e507e88.1.64.1.3.tmp the name {0}, and "
        "its last bytes were not synced: a power loss may leave the name and take the bytes",
        "judged 1"}},
      {"success_is_durable",
       {OperationKind::get},
       [](History& h) {
         h.rename(h.stage(0), h.entry(0));
         h.succeeds(true);
       },
       {"manifest_is_complete of m0 at run 35 by 0: {0} is not listed as it is",
        "operations_close_what_they_opened of process 0 at run 35 by 0: process 0, operation 0 (get of m0) has ended, "
        "and 1 files or connections and 0 directories are open",
        "success_is_durable of m0 at run 35 by 0: process 0, operation 0 (get of m0) succeeded, and a power loss "
        "undoes it: the directory of {0} was not synced since that name was given or taken",
        "judged 1"}},
      {"listed_entries_are_durable",
       {OperationKind::get},
       [](History& h) {
         h.rename(h.stage(0), h.entry(0));
         h.list();
       },
       {"listed_entries_are_durable of m0 at run 41 by 0: process 0 listed {0}, whose name was not synced: a power "
        "loss may leave the listing and take the file",
        "judged 1"}},
      {"models_download_side_by_side",
       {OperationKind::get},
       [](History& h) { h.lock(1); },
       {"models_download_side_by_side of m1 at run 33 by 0: process 0 tries to lock "
        "locks/sha256-9393e30255992b81a82a52a2a21a22b58ac9c5958ecf56ba31f5e2582e5a4b71.lock, which others need who "
        "want another model",
        "judged 1"}},
      {"sources_share_no_entry",
       {OperationKind::get, OperationKind::get_by_url},
       [](History& h) {
         h.hit(0);
         OperationOutcome outcome = h.outcome();
         outcome.claims_hit = true;
         h.ends(outcome);
       },
       {"sources_share_no_entry of m0 at run 33 by 0: process 0, operation 1 (get_by_url of m0) named {0}, and m0 by "
        "digest has {0}",
        "judged 1"}},
      {"retries_pause",
       {OperationKind::get},
       [](History& h) { retries(h, 2); },
       {"one_download of m0 at run 34 by 0: process 0 downloads m0, which is there already",
        "retries_pause of m0 at run 39 by 0: process 0, operation 0 (get of m0) made 2 attempts with 0 pauses between "
        "them",
        "judged 2"}},
  };
  return list;
}

Plan plan_of_both(const Sabotage& sabotage) {
  Plan plan = plan_of({}, true);
  plan.models.push_back({"m1", 20});
  for (const OperationKind kind : sabotage.kinds) plan.processes[0].operations.push_back({kind, 0});
  plan.processes.push_back({.operations = {{OperationKind::get, 0}}});
  return plan;
}

TEST(EachInvariant, IsTrippedByAHistory) {
  Ids tripped;
  for (const Sabotage& sabotage : sabotages()) {
    History history(plan_of_both(sabotage));
    warm_up(history);
    EXPECT_EQ(history.lines(), std::vector<std::string>{});
    const std::uint64_t before = history.judged(sabotage.id);
    sabotage.steps(history.by(0));
    std::vector<std::string> lines = history.lines();
    lines.push_back("judged " + std::to_string(history.judged(sabotage.id) - before));
    EXPECT_EQ(lines, history.filled(sabotage.lines)) << sabotage.id;
    if (history.violated().contains(std::string(sabotage.id))) tripped.insert(std::string(sabotage.id));
  }
  for (const WatchedInvariant& invariant : watched_invariants()) {
    EXPECT_TRUE(tripped.contains(std::string(invariant.id))) << invariant.id << ": give it a sabotage in this file";
  }
  EXPECT_EQ(tripped.size(), watched_invariants().size());
}

// The same, where no number of a process, an operation or a step is like another.
TEST(EachInvariant, IsTrippedByAnotherProcessLater) {
  for (const Sabotage& sabotage : sabotages()) {
    History history(History::shifted_plan(plan_of_both(sabotage)));
    warm_up(history);
    history.shift();
    EXPECT_EQ(history.lines(), std::vector<std::string>{});
    sabotage.steps(history.by(0));
    std::vector<std::string> expected = History::shifted(history.filled(sabotage.lines));
    expected.pop_back();  // how often
    std::vector<std::string> lines = history.lines();
    std::sort(lines.begin(), lines.end());
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(lines, expected) << sabotage.id;
  }
}

TEST(EachInvariant, HasAFileOfItsOwn) {
  const std::filesystem::path folder = STAMPEDE_JUDGE_SOURCES;
  Ids expected, found;
  for (const WatchedInvariant& invariant : watched_invariants()) {
    expected.insert("watch_" + std::string(invariant.id) + ".cc");
    EXPECT_EQ(invariant.file(), "harness/judge/watch_" + std::string(invariant.id) + ".cc");
  }
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const std::string name = file.path().filename().string();
    if (name.starts_with("watch_")) found.insert(name);
  }
  EXPECT_EQ(found, expected);
}

}  // namespace
}  // namespace stampede
