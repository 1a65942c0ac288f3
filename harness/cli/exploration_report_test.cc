// Every counter of the free world, in the text and in JSON, each another prime.
#include "harness/cli/exploration_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/cli/report_for_test.h"

namespace stampede {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

std::map<std::string, std::uint64_t> all_judged() {
  std::map<std::string, std::uint64_t> judged;
  for (const Invariant& each : all_invariants()) judged[std::string(each.id)] = 2;
  return judged;
}

ExplorationOptions options() {
  ExplorationOptions options;
  options.draw.processes = 7;
  options.draw.models = {generated_model("a", 1000), generated_model("b", 500)};
  options.draw.fault_share = 0.25;
  options.seed = 5;
  options.free.subject.name = "pooch";
  options.free.subject.not_promised = {{"one_download", "it never said so"}};
  return options;
}

ExplorationTotals primes() {
  ExplorationTotals totals;
  totals.runs = 101;
  totals.processes = 103;
  totals.successes = 107;
  totals.hits = 109;
  totals.failures = 113;
  totals.explained = 127;
  totals.connections = 131;
  totals.full_bodies = 137;
  totals.body_bytes_sent = 139;
  totals.cpu_times = {milliseconds(3), milliseconds(1), milliseconds(8)};
  totals.peak_memory_bytes = 149;
  totals.exits = {{"exited", 151}, {"killed by a signal", 157}};
  totals.seconds = 0.5;
  totals.failure = "no space";
  totals.faults = {{"none", 163}, {"reset_in_body", 167}};
  totals.operations = {{"get", 173}};
  totals.judged = all_judged();
  totals.judged["one_download"] = 179;
  totals.discoveries = {{.seed = 181,
                         .violations = {{"honest_errors", "a lie"}, {"one_download", "twice"}},
                         .plan_file = "plan.json",
                         .directory = "dir"}};
  totals.not_promised = {{"one_download", {.times = 191, .runs = 193, .seed = 197, .what = "two at once"}}};
  return totals;
}

TEST(ExplorationReport, ShowsEveryCounter) {
  const ExplorationTotals totals = primes();
  const auto& [runs, processes, successes, hits, failures, explained, connections, full_bodies, body_bytes_sent,
               cpu_times, peak_memory_bytes, exits, seconds, interrupted, failure, faults, operations, judged,
               discoveries, not_promised] = totals;
  const std::string text = text_of(options(), totals);
  const json object = json::parse(json_of(options(), totals));
  expect_counters(text, object,
                  {{runs, "runs", "plans"},
                   {runs, "", "schedules"},
                   {processes, "processes reaped", "processes"},
                   {successes, "gets succeeded", "successes"},
                   {hits, "of these hits (ledger)", "hits"},
                   {failures, "gets failed", "failures"},
                   {explained, "explained by faults", "failures_explained"},
                   {connections, "connections", "connections"},
                   {full_bodies, "full bodies sent", "full_bodies_sent"},
                   {body_bytes_sent, "", "body_bytes_sent"},
                   {peak_memory_bytes, "", "peak_memory_bytes"},
                   {exits.at("exited"), "exited", ""},
                   {exits.at("killed by a signal"), "killed by a signal", ""},
                   {faults.at("none"), "none", ""},
                   {faults.at("reset_in_body"), "reset_in_body", ""},
                   {judged.at("one_download"), "one_download", ""},
                   {2, "", "violation_count"},
                   {5, "", "seed"}});
  EXPECT_EQ(figure(text, "body bytes sent"), "139 B");
  EXPECT_EQ(figure(text, "peak memory, largest"), "149 B");
  EXPECT_EQ(figure(text, "CPU time, median"), "3.00 ms");
  EXPECT_EQ(figure(text, "CPU time, largest"), "8.00 ms");
  EXPECT_EQ(object.at("cpu_seconds"), 0.012) << cpu_times.size();
  EXPECT_EQ(object.at("seconds"), seconds);
  EXPECT_EQ(object.at("interrupted"), interrupted);
  EXPECT_EQ(object.at("failure"), failure);
  EXPECT_EQ(object.at("exits"), json(exits));
  EXPECT_EQ(object.at("judged"), json(judged));
  EXPECT_EQ(object.at("drawn"), json({{"get", operations.at("get")}, {"none", 163}, {"reset_in_body", 167}}));
  EXPECT_EQ(object.at("world"), "free");
  EXPECT_EQ(object.at("subject"), "pooch");
  EXPECT_TRUE(object.at("steps").is_null() && object.at("trace_hash").is_null());
  EXPECT_EQ(object.at("never_judged"), json::array());
  EXPECT_EQ(object.at("not_promised"),
            json::parse(R"([{"invariant": "one_download", "reason": "it never said so", "times": 191, "runs": 193,
                             "seed": 197, "what": "two at once"}])"));
  EXPECT_EQ(object.at("not_promised").size(), not_promised.size());
  EXPECT_EQ(object.at("violations"), json::parse(R"([
      {"invariant": "honest_errors", "what": "a lie", "plan": "plan.json", "seed": 181, "files": "dir", "step": null},
      {"invariant": "one_download", "what": "twice", "plan": "plan.json", "seed": 181, "files": "dir", "step": null}])"));
  EXPECT_EQ(totals.violation_count(), 2U) << discoveries.size();
}

