// What a get promises to one process: hits, misses and errors.
#include "cache/cache.h"

#include <gmock/gmock.h>

#include <cerrno>

#include "cache/scratch_cache.h"

namespace modelcache {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

using CacheGet = ScratchCache;

TEST_F(CacheGet, DownloadsOnceAndHitsAfterwardsWithoutARequest) {
  const auto cold = get_good();
  ASSERT_TRUE(cold) << cold.error().message();
  EXPECT_FALSE(cold->hit);
  EXPECT_EQ(requests, 1U);
  EXPECT_EQ(cold->entry.path, entry.string());
  EXPECT_TRUE(read_file(entry) == body);
  EXPECT_THAT(names_in(root / "tmp"), IsEmpty());
  const auto warm = get_good();
  ASSERT_TRUE(warm) << warm.error().message();
  EXPECT_TRUE(warm->hit);
  EXPECT_FALSE(warm->hashed);
  EXPECT_TRUE(warm->entry.listed);
  EXPECT_EQ(requests, 0U);
  expect_sound("after a hit");
}

TEST_F(CacheGet, TellsThePhasesThatItGoesThrough) {
  using Phase = Progress::Phase;
  std::vector<Phase> phases;
  auto asked = request();
  asked.progress = [&](const Progress& progress) {
    if (phases.empty() || phases.back() != progress.phase) phases.push_back(progress.phase);
  };
  ScriptedOs os(posix.get());
  os.conversations.push_back(answers(ok_response(body)));
  ASSERT_TRUE(get(os, asked));
  EXPECT_EQ(phases, (std::vector{Phase::checking, Phase::connecting, Phase::receiving, Phase::verifying,
                                 Phase::publishing, Phase::listing}));
  phases.clear();
  ASSERT_TRUE(get(os, asked));
  EXPECT_EQ(phases, std::vector{Phase::checking});
}

TEST_F(CacheGet, WritesNothingOnAWarmHit) {
  ASSERT_TRUE(get_good());
  ScriptedOs os(posix.get());
  const auto warm = get(os, request());
  ASSERT_TRUE(warm);
  for (const auto* step :
       {"write", "rename", "unlink", "make_directory", "sync_file", "sync_directory", "try_lock", "truncate"}) {
    EXPECT_EQ(os.count(step), 0U) << step;
  }
  EXPECT_EQ(os.count("read"), 2U);  // the manifest, and its end
}

TEST_F(CacheGet, NeverPublishesWrongBytes) {
  ScriptedOs os(posix.get());
  const std::string wrong = std::string(20'000, 'w') + "rong";
  for (int i = 0; i < 5; ++i) os.conversations.push_back(answers(ok_response(wrong)));
  const auto result = get(os, request());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::wrong_checksum);
  EXPECT_EQ(os.requests.size(), 5U);
  EXPECT_THAT(names_in(root / "entries"), IsEmpty());
  EXPECT_THAT(names_in(root / "tmp"), IsEmpty());
}

TEST_F(CacheGet, RecoversWithinOneCallFrom503ThenWrongThenShortThenGood) {
  ScriptedOs os(posix.get());
  os.conversations.push_back(answers("HTTP/1.1 503 Busy\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n"));
  os.conversations.push_back(answers(ok_response(std::string(body.size(), 'x'))));
  os.conversations.push_back(answers(ok_response(body).substr(0, 5'000)));
  os.conversations.push_back(answers(ok_response(body)));
  const auto begun = os.time();
  const auto result = get(os, request());
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->attempts, 4U);
  EXPECT_GE(os.time() - begun, std::chrono::seconds(2));
  EXPECT_TRUE(read_file(entry) == body);
}

TEST_F(CacheGet, GivesUpWhenTheServerAsksForALongerWaitThanAllowed) {
  ScriptedOs os(posix.get());
  os.conversations.push_back(answers("HTTP/1.1 429 Slow\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n"));
  const auto result = get(os, request());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::http_status);
  EXPECT_EQ(result.error().http_status, 429);
  EXPECT_EQ(os.requests.size(), 1U);
}

TEST_F(CacheGet, DoesNotTryAgainWhatCannotPass) {
  ScriptedOs os(posix.get());
  os.conversations.push_back(answers("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
  const auto result = get(os, request());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::not_found);
  EXPECT_EQ(os.requests.size(), 1U);
}

TEST_F(CacheGet, RefusesABodyBeyondTheLimitBeforeReadingIt) {
  ScriptedOs os(posix.get());
  os.conversations.push_back(answers(ok_response(body)));
  auto options = quick_options();
  options.entry_bytes_max = body.size() - 1;
  const auto result = get(os, request(), options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::too_large);
  EXPECT_EQ(os.count("write"), 1U);  // the line in the lock file
}

TEST_F(CacheGet, NeedsALengthWhereThereIsNoChecksum) {
  const GetRequest unverified{.url = url, .accept_unverified = true};
  ScriptedOs os(posix.get());
  for (int i = 0; i < 5; ++i) os.conversations.push_back(answers("HTTP/1.1 200 OK\r\n\r\n" + body));
  const auto undeclared = get(os, unverified);
  ASSERT_FALSE(undeclared);
  EXPECT_EQ(undeclared.error().code, ErrorCode::unverifiable);
  EXPECT_EQ(undeclared.error().place, "http://127.0.0.1/model.onnx");
  EXPECT_EQ(os.requests.size(), 1U);  // another try would change nothing
  EXPECT_EQ(os.count("receive"), 1U);
  EXPECT_EQ(os.count("write"), 1U);  // the line in the lock file
  ScriptedOs declared(posix.get());
  declared.conversations.push_back(answers(ok_response(body)));
  const auto good = get(declared, unverified);
  ASSERT_TRUE(good) << good.error().message();
  EXPECT_TRUE(read_file(good->entry.path) == body);
  ScriptedOs again(posix.get());
  EXPECT_TRUE(get(again, unverified)->hit);
  ScriptedOs asking(posix.get());
  EXPECT_EQ(get(asking, {.url = url}).error().code, ErrorCode::invalid_argument);
}

TEST_F(CacheGet, BelievesAnEmptyModelByUrlOnlyWhereItIsListedAsEmpty) {
  const GetRequest unverified{.url = url, .accept_unverified = true};
  for (const auto policy : {VerifyPolicy::when_changed, VerifyPolicy::always, VerifyPolicy::never}) {
    auto options = quick_options();
    options.verify = policy;
    const auto requests_of_a_get = [&] {
      ScriptedOs os(posix.get());
      os.conversations.push_back(answers(ok_response("")));
      const auto result = get(os, unverified, options);
      EXPECT_TRUE(result) << result.error().message();
      return os.requests.size();
    };
    EXPECT_EQ(requests_of_a_get(), 1U) << name_of(policy);
    EXPECT_EQ(requests_of_a_get(), 0U) << name_of(policy);
    std::filesystem::remove(root / "manifest.json");
    EXPECT_EQ(requests_of_a_get(), 1U) << name_of(policy);
    std::filesystem::remove_all(root);
  }
}

TEST_F(CacheGet, KeepsModelsApartThatDifferOnlyInTheirChecksum) {
  ASSERT_TRUE(get_good());
  const std::string other = "another version";
  ScriptedOs os(posix.get());
  os.conversations.push_back(answers(ok_response(other)));
  const auto result = get(os, {.url = url, .sha256 = sha256_of(other)});
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_TRUE(read_file(entry) == body);
  EXPECT_EQ(read_file(result->entry.path), other);
}

TEST_F(CacheGet, StopsWhenAskedAndCleansUp) {
  std::size_t steps = 0;
  for (std::size_t stop_at = 0;; ++stop_at) {
    ScriptedOs os(posix.get());
    os.conversations.push_back(answers(ok_response(body)));
    bool stop = false;
    os.before_step = [&](std::size_t step) { stop = stop || step == stop_at; };
    auto options = quick_options();
    options.http.cancelled = [&] { return stop; };
    const auto result = get(os, request(), options);
    if (!stop) break;
    ++steps;
    if (!result) {
      EXPECT_EQ(result.error().code, ErrorCode::interrupted) << result.error().message();
    }
    EXPECT_THAT(names_in(root / "tmp"), IsEmpty()) << "stopped at step " << stop_at;
    expect_sound("stopped at step " + std::to_string(stop_at));
    std::filesystem::remove_all(root);
  }
  EXPECT_GT(steps, 30U);
}

TEST_F(CacheGet, SaysHowItStoodToTheLock) {
  const auto cold = get_good();
  ASSERT_TRUE(cold);
  EXPECT_EQ(cold->lock, LockUse::held);
  EXPECT_EQ(get_good()->lock, LockUse::none);
  std::filesystem::remove(entry);
  ScriptedOs os(posix.get());
  os.conversations.push_back(answers(ok_response(body)));
  os.lock_error = Errno{ENOLCK};
  const auto without = get(os, request());
  ASSERT_TRUE(without) << without.error().message();
  EXPECT_EQ(without->lock, LockUse::unavailable);
}

TEST_F(CacheGet, NamesTheHolderWhenItOnlyWaits) {
  ASSERT_TRUE(get_good());
  std::filesystem::remove(entry);
  const auto directory = posix->open(kWorkingDirectory, (root / "locks").string(), OpenMode::root);
  const auto held = posix->open(*directory, lock_name(key_of(digest)), OpenMode::open_or_create);
  ASSERT_TRUE(posix->try_lock(*held, LockMode::exclusive));
  ScriptedOs os(posix.get());
  auto options = quick_options();
  options.lock.only_wait = true;
  const auto result = get(os, request(), options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::lock_timeout);
  EXPECT_THAT(result.error().detail, HasSubstr("process " + std::to_string(posix->self().pid)));
  // The same, allowed to help itself: a stalled peer is nobody else's failure.
  const auto own = get_good();
  ASSERT_TRUE(own) << own.error().message();
  EXPECT_TRUE(read_file(entry) == body);
  EXPECT_EQ(own->lock, LockUse::gave_up);
  EXPECT_TRUE(posix->close(*held));
  EXPECT_TRUE(posix->close(*directory));
}

}  // namespace
}  // namespace modelcache
