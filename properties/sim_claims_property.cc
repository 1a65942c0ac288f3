// What the cache promises, as properties of drawn plans in the simulated world (properties/README.md says it in words).
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdint>

#include "harness/run/sim_run.h"
#include "harness/strategy/replay.h"
#include "properties/claim.h"
#include "properties/rapidcheck_choices.h"
#include "properties/scheduled_plans.h"

namespace stampede {
namespace {

TEST(SimClaims, AllInvariantsHoldAndEveryPlanRunsTheSameWayTwice) {
  check_claim({.name = "all-invariants", .invariants = {}, .limits = {}});
}

// Nothing of a run depends on what the same world ran before it.
TEST(SimClaims, NoRunRemembersTheOneBefore) {
  SimRunner used;
  std::uint64_t compared = 0;
  EXPECT_TRUE(rc::check("a used world and a new one run a plan alike", [&] {
    const Plan plan = *scheduled_plans({}, used);
    Replay replay(plan.schedule, Replay::Mode::lenient), again(plan.schedule, Replay::Mode::lenient);
    const std::uint64_t hash = used.run(plan, replay).trace_hash;
    SimRunner fresh;
    RC_ASSERT(fresh.run(plan, again).trace_hash == hash);
    ++compared;
  }));
  EXPECT_GT(compared, 0U);
}

TEST(SimClaims, BytesAreWhatWasAskedFor) {
  check_claim({.name = "integrity",
               .invariants = {"bytes_are_what_was_asked", "visible_means_complete", "success_needs_bytes"},
               .limits = {.processes_min = 2}});
}

TEST(SimClaims, WhatIsPublishedStaysAsItIs) {
  check_claim({.name = "publication",
               .invariants = {"published_bytes_never_change", "published_modes", "no_entry_vanishes"},
               .limits = {.processes_min = 2, .all_operations = true}});
}

TEST(SimClaims, ProcessesThatAskTogetherShareOneDownload) {
  check_claim({.name = "single-flight",
               .invariants = {"one_download", "one_holder_per_lock", "hits_caused_no_request", "hits_write_nothing"},
               .limits = {.processes_min = 2, .disk_faults = false, .process_faults = false}});
}

TEST(SimClaims, NobodyFailsForSomeoneElsesFault) {
  check_claim({.name = "isolation", .invariants = {"no_spurious_failure"}, .limits = {.processes_min = 2}});
}

TEST(SimClaims, ErrorsSayWhatHappenedAndNothingSucceedsAfterAFailedWrite) {
  check_claim(
      {.name = "honest-errors", .invariants = {"honest_errors", "no_success_after_failed_write"}, .limits = {}});
}

TEST(SimClaims, AnyKillIsRecoveredFromWithoutHands) {
  check_claim({.name = "recovery",
               .invariants = {"recovery_needs_no_hands", "nothing_left_over", "only_the_dead_are_swept"},
               .limits = {.network_faults = false}});
}

TEST(SimClaims, TheManifestAlwaysParsesAndTellsTheTruth) {
  check_claim({.name = "manifest",
               .invariants = {"manifest_always_parses", "manifest_is_complete", "nobody_lists_lies"},
               .limits = {.processes_min = 2, .all_operations = true}});
}

TEST(SimClaims, NothingOutsideTheDirectoryIsTouched) {
  check_claim({.name = "confinement", .invariants = {"confined_to_the_directory"}, .limits = {}});
}

TEST(SimClaims, EverybodyComesToAnEndWithinBounds) {
  check_claim(
      {.name = "bounded-retries", .invariants = {"everyone_comes_to_an_end", "retries_are_bounded"}, .limits = {}});
}

}  // namespace
}  // namespace stampede
