// Each watched invariant has a file of its own and a history that trips it: there is none without both.
#include <gtest/gtest.h>

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
       }},
      {"visible_means_complete", {OperationKind::get}, [](History& h) { bad_entry(h); }},
      {"published_bytes_never_change",
       {OperationKind::get},
       [](History& h) { h.truncate(h.entry(0), h.disk().file_at(h.entry(0)), 1); }},
      {"no_entry_vanishes", {OperationKind::get}, [](History& h) { h.unlink(h.entry(0)); }},
      {"one_download",
       {OperationKind::get},
       [](History& h) {
         h.lock(0);
         h.connect();
       }},
      {"success_needs_bytes",
       {OperationKind::get},
       [](History& h) {
         h.ledger().clear();
         h.succeeds(true);
         h.stage_ends();
       }},
      {"hits_caused_no_request", {OperationKind::get}, [](History& h) { h.succeeds(false); }},
      {"hits_write_nothing",
       {OperationKind::list},
       [](History& h) {
         h.list();
         OperationOutcome outcome = h.outcome();
         outcome.entries.resize(1);
         outcome.entries[0].key = h.key(0);
         h.ends(outcome);
       }},
      {"retries_are_bounded", {OperationKind::get}, [](History& h) { retries(h, 6); }},
      {"no_spurious_failure", {OperationKind::get}, [](History& h) { fails_after_an_eio(h, ErrorCode::io, false); }},
      {"honest_errors", {OperationKind::get}, [](History& h) { fails_after_an_eio(h, ErrorCode::reset, true); }},
      {"no_success_after_failed_write",
       {OperationKind::get},
       [](History& h) {
         h.sync_directory("entries", History::fails(EIO));
         h.succeeds(true);
       }},
      {"one_holder_per_lock",
       {OperationKind::get},
       [](History& h) {
         h.lock(0);
         h.by(1).lock(0);
       }},
      {"only_the_dead_are_swept",
       {OperationKind::get},
       [](History& h) {
         const std::string temporary = h.stage(0);
         h.by(1).unlink(temporary);
       }},
      {"confined_to_the_directory", {OperationKind::get}, [](History& h) { h.unlink("/x", History::is_told(ENOENT)); }},
      {"published_modes",
       {OperationKind::get},
       [](History& h) {
         h.make_directory("x");
         h.disk().set_mode(h.disk().file_at("x"), 0700);
         h.stage_ends();
       }},
      {"manifest_always_parses", {OperationKind::get}, [](History& h) { h.unlink("manifest.json"); }},
      {"manifest_is_complete",
       {OperationKind::list},
       [](History& h) {
         h.disk().move("manifest.json", "", false);
         h.stage_ends();
       }},
      {"nobody_lists_lies", {OperationKind::list}, [](History& h) { h.ends(h.outcome()); }},
      {"nothing_left_over",
       {OperationKind::get},
       [](History& h) {
         h.stage(0);
         h.stage_ends();
       }},
      {"everyone_comes_to_an_end",
       {OperationKind::get},
       [](History& h) {
         h.process_ends(ProcessEnd::abandoned);
         StageEnd end;
         end.is_deadlock = true;
         h.stage_ends(end);
       }},
      {"recovery_needs_no_hands",
       {OperationKind::get},
       [](History& h) {
         h.stage_ends();
         h.begin_stage(Stage::epilogue);
         h.stage_ends();
       }},
      {"upkeep_mends_what_it_can",
       {OperationKind::list, OperationKind::repair},
       [](History& h) {
         bad_entry(h);
         h.ends(h.outcome());
         h.ends(h.outcome());
       }},
      {"orphans_go_with_the_next_miss",
       {OperationKind::list, OperationKind::recover},
       [](History& h) {
         h.by(1).stage(0);
         h.process_ends(ProcessEnd::killed);
         h.by(0).ends(h.outcome());
         h.ends(h.outcome());
       }},
      {"temporaries_are_few",
       {OperationKind::get},
       [](History& h) {
         for (int i = 0; i < 3; ++i) h.stage(0);
       }},
      {"operations_close_what_they_opened",
       {OperationKind::get},
       [](History& h) {
         h.open(h.entry(0), OpenMode::read);
         h.succeeds(true);
       }},
      {"published_bytes_are_synced",
       {OperationKind::get},
       [](History& h) {
         const std::string temporary = h.stage(0);
         h.write(temporary, h.disk().file_at(temporary), *h.model(0).bytes);
         h.rename(temporary, h.entry(0));
       }},
      {"success_is_durable",
       {OperationKind::get},
       [](History& h) {
         h.rename(h.stage(0), h.entry(0));
         h.succeeds(true);
       }},
      {"listed_entries_are_durable",
       {OperationKind::get},
       [](History& h) {
         h.rename(h.stage(0), h.entry(0));
         h.list();
       }},
      {"models_download_side_by_side", {OperationKind::get}, [](History& h) { h.lock(1); }},
      {"sources_share_no_entry",
       {OperationKind::get, OperationKind::get_by_url},
       [](History& h) {
         h.hit(0);
         OperationOutcome outcome = h.outcome();
         outcome.claims_hit = true;
         h.ends(outcome);
       }},
      {"retries_pause", {OperationKind::get}, [](History& h) { retries(h, 2); }},
  };
  return list;
}

Ids violated_by(const Sabotage& sabotage) {
  Plan plan = plan_of({}, true);
  plan.models.push_back({"m1", 20});
  plan.processes[0].operations.clear();
  for (const OperationKind kind : sabotage.kinds) plan.processes[0].operations.push_back({kind, 0});
  plan.processes.push_back({.operations = {{OperationKind::get, 0}}});
  History history(plan);
  warm_up(history);
  EXPECT_EQ(history.violated(), Ids());
  sabotage.steps(history.by(0));
  return history.violated();
}

TEST(EachInvariant, IsTrippedByAHistory) {
  Ids tripped;
  for (const Sabotage& sabotage : sabotages()) {
    EXPECT_TRUE(violated_by(sabotage).contains(std::string(sabotage.id))) << sabotage.id;
    tripped.insert(std::string(sabotage.id));
  }
  for (const WatchedInvariant& invariant : watched_invariants()) {
    EXPECT_TRUE(tripped.contains(std::string(invariant.id))) << invariant.id << ": give it a sabotage in this file";
  }
  EXPECT_EQ(tripped.size(), watched_invariants().size());
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
