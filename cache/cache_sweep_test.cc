// Every step of a get, failed once with each errno; and every step, with another process's whole operation before it.
#include <gmock/gmock.h>

#include <set>

#include "cache/scratch_cache.h"

namespace modelcache {
namespace {

using testing::IsEmpty;

struct SweepCase {
  const char* name;
  int error;
};
std::ostream& operator<<(std::ostream& out, const SweepCase& sweep) { return out << sweep.name; }

class CacheSweep : public ScratchCache, public testing::WithParamInterface<SweepCase> {};

// For n = 0, 1, 2, ...: the n-th call fails, until a run makes no n-th call. A get that succeeds has the bytes; none
// succeeds after a failed write or sync; nothing bad is left under a good name; the next get succeeds with clean hands.
TEST_P(CacheSweep, FailsHonestlyAndRecoversWhicheverStepFails) {
  const Errno error{GetParam().error};
  std::set<std::string> failed;
  std::size_t n = 0;
  for (;; ++n) {
    SCOPED_TRACE("step " + std::to_string(n));
    ScriptedOs os(posix.get());
    for (int i = 0; i < 5; ++i) os.conversations.push_back(answers(ok_response(body)));
    os.fail_step = n;
    os.fail_with = error;
    const auto result = get(os, request());
    if (!os.failed_a_step) break;
    const auto& step = os.steps[n];
    failed.insert(step);
    if (result) {
      EXPECT_TRUE(read_file(entry) == body) << step;
      if (error != Errno{EINTR}) {
        EXPECT_FALSE(step == "write" || step == "sync_file" || step == "sync_directory") << step;
      }
    } else {
      EXPECT_FALSE(result.error().step.empty() || result.error().place.empty()) << result.error().message();
    }
    expect_sound(step + " failed");
    if (step != "unlink") {
      EXPECT_THAT(names_in(root / "tmp"), IsEmpty()) << step << " failed";
    }
    const auto next = get_good();
    ASSERT_TRUE(next) << "after " << step << " failed: " << next.error().message();
    EXPECT_TRUE(read_file(entry) == body);
    expect_sound("recovered after " + step + " failed");
    std::filesystem::remove_all(root);
  }
  EXPECT_GT(n, 40U);
  EXPECT_THAT(failed,
              testing::IsSupersetOf({"open", "write", "sync_file", "sync_directory", "rename", "try_lock", "close"}));
}

INSTANTIATE_TEST_SUITE_P(Errnos, CacheSweep,
                         testing::Values(SweepCase{"NoSpace", ENOSPC}, SweepCase{"Io", EIO}, SweepCase{"Quota", EDQUOT},
                                         SweepCase{"Interrupted", EINTR}, SweepCase{"Denied", EACCES},
                                         SweepCase{"ReadOnly", EROFS}, SweepCase{"NoDescriptors", EMFILE},
                                         SweepCase{"NoLocks", ENOLCK}, SweepCase{"Stale", ESTALE},
                                         SweepCase{"Vanished", ENOENT}, SweepCase{"Unsupported", EINVAL}),
                         [](const auto& sweep) { return std::string(sweep.param.name); });

// Doors that lie about locks: some file systems accept every lock and exclude nobody (huggingface_hub issue 4306).
class LyingLocks final : public Os {
 public:
  explicit LyingLocks(Os& os) : os_(os) {}
  OsResult<void> try_lock(Fd, LockMode) override { return {}; }
  OsResult<void> unlock(Fd) override { return {}; }
  OsResult<Fd> open(Fd dir, std::string_view name, OpenMode mode) override { return os_.open(dir, name, mode); }
  OsResult<std::size_t> read(Fd f, std::span<std::byte> into, std::uint64_t at) override {
    return os_.read(f, into, at);
  }
  OsResult<std::size_t> write(Fd f, std::span<const std::byte> b, std::uint64_t at) override {
    return os_.write(f, b, at);
  }
  OsResult<void> truncate(Fd f, std::uint64_t size) override { return os_.truncate(f, size); }
  OsResult<void> sync_file(Fd f) override { return os_.sync_file(f); }
  OsResult<void> sync_directory(Fd f) override { return os_.sync_directory(f); }
  OsResult<void> rename(Fd a, std::string_view from, Fd b, std::string_view to, RenameMode mode) override {
    return os_.rename(a, from, b, to, mode);
  }
  OsResult<void> link(Fd a, std::string_view from, Fd b, std::string_view to) override {
    return os_.link(a, from, b, to);
  }
  OsResult<void> unlink(Fd dir, std::string_view name) override { return os_.unlink(dir, name); }
  OsResult<FileStat> stat(Fd f) override { return os_.stat(f); }
  OsResult<FileStat> stat_name(Fd dir, std::string_view name) override { return os_.stat_name(dir, name); }
  OsResult<std::vector<std::string>> list(Fd dir) override { return os_.list(dir); }
  OsResult<void> make_directory(Fd dir, std::string_view name) override { return os_.make_directory(dir, name); }
  OsResult<void> close(Fd f) override { return os_.close(f); }
  OsResult<std::vector<Address>> resolve(std::string_view h, std::uint16_t p) override { return os_.resolve(h, p); }
  OsResult<Fd> connect(const Address& to, std::chrono::nanoseconds t) override { return os_.connect(to, t); }
  OsResult<std::size_t> send(Fd f, std::span<const std::byte> b, std::chrono::nanoseconds t) override {
    return os_.send(f, b, t);
  }
  OsResult<std::size_t> receive(Fd f, std::span<std::byte> b, std::chrono::nanoseconds t) override {
    return os_.receive(f, b, t);
  }
  Instant now() override { return os_.now(); }
  WallTime wall_time() override { return os_.wall_time(); }
  OsResult<void> sleep_until(Instant until) override { return os_.sleep_until(until); }
  std::uint64_t random() override { return os_.random(); }
  ProcessIdentity self() override { return os_.self(); }
  // Another container's process, for all that we can know.
  Liveness liveness(const ProcessIdentity&) override { return Liveness::unknown; }

