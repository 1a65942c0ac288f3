// What curl makes of each kind of fault: its exit status, and the bytes that it gives out. Measured with curl 7.88.1.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "harness/faults/lying_server.h"
#include "harness/faults/model_text_for_test.h"
#include "harness/faults/posix_curl.h"

namespace stampede {
namespace {

constexpr std::size_t kSize = 100'000;

// What curl gives out, compared with the model.
enum class Output { right, wrong, beginning, nothing };

struct Row {
  const char* turn;
  std::set<int> statuses;
  Output output;
  const char* why;  // curl(1), EXIT CODES, in the words of this fault
  std::vector<std::string> options = {};
};

// For silence without an end. Whatever the time, nothing else ends it.
const std::vector<std::string> kImpatient = {"--max-time", "0.5"};

const std::vector<Row>& rows() {
  static const std::vector<Row> all = {
      {"none", {0}, Output::right, "a good response"},
      // 56 failure in receiving; 55 in sending or 7 in connecting, where the RST comes before curl does that.
      {"reset_on_accept", {7, 55, 56}, Output::nothing, "the connection is reset before its request is read"},
      {"close_on_accept", {52}, Output::nothing, "empty reply from server"},
      {"headers_then_close", {18}, Output::nothing, "partial file: no byte of the length declared"},
      {"headers_then_reset", {56}, Output::nothing, "failure in receiving"},
      {"close_in_body:1000", {18}, Output::beginning, "partial file"},
      {"reset_in_body:1000", {56}, Output::beginning, "failure in receiving"},
      {"bytes_after_body", {0}, Output::right, "curl stops at the declared length"},
      {"stall_before_headers", {28}, Output::nothing, "time-out", kImpatient},
      {"stall_in_body:1000", {28}, Output::beginning, "time-out", kImpatient},
      {"stall_before_headers:for=20ms", {0}, Output::right, "a pause is no fault"},
      {"stall_in_body:1000:for=20ms", {0}, Output::right, "a pause is no fault"},
      {"drip:1000", {0}, Output::right, "slow, and whole"},
      {"status:404", {22}, Output::nothing, "an HTTP error, which --fail makes one of curl's"},
      {"status:416", {22}, Output::nothing, "likewise"},
      {"status:429:retry_after=1", {22}, Output::nothing, "likewise"},
      {"status:503", {22}, Output::nothing, "likewise"},
      {"status:304", {0}, Output::nothing, "no error for curl, and no body"},
      {"redirect_relative", {0}, Output::right, "followed"},
      {"redirect_other_host", {0}, Output::right, "followed"},
      {"redirect_loop", {47}, Output::nothing, "too many redirects"},
      {"redirect_to_file", {1}, Output::nothing, "curl follows to HTTP alone: unsupported protocol"},
      {"range_ignored", {0}, Output::right, "no range was asked for"},
      {"range_wrong_start", {0}, Output::right, "no range was asked for"},
      {"range_wrong_total", {0}, Output::right, "no range was asked for"},
      {"range_multipart", {0}, Output::right, "no range was asked for"},
      {"flip_byte:7", {0}, Output::wrong, "curl knows no checksum"},
      {"zero_bytes:10", {0}, Output::wrong, "curl knows no checksum"},
      {"swap_halves", {0}, Output::wrong, "curl knows no checksum"},
      {"other_version_same_etag:1", {0}, Output::wrong, "curl knows no checksum"},
      {"other_version_new_etag:1", {0}, Output::wrong, "curl knows no checksum"},
      {"content_encoding", {0}, Output::wrong, "curl gives out gzip as it comes, unless told to decode"},
      {"content_encoding", {0}, Output::right, "the gzip is whole and right", {"--compressed"}},
      {"length_too_short", {0}, Output::beginning, "all but the last byte, and no way to know"},
      {"length_too_long", {18}, Output::right, "partial file: one byte too few"},
      {"length_missing", {0}, Output::right, "read to the end of the connection"},
      {"length_twice", {18}, Output::right, "curl takes the last, larger one: partial file"},
      {"length_not_a_number", {8}, Output::nothing, "weird server reply"},
      {"chunked_bad_size", {56}, Output::beginning, "no hexadecimal chunk size"},
      {"chunked_no_last", {18}, Output::right, "all bytes, but no end of the chunks: partial file"},
      {"chunked_cut", {18}, Output::beginning, "partial file"},
      {"chunked_trailers", {0}, Output::right, "legal"},
      {"header_too_long", {27}, Output::nothing, "a line of more than 100 KiB: out of memory, says curl"},
      {"headers_too_many", {56}, Output::nothing, "header sections of more than 300 KiB are refused"},
      {"bare_lf", {0}, Output::right, "RFC 9112, 2.2: may be taken for a line end"},
      {"folded_header", {0}, Output::right, "RFC 9112, 5.2: taken for spaces"},
      {"interim:3", {0}, Output::right, "legal"},
      {"garbage_before", {1}, Output::nothing, "taken for HTTP/0.9, which curl does not speak unless told"},
      {"drip:1000+interim+chunked_trailers", {0}, Output::right, "legal together as well"},
      {"drip:1000+flip_byte:7+length_missing", {0}, Output::wrong, "curl knows no checksum"},
      {"length_missing+close_in_body:1000", {0}, Output::beginning, "a cut that no framing shows"},
  };
  return all;
}

Output output_of(const std::string& body, const std::string& model) {
  if (body.empty()) return Output::nothing;
  if (body == model) return Output::right;
  return model.compare(0, body.size(), body) == 0 ? Output::beginning : Output::wrong;
}

std::unique_ptr<LyingServer> serve(const Model& model, const char* turn) {
  return LyingServer::start({.models = {model}, .faults = {.faults = {parse_turn(turn).value()}, .repeats = true}})
      .value();
}

TEST(Curl, EndsAsTheFaultSays) {
  const Model model = generated_model("m", kSize);
  for (const Row& row : rows()) {
    SCOPED_TRACE(std::string(row.turn) + ": " + row.why);
    const auto server = serve(model, row.turn);
    std::vector<std::string> arguments = {"--fail", "--location", "--max-redirs", "5", server->url(0, model)};
    arguments.insert(arguments.begin(), row.options.begin(), row.options.end());
    const CurlRun run = run_curl(arguments);
    EXPECT_TRUE(row.statuses.contains(run.status)) << run.status;
    const Output output = output_of(run.body, text_of(model));
    // What was on its way is lost with a reset or a time-out, on an unlucky machine all of it.
    const bool is_lossy = run.status == 56 || run.status == 28;
    EXPECT_TRUE(output == row.output || (is_lossy && output == Output::nothing))
        << run.body.size() << " bytes, output " << static_cast<int>(output);
    server->drain();
    // Where curl says that all is well and has the bytes, the ledger says that all were sent; never the other way round
    // where it has others.
    const Ledger ledger = server->ledger();
    const bool is_full = std::any_of(ledger.begin(), ledger.end(), [](const auto& e) { return e.full_body_sent; });
    if (row.options.empty() && run.status == 0) {
      EXPECT_EQ(is_full, output == Output::right);
    }
  }
}

TEST(Curl, MeetsEveryKind) {
  for (const FaultKind kind : all_fault_kinds()) {
    const bool is_met = std::any_of(rows().begin(), rows().end(),
                                    [&](const Row& row) { return has_part(parse_turn(row.turn).value(), kind); });
    EXPECT_TRUE(is_met || kind == FaultKind::none || kind == FaultKind::refused) << name_of(kind);
  }
}

TEST(Curl, IsRefusedWhereNobodyListens) {
  const Model model = generated_model("m", 10);
  const auto server = serve(model, "none");
  EXPECT_EQ(run_curl({server->refused_url(model)}).status, 7);
}

struct RangeRow {
  const char* turn;
  int range_status;  // of --range 10-19
  std::size_t range_bytes;
  int resume_status;  // of --continue-at 1000
};

// curl believes a 206 to --range whatever it says, and compares the start alone when it resumes: 33 is a range error.
TEST(Curl, AsksForRanges) {
  const Model model = generated_model("m", kSize);
  const std::string bytes = text_of(model);
  for (const RangeRow& row :
       {RangeRow{"none", 0, 10, 0}, RangeRow{"range_ignored", 0, kSize, 33}, RangeRow{"range_wrong_start", 0, 10, 33},
        RangeRow{"range_wrong_total", 0, 10, 0}, RangeRow{"range_multipart", 0, 125, 33}}) {
    SCOPED_TRACE(row.turn);
    const auto server = serve(model, row.turn);
    const CurlRun range = run_curl({"--fail", "--range", "10-19", server->url(0, model)});
    EXPECT_EQ(range.status, row.range_status);
    EXPECT_EQ(range.body.size(), row.range_bytes);
    const std::size_t begin = std::string(row.turn) == "range_wrong_start" ? 9 : 10;
    if (range.body.size() == 10) {
      EXPECT_TRUE(range.body == bytes.substr(begin, 10));
    }
    const CurlRun resumed = run_curl({"--fail", "--continue-at", "1000", server->url(0, model)});
    EXPECT_EQ(resumed.status, row.resume_status);
    if (resumed.status == 0) {
      EXPECT_TRUE(resumed.body == bytes.substr(1000));
    }
  }
  const auto server = serve(model, "none");
  EXPECT_EQ(run_curl({"--fail", "--range", "100000-", server->url(0, model)}).status, 22);
}

}  // namespace
}  // namespace stampede
