// What a worker reported becomes its record, and a planned kill happens when it is due.
#include <gtest/gtest.h>

#include "harness/free/worker_text.h"
#include "harness/run/free_run.h"

namespace stampede {
namespace {

CrewMember member_with(std::string report) {
  CrewMember member;
  member.record.reason = ExitReason::exited;
  member.record.exit_value = 3;
  member.record.started_at = MachineTime(100);
  member.record.output = "words";
  member.report = std::move(report);
  return member;
}

TEST(FreeRecord, HasWhatTheWorkerReported) {
  OperationReport get;
  get.succeeded = true;
  get.path = "/p";
  const ProcessRecord record =
      record_of(member_with(print({.operations = {get},
                                   .measures = {.times = {{"get", {MachineTime(7)}}}, .counts = {{"bytes", 3}}},
                                   .ready_at = MachineTime(130),
                                   .descriptors_before = 5,
                                   .descriptors_after = 6,
                                   .peak_memory_bytes = 4096})));
  EXPECT_EQ(record.reason, ExitReason::exited);
  EXPECT_EQ(record.exit_value, 3);
  EXPECT_EQ(record.output, "words");
  EXPECT_EQ(record.problem, "");
  ASSERT_TRUE(record.report);
  ASSERT_EQ(record.report->size(), 1U);
  EXPECT_EQ(record.report->front().path, "/p");
  EXPECT_EQ(record.ready_at, MachineTime(130));
  EXPECT_EQ(record.measures.times,
            (std::map<std::string, Samples>{{"get", {MachineTime(7)}}, {"start", {MachineTime(30)}}}));
  EXPECT_EQ(record.measures.counts, (std::map<std::string, std::uint64_t>{{"bytes", 3}}));
  EXPECT_EQ(record.descriptors_before, 5U);
  EXPECT_EQ(record.descriptors_after, 6U);
  EXPECT_EQ(record.peak_memory_bytes, 4096U);
}

TEST(FreeRecord, HasNoReportWhereThereIsAProblem) {
  const ProcessRecord garbled = record_of(member_with("no JSON"));
  EXPECT_FALSE(garbled.report);
  EXPECT_TRUE(garbled.problem.starts_with("parse worker report: ")) << garbled.problem;
  EXPECT_TRUE(garbled.measures.times.empty());
  EXPECT_EQ(garbled.peak_memory_bytes, std::nullopt);
  CrewMember late = member_with(print(WorkerReport{}));
  late.record.problem = "its report is longer than 9 bytes";
  const ProcessRecord record = record_of(std::move(late));
  EXPECT_FALSE(record.report) << "a report with a problem does not count";
  EXPECT_EQ(record.problem, "its report is longer than 9 bytes");
}

TEST(FreeKills, AreDueWhenTheRequestHasComeAndEnoughWait) {
  Ledger ledger(3);
  for (std::uint32_t i = 0; i < 3; ++i) {
    ledger[i].listener = 10 + i;
    ledger[i].requested = i != 1;
  }
  const auto connections = [](const std::vector<PlannedKill>& kills) {
    std::vector<std::uint64_t> list;
    for (const PlannedKill& kill : kills) list.push_back(kill.connection);
    return list;
  };
  std::vector<PlannedKill> kills = {{.connection = 0, .waiting = 2},
                                    {.connection = 1, .waiting = 0},
                                    {.connection = 2, .waiting = 3},
                                    {.connection = 3, .waiting = 0}};
  EXPECT_TRUE(take_victims(kills, ledger, 1).empty());
  EXPECT_EQ(kills.size(), 4U);
  EXPECT_EQ(take_victims(kills, ledger, 2), std::vector<std::size_t>{10});
  EXPECT_EQ(connections(kills), (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(take_victims(kills, ledger, 4), std::vector<std::size_t>{12});
  EXPECT_EQ(connections(kills), (std::vector<std::uint64_t>{1, 3})) << "one asks for nothing, one is not there";
  EXPECT_TRUE(take_victims(kills, {}, 4).empty());
}

}  // namespace
}  // namespace stampede
