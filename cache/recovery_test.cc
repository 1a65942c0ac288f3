// Which temporaries a sweep takes away, by owner, lock and age.
#include "cache/recovery.h"

#include <gmock/gmock.h>

#include <cerrno>

#include "cache/scratch_cache.h"

namespace modelcache {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

// A cache directory, and a temporary of a process that nobody here can look up.
class Sweep : public ScratchCache {
 protected:
  void SetUp() override {
    auto elsewhere = posix->self();
    elsewhere.domain += 1;
    ASSERT_TRUE(get_good());
    leave_behind(elsewhere, minutes(0));
  }
  void leave_behind(const ProcessIdentity& owner, std::chrono::nanoseconds age) {
    leftover = root / "tmp" / temporary_name("manifest", owner, 7);
    write_file(leftover, "half");
    const auto now = std::filesystem::last_write_time(leftover);
    std::filesystem::last_write_time(leftover,
                                     now - std::chrono::duration_cast<std::filesystem::file_time_type::duration>(age));
  }
  SweepReport sweep() {
    auto directory = Directory::open(os, root.string(), false);
    EXPECT_TRUE(directory);
    const auto report = sweep_temporaries(os, *directory);
    EXPECT_TRUE(report) << report.error().message();
    EXPECT_EQ(names_in(root / "tmp").size(), report->kept);
    return *report;
  }
  ScriptedOs os{posix.get()};
  std::filesystem::path leftover;
};

TEST_F(Sweep, TakesTheLockOfALeftoverWhereThatNeedsWriting) {
  os.locks_need_writing = true;
  EXPECT_EQ(sweep().removed, 1U);
}

TEST_F(Sweep, TakesTheLockOfALeftoverThatItMayOnlyRead) {
  for (const int refusal : {EACCES, EPERM, EROFS}) {
    SetUp();
    os.read_write_error = Errno{refusal};
    EXPECT_EQ(sweep().removed, 1U) << refusal;
  }
}

TEST_F(Sweep, GoesByAgeWhereNeitherOwnerNorLockCanBeAsked) {
  auto elsewhere = posix->self();
  elsewhere.domain += 1;
  for (const int missing : {ENOLCK, EOPNOTSUPP, ENOSYS}) {
    os.lock_error = Errno{missing};
    for (const auto age : {hours(-48), hours(0), hours(23)}) {
      leave_behind(elsewhere, age);
      EXPECT_EQ(sweep().kept, 1U) << age.count() << " hours";
    }
    leave_behind(elsewhere, kAbandonedAfter);
    EXPECT_EQ(sweep().removed, 1U);
  }
}

TEST_F(Sweep, GoesByTheOwnerHoweverOldTheTemporaryIs) {
  std::filesystem::remove(leftover);
  os.lock_error = Errno{ENOLCK};
  auto owner = posix->self();
  leave_behind(owner, hours(1000));
  EXPECT_EQ(sweep().kept, 1U);
  std::filesystem::remove(leftover);
  owner.start_time += 1;
  leave_behind(owner, minutes(0));
  EXPECT_EQ(sweep().removed, 1U);
}

TEST_F(Sweep, LeavesWhatIsLockedHoweverOldItIs) {
  auto elsewhere = posix->self();
  elsewhere.domain += 1;
  leave_behind(elsewhere, hours(1000));
  const OpenFile temporaries(*posix, *posix->open(kWorkingDirectory, (root / "tmp").string(), OpenMode::root));
  const OpenFile file(*posix, *posix->open(temporaries.fd(), leftover.filename().string(), OpenMode::read_write));
  ASSERT_TRUE(posix->try_lock(file.fd(), LockMode::exclusive));
  EXPECT_EQ(sweep().kept, 1U);
}

}  // namespace
}  // namespace modelcache
