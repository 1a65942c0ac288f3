// Exit statuses: every class of error has its own.
#include "cache/exit_status.h"

#include <gtest/gtest.h>

#include <set>

#include "cache/cache.h"

namespace modelcache {
namespace {

TEST(ExitStatus, HasOneRowForEachErrorCodeInItsOrder) {
  int code = 0;
  for (const auto& row : exit_status_table()) {
    EXPECT_EQ(static_cast<int>(row.code), code);
    EXPECT_FALSE(row.meaning.empty()) << name_of(row.code);
    ++code;
  }
  EXPECT_GT(code, 0);
  EXPECT_EQ(name_of(static_cast<ErrorCode>(code)), "unknown") << "a code without a row";
}

TEST(ExitStatus, IsDistinctForEachErrorCode) {
  std::set<int> seen = {0, kFoundWrongStatus};
  for (const auto& row : exit_status_table()) {
    EXPECT_TRUE(seen.insert(row.status).second) << row.status << " is taken twice: " << name_of(row.code);
    EXPECT_EQ(exit_status(row.code), row.status);
    EXPECT_LT(row.status, 256);
  }
}

TEST(ExitStatus, KeepsTheNumbersThatScriptsRelyOn) {
  EXPECT_EQ(exit_status(ErrorCode::invalid_argument), 2);
  EXPECT_EQ(exit_status(ErrorCode::refused), 10);
  EXPECT_EQ(exit_status(ErrorCode::not_found), 18);
  EXPECT_EQ(exit_status(ErrorCode::wrong_checksum), 21);
  EXPECT_EQ(exit_status(ErrorCode::lock_timeout), 30);
  EXPECT_EQ(exit_status(ErrorCode::no_space), 40);
  EXPECT_EQ(exit_status(ErrorCode::io), 46);
  EXPECT_EQ(exit_status(ErrorCode::interrupted), 130);
}

}  // namespace
}  // namespace modelcache
