// The choice of the cache directory: who is asked first, and what counts as an answer.
#include "cache/command/cache_directory.h"

#include <gtest/gtest.h>

#include <map>

namespace modelcache {
namespace {

using Variables = std::map<std::string, std::string>;

Result<CacheDirectory> choose(const std::optional<std::string>& option, const Variables& variables) {
  const auto environment = [&](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
  return choose_directory(option, environment, [] { return Result<std::string>("/here now"); });
}

std::string shown(const Result<CacheDirectory>& chosen) {
  return chosen ? chosen->path + " by " + chosen->chosen_by : chosen.error().message();
}

TEST(CacheDirectory, IsTheFirstThatIsNamed) {
  Variables all = {{"MODELCACHE_DIR", "/m"}, {"XDG_CACHE_HOME", "/x"}, {"HOME", "/h"}};
  EXPECT_EQ(shown(choose("/o", all)), "/o by --cache-dir");
  EXPECT_EQ(shown(choose(std::nullopt, all)), "/m by MODELCACHE_DIR");
  all.erase("MODELCACHE_DIR");
  EXPECT_EQ(shown(choose(std::nullopt, all)), "/x/modelcache by XDG_CACHE_HOME");
  all.erase("XDG_CACHE_HOME");
  EXPECT_EQ(shown(choose(std::nullopt, all)), "/h/.cache/modelcache by HOME");
}

TEST(CacheDirectory, TakesAnEmptyVariableForNone) {
  EXPECT_EQ(shown(choose(std::nullopt, {{"MODELCACHE_DIR", ""}, {"XDG_CACHE_HOME", ""}, {"HOME", "/h/"}})),
            "/h/.cache/modelcache by HOME");
}

TEST(CacheDirectory, IgnoresARelativeXdgCacheHome) {
  EXPECT_EQ(shown(choose(std::nullopt, {{"XDG_CACHE_HOME", "x"}, {"HOME", "/h"}})), "/h/.cache/modelcache by HOME");
}

TEST(CacheDirectory, IsMadeAbsolute) {
  EXPECT_EQ(shown(choose("o/p", {})), "/here now/o/p by --cache-dir");
  EXPECT_EQ(shown(choose(std::nullopt, {{"MODELCACHE_DIR", "../m"}})), "/here now/../m by MODELCACHE_DIR");
}

TEST(CacheDirectory, IsAUsageErrorWhenNothingNamesIt) {
  const auto chosen = choose(std::nullopt, {});
  ASSERT_FALSE(chosen.has_value());
  EXPECT_EQ(chosen.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(chosen.error().message().find("MODELCACHE_DIR"), std::string::npos);
  EXPECT_FALSE(choose("", {{"HOME", "/h"}}).has_value());
}

}  // namespace
}  // namespace modelcache
