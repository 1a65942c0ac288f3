// Names in a cache directory: distinct things get distinct names, and only our own names are taken for ours.
#include "cache/key.h"

#include <gtest/gtest.h>

namespace modelcache {
namespace {

TEST(Key, NamesAnEntryByItsDigestAndBack) {
  const auto digest = sha256_of("model");
  EXPECT_EQ(digest_in_key(key_of(digest)), digest);
  EXPECT_TRUE(is_key(key_of(digest)));
  EXPECT_TRUE(is_key(key_of_url("http://h/x")));
  EXPECT_NE(key_of_url("http://h/x"), key_of_url("http://h/X"));
}

TEST(Key, RefusesWhatIsNoKey) {
  const auto good = key_of(sha256_of("model"));
  auto upper = good;
  upper[10] = 'A';
  for (const auto& name :
       {std::string(), std::string("sha256-"), upper, good + "0", good.substr(0, 70), "md5-" + good,
        std::string("../") + good, std::string("url-") + std::string(63, '0'), "url-" + std::string(64, 'g')}) {
    EXPECT_FALSE(is_key(name)) << name;
  }
}

TEST(Key, NamesATemporaryByItsOwnerAndBack) {
  const ProcessIdentity owner{0xabcdef0123456789, 4711, 99};
  const auto name = temporary_name(key_of(sha256_of("model")), owner, 7);
  EXPECT_EQ(owner_of_temporary(name), owner);
  EXPECT_EQ(owner_of_temporary(temporary_name("manifest", {0, 1, 0}, ~0ULL)), (ProcessIdentity{0, 1, 0}));
  EXPECT_LT(name.size(), 200U);
}

TEST(Key, TakesNoStrangersFileForATemporary) {
  const auto good = temporary_name("manifest", {1, 2, 3}, 4);
  ASSERT_TRUE(owner_of_temporary(good));
  for (const auto* name :
       {"", ".tmp", "manifest.tmp", "manifest.1.2.3.tmp", "manifest.01.2.3.4.tmp", "manifest.1.2.3.G.tmp",
        "notes.1.2.3.4.tmp", "manifest.1.2.3.4.tmp.bak", "manifest.1.2.3.4", "manifest.-1.2.3.4.tmp"}) {
    EXPECT_FALSE(owner_of_temporary(name)) << name;
  }
}

}  // namespace
}  // namespace modelcache
