// Every figure of the benchmark, in its column and in JSON, each another prime.
#include "harness/cli/bench_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/cli/report_for_test.h"

namespace stampede {
namespace {

using nlohmann::json;
using std::chrono::microseconds;
using std::chrono::milliseconds;

RowMeasures free_row() {
  RowMeasures row;
  row.name = "cold";
  row.start = StartMode::fork;
  row.processes = 3;
  row.runs = 5;
  row.seconds = 0.0007;
  row.seconds_min = 0.0011;
  row.seconds_max = 0.0013;
  row.get_seconds = 0.0017;
  row.processes_per_second = 1.9;
  row.hit_ratio = 0.023;
  row.mb_per_second = 2.9;
  row.ratio_to_start = 0.31;
  row.ratio_to_copy = 0.37;
  row.ratio_to_hash = 0.41;
  row.gets_succeeded = 43;
  row.gets_failed = 47;
  row.wire_body_bytes = 53;
  row.measures.times = {{"get", {}}, {"publish", {milliseconds(59)}}};
  for (int i = 1; i <= 100; ++i) row.measures.times["get"].push_back(microseconds(i * 10));
  row.measures.counts = {{"retries", 61}};
  row.cpu_times = {milliseconds(67), milliseconds(71), milliseconds(73)};
  row.peak_memory_bytes = {83 << 20, 79 << 20, 1 << 20, 89 << 20};
  row.ends = {{"exited", 89}, {"killed", 97}};
  row.violations = {{"one_download", "twice"}, {"honest_errors", "a lie"}};
  row.kept_directories = {"kept"};
  return row;
}

TEST(BenchReport, ShowsEveryFigureOfAFreeRow) {
  Benchmark benchmark;
  benchmark.rows = {free_row()};
  const std::string text = text_of(benchmark, TableStyle::markdown);
  for (const auto& [head, value] : std::initializer_list<std::pair<const char*, const char*>>{{"start", "fork"},
                                                                                              {"duration", "0.0007"},
                                                                                              {"procs", "3"},
                                                                                              {"procs/s", "1.9"},
                                                                                              {"hit ratio", "0.023"},
                                                                                              {"MB/s", "2.9"},
                                                                                              {"x start", "0.31"},
                                                                                              {"x copy", "0.37"},
                                                                                              {"x hash", "0.41"},
                                                                                              {"get p50", "0.50"},
                                                                                              {"p95", "0.95"},
                                                                                              {"p99", "0.99"},
                                                                                              {"cpu p50", "71.00"},
                                                                                              {"MiB p50", "79.0"},
                                                                                              {"fastest", "0.0011"},
                                                                                              {"slowest", "0.0013"},
                                                                                              {"well", "89/186"},
                                                                                              {"publish", "59.00"},
                                                                                              {"body", "-"}}) {
    EXPECT_EQ(cell(text, "cold!", head), value) << head;
  }
  benchmark.rows[0].violations.clear();
  EXPECT_EQ(cell(text_of(benchmark, TableStyle::markdown), "cold", "procs"), "3") << "a mark only where it is violated";
  EXPECT_EQ(text_of(benchmark, TableStyle::text).find('|'), std::string::npos);
}

TEST(BenchReport, HasEachOperationInItsColumn) {
  Benchmark benchmark;
  RowMeasures row = free_row();
  row.measures.times.clear();
  const std::pair<const char*, const char*> columns[] = {
      {"start", "ready"},   {"check", "check"},     {"lock wait", "lock"}, {"connect", "connect"}, {"download", "body"},
      {"verify", "verify"}, {"publish", "publish"}, {"manifest", "list"},  {"back off", "pause"}};
  int value = 1;
  for (const auto& [operation, head] : columns) row.measures.times[operation] = {milliseconds(value++)};
  benchmark.rows = {row};
  const std::string text = text_of(benchmark, TableStyle::markdown);
  value = 1;
  for (const auto& [operation, head] : columns) {
    EXPECT_EQ(cell(text, "cold!", head), std::to_string(value++) + ".00") << operation;
  }
}

TEST(BenchReport, SaysOfTheFreeWorldInJsonWhatIsInItsRow) {
  const RowMeasures row = free_row();
  const auto& [name, start, processes, runs, seconds, seconds_min, seconds_max, get_seconds, processes_per_second,
               hit_ratio, mb_per_second, ratio_to_start, ratio_to_copy, ratio_to_hash, gets_succeeded, gets_failed,
               wire_body_bytes, measures, cpu_times, peak_memory_bytes, ends, violations, kept_directories] = row;
  BenchRows rows;
  rows.free.rows = {row};
  rows.free.runs_per_row = 101;
  rows.free.total.runs = 103;
  rows.free.total.seconds = 0.107;
  const json object = json::parse(json_of(rows));
  const json& free = object.at("rows").at(0);
  const json expected = {
      {"name", name},
      {"world", "free"},
      {"start", name_of(*start)},
      {"seconds", *seconds},
      {"seconds_min", *seconds_min},
      {"seconds_max", *seconds_max},
      {"get_seconds", *get_seconds},
      {"processes", processes},
      {"runs", runs},
      {"processes_per_second", *processes_per_second},
      {"hit_ratio", *hit_ratio},
      {"mb_per_second", *mb_per_second},
      {"ratios", {{"bare_start", *ratio_to_start}, {"bare_copy", *ratio_to_copy}, {"bare_hash", *ratio_to_hash}}},
      {"gets_succeeded", gets_succeeded},
      {"gets_failed", gets_failed},
      {"wire_body_bytes", wire_body_bytes},
      {"counts", measures.counts},
      {"peak_memory_mib_p50", 79.0},
      {"ends", ends},
      {"violations", json::parse(R"([{"invariant": "one_download", "what": "twice"},
                                                        {"invariant": "honest_errors", "what": "a lie"}])")}};
  for (const auto& [key, value] : expected.items()) EXPECT_EQ(free.at(key), value) << key;
  EXPECT_EQ(free.at("operations").at("get"),
            json::parse(R"({"count": 100, "p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99,
                                                             "max_ms": 1.0, "sum_ms": 50.5})"));
  EXPECT_EQ(free.at("operations").at("publish").at("p50_ms"), 59.0);
  EXPECT_EQ(free.at("cpu"), json::parse(R"({"count": 3, "p50_ms": 71.0, "p95_ms": 73.0, "p99_ms": 73.0, "max_ms": 73.0,
                                            "sum_ms": 211.0})"));
  EXPECT_EQ(cpu_times.size() + peak_memory_bytes.size() + violations.size() + kept_directories.size(), 10U);
  EXPECT_EQ(object.at("runs_per_row"), 101);
  EXPECT_EQ(object.at("total").at("runs"), 103);
  EXPECT_EQ(object.at("total").at("seconds"), 0.107);
  EXPECT_FALSE(object.at("total").contains("violations"));
  EXPECT_EQ(object.at("interrupted"), false);
  EXPECT_EQ(object.at("world"), "free");
  EXPECT_EQ(object.at("subject"), "modelcache");
}

TEST(BenchReport, DoesNotMakeUpWhatWasNotMeasured) {
  BenchRows rows;
  rows.free.rows.resize(1);
  rows.free.rows[0].name = "none";
  rows.free.rows[0].start = StartMode::exec;
  rows.free.total.name = "all";
  const std::string text = text_of(rows.free, TableStyle::markdown);
  for (const char* const head : {"duration", "procs/s", "hit ratio", "MB/s", "x start", "x copy", "x hash"}) {
    EXPECT_EQ(cell(text, "none", head), "n/a") << head;
    EXPECT_EQ(cell(text, "all", head), "n/a") << head;
  }
  for (const char* const head : {"get p50", "p95", "p99", "cpu p50", "MiB p50", "fastest", "slowest"}) {
    EXPECT_EQ(cell(text, "none", head), "n/a") << head;
  }
  EXPECT_EQ(cell(text, "none", "well"), "0/0");
  const json object = json::parse(json_of(rows)).at("rows").at(0);
  for (const char* const key : {"seconds", "seconds_min", "seconds_max", "get_seconds", "processes_per_second",
                                "hit_ratio", "mb_per_second", "cpu", "peak_memory_mib_p50"}) {
    EXPECT_TRUE(object.at(key).is_null()) << key;
  }
}

// What the rows of both controlled worlds have.
template <class Row>
Row figures_of_a_run(const std::string& name) {
  Row row;
  static_cast<ScheduleRow&>(row) = {.name = name,
                                    .runs = 3,
                                    .schedules = 5,
                                    .steps = 7,
                                    .processes = 11,
                                    .seconds = 0.013,
                                    .seconds_min = 0.017,
                                    .seconds_max = 0.019,
                                    .schedules_per_second = 23,
                                    .violations = 59,
                                    .uncontrolled = 61};
  return row;
}

json json_of_a_run(const ScheduleRow& row, const char* world) {
  const auto& [name, runs, schedules, steps, processes, seconds, seconds_min, seconds_max, schedules_per_second,
               violations, uncontrolled] = row;
  return {{"name", name},
          {"world", world},
          {"start", world},
          {"seconds", *seconds},
          {"seconds_min", *seconds_min},
          {"seconds_max", *seconds_max},
          {"processes", processes},
          {"runs", runs},
          {"processes_per_second", nullptr},
          {"hit_ratio", nullptr},
          {"mb_per_second", nullptr},
          {"schedules", schedules},
          {"steps", steps},
          {"schedules_per_second", *schedules_per_second},
          {"violation_count", violations}};
}

TEST(BenchReport, ShowsEveryFigureOfASimulatedRow) {
  auto row = figures_of_a_run<SimRow>("sim_same");
  row.steps_per_second = 29;
  row.ratio_to_bare_steps = 0.31;
  static_assert(sizeof row == sizeof(ScheduleRow) + 2 * sizeof(row.steps_per_second), "a new figure is shown too");
  const std::string text = text_of(std::vector{row}, TableStyle::markdown);
  for (const auto& [head, value] : std::initializer_list<std::pair<const char*, const char*>>{{"duration", "0.0130"},
                                                                                              {"fastest", "0.0170"},
                                                                                              {"slowest", "0.0190"},
                                                                                              {"schedules", "5"},
                                                                                              {"schedules/s", "23"},
                                                                                              {"steps/s", "29"},
                                                                                              {"x steps", "0.31"}}) {
    EXPECT_EQ(cell(text, "sim_same!", head), value) << head;
  }
  EXPECT_EQ(text_of(std::vector<SimRow>{}, TableStyle::text), "");
  EXPECT_TRUE(text_of(std::vector{row}, TableStyle::text).starts_with("test name ")) << "no Markdown";
  BenchRows rows;
  rows.sim = {row};
  const json object = json::parse(json_of(rows));
  EXPECT_EQ(object.at("world"), "sim");
  json expected = json_of_a_run(row, "sim");
  expected.update({{"steps_per_second", 29}, {"ratios", {{"bare_steps", 0.31}}}});
  EXPECT_EQ(object.at("rows"), json::array({expected}));
}

LiveRow live_row(const std::string& name) {
  auto row = figures_of_a_run<LiveRow>(name);
  row.ratio_to_bare_starts = 0.29;
  row.ratio_to_one_world = 0.31;
  row.decision_microseconds = 4.1;
  row.strace_microseconds = 8.2;
  row.commands = 41;
  row.ratio_of_plans_to_bare_starts = 0.43;
  row.cpu_milliseconds = 0.47;
  row.cpu_ratio_to_bare_starts = 0.53;
  static_assert(sizeof row == sizeof(ScheduleRow) + sizeof row.commands + 7 * sizeof row.cpu_milliseconds,
                "a new figure is shown too");
  return row;
}

TEST(BenchReport, ShowsEveryFigureOfALiveRow) {
  LiveRow commands = live_row("live_commands"), same = live_row("live_same"), two = live_row("live_two_worlds"),
          decision = live_row("live_decision");
  same.commands = two.commands = decision.commands = decision.schedules = 0;
  const std::string text = text_of({decision, two, commands, same}, TableStyle::markdown);
  const struct {
    const char *row, *head, *value;
  } expected[] = {{"live_commands!", "duration", "0.013"},   {"live_commands!", "fastest", "0.017"},
                  {"live_commands!", "slowest", "0.019"},    {"live_commands!", "schedules", "5"},
                  {"live_commands!", "schedules/s", "23.0"}, {"live_commands!", "commands", "41"},
                  {"live_commands!", "x start", "0.29"},     {"live_commands!", "x plan", "0.43"},
                  {"live_commands!", "cpu ms", "0.47"},      {"live_commands!", "x cpu", "0.53"},
                  {"live_same!", "duration", "0.013"},       {"live_same!", "fastest", "0.017"},
                  {"live_same!", "slowest", "0.019"},        {"live_same!", "schedules", "5"},
                  {"live_same!", "schedules/s", "23"},       {"live_same!", "steps", "7"},
                  {"live_same!", "x start", "0.29"},         {"live_same!", "x one", "-"},
                  {"live_two_worlds!", "x start", "-"},      {"live_two_worlds!", "x one", "0.31"},
                  {"live_decision!", "duration", "0.013"},   {"live_decision!", "calls", "7"},
                  {"live_decision!", "decision us", "4.1"},  {"live_decision!", "strace us", "8.2"},
                  {"live_decision!", "x strace", "0.50"}};
  for (const auto& each : expected) EXPECT_EQ(cell(text, each.row, each.head), each.value) << each.row << each.head;
  EXPECT_LT(text.find("live_same!"), text.find("live_commands!"));
  EXPECT_LT(text.find("live_commands!"), text.find("live_decision!"));
  EXPECT_NE(text.find("|\n\n|"), std::string::npos) << "tables stand apart";
  EXPECT_TRUE(text_of({same}, TableStyle::text).starts_with("test name ")) << "no Markdown";
  decision.violations = 0;
  EXPECT_EQ(cell(text_of({decision}, TableStyle::markdown), "live_decision", "calls"), "7");
  decision.strace_microseconds.reset();
  EXPECT_EQ(cell(text_of({decision}, TableStyle::markdown), "live_decision", "x strace"), "n/a");
  decision.strace_microseconds = 0;
  EXPECT_EQ(cell(text_of({decision}, TableStyle::markdown), "live_decision", "x strace"), "n/a");
  decision.strace_microseconds = 8.2;
  decision.decision_microseconds.reset();
  EXPECT_EQ(cell(text_of({decision}, TableStyle::markdown), "live_decision", "x strace"), "n/a");
}

TEST(BenchReport, SaysOfTheLiveWorldInJsonWhatIsInItsRow) {
  const LiveRow row = live_row("live_commands");
  BenchRows rows;
  rows.live = {row};
  const json object = json::parse(json_of(rows));
  EXPECT_EQ(object.at("world"), "live");
  json expected = json_of_a_run(row, "live");
  expected.update({{"decision_us_p50", 4.1},
                   {"strace_us_p50", 8.2},
                   {"commands", 41},
                   {"cpu_ms_per_schedule", 0.47},
                   {"ratios",
                    {{"bare_start", 0.29},
                     {"bare_start_of_plans", 0.43},
                     {"bare_start_cpu", 0.53},
                     {"one_world", 0.31},
                     {"strace", 0.5}}},
                   {"uncontrolled", 61}});
  EXPECT_EQ(object.at("rows"), json::array({expected}));
  rows.free.rows.resize(1);
  EXPECT_EQ(json::parse(json_of(rows)).at("world"), "all");
  rows.free.rows.clear();
  rows.sim.resize(1);
  EXPECT_EQ(json::parse(json_of(rows)).at("world"), "all");
  const json order = json::parse(json_of(rows)).at("rows");
  ASSERT_EQ(order.size(), 2U);
  EXPECT_EQ(order[0].at("world"), "sim");
  EXPECT_EQ(order[1].at("world"), "live");
}

template <class Row>
Row schedules(const std::string& name, std::uint64_t runs) {
  Row row;
  row.name = name;
  row.runs = runs;
  row.schedules = 10;
  return row;
}

TEST(BenchVerdict, AddsUpAllWorlds) {
  BenchRows rows;
  rows.free.total.runs = 2;
  rows.free.rows = {free_row()};
  rows.free.rows[0].violations.clear();
  rows.free.rows[0].kept_directories.clear();
  rows.sim = {schedules<SimRow>("s", 3)};
  rows.live = {schedules<LiveRow>("l", 5)};
  EXPECT_EQ(verdict_of(rows), "all held: 0 violations in 10 runs\n");
  EXPECT_TRUE(all_held(rows));
  rows.free.interrupted = true;
  EXPECT_EQ(verdict_of(rows), "all held: 0 violations in 10 runs, then interrupted\n");
  rows.free.interrupted = false;
  rows.free.rows = {free_row()};
  rows.sim[0].violations = 7;
  rows.live[0].violations = 11;
  rows.live[0].uncontrolled = 13;
  EXPECT_FALSE(all_held(rows));
  EXPECT_EQ(verdict_of(rows),
            "violated: s: 7 times\n"
            "violated: l: 11 times\n"
            "uncontrolled: l: 13 times\n"
            "violated: cold fork: one_download: twice\n"
            "violated: cold fork: honest_errors: a lie\n"
            "files:    kept\n"
            "VIOLATED: 20 violations in 10 runs\n");
  rows.free.interrupted = true;
  EXPECT_EQ(last_line(verdict_of(rows)), "VIOLATED: 20 violations in 10 runs, then interrupted");
}

TEST(BenchVerdict, ClaimsNothingWithoutARunThatWasControlled) {
  EXPECT_EQ(verdict_of({}), "nothing was judged: no run was completed\n");
  BenchRows rows;
  rows.live = {schedules<LiveRow>("l", 2)};
  rows.live[0].uncontrolled = 20;
  EXPECT_EQ(verdict_of(rows), "uncontrolled: l: 20 times\nnothing was judged: no run was completed\n");
  rows.live[0].uncontrolled = 19;
  EXPECT_EQ(verdict_of(rows), "uncontrolled: l: 19 times\nall held: 0 violations in 2 runs\n");
  rows.live[0].uncontrolled = 20;
  rows.live[0].violations = 1;
  EXPECT_EQ(last_line(verdict_of(rows)), "VIOLATED: 1 violations in 0 runs");
}

}  // namespace
}  // namespace stampede
