// The tables from faults and errnos to error codes, row by row.
#include "harness/judge/possible_codes.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>

namespace stampede {
namespace {

using modelcache::ErrorCode;

LedgerEntry entry_with(std::string_view turn, bool range_asked = false) {
  LedgerEntry entry;
  auto parsed = parse_turn(turn);
  EXPECT_TRUE(parsed.has_value()) << turn;
  if (parsed) entry.fault = *parsed;
  entry.range_asked = range_asked;
  return entry;
}

struct Row {
  std::string_view turn;
  std::string_view codes;
  std::string_view without_checksum = "-";  // where they are others
  bool range_asked = false;
};

constexpr Row kRows[] = {
    {"none", ""},
    {"refused", "refused"},
    {"reset_on_accept", "reset"},
    {"close_on_accept", "reset, truncated"},
    {"headers_then_close", "truncated"},
    {"headers_then_reset", "reset"},
    {"close_in_body:7", "truncated"},
    {"reset_in_body:7", "reset"},
    {"bytes_after_body", ""},
    {"stall_before_headers", "timed_out"},
    {"stall_before_headers:for=20ms", ""},
    {"stall_in_body:7", "timed_out"},
    {"stall_in_body:7:for=20ms", ""},
    {"stall_in_body:7:for=20s", "timed_out"},
    {"drip:7", ""},
    {"status:503", "http_status"},
    {"status:500", "http_status"},
    {"status:403", "http_status"},
    {"status:409", "http_status"},
    {"status:411", "http_status"},
    {"status:404", "not_found"},
    {"status:410", "not_found"},
    {"status:304", "bad_response"},
    {"status:300", "bad_response"},
    {"status:399", "bad_response"},
    {"status:400", "http_status"},
    {"status:429:retry_after=1", "http_status"},
    {"redirect_relative", ""},
    {"redirect_other_host", ""},
    {"redirect_loop", "too_many_redirects"},
    {"redirect_to_file", "bad_response"},
    {"range_ignored", ""},
    {"range_ignored", "", "-", true},
    {"range_wrong_start", ""},
    {"range_wrong_start", "bad_response, wrong_checksum", "-", true},
    {"range_wrong_total", ""},
    {"range_wrong_total", "bad_response, wrong_checksum", "-", true},
    {"range_multipart", ""},
    {"range_multipart", "bad_response, wrong_checksum", "-", true},
    {"flip_byte:7", "wrong_checksum"},
    {"zero_bytes:7", "wrong_checksum"},
    {"swap_halves", "wrong_checksum"},
    {"other_version_same_etag", "wrong_checksum"},
    {"other_version_new_etag", "wrong_checksum"},
    {"content_encoding", "bad_response"},
    {"length_too_short", "wrong_checksum"},
    {"length_too_long", "truncated"},
    {"length_missing", "", "unverifiable"},
    {"length_twice", "bad_response"},
    {"length_not_a_number", "bad_response"},
    {"chunked_bad_size", "bad_response"},
    {"chunked_no_last", "truncated"},
    {"chunked_cut", "truncated"},
    {"chunked_trailers", ""},
    {"header_too_long", "bad_response"},
    {"headers_too_many", "bad_response"},
    {"bare_lf", "bad_response"},
    {"folded_header", "bad_response"},
    {"interim", ""},
    {"interim:8", ""},
    {"interim:9", "bad_response"},
    {"garbage_before", "bad_response"},
    // Parts together, and what they cause only so.
    {"drip:7+flip_byte:7", "wrong_checksum"},
    {"stall_in_body:7:for=20ms+flip_byte:9", "wrong_checksum"},
    {"interim:1+status:503", "http_status"},
    {"stall_in_body:7+flip_byte:9", "timed_out, wrong_checksum"},
    {"length_missing+close_in_body:7", "truncated, wrong_checksum", "truncated, unverifiable, wrong_checksum"},
    {"length_missing+headers_then_close", "truncated, wrong_checksum", "truncated, unverifiable, wrong_checksum"},
    {"length_missing+reset_in_body:7", "reset", "reset, unverifiable"},
    {"chunked_trailers+close_in_body:7", "truncated"},
    {"length_too_long+bytes_after_body", "truncated, wrong_checksum"},
    {"length_too_short+bytes_after_body", "wrong_checksum"},
    {"chunked_no_last+bytes_after_body", "truncated, bad_response"},
    {"chunked_trailers+bytes_after_body", ""},
};

TEST(PossibleCodes, OfATurnAreThese) {
  for (const Row& row : kRows) {
    const LedgerEntry entry = entry_with(row.turn, row.range_asked);
    EXPECT_EQ(codes_of(entry).text(), row.codes) << row.turn;
    EXPECT_EQ(codes_of(entry).empty(), row.codes.empty()) << row.turn;
    const std::string_view without = row.without_checksum == "-" ? row.codes : row.without_checksum;
    EXPECT_EQ(codes_without_checksum(entry).text(), without) << row.turn;
  }
}

TEST(PossibleCodes, HaveARowForEachKind) {
  std::set<FaultKind> kinds;
  for (const Row& row : kRows) {
    const std::vector<FaultKind> of_row = kinds_of(entry_with(row.turn).fault);
    if (of_row.size() == 1) kinds.insert(of_row[0]);
  }
  for (const FaultKind kind : all_fault_kinds()) EXPECT_TRUE(kinds.contains(kind)) << name_of(kind);
}

TEST(PossibleCodes, OfAnErrnoAreThatOfTheCache) {
  const struct {
    int error;
    ErrorCode code;
  } rows[] = {{ENOSPC, ErrorCode::no_space},
              {EDQUOT, ErrorCode::no_space},
              {EROFS, ErrorCode::read_only},
              {EACCES, ErrorCode::denied},
              {EPERM, ErrorCode::denied},
              {ENOENT, ErrorCode::not_found},
              {ECONNREFUSED, ErrorCode::refused},
              {ECONNRESET, ErrorCode::reset},
              {EPIPE, ErrorCode::reset},
              {ETIMEDOUT, ErrorCode::timed_out},
              {ENETUNREACH, ErrorCode::unreachable},
              {EHOSTUNREACH, ErrorCode::unreachable},
              {EMFILE, ErrorCode::exhausted},
              {ENFILE, ErrorCode::exhausted},
              {ENOMEM, ErrorCode::exhausted},
              {ECANCELED, ErrorCode::interrupted},
              {ELOOP, ErrorCode::bad_entry},
              {ENOTDIR, ErrorCode::bad_entry},
              {EISDIR, ErrorCode::bad_entry},
              {EIO, ErrorCode::io},
              {ENOLCK, ErrorCode::io},
              {EINVAL, ErrorCode::io},
              {0, ErrorCode::io}};
  for (const auto& row : rows) EXPECT_EQ(code_of_errno(row.error), row.code) << row.error;
}

TEST(ErrorCodes, AreASetWithNames) {
  const ErrorCodes none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.text(), "");
  ErrorCodes two{ErrorCode::interrupted, ErrorCode::invalid_argument};
  EXPECT_FALSE(two.empty());
  EXPECT_EQ(two.text(), "invalid_argument, interrupted");
  for (int i = 0; i <= static_cast<int>(ErrorCode::interrupted); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    const bool is_in = code == ErrorCode::interrupted || code == ErrorCode::invalid_argument;
    EXPECT_EQ(two.contains(code), is_in) << i;
    EXPECT_EQ(two.contains(modelcache::name_of(code)), is_in) << i;
    EXPECT_TRUE(ErrorCodes{code}.contains(modelcache::name_of(code))) << i;
    EXPECT_EQ(ErrorCodes{code}.text(), modelcache::name_of(code));
  }
  EXPECT_FALSE(two.contains(""));
  EXPECT_FALSE(two.contains("interrupte"));
  two |= {ErrorCode::io};
  EXPECT_EQ(two, (ErrorCodes{ErrorCode::io, ErrorCode::interrupted, ErrorCode::invalid_argument}));
  EXPECT_EQ(two.text(), "invalid_argument, io, interrupted");
}

}  // namespace
}  // namespace stampede
