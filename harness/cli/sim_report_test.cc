// Every counter of controlled worlds, in the text and in JSON, each another prime.
#include "harness/cli/sim_report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/cli/report_for_test.h"
#include "harness/free/directory_for_test.h"
#include "harness/plan/plan_json.h"
#include "harness/run/sim_benchmark.h"

namespace stampede {
namespace {

using nlohmann::json;

// Every one that is known is allowed, and none but `one_download` was judged.
std::vector<std::string> all_but_one_download() {
  std::vector<std::string> ids;
  for (const WatchedInvariant& each : watched_invariants()) {
    if (each.id != "one_download") ids.emplace_back(each.id);
  }
  return ids;
}

StepViolation violation(const std::string& invariant, std::uint64_t step) {
  return {.invariant = invariant, .object = "of " + invariant, .what = "what " + invariant, .step = step};
}

SimDiscovery discovery(std::uint64_t seed, std::vector<StepViolation> violations, const std::string& divergence = "") {
  SimDiscovery found{seed, three_get_one(), std::move(violations), divergence};
  found.plan.note.trace_hash = hash_text(seed);
  return found;
}

SimTotals primes() {
  SimTotals totals;
  totals.plans = 101;
  totals.schedules = 103;
  totals.repetitions = 107;
  totals.divergences = 109;
  totals.uncontrolled = 113;
  totals.steps = 127;
  totals.preemptions = 131;
  totals.processes = 137;
  totals.violations = 139;
  totals.repeating = 149;
  totals.seconds = 0.5;
  totals.trace_hash = 0x1234;
  totals.judged = {{"one_download", 151}};
  totals.allowed = everything();
  totals.drawn = {{"get", 157}, {"reset_in_body", 163}};
  totals.strategies = {{"pct:2", {.runs = 167, .hits = 173}}, {"pos", {.runs = 179, .hits = 181}}};
  totals.promise = {
      .processes = 191, .shared_steps = 193, .shared_steps_seen = 197, .guarantees = {{2, 0.25}, {3, 0.125}}};
  totals.why_uncontrolled = "a call of its own";
  totals.is_exhausted = totals.is_reduced = true;
  return totals;
}

TEST(SimReport, ShowsEveryCounterOfAnExploration) {
  const SimTotals totals = primes();
  SimExplorationOptions options;
  options.seed = 199;
  options.world = "live";
  options.subject = "some.so";
  // A field that is not here is one that nobody looks at.
  const auto& [plans, schedules, repetitions, steps, processes, preemptions, seconds, judged, allowed, drawn,
               strategies, promise, violations, divergences, uncontrolled, why_uncontrolled, discoveries, trace_hash,
               is_exhausted, is_reduced, repeating, interrupted] = totals;
  const std::string text = text_of(options, totals);
  const json object = json::parse(json_of(options, totals, {}));
  expect_counters(text, object,
                  {{plans, "plans", "plans"},
                   {schedules, "schedules", "schedules"},
                   {repetitions, "repeated and compared", "repetitions"},
                   {divergences, "divergences", "divergences"},
                   {uncontrolled, "uncontrolled", "uncontrolled"},
                   {steps, "steps", "steps"},
                   {preemptions, "preemptions", "preemptions"},
                   {processes, "processes", "processes"},
                   {420, "schedules per second", ""},
                   {judged.at("one_download"), "one_download", ""},
                   {drawn.at("get"), "get", ""},
                   {drawn.at("reset_in_body"), "reset_in_body", ""},
                   {violations, "", "violation_count"},
                   {repeating, "", "repeating"},
                   {options.seed, "", "seed"}});
  EXPECT_EQ(figure(text, "trace hash"), hash_text(trace_hash));
  EXPECT_EQ(object.at("trace_hash"), hash_text(trace_hash));
  EXPECT_EQ(object.at("seconds"), seconds);
  EXPECT_EQ(object.at("judged"), json(judged));
  EXPECT_EQ(object.at("never_judged"), json(all_but_one_download()));
  EXPECT_EQ(object.at("never_judged").size() + 1, allowed.count());
  EXPECT_EQ(object.at("drawn"), json(drawn));
  EXPECT_EQ(object.at("strategies"),
            json::parse(R"({"pct:2": {"runs": 167, "hits": 173}, "pos": {"runs": 179, "hits": 181}})"));
  EXPECT_EQ(object.at("strategies").size(), strategies.size());
  EXPECT_EQ(object.at("guaranteed"), json::parse(R"({"processes": 191, "shared_steps": 193, "shared_steps_seen": 197,
      "depths": [{"depth": 2, "probability": 0.25}, {"depth": 3, "probability": 0.125}]})"));
  EXPECT_EQ(object.at("guaranteed").at("processes"), promise->processes);
  EXPECT_EQ(object.at("exhausted"), is_exhausted);
  EXPECT_EQ(object.at("reduced"), is_reduced);
  EXPECT_EQ(object.at("interrupted"), interrupted);
  EXPECT_EQ(object.at("world"), "live");
  EXPECT_EQ(object.at("subject"), "some.so");
  EXPECT_EQ(object.at("violations"), json::array()) << discoveries.size();
  EXPECT_NE(text.find("\nuncontrolled: " + why_uncontrolled + "\n"), std::string::npos) << text;
  EXPECT_TRUE(text.starts_with("some.so in live, drawn plans, seed 199\n")) << text;
  EXPECT_EQ(last_line(text), "VIOLATED: 139 violations, 109 divergences in 103 schedules of 101 plans (0.5 s)");
  EXPECT_NE(text.find("\n149 of the 103 turned out to repeat others"), std::string::npos) << text;
}

TEST(SimReport, ShowsWhatEachStrategyDidAndWhatIsGuaranteed) {
  SimTotals totals = primes();
  std::string text = text_of({}, totals);
  const auto has = [&text](const std::string& what) { return text.find(what) != std::string::npos; };
  EXPECT_EQ(figure(text, "strategy"), "runs");
  const std::string pct = text.substr(text.find("pct:2"), text.substr(text.find("pct:2")).find('\n'));
  EXPECT_EQ(figure(pct, "pct:2"), "167");
  EXPECT_TRUE(pct.ends_with(" 173")) << pct;
  EXPECT_EQ(figure(text, "pos"), "179");
  EXPECT_TRUE(
      has("guaranteed to be found (191 processes, 193 shared steps; the longest run had 197, so of bugs within "
          "the first 193):\n    any bug of depth 2 with probability 0.2500 or more\n    any bug of depth 3 with "
          "probability 0.1250 or more\n"))
      << text;
  totals.promise->shared_steps_seen = 193;
  totals.promise->guarantees = {{2, 0.0005}, {3, 0.0005}, {4, 0.0005}};
  text = text_of({}, totals);
  EXPECT_TRUE(
      has("guaranteed to be found (191 processes, 193 shared steps):\n    any bug of depth 2 with probability "
          "0.0005 or more\n\n"))
      << text;
  totals.promise->guarantees = {{2, 0.5}, {3, 0.001}, {4, 0.0009}};
  text = text_of({}, totals);
  EXPECT_TRUE(has("depth 3 with probability 0.0010 or more\n\n")) << text;
  totals.promise->guarantees.clear();
  text = text_of({}, totals);
  EXPECT_TRUE(has("  guaranteed to be found: n/a, since no schedule of PCT was run\n")) << text;
  EXPECT_TRUE(json::parse(json_of({}, totals, {})).at("guaranteed").is_null());
  totals.promise.reset();
  text = text_of({}, totals);
  EXPECT_TRUE(has("  guaranteed to be found: n/a, since each plan is another program\n")) << text;
  EXPECT_TRUE(json::parse(json_of({}, totals, {})).at("guaranteed").is_null());
}

TEST(SimReport, NamesWhatWasSearchedAndWhatIsExhausted) {
  SimExplorationOptions options;
  options.seed = 7;
  options.shard = 2;
  options.shards = 8;
  options.plan = three_get_one();
  SimTotals totals = primes();
  totals.is_reduced = false;
  EXPECT_TRUE(text_of(options, totals).starts_with("modelcache in sim, schedules of one plan, seed 7, shard 2/8\n"));
  EXPECT_NE(text_of(options, totals).find("\nevery schedule within the bound was run\n"), std::string::npos);
  totals.is_exhausted = false;
  EXPECT_EQ(text_of(options, totals).find("every schedule"), std::string::npos);
  totals.uncontrolled = 0;
  EXPECT_EQ(text_of(options, totals).find("uncontrolled"), std::string::npos);
  totals.seconds = 0;
  EXPECT_EQ(figure(text_of(options, totals), "schedules per second"), "0");
}

TEST(SimReport, ClaimsOfAnExplorationOnlyWhatWasJudged) {
  SimTotals totals = primes();
  totals.violations = 1, totals.divergences = 0;
  EXPECT_EQ(last_line(text_of({}, totals)),
            "VIOLATED: 1 violations, 0 divergences in 103 schedules of 101 plans (0.5 s)");
  totals.violations = 0, totals.divergences = 1;
  EXPECT_EQ(last_line(text_of({}, totals)),
            "VIOLATED: 0 violations, 1 divergences in 103 schedules of 101 plans (0.5 s)");
  totals.divergences = 0;
  totals.allowed.reset();
  EXPECT_EQ(last_line(text_of({}, totals)),
            "all held: 0 violations in 103 schedules of 101 plans; judged 151 times in 0.5 s");
  totals.allowed.set(0);
  const std::string first(watched_invariants()[0].id);
  EXPECT_EQ(
      last_line(text_of({}, totals)),
      "held as far as judged: 0 violations in 103 schedules of 101 plans; judged 151 times in 0.5 s; judged 0 times: " +
          first);
  totals.judged.clear();
  EXPECT_EQ(last_line(text_of({}, totals)),
            "nothing was judged: no invariant was applied in 103 schedules of 101 plans");
  totals.schedules = 0;
  EXPECT_EQ(last_line(text_of({}, totals)), "nothing was judged: no run was completed");
}

KillSweep swept() {
  KillSweep sweep;
  sweep.points = 101;
  sweep.runs = 103;
  sweep.expected = 107;
  sweep.met = 109;
  sweep.processes = 113;
  sweep.kills_before = 127;
  sweep.kills_after = 131;
  sweep.steps = 137;
  sweep.violations = 139;
  sweep.judged = {{"one_download", 149}};
  sweep.allowed = everything();
  sweep.trace_hash = 0x99;
  sweep.seconds = 0.5;
  return sweep;
}

TEST(SweepReport, ShowsEveryCounter) {
  const KillSweep sweep = swept();
  const auto& [points, runs, expected, met, processes, kills_before, kills_after, steps, discoveries, violations,
               judged, allowed, trace_hash, seconds, interrupted, uncontrolled] = sweep;
  const json object = json::parse(json_of(sweep, "live", {}));
  for (const auto& [key, value] :
       std::initializer_list<std::pair<const char*, std::uint64_t>>{{"points", points},
                                                                    {"schedules", runs},
                                                                    {"schedules_expected", expected},
                                                                    {"kills_met", met},
                                                                    {"processes", processes},
                                                                    {"steps", steps},
                                                                    {"violation_count", violations},
                                                                    {"plans", 1},
                                                                    {"uncontrolled", 0}}) {
    EXPECT_EQ(object.at(key), value) << key;
  }
  EXPECT_EQ(object.at("drawn"), json({{"kill_before", kills_before}, {"kill_after", kills_after}}));
  EXPECT_EQ(object.at("judged"), json(judged));
  EXPECT_EQ(object.at("never_judged"), json(all_but_one_download()));
  EXPECT_EQ(object.at("never_judged").size() + 1, allowed.count());
  EXPECT_EQ(object.at("trace_hash"), hash_text(trace_hash));
  EXPECT_EQ(object.at("seconds"), seconds);
  EXPECT_EQ(object.at("interrupted"), interrupted);
  EXPECT_EQ(object.at("complete"), false);
  EXPECT_EQ(object.at("violations").size(), discoveries.size());
  EXPECT_EQ(object.at("world"), "live");
  EXPECT_EQ(object.at("subject"), "modelcache");
  EXPECT_TRUE(object.at("seed").is_null());
  const std::string text = text_of(sweep, false);
  EXPECT_TRUE(
      text.starts_with("101 points of single kills (before and after each step of each process)\n"
                       "103 of 107 kills run, 109 of them as planned\n"
                       "113 processes, 137 steps, 127 kills before a step, 131 after one\n"
                       "trace hash " +
                       hash_text(0x99) + "\n"))
      << text;
  EXPECT_EQ(figure(text, "one_download"), "149");
  EXPECT_EQ(last_line(text), "VIOLATED: 139 violations in 103 runs (0.5 s)") << uncontrolled;
  EXPECT_NE(text_of(sweep, true).find("\n103 of 107 pairs of kills run, 109 of them as planned\n"), std::string::npos);
}

TEST(SweepReport, SaysWhetherItIsComplete) {
  KillSweep sweep = swept();
  sweep.violations = 1;
  EXPECT_EQ(last_line(text_of(sweep, false)), "VIOLATED: 1 violations in 103 runs (0.5 s)");
  sweep.violations = 0;
  EXPECT_EQ(last_line(text_of(sweep, false)), "incomplete: 0 violations in 103 runs, 137 steps (0.5 s)");
  sweep.met = sweep.expected = 103;
  sweep.allowed.reset();
  EXPECT_EQ(last_line(text_of(sweep, false)),
            "all held: 0 violations in 103 runs, 137 steps; judged 149 times in 0.5 s");
  EXPECT_NE(text_of(sweep, false).find("103 of them as planned: all were seen\n"), std::string::npos);
  EXPECT_EQ(json::parse(json_of(sweep, "sim", {})).at("complete"), true);
  sweep.judged.clear();
  EXPECT_EQ(last_line(text_of(sweep, false)), "nothing was judged: no invariant was applied in 103 runs, 137 steps");
  sweep.uncontrolled = "a call";
  EXPECT_NE(text_of(sweep, false).find("\nuncontrolled, so it ended there: a call\nincomplete: "), std::string::npos);
  EXPECT_EQ(json::parse(json_of(sweep, "sim", {})).at("uncontrolled"), 1);
  EXPECT_EQ(json::parse(json_of(sweep, "sim", {})).at("complete"), false);
}

TEST(ViolationsJson, HasEachFieldOfEachViolation) {
  const std::vector<SavedDiscovery> saved = {
      {discovery(11, {violation("one_download", 13), violation("honest_errors", 17)}), "a.json"},
      {discovery(19, {}, "step 3: expected x, got y"), "b.json"},
      {discovery(23, {violation("no_spurious_failure", 29)}, "step 5"), ""}};
  const json expected = json::parse(R"([
    {"invariant": "one_download", "object": "of one_download", "what": "what one_download", "plan": "a.json",
     "seed": 11, "step": 13, "shrunk": null},
    {"invariant": "honest_errors", "object": "of honest_errors", "what": "what honest_errors", "plan": "a.json",
     "seed": 11, "step": 17, "shrunk": null},
    {"invariant": "divergence", "object": "", "what": "step 3: expected x, got y", "plan": "b.json", "seed": 19,
     "step": null},
    {"invariant": "no_spurious_failure", "object": "of no_spurious_failure", "what": "what no_spurious_failure",
     "plan": "", "seed": 23, "step": 29, "shrunk": null},
    {"invariant": "divergence", "object": "", "what": "step 5", "plan": "", "seed": 23, "step": null}])");
  EXPECT_EQ(json::parse(json_of(SimExplorationOptions{}, SimTotals{}, saved)).at("violations"), expected);
  EXPECT_EQ(json::parse(json_of(KillSweep{}, "sim", saved)).at("violations"), expected);
}

TEST(ViolationsJson, HasWhatWasShrunkWithTheFirstViolationOfItsPlan) {
  SavedDiscovery saved{discovery(11, {violation("one_download", 13), violation("honest_errors", 17)}), "a.json"};
  saved.smallest.emplace();
  saved.smallest->shrunk.violation = violation("one_download", 31);
  saved.shrunk_file = "a-shrunk.json";
  const json list = json::parse(json_of(SimExplorationOptions{}, SimTotals{}, {saved})).at("violations");
  ASSERT_EQ(list.size(), 2U);
  ASSERT_TRUE(list[0].at("shrunk").is_object()) << list;
  EXPECT_EQ(list[0].at("shrunk").at("plan"), "a-shrunk.json");
  EXPECT_EQ(list[0].at("shrunk").at("step"), 31);
  EXPECT_EQ(list[0].at("shrunk").at("before").at("processes"), 3);
  EXPECT_EQ(list[0].at("shrunk").at("after").at("processes"), 0);
  EXPECT_TRUE(list[1].at("shrunk").is_null());
}

// What stands below the four lines of the first one.
std::string others(const std::vector<SavedDiscovery>& saved, std::uint64_t violations) {
  const std::string text = discovery_text(saved, violations, "modelcache");
  const std::size_t at = text.find("says why)\n");
  return at == std::string::npos ? text : text.substr(at + 10);
}

TEST(DiscoveryText, ShowsFiveAndCountsAll) {
  std::vector<SavedDiscovery> saved;
  EXPECT_EQ(discovery_text(saved, 0, "modelcache"), "");
  std::string also;
  for (std::uint64_t i = 0; i < 7; ++i) {
    const std::string file = i == 2 ? "" : std::to_string(i) + ".json";
    saved.push_back(
        {i == 1 ? discovery(i, {}, "step 9") : discovery(i, {violation("i" + std::to_string(i), i)}), file});
    const std::string what = i == 1 ? "divergence: two runs of one plan differ: step 9"
                                    : "i" + std::to_string(i) + ": what i" + std::to_string(i);
    if (i > 0 && i < 5) also += "also:     " + what + "\n          " + file + "\n";
    const std::uint64_t written = i < 2 ? i + 1 : i;
    const std::string all = "41 violations in all; plans of " + std::to_string(written) + " runs were saved\n";
    EXPECT_EQ(others(saved, 41), also + all + "\n") << i;
    EXPECT_EQ(others(saved, 2), also + "2" + all.substr(2) + "\n") << i;
    EXPECT_EQ(others(saved, 1), also + "\n") << i;
  }
  EXPECT_TRUE(discovery_text(saved, 1, "modelcache")
                  .starts_with("violated: i0: what i0\nplan:     3 processes, m0 1 KiB: get m0 | get m0 | get m0\n"
                               "replay:   stampede replay 0.json\nfile:     0.json   "))
      << discovery_text(saved, 1, "modelcache");
}

TEST(DiscoveryText, ShowsThoseThatWereShrunkFirst) {
  std::vector<SavedDiscovery> saved;
  for (std::uint64_t i = 0; i < 7; ++i) {
    saved.push_back({discovery(i, {violation("i" + std::to_string(i), i)}), std::to_string(i) + ".json"});
    if (i % 2 == 1) continue;
    saved.back().shrunk_file = "small" + std::to_string(i);
    saved.back().smallest.emplace().shrunk.plan = three_get_one();
    saved.back().smallest->shrunk.plan.note.why = "why " + std::to_string(i);
  }
  const std::string text = discovery_text(saved, 7, "modelcache");
  const std::string line = print_line(three_get_one());
  EXPECT_TRUE(text.starts_with("violated: why 0\n")) << text;
  EXPECT_TRUE(text.ends_with("\nfound as: 0.json\nalso:     why 2\n          " + line +
                             "\n          small2\nalso:     why 4\n          " + line +
                             "\n          small4\nalso:     why 6\n          " + line +
                             "\n          small6\nalso:     i1: what i1\n          1.json\n"
                             "7 violations in all; plans of 7 runs were saved\n\n"))
      << text;
}

TEST(SaveDiscoveries, WritesPlansWithTheirNotes) {
  const TestDirectory directory;
  const std::string out = directory.path() + "/below/out";
  EXPECT_TRUE(save_discoveries({}, out, "command").empty());
  EXPECT_FALSE(std::filesystem::exists(out)) << "nothing was found, so nothing is made";
  const auto saved = save_discoveries(
      {discovery(1, {violation("one_download", 2), violation("honest_errors", 3)}), discovery(2, {}, "step 4")}, out,
      "the command");
  ASSERT_EQ(saved.size(), 2U);
  EXPECT_EQ(saved[0].file, out + "/sim-one_download-0000000000000001.json");
  EXPECT_EQ(saved[1].file, out + "/sim-divergence-0000000000000002.json");
  const auto first = read_plan(saved[0].file), second = read_plan(saved[1].file);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(*first, saved[0].discovery.plan);
  EXPECT_EQ(first->note.why, "one_download: what one_download");
  EXPECT_EQ(first->note.expect, "one_download");
  EXPECT_EQ(first->note.found_by, "the command");
  EXPECT_EQ(second->note.why, "divergence: two runs of one plan differ: step 4");
  EXPECT_EQ(second->note.expect, "holds");
  const auto unwritten = save_discoveries({discovery(1, {violation("one_download", 2)})}, saved[0].file + "/x", "c");
  ASSERT_EQ(unwritten.size(), 1U);
  EXPECT_EQ(unwritten[0].file, "");
}

}  // namespace
}  // namespace stampede
