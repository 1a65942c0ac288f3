// SHA-256 against FIPS 180-4's examples, and the text form of a digest.
#include "cache/sha256.h"

#include <gtest/gtest.h>

#include <string>

namespace modelcache {
namespace {

constexpr std::string_view kOfEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr std::string_view kOfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256, MatchesThePublishedExamples) {
  EXPECT_EQ(sha256_of(std::string_view("")).hex(), kOfEmpty);
  EXPECT_EQ(sha256_of(std::string_view("abc")).hex(), kOfAbc);
  EXPECT_EQ(sha256_of(std::string(1'000'000, 'a')).hex(),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, DoesNotDependOnHowTheBytesAreCut) {
  const std::string text = "the quick brown fox jumps over the lazy dog, twice, so that more than one block is filled";
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    Sha256 hash;
    hash.update(bytes.first(cut));
    hash.update(bytes.subspan(cut));
    EXPECT_EQ(hash.finish(), sha256_of(text)) << cut;
  }
}

TEST(Sha256, GoesOnAfterBeingMoved) {
  Sha256 first;
  first.update(std::as_bytes(std::span("ab", 2)));
  Sha256 second = std::move(first);
  second.update(std::as_bytes(std::span("c", 1)));
  EXPECT_EQ(second.finish().hex(), kOfAbc);
}

TEST(Sha256Digest, ReadsBothCasesAndPrintsLowerCase) {
  std::string upper(kOfAbc);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  const auto digest = Sha256Digest::parse(upper);
  ASSERT_TRUE(digest.has_value());
  EXPECT_EQ(digest->hex(), kOfAbc);
  EXPECT_EQ(*digest, sha256_of(std::string_view("abc")));
}

TEST(Sha256Digest, RefusesAnythingElseAndSaysWhatItFound) {
  const std::string good(kOfAbc);
  for (const std::string& bad : {std::string(), good.substr(1), good + "0", "sha256:" + good, " " + good.substr(1),
                                 good.substr(0, 63) + "g", good.substr(0, 63) + std::string(1, '\0')}) {
    const auto digest = Sha256Digest::parse(bad);
    ASSERT_FALSE(digest.has_value()) << bad;
    EXPECT_EQ(digest.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(digest.error().detail.find("64 hexadecimal digits"), std::string::npos) << digest.error().detail;
  }
  EXPECT_NE(Sha256Digest::parse(good.substr(0, 63)).error().detail.find("63"), std::string::npos);
  EXPECT_NE(Sha256Digest::parse(good.substr(0, 62) + "x0").error().detail.find("character 63"), std::string::npos);
}

}  // namespace
}  // namespace modelcache
