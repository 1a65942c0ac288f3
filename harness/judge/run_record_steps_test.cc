// What a run record knows of locks and connections after some steps: each field of each fact.
#include <gtest/gtest.h>

#include <cerrno>

#include "cache/key.h"
#include "harness/judge/record_account_for_test.h"
#include "harness/judge/run_record.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::OpenMode;
using std::chrono::milliseconds;

void shared_lock(History& h, const std::string& path) {
  Step step;
  step.kind = StepKind::try_lock;
  step.path = path;
  step.mode = static_cast<std::uint32_t>(modelcache::LockMode::shared);
  h.take(step);
}

constexpr const char* kManifestLock = "locks/manifest.lock";

const std::vector<AccountRow>& rows_of_locks_and_connections() {
  static const std::vector<AccountRow> all = {
      {"locks are held by one and another",
       [](History& h) {
         h.try_lock(h.lock_path(0));
         shared_lock(h, h.lock_path(1));
         shared_lock(h.by(1), h.lock_path(1));
         h.by(1).try_lock(kManifestLock);
         h.unlock(kManifestLock);
         h.by(0).unlock(h.lock_path(1));
         h.by(1).try_lock(h.lock_path(0));
       },
       {"run: run moment=7 now=7us by=1", "change: place=lock other_holder=0",
        "process 0: begun own_steps=3 start_time=1us last=6us previous=2us",
        "process 1: begun own_steps=4 start_time=3us last=7us previous=5us", "lock {0}.lock: holder=1",
        "lock {1}.lock: holder=1 shared", "lock manifest.lock:"}},
      {"a lock is shared",
       [](History& h) {
         shared_lock(h, h.lock_path(0));
         shared_lock(h.by(1), h.lock_path(0));
       },
       {"run: run moment=2 now=2us by=1", "change: place=lock", "process 0: begun own_steps=1 start_time=1us last=1us",
        "process 1: begun own_steps=1 start_time=2us last=2us", "lock {0}.lock: holder=1 shared"}},
      {"a shared lock is taken from who has it alone",
       [](History& h) {
         h.try_lock(h.lock_path(0));
         h.try_lock(h.lock_path(0));
         shared_lock(h.by(1), h.lock_path(0));
       },
       {"run: run moment=3 now=3us by=1", "change: place=lock other_holder=0",
        "process 0: begun own_steps=2 start_time=1us last=2us previous=1us",
        "process 1: begun own_steps=1 start_time=3us last=3us", "lock {0}.lock: holder=1 shared"}},
      {"a lock is waited for in vain, and then not",
       [](History& h) {
         h.lock(0);
         h.by(1).try_lock(kManifestLock, History::is_told(EWOULDBLOCK));
         h.try_lock(h.lock_path(0), History::is_told(EWOULDBLOCK));
         h.close(kManifestLock);
         h.by(0).try_lock(h.lock_path(1), History::is_told(EWOULDBLOCK));
         h.try_lock(h.lock_path(1));
         h.by(1).close(h.lock_path(0));
       },
       {"run: run moment=8 now=8us by=1", "change: place=lock",
        "process 0: begun own_steps=4 start_time=1us last=7us previous=6us opened=1 last_write=1 files=1",
        "process 1: begun own_steps=4 start_time=3us last=8us previous=5us closed=2 blocked_by={0}.lock "
        "gave_up={0}.lock",
        "lock {0}.lock: holder=0", "lock manifest.lock:", "lock {1}.lock: holder=0"}},
      {"the manifest's lock is given up",
       [](History& h) {
         h.try_lock(kManifestLock, History::is_told(EWOULDBLOCK));
         h.close(kManifestLock);
         h.fails_with(ErrorCode::io);
       },
       {"run: run moment=2 now=2us gave_up_manifest", "change: place=lock",
        "process 0: begun own_steps=2 operations=1 start=2 start_time=2us start_step=2 last=2us previous=1us closed=1",
        "lock manifest.lock:"}},
      {"a lock is closed, and kept by who died",
       [](History& h) {
         h.lock(0);
         h.lock(1);
         h.by(1).lock(2);
         h.by(0).close(h.lock_path(0));
         h.process_ends(ProcessEnd::killed);
       },
       {"run: run moment=7 now=7us", "change: place=lock",
        "process 0: dead ended_at=7 begun own_steps=5 start_time=1us last=7us previous=4us opened=2 closed=1 "
        "last_write=3 files=1",
        "process 1: begun own_steps=2 start_time=5us last=6us previous=5us opened=1 last_write=1 files=1",
        "lock {0}.lock:", "lock {1}.lock:", "lock {2}.lock: holder=1"}},
      {"locks lie",
       [](History& h) {
         h.try_lock(h.lock_path(0), kLie);
         h.by(1).try_lock(h.lock_path(1), History::fails(ENOLCK));
         h.try_lock(h.lock_path(2), History::fails(EIO));
         h.publish(h.stage(0), 0);
         h.publish(h.stage(1), 1);
         h.publish(h.stage(2), 2);
       },
       {"run: run moment=21 now=21us by=1 locks_lie not_clean", "change: place=directory",
        "process 0: begun own_steps=1 start_time=1us last=1us",
        "process 1: begun own_steps=20 start_time=2us last=21us previous=20us codes=(io) early@0(io) early@1(io) "
        "opened=3 closed=3 last_write=18 met_failure met_any_failure entries_synced=21 published=1 published=2 "
        "published=3",
        "entry {0}: model=0 file=1 version=2 present present_other_until=6 good good_other_until=6 changed=7 named=7 "
        "by=1 unguarded lock_lies",
        "entry {1}: model=1 file=2 version=2 present present_other_until=12 good good_other_until=12 changed=13 "
        "named=13 by=1 unguarded lock_lies",
        "entry {2}: model=2 file=3 version=2 present present_other_until=18 good good_other_until=18 changed=19 "
        "named=19 by=1",
        "lock {0}.lock: holder=0 lies", "lock {1}.lock: lies"}},
      {"the manifest's lock lies",
       [](History& h) { h.by(1).try_lock(kManifestLock, History::fails(EOPNOTSUPP)); },
       {"run: run moment=1 now=1us by=1 locks_lie manifest_lock_lies not_clean", "change: place=lock", "process 0:",
        "process 1: begun own_steps=1 start_time=1us last=1us codes=(io) early@0(io) met_failure met_any_failure",
        "lock manifest.lock: lies"}},
      {"there are no locks",
       [](History& h) {
         h.try_lock(h.lock_path(0), History::fails(ENOSYS));
         h.try_lock("entries", History::is_told(ENOLCK));
       },
       {"run: run moment=2 now=2us locks_lie not_clean", "change: place=directory",
        "process 0: begun own_steps=2 start_time=1us last=2us previous=1us codes=(io) early@0(io) met_failure "
        "met_any_failure",
        "lock {0}.lock: lies"}},
      {"connections, with and without a lock",
       [](History& h) {
         h.lock(0);
         h.connect();
         h.by(1).connect("none", false, History::is_told(ENETUNREACH));
         h.connect("none", false, History::fails(EINTR));
         h.connect();
         h.by(0).pass(milliseconds(3)).pause(milliseconds(5));
         h.try_lock(h.lock_path(0));
         h.pause(milliseconds(7));
       },
       {"run: run moment=11 now=15011us not_clean", "change:",
        "process 0: begun own_steps=7 start_time=1us last=15011us previous=8010us opened=2 closed=1 connects=1 tries=1 "
        "last_write=1 files=1 connection=0 pause=8004us/0",
        "process 1: begun own_steps=4 start_time=5us last=8us previous=7us opened=1 closed=1 connects=2 tries=3 "
        "interrupted=1 network_wait=1us met_failure met_any_failure after_connect connection=1",
        "entry {1}: model=1 had_no_lock unguarded", "lock {0}.lock: holder=0", "connection of 0.0 at 3",
        "connection of 1.0 at 7"}},
      {"a URL without a lock, and then with one",
       [](History& h) {
         h.by(1).succeeds(false);
         h.try_lock("locks/url-x.lock");
         h.connect();
         h.unlock("locks/url-x.lock");
         h.connect("none", false, History::is_told(ECONNREFUSED));
         h.open("entries/" + modelcache::key_of_url("x"), OpenMode::create_new);
       },
       {"run: run moment=6 now=6us by=1",
        "change: place=entry entry=url-2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", "process 0:",
        "process 1: begun own_steps=6 operations=1 start_time=1us last=6us previous=5us opened=2 closed=1 connects=2 "
        "tries=2 last_write=6 writes_in_place files=1 after_connect",
        "entry url-2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881: file=1 version=1 present "
        "present_other_until=5 changed=6 named=6 by=1 not_durable unguarded",
        "lock url-x.lock:", "connection of 1.1 at 2"}},
  };
  return all;
}

TEST(RunRecord, KnowsLocksAndConnections) { expect_accounts(rows_of_locks_and_connections()); }

}  // namespace
}  // namespace stampede
