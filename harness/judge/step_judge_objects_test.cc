// What is wrong with two objects is told of both.
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>

#include "harness/judge/history_for_test.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::OpenMode;
using Lines = std::vector<std::string>;

struct TwoRow {
  std::string_view id;
  OperationKind kind;  // of both processes, of both models where it names one
  std::function<void(History&)> steps;
  std::multiset<std::string> objects;
};

const std::vector<TwoRow>& rows_of_two() {
  static const std::vector<TwoRow> all = {
      {"bytes_are_what_was_asked",
       OperationKind::get,
       [](History& h) {
         for (const std::size_t process : {0U, 1U}) {
           OperationOutcome outcome = h.by(static_cast<std::uint32_t>(process)).outcome();
           outcome.path = h.entry(1 - process);
           outcome.claims_hit = true;
           h.ends(outcome);
         }
       },
       {"m0", "m1"}},
      {"visible_means_complete",
       OperationKind::get,
       [](History& h) {
         for (const std::size_t model : {0U, 1U}) h.rename(opened_temporary(h), h.entry(model));
       },
       {"m0", "m1"}},
      {"published_bytes_never_change",
       OperationKind::get,
       [](History& h) {
         for (const std::size_t model : {0U, 1U}) h.truncate(h.entry(model), h.disk().file_at(h.entry(model)), 1);
         h.truncate("manifest.json", h.disk().file_at("manifest.json"), 1);
       },
       {"m0", "m1", "manifest.json"}},
      {"no_entry_vanishes",
       OperationKind::get,
       [](History& h) {
         for (const std::size_t model : {0U, 1U}) h.unlink(h.entry(model));
       },
       {"m0", "m1"}},
      {"one_download",
       OperationKind::get,
       [](History& h) {
         for (const std::uint32_t process : {0U, 1U}) {
           h.by(process).lock(process);
           h.connect();
         }
       },
       {"m0", "m1"}},
      {"success_needs_bytes",
       OperationKind::get,
       [](History& h) {
         h.ledger().clear();
         for (const std::uint32_t process : {0U, 1U}) h.by(process).succeeds(true);
         h.stage_ends();
       },
       {"m0", "m1"}},
      {"hits_caused_no_request",
       OperationKind::get,
       [](History& h) {
         for (const std::uint32_t process : {0U, 1U}) h.by(process).succeeds(false);
       },
       {"process 0", "process 1"}},
      {"hits_write_nothing",
       OperationKind::find,
       [](History& h) {
         for (const std::uint32_t process : {0U, 1U}) {
           h.by(process).unlink("tmp/x", History::is_told(ENOENT));
           h.succeeds(true);
         }
       },
       {"process 0", "process 1"}},
      {"retries_are_bounded",
       OperationKind::get,
       [](History& h) {
         for (const std::uint32_t process : {0U, 1U}) {
           OperationOutcome outcome = h.by(process).outcome();
           outcome.claimed_attempts = 6;
           h.ends(outcome);
         }
       },
       {"process 0", "process 1"}},
      {"no_spurious_failure",
       OperationKind::get,
       [](History& h) {
         for (const std::uint32_t process : {0U, 1U}) h.by(process).fails_with(ErrorCode::io);
         h.stage_ends();
       },
       {"m0", "m1"}},
      {"honest_errors",
       OperationKind::get,
       [](History& h) {
         for (const std::uint32_t process : {0U, 1U}) {
           h.by(process).open("tmp/x", OpenMode::read, History::fails(EIO));
           h.fails_with(ErrorCode::reset);
         }
         h.stage_ends();
       },
       {"m0", "m1"}},
      {"no_success_after_failed_write",
       OperationKind::get,
       [](History& h) {
         for (const std::uint32_t process : {0U, 1U}) {
           h.by(process).sync_directory("", History::fails(EIO));
           h.succeeds(true);
         }
       },
       {"process 0", "process 1"}},
      {"one_holder_per_lock",
       OperationKind::get,
       [](History& h) {
         for (const std::uint32_t process : {0U, 1U}) {
           for (const std::size_t model : {0U, 1U}) h.by(process).try_lock(h.lock_path(model));
           h.try_lock("locks/manifest.lock");
         }
       },
       {"m0", "m1", "locks/manifest.lock"}},
      {"only_the_dead_are_swept",
       OperationKind::get,
       [](History& h) {
         for (const std::size_t model : {0U, 1U}) {
           const std::string temporary = h.by(0).stage(model);
           h.by(1).unlink(temporary);
         }
       },
       {"m0", "m1"}},
      {"published_modes",
       OperationKind::get,
       [](History& h) {
         for (const std::size_t model : {0U, 1U}) h.disk().set_mode(h.disk().file_at(h.entry(model)), 0600);
         h.disk().set_mode(h.disk().file_at("manifest.json"), 0600);
         h.stage_ends();
       },
       {"m0", "m1", "manifest.json"}},
      {"manifest_is_complete",
       OperationKind::get,
       [](History& h) {
         h.disk().move("manifest.json", "", false);
         h.stage_ends();
       },
       {"m0", "m1"}},
      {"nobody_lists_lies", OperationKind::list, [](History& h) { h.ends(h.outcome()); }, {"m0", "m1"}},
      {"nothing_left_over",
       OperationKind::get,
       [](History& h) {
         for (const std::size_t model : {0U, 1U}) h.stage(model);
         h.disk().make("core", modelcache::FileType::regular, 0644);
         h.stage_ends();
       },
       {"process 0", "descriptors", "core", "m0", "m1"}},
      {"everyone_comes_to_an_end",
       OperationKind::get,
       [](History& h) {
         for (const std::uint32_t process : {0U, 1U}) h.by(process).process_ends(ProcessEnd::abandoned);
         StageEnd end;
         end.virtual_time = std::chrono::hours(24);
         h.stage_ends(end);
       },
       {"process 0", "process 1"}},
      {"recovery_needs_no_hands",
       OperationKind::get,
       [](History& h) {
         h.stage_ends();
         h.begin_stage(StageKind::epilogue);
         for (int i = 0; i < 2; ++i) h.fails_with(ErrorCode::io);
         h.stage_ends();
       },
       {"the clean process", "m0", "m1"}},
      {"temporaries_are_few",
       OperationKind::get,
       [](History& h) {
         for (const std::uint32_t process : {0U, 1U}) {
           for (int i = 0; i < 4; ++i) opened_temporary(h.by(process));
         }
       },
       {"process 0", "process 1"}},
      {"operations_close_what_they_opened",
       OperationKind::get,
       [](History& h) {
         for (const std::uint32_t process : {0U, 1U}) {
           h.by(process).open("tmp/x", OpenMode::read);
           h.succeeds(true);
         }
       },
       {"process 0", "process 1"}},
      {"published_bytes_are_synced",
       OperationKind::get,
       [](History& h) {
         for (const std::size_t model : {0U, 1U}) {
           const std::string temporary = h.temporary(h.key(model));
           h.open(temporary, OpenMode::create_new);
           h.write(temporary, h.disk().file_at(temporary), *h.model(model).bytes);
           h.rename(temporary, h.entry(model));
         }
       },
       {"m0", "m1"}},
      {"confined_to_the_directory",
       OperationKind::get,
       [](History& h) {
         for (const char* path : {"/x", "/y"}) h.unlink(path, History::is_told(ENOENT));
         h.rename("/z", "/y", History::is_told(ENOENT));
       },
       {"/x", "/y"}},
      {"success_is_durable",
       OperationKind::get,
       [](History& h) {
         for (const std::size_t model : {0U, 1U}) h.rename(h.stage(model), h.entry(model));
         h.succeeds(true);
       },
       {"m0", "m1"}},
      {"listed_entries_are_durable",
       OperationKind::get,
       [](History& h) {
         for (const std::size_t model : {0U, 1U}) h.rename(h.stage(model), h.entry(model));
         h.list();
       },
       {"m0", "m1"}},
      {"models_download_side_by_side",
       OperationKind::get,
       [](History& h) {
         for (const std::size_t model : {0U, 1U, 2U}) h.lock(model);
       },
       {"m1", "epilogue"}},
      {"retries_pause",
       OperationKind::get,
       [](History& h) {
         for (const std::uint32_t process : {0U, 1U}) {
           for (int i = 0; i < 2; ++i) h.by(process).connect("status:503", false);
           h.fails_with(ErrorCode::http_status);
         }
         h.stage_ends();
       },
       {"m0", "m1"}},
  };
  return all;
}

TEST(EachInvariant, TellsOfEachObject) {
  for (const TwoRow& row : rows_of_two()) {
    Plan plan = plan_of({row.kind}, true);
    plan.models.push_back({"m1", 20});
    plan.start.warm = {0, 1};
    plan.processes.push_back({.operations = {{row.kind, names_model(row.kind) ? 1U : 0U}}});
    History history(plan);
    history.begin_stage(StageKind::warm_up);
    history.make_cache();
    for (const std::size_t model : {0U, 1U}) history.miss(model);
    history.stage_ends();
    history.begin_stage(StageKind::run);
    EXPECT_EQ(history.lines(), Lines{});
    row.steps(history.by(0));
    std::multiset<std::string> objects;
    for (const StepViolation& violation : history.violations()) {
      if (violation.invariant == row.id) objects.insert(violation.object);
    }
    EXPECT_EQ(objects, row.objects) << row.id << "\n" << history.told();
  }
}

}  // namespace
}  // namespace stampede