 private:
  Os& os_;
};

class CachePreemption : public ScratchCache {
 public:
  // Runs a get; before its n-th step `other` runs from start to end, as another process would. Returns whether there is
  // an n-th step.
  bool get_preempted(Os& files, std::size_t n, const std::function<void()>& other) {
    ScriptedOs os(&files);
    for (int i = 0; i < 2; ++i) os.conversations.push_back(answers(ok_response(body)));
    bool preempted = false;
    os.before_step = [&](std::size_t step) {
      if (step != n || std::exchange(preempted, true)) return;
      had_tried_lock = os.count("try_lock") > 0;
      other();
    };
    const auto result = get(os, request());
    EXPECT_TRUE(result) << result.error().message();
    requests_of_first = os.requests.size();
    return preempted;
  }
  bool had_tried_lock = false;        // when `other` ran
  std::size_t requests_of_first = 0;  // of the get that was preempted
};

TEST_F(CachePreemption, TwoGetsSucceedWhereverTheSecondRunsWithLocksThatWork) {
  std::size_t n = 0;
  std::size_t shared = 0;
  for (;; ++n) {
    SCOPED_TRACE("before step " + std::to_string(n));
    const bool preempted = get_preempted(*posix, n, [&] {
      const auto result = get_good();
      EXPECT_TRUE(result) << result.error().message();
      EXPECT_TRUE(read_file(entry) == body);
    });
    // What was seen before the lock counts for nothing: the second's download serves the first as well.
    if (preempted && !had_tried_lock) {
      EXPECT_EQ(requests_of_first, 0U);
      ++shared;
    }
    EXPECT_TRUE(read_file(entry) == body);
    EXPECT_THAT(names_in(root / "tmp"), IsEmpty());
    expect_sound("both done");
    EXPECT_TRUE(get_good()->hit);
    std::filesystem::remove_all(root);
    if (!preempted) break;
  }
  EXPECT_GT(shared, 10U);
  EXPECT_GT(n, 40U);
}

TEST_F(CachePreemption, TwoGetsSucceedWhereverTheSecondRunsWithLocksThatLie) {
  LyingLocks lying(*posix);
  std::size_t n = 0;
  std::size_t second_downloads = 0;
  for (;; ++n) {
    SCOPED_TRACE("before step " + std::to_string(n));
    const bool preempted = get_preempted(lying, n, [&] {
      ScriptedOs os(&lying);
      os.conversations.push_back(answers(ok_response(body)));
      const auto result = get(os, request());
      EXPECT_TRUE(result) << result.error().message();
      second_downloads += os.requests.size();
    });
    EXPECT_TRUE(read_file(entry) == body);
    expect_sound("both done");
    const auto next = get_good();
    ASSERT_TRUE(next);
    EXPECT_TRUE(next->hit);
    std::filesystem::remove_all(root);
    if (!preempted) break;
  }
  EXPECT_GT(second_downloads, 20U);  // the locks really did nothing
}

TEST_F(CachePreemption, AGetSurvivesARemovalOrARecoveryBeforeAnyStep) {
  for (const bool removes : {true, false}) {
    for (std::size_t n = 0;; ++n) {
      SCOPED_TRACE((removes ? "removal before step " : "recovery before step ") + std::to_string(n));
      const bool preempted = get_preempted(*posix, n, [&] {
        ScriptedOs os(posix.get());
        auto cache = Cache::open(os, root.string(), quick_options(), true);
        ASSERT_TRUE(cache);
        if (removes) {
          const auto removed = cache->remove(digest.hex());
          if (!removed) {
            EXPECT_TRUE(removed.error().code == ErrorCode::not_found || removed.error().code == ErrorCode::lock_timeout)
                << removed.error().message();
          }
        } else {
          const auto recovered = cache->recover();
          EXPECT_TRUE(recovered) << recovered.error().message();
        }
      });
      expect_sound("both done");
      EXPECT_THAT(names_in(root / "tmp"), IsEmpty());
      ASSERT_TRUE(get_good());
      EXPECT_TRUE(read_file(entry) == body);
      std::filesystem::remove_all(root);
      if (!preempted) break;
    }
  }
}

TEST_F(CachePreemption, ATemporaryThatVanishedIsWrittenAgainWithoutAnotherDownload) {
  std::size_t vanished = 0;
  for (std::size_t n = 0;; ++n) {
    ScriptedOs os(posix.get());
    os.conversations.push_back(answers(ok_response(body)));
    os.before_step = [&](std::size_t step) {
      if (step != n) return;
      for (const auto& name : names_in(root / "tmp")) vanished += std::filesystem::remove(root / "tmp" / name) ? 1 : 0;
    };
    const auto result = get(os, request());
    ASSERT_TRUE(result) << "step " << n << ": " << result.error().message();
    EXPECT_EQ(os.requests.size(), 1U);
    EXPECT_TRUE(read_file(entry) == body);
    expect_sound("step " + std::to_string(n));
    std::filesystem::remove_all(root);
    if (os.steps.size() <= n) break;
  }
  EXPECT_GT(vanished, 10U);
}

}  // namespace
}  // namespace modelcache
