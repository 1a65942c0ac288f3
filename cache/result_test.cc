// Error codes have distinct names, errno values their classes, and messages one line.
#include "cache/result.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>
#include <utility>
#include <vector>

#include "cache/os_error.h"

namespace modelcache {
namespace {

TEST(ErrorCode, HasADistinctNameForEachValue) {
  std::set<std::string_view> names;
  const int last = static_cast<int>(ErrorCode::interrupted);
  for (int value = 0; value <= last; ++value) names.insert(name_of(static_cast<ErrorCode>(value)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(last) + 1);
  EXPECT_EQ(names.count("unknown"), 0U);
  EXPECT_EQ(name_of(static_cast<ErrorCode>(last + 1)), "unknown");
}

TEST(Error, IsOneLine) {
  EXPECT_EQ((Error{ErrorCode::refused, "connect", "http://127.0.0.1:9/x", "Connection refused"}.message()),
            "connect http://127.0.0.1:9/x: Connection refused (refused)");
  EXPECT_EQ((Error{ErrorCode::io, "read", "", ""}.message()), "read (io)");
  EXPECT_EQ((Error{ErrorCode::io, "", "a/b", "why"}.message()), "a/b: why (io)");
  EXPECT_EQ((Error{ErrorCode::io, "", "", ""}.message()), "(io)");
}

TEST(Errno, HasItsClass) {
  const std::vector<std::pair<int, ErrorCode>> cases = {
      {ENOSPC, ErrorCode::no_space},
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
      {ELOOP, ErrorCode::bad_entry},
      {ENOTDIR, ErrorCode::bad_entry},
      {EISDIR, ErrorCode::bad_entry},
      {ECANCELED, ErrorCode::interrupted},
      {EIO, ErrorCode::io},
      {ENOLCK, ErrorCode::io},
      {EINTR, ErrorCode::io},
  };
  for (const auto& [error, code] : cases) EXPECT_EQ(code_of(Errno{error}), code) << describe(Errno{error});
  const Error error = fail(Errno{ENOSPC}, "write", "tmp/x").value();
  EXPECT_EQ(error.message(), "write tmp/x: No space left on device (no_space)");
}

}  // namespace
}  // namespace modelcache