TEST(ExplorationReport, SaysWhatWasExplored) {
  ExplorationOptions one = options();
  EXPECT_TRUE(text_of(one, primes())
                  .starts_with(
                      "pooch: 7 processes, 2 models (1500 B), one directory, faults on 25 % of connections, seed 5\n"));
  one.draw.separate_directories = true;
  EXPECT_NE(text_of(one, primes()).find(", a directory each, "), std::string::npos);
  EXPECT_NE(text_of(one, primes())
                .find("\nbroken, and not promised\n  one_download: 191 times in 193 of 101 runs; it never "
                      "said so\n    seed 197: two at once\n"),
            std::string::npos);
  ExplorationTotals totals = primes();
  totals.not_promised.clear();
  EXPECT_EQ(text_of(one, totals).find("not promised"), std::string::npos);
}

TEST(ExplorationReport, DoesNotKnowTheTimesOfNobody) {
  ExplorationTotals totals = primes();
  totals.cpu_times.clear();
  const std::string text = text_of(options(), totals);
  for (const char* const label : {"CPU time, median", "CPU time, largest", "peak memory, largest"}) {
    EXPECT_EQ(figure(text, label), "n/a");
  }
  EXPECT_TRUE(json::parse(json_of(options(), totals)).at("cpu_seconds").is_null());
}

TEST(ExplorationReport, PrintsBytesInTheUnitThatSuits) {
  ExplorationTotals totals = primes();
  for (const auto& [bytes, shown] : std::initializer_list<std::pair<std::uint64_t, const char*>>{
           {0, "0 B"}, {9'999, "9999 B"}, {10'000, "10.0 kB"}, {9'999'940, "9999.9 kB"}, {10'000'000, "10.0 MB"}}) {
    totals.body_bytes_sent = bytes;
    EXPECT_EQ(figure(text_of(options(), totals), "body bytes sent"), shown);
  }
}

TEST(ExplorationReport, ClaimsOnlyWhatWasJudged) {
  ExplorationTotals totals = primes();
  EXPECT_EQ(verdict_line(options(), totals),
            "VIOLATED: 2 violations in 1 of 101 runs, 103 processes, 220 gets (0.5 s)\n");
  totals.discoveries.clear();
  const std::string done = "101 runs, 103 processes, 220 gets";
  const std::string times = std::to_string(2 * (all_invariants().size() - 1) + 179);
  EXPECT_EQ(verdict_line(options(), totals),
            "all held: 0 violations in " + done + "; judged " + times + " times in 0.5 s\n");
  totals.judged = {{"one_download", 3}, {"honest_errors", 5}};
  const std::string line = verdict_line(options(), totals);
  EXPECT_TRUE(line.starts_with("held as far as judged: 0 violations in " + done +
                               "; judged 8 times in 0.5 s; judged 0 "
                               "times: bytes_are_what_was_asked, visible_means_complete, success_needs_bytes, "))
      << line;
  totals.judged.clear();
  EXPECT_EQ(verdict_line(options(), totals), "nothing was judged: no invariant was applied in " + done + "\n");
  totals.runs = 0;
  EXPECT_EQ(verdict_line(options(), totals), "nothing was judged: no run was completed\n");
}

