// What replays say of every plan and of all: each counter another prime.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/cli/report_for_test.h"
#include "harness/cli/sim_report.h"

namespace stampede {
namespace {

using nlohmann::json;

std::string hash_of(std::initializer_list<const char*> hashes) {
  TraceHash hash;
  for (const std::string text : hashes) {
    for (const char c : text) hash.add_number(static_cast<unsigned char>(c));
  }
  return hash_text(hash.value());
}

ReplayReport good() {
  ReplayReport report;
  report.name = "good.json";
  report.trace_hash = "aa";
  report.processes = 11;
  report.steps = 13;
  report.judged = {17, 19};
  report.allowed.set(0);
  report.speed = {23, 0.25};
  report.other_speed = {29, 0.5};
  return report;
}

ReplayReport bad() {
  ReplayReport report;
  report.name = "bad.json";
  report.verdict = ReplayVerdict::broken;
  report.detail = "the detail";
  report.violations = {{.invariant = "one_download", .object = "m0", .what = "twice", .step = 31},
                       {.invariant = "honest_errors", .object = "m1", .what = "liar", .step = 37}};
  report.trace_hash = "bb";
  report.has_moved = true;
  report.unused_switches = 41;
  report.unmet_process_faults = 43;
  report.processes = 47;
  report.steps = 53;
  report.judged = {59, 61, 67};
  report.allowed.set(3);
  report.speed = {71, 0.5};
  report.other_speed = {73, 1.5};
  report.kills = {{"one_mutant", "one_download"}, {"another", ""}};
  return report;
}

Replayed both() {
  Replayed replayed;
  replayed.add(good());
  replayed.add(bad());
  replayed.seconds = 0.125;
  replayed.subject = "some.so";
  return replayed;
}

TEST(Replayed, AddsUpWhatEachPlanTook) {
  const Replayed replayed = both();
  const auto& [reports, judged, allowed, steps, processes, hash, seconds, speed, other_speed, world, subject, is_sharp,
               interrupted] = replayed;
  const auto id = [](std::size_t place) { return std::string(watched_invariants()[place].id); };
  EXPECT_EQ(reports.size(), 2U);
  EXPECT_EQ(judged, (std::map<std::string, std::uint64_t>{{id(0), 76}, {id(1), 80}, {id(2), 67}}));
  EXPECT_EQ(allowed, InvariantSet(0b1001));
  EXPECT_EQ(steps, 66U);
  EXPECT_EQ(processes, 58U);
  EXPECT_EQ(hash_text(hash.value()), hash_of({"aa", "bb"}));
  EXPECT_EQ(speed.schedules, 94U);
  EXPECT_EQ(speed.seconds, 0.75);
  EXPECT_EQ(other_speed.schedules, 102U);
  EXPECT_EQ(other_speed.seconds, 2.0);
  const json object = json::parse(json_of(replayed));
  for (const auto& [key, value] : std::initializer_list<std::pair<const char*, std::uint64_t>>{{"plans", 2},
                                                                                               {"schedules", 196},
                                                                                               {"steps", 66},
                                                                                               {"processes", 58},
                                                                                               {"stale", 0},
                                                                                               {"uncontrolled", 0},
                                                                                               {"dull", 0},
                                                                                               {"moved", 1}}) {
    EXPECT_EQ(object.at(key), value) << key;
  }
  EXPECT_EQ(object.at("judged"), json(judged));
  EXPECT_EQ(object.at("never_judged"), json({id(3)}));
  EXPECT_EQ(object.at("trace_hash"), hash_of({"aa", "bb"}));
  EXPECT_EQ(object.at("seconds"), seconds);
  EXPECT_EQ(object.at("world"), world);
  EXPECT_EQ(object.at("subject"), subject);
  EXPECT_EQ(object.at("interrupted"), interrupted);
  EXPECT_EQ(object.at("speeds"), json::parse(R"({"sim": {"schedules": 94, "seconds": 0.75,
      "schedules_per_second": 125.33333333333333}})"));
  EXPECT_TRUE(object.at("seed").is_null());
  EXPECT_EQ(object.at("drawn"), json::object()) << is_sharp;
}

TEST(Replayed, TellsOfEachPlanInJson) {
  const ReplayReport report = bad();
  const auto& [name, verdict, detail, violations, trace_hash, has_moved, unused_switches, unmet_process_faults,
               processes, steps, judged, allowed, speed, other_speed, kills] = report;
  const json object = json::parse(json_of(both()));
  EXPECT_EQ(object.at("replayed").at(1), json({{"name", name},
                                               {"verdict", name_of(verdict)},
                                               {"detail", detail},
                                               {"trace_hash", trace_hash},
                                               {"moved", has_moved},
                                               {"unused_switches", unused_switches},
                                               {"unmet_process_faults", unmet_process_faults},
                                               {"steps", steps},
                                               {"kills", {{"one_mutant", "one_download"}, {"another", nullptr}}}}));
  EXPECT_EQ(object.at("replayed").at(0).at("moved"), false);
  EXPECT_EQ(object.at("replayed").at(0).at("verdict"), "as expected");
  EXPECT_EQ(
      object.at("violations"),
      json::parse(R"([{"invariant": "one_download", "object": "m0", "what": "twice", "plan": "bad.json", "step": 31},
                            {"invariant": "honest_errors", "object": "m1", "what": "liar", "plan": "bad.json", "step": 37}])"));
  EXPECT_EQ(object.at("violations").size(), violations.size());
  EXPECT_EQ(processes + judged.size() + allowed.count() + speed.schedules + other_speed.schedules + kills.size(), 197U);
}

TEST(Replayed, TellsOfBothWorlds) {
  Replayed replayed = both();
  replayed.world = "both";
  const json speeds = json::parse(json_of(replayed)).at("speeds");
  EXPECT_EQ(speeds.at("sim").at("schedules"), 94);
  EXPECT_EQ(speeds.at("live"), json::parse(R"({"schedules": 102, "seconds": 2.0, "schedules_per_second": 51.0})"));
  EXPECT_EQ(last_line(text_of(replayed, false)), "sim: 94 schedules, 125 a second; live: 102 schedules, 51 a second");
  replayed.world = "live";
  EXPECT_EQ(last_line(text_of(replayed, false)), "live: 94 schedules, 125 a second");
}

// A report of each verdict, as many as its place among primes.
TEST(Replayed, CountsEachVerdict) {
  using enum ReplayVerdict;
  Replayed replayed;
  const std::pair<ReplayVerdict, int> counts[] = {{as_expected, 2}, {broken, 3}, {mended, 5},        {diverged, 7},
                                                  {dull, 11},       {stale, 13}, {uncontrolled, 17}, {not_run, 19}};
  for (const auto& [verdict, count] : counts) {
    for (int i = 0; i < count; ++i) {
      ReplayReport report;
      report.verdict = verdict;
      report.name = std::string(name_of(verdict)) + std::to_string(i);
      report.has_moved = verdict == dull;
      if (verdict == stale) report.kills = {{"a", "x"}, {"b", ""}, {"c", "y"}};
      replayed.add(std::move(report));
    }
  }
  for (const auto& [verdict, count] : counts) EXPECT_EQ(replayed.count(verdict), count) << name_of(verdict);
  replayed.seconds = 0.25;
  std::string text = text_of(replayed, false);
  EXPECT_TRUE(
      text.ends_with("\n77 replayed in sim: 2 as expected, 3 violated, 5 held against expectation, 7 diverged, 13 "
                     "stale, 17 uncontrolled, 19 not run; 11 traces moved (0.25 s)\nsim: 0 schedules, 0 a second\n"))
      << text;
  EXPECT_EQ(text.find("as expected0"), std::string::npos);
  EXPECT_NE(text.find("DULL        DULL0  (trace moved)\n"), std::string::npos) << text;
  replayed.is_sharp = true;
  text = text_of(replayed, true);
  EXPECT_NE(text.find(", 13 stale, 11 dull (26 kills), 17 uncontrolled"), std::string::npos) << text;
  EXPECT_NE(text.find("as expected as expected0\n"), std::string::npos) << text;
  const json object = json::parse(json_of(replayed));
  for (const auto& [key, value] : std::initializer_list<std::pair<const char*, int>>{{"as_expected", 2},
                                                                                     {"violated", 3},
                                                                                     {"held", 5},
                                                                                     {"diverged", 7},
                                                                                     {"dull", 11},
                                                                                     {"stale", 13},
                                                                                     {"uncontrolled", 17},
                                                                                     {"not_run", 19},
                                                                                     {"kills", 26},
                                                                                     {"moved", 11},
                                                                                     {"plans", 77}}) {
    EXPECT_EQ(object.at(key), value) << key;
  }
}

TEST(Replayed, CountsTheSameSchedulesInTextAndJson) {
  Replayed replayed = both();
  replayed.world = "both";
  EXPECT_EQ(json::parse(json_of(replayed)).at("schedules"), 94 + 102);
  EXPECT_NE(text_of(replayed, false).find("\nsim: 94 schedules, 125 a second; live: 102 schedules, 51 a second\n"),
            std::string::npos)
      << text_of(replayed, false);
}

TEST(Replayed, SaysNothingMoreOfSeedsThatAreStale) {
  Replayed replayed;
  EXPECT_TRUE(last_line(text_of(replayed, false)).starts_with("nothing was judged: "));
  for (const auto& [verdict, is_said] : std::initializer_list<std::pair<ReplayVerdict, bool>>{
           {ReplayVerdict::stale, false}, {ReplayVerdict::stale, false}, {ReplayVerdict::uncontrolled, true}}) {
    ReplayReport report;
    report.verdict = verdict;
    replayed.add(std::move(report));
    EXPECT_EQ(last_line(text_of(replayed, false)).starts_with("nothing was judged: "), is_said);
  }
}

TEST(Replayed, FailsByAnyVerdictThatIsAFailure) {
  using enum ReplayVerdict;
  for (const auto& [verdict, fails] : std::initializer_list<std::pair<ReplayVerdict, bool>>{{as_expected, false},
                                                                                            {broken, true},
                                                                                            {mended, true},
                                                                                            {diverged, true},
                                                                                            {dull, true},
                                                                                            {stale, false},
                                                                                            {not_run, false},
                                                                                            {uncontrolled, false}}) {
    Replayed replayed;
    EXPECT_FALSE(replayed.has_failed());
    replayed.reports.resize(2);
    replayed.reports[1].verdict = verdict;
    EXPECT_EQ(replayed.has_failed(), fails) << name_of(verdict);
  }
}

TEST(Replayed, ShowsALineForEachPlanThatIsNotAsExpected) {
  const std::string text = text_of(both(), false);
  EXPECT_TRUE(
      text.starts_with("VIOLATED    bad.json  (trace moved)  (41 switches never came up)  (43 process faults never "
                       "came up)\n            the detail\n2 replayed in sim: 1 as expected, 1 violated, "))
      << text;
  EXPECT_EQ(text.find("times judged"), std::string::npos);
  const std::string whole = text_of(both(), true);
  EXPECT_TRUE(whole.starts_with("as expected good.json\nVIOLATED ")) << whole;
  EXPECT_EQ(figure(whole, std::string(watched_invariants()[0].id)), "76");
}

TEST(Replayed, NamesInTheLastLineWhatWasNeverJudged) {
  Replayed replayed;
  replayed.add(good());
  replayed.seconds = 0.5;
  EXPECT_EQ(last_line(text_of(replayed, false)), "sim: 23 schedules, 92 a second") << "all that was allowed was judged";
  replayed.allowed.set(5);
  EXPECT_EQ(last_line(text_of(replayed, false)),
            "held as far as judged: nothing unexpected in 1 replayed; judged 36 times in 0.5 s; judged 0 times: " +
                std::string(watched_invariants()[5].id));
  replayed.judged.clear();
  EXPECT_EQ(last_line(text_of(replayed, false)), "nothing was judged: no invariant was applied in 1 replayed");
  replayed.add(bad());
  EXPECT_EQ(last_line(text_of(replayed, false)).substr(0, 5), "sim: ") << "what failed claims nothing";
}

}  // namespace
}  // namespace stampede
