// What a server tells of its connections: every counter another prime.
#include "harness/cli/serve_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace stampede {
namespace {

using nlohmann::json;
using testing::internal::CaptureStderr;
using testing::internal::CaptureStdout;
using testing::internal::GetCapturedStderr;
using testing::internal::GetCapturedStdout;

LedgerEntry entry(Ending ending) {
  LedgerEntry one;
  one.connection = 3;
  one.requested = true;
  one.target = "/m1.onnx?operation=3";
  one.model = "m1.onnx";
  one.status = 206;
  one.head_bytes_sent = 5;
  one.body_bytes_sent = 7;
  one.full_body_sent = true;
  one.ending = ending;
  one.accepted_at = std::chrono::milliseconds(11);
  one.ended_at = std::chrono::milliseconds(1250);
  one.fault.parts = {NetworkFault{.kind = FaultKind::reset_in_body}, NetworkFault{.kind = FaultKind::drip}};
  return one;
}

TEST(ServeTotals, CountWhatConnectionsDid) {
  ServeTotals totals;
  totals.add(entry(Ending::finished));
  LedgerEntry other = entry(Ending::reset);
  other.requested = other.full_body_sent = false;
  other.head_bytes_sent = 100;
  other.fault.parts.resize(1);
  totals.add(other);
  totals.add(entry(Ending::no_request));
  totals.add(entry(Ending::bad_request));
  const auto& [connections, requests, full_bodies, bytes, faults] = totals;
  EXPECT_EQ(connections, 4U);
  EXPECT_EQ(requests, 3U);
  EXPECT_EQ(full_bodies, 3U);
  EXPECT_EQ(bytes, 143U);
  EXPECT_EQ(faults, (std::map<std::string, std::uint64_t>{{"drip", 1}, {"reset_in_body", 2}}))
      << "who asks for nothing, or for what there is not, meets no fault";
}

TEST(ServeReport, TellsOfAConnectionInJson) {
  CaptureStdout();
  LedgerEntry half = entry(Ending::peer_left);
  half.full_body_sent = false;
  report_connection(half, true);
  const json said = json::parse(GetCapturedStdout(), nullptr, false);
  EXPECT_EQ(said, json({{"event", "connection"},
                        {"seconds", 1.25},
                        {"connection", 3},
                        {"target", "/m1.onnx?operation=3"},
                        {"model", "m1.onnx"},
                        {"fault", print(entry(Ending::peer_left).fault)},
                        {"status", 206},
                        {"head_bytes_sent", 5},
                        {"body_bytes_sent", 7},
                        {"full_body_sent", false},
                        {"ending", name_of(Ending::peer_left)}}));
}

TEST(ServeReport, TellsOfAConnectionOnStandardError) {
  CaptureStderr();
  CaptureStdout();
  report_connection(entry(Ending::peer_left), false);
  LedgerEntry unknown = entry(Ending::no_request);
  unknown.model.clear();
  report_connection(unknown, false);
  const std::string fault = print(entry(Ending::peer_left).fault);
  EXPECT_EQ(GetCapturedStdout(), "");
  EXPECT_EQ(GetCapturedStderr(), "     1.250s #3 m1.onnx fault=" + fault + " status=206 bytes=12 " +
                                     std::string(name_of(Ending::peer_left)) + "\n     1.250s #3 - fault=" + fault +
                                     " status=206 bytes=12 " + std::string(name_of(Ending::no_request)) + "\n");
}

TEST(ServeReport, ShowsAllTotals) {
  ServeTotals totals;
  totals.connections = 101;
  totals.requests = 103;
  totals.full_bodies = 107;
  totals.bytes = 109;
  totals.faults = {{"drip", 113}};
  CaptureStdout();
  report_totals(totals, true);
  EXPECT_EQ(json::parse(GetCapturedStdout(), nullptr, false), json({{"event", "totals"},
                                                                    {"connections", 101},
                                                                    {"requests", 103},
                                                                    {"full_bodies", 107},
                                                                    {"bytes", 109},
                                                                    {"faults", {{"drip", 113}}}}));
  CaptureStdout();
  report_totals(totals, false);
  EXPECT_EQ(GetCapturedStdout(),
            "101 connections, 103 requests, 107 full bodies, 109 bytes\n  drip" + std::string(20, ' ') + " 113\n");
}

}  // namespace
}  // namespace stampede