TEST(ExplorationReport, NamesWhatWasNeverJudgedWhereItCouldHaveBeen) {
  ExplorationOptions one = options();
  ExplorationTotals totals = primes();
  const auto never = [&] { return json::parse(json_of(one, totals)).at("never_judged"); };
  totals.judged = all_judged();
  totals.judged["honest_errors"] = totals.judged["faults_were_played"] = totals.judged["hits_caused_no_request"] = 0;
  EXPECT_EQ(never(), json({"hits_caused_no_request", "faults_were_played", "honest_errors"}));
  totals.failures = 0;
  EXPECT_EQ(never(), json({"hits_caused_no_request", "faults_were_played"})) << "no get failed";
  one.draw.fault_share = 0;
  EXPECT_EQ(never(), json({"hits_caused_no_request"})) << "no fault was drawn";
  one.free.subject.command.emplace();
  EXPECT_EQ(never(), json::array()) << "a command cannot be asked";
  totals.judged.erase("one_download");
  EXPECT_EQ(never(), json({"one_download"}));
}

Discovery discovery(std::uint64_t seed, std::size_t violations) {
  Discovery found{.seed = seed, .violations = {}, .plan_file = "free.json", .directory = "kept"};
  for (std::size_t i = 0; i < violations; ++i) {
    const std::string number = std::to_string(seed) + std::to_string(i);
    found.violations.push_back({"i" + number, "what " + number});
  }
  return found;
}

TEST(ViolationText, TellsTheFirstInFourLines) {
  ExplorationTotals totals;
  EXPECT_EQ(violation_text(totals, "command"), "");
  totals.discoveries = {discovery(4, 1)};
  EXPECT_EQ(
      violation_text(totals, "stampede explore --x"),
      "violated: i40: what 40\n"
      "plan:     free.json\n"
      "repeat:   stampede explore --x --seed 4 --runs 1   (the free world draws the same plan, not the same moves)\n"
      "files:    kept\n\n");
  totals.discoveries[0].plan_file.clear();
  EXPECT_NE(violation_text(totals, "").find("\nplan:     could not be written\n"), std::string::npos);
}

TEST(ViolationText, ShowsFiveAndCountsTheRest) {
  const auto also = [](const ExplorationTotals& totals) {
    const std::string text = violation_text(totals, "command"), last = "files:    kept\n";
    const std::size_t at = text.find(last);
    return at == std::string::npos ? text : text.substr(at + last.size());
  };
  ExplorationTotals totals;
  totals.discoveries = {discovery(1, 2), discovery(2, 1), discovery(3, 2)};
  const std::string five =
      "also:     seed 1: i11: what 11\nalso:     seed 2: i20: what 20\nalso:     seed 3: i30: what 30\n"
      "also:     seed 3: i31: what 31\n";
  EXPECT_EQ(also(totals), five + "\n");
  totals.discoveries.push_back(discovery(4, 1));
  EXPECT_EQ(also(totals), five + "and 1 more\n\n");
  totals.discoveries.push_back(discovery(5, 3));
  EXPECT_EQ(also(totals), five + "and 4 more\n\n");
  totals.discoveries = {discovery(1, 6)};
  EXPECT_EQ(also(totals),
            "also:     seed 1: i11: what 11\nalso:     seed 1: i12: what 12\nalso:     seed 1: i13: what 13\n"
            "also:     seed 1: i14: what 14\nand 1 more\n\n");
}

}  // namespace
}  // namespace stampede
