// What the cache promises, as properties of drawn plans in the simulated world (properties/README.md says it in words).
#include <gtest/gtest.h>

#include "properties/claim.h"

namespace stampede {
namespace {

TEST(SimClaims, EveryPlanRunsTheSameWayTwice) { check_claim({.name = "determinism", .invariants = {}, .limits = {}}); }

TEST(SimClaims, BytesAreWhatWasAskedFor) {
  check_claim({.name = "integrity",
               .invariants = {"bytes_are_what_was_asked", "visible_means_complete"},
               .limits = {.processes_min = 2}});
}

TEST(SimClaims, WhatIsPublishedStaysAsItIs) {
  check_claim({.name = "publication",
               .invariants = {"published_bytes_never_change", "published_modes"},
               .limits = {.processes_min = 2},
               .rare = {"no_entry_vanishes"}});
}

TEST(SimClaims, ProcessesThatAskTogetherShareOneDownload) {
  check_claim({.name = "single-flight",
               .invariants = {"one_download", "one_holder_per_lock"},
               .limits = {.processes_min = 2, .disk_faults = false, .process_faults = false}});
}

TEST(SimClaims, NobodyFailsForSomeoneElsesFault) {
  check_claim({.name = "isolation", .invariants = {"no_spurious_failure"}, .limits = {.processes_min = 2}});
}

TEST(SimClaims, ErrorsSayWhatHappened) {
  check_claim({.name = "honest-errors", .invariants = {"honest_errors"}, .limits = {}});
}

TEST(SimClaims, AnyKillIsRecoveredFromWithoutHands) {
  check_claim({.name = "recovery",
               .invariants = {"recovery_needs_no_hands", "nothing_left_over", "only_the_dead_are_swept"},
               .limits = {.network_faults = false}});
}

TEST(SimClaims, TheManifestAlwaysParses) {
  check_claim({.name = "manifest",
               .invariants = {"manifest_always_parses", "manifest_is_complete"},
               .limits = {.processes_min = 2}});
}

TEST(SimClaims, NothingOutsideTheDirectoryIsTouched) {
  check_claim({.name = "confinement", .invariants = {"confined_to_the_directory"}, .limits = {}});
}

TEST(SimClaims, EverybodyComesToAnEndWithinBounds) {
  check_claim({.name = "liveness", .invariants = {"everyone_comes_to_an_end", "retries_are_bounded"}, .limits = {}});
}

}  // namespace
}  // namespace stampede
