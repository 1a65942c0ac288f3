// What a run record knows of failures, and of what has ended, after some steps: each field of each fact.
#include <gtest/gtest.h>

#include <cerrno>

#include "harness/judge/record_account_for_test.h"
#include "harness/judge/run_record.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::FileType;
using modelcache::OpenMode;
using std::chrono::milliseconds;
using std::chrono::seconds;

void network(History& h, StepKind kind, int error) {
  Step step;
  step.kind = kind;
  h.take(step, History::is_told(error));
}

const std::vector<AccountRow>& rows_of_the_rest() {
  static const std::vector<AccountRow> all = {
      {"faults, by kind of step",
       [](History& h) {
         h.open("x", OpenMode::read, History::fails(EIO));
         h.by(1).open("x", OpenMode::create_new, History::fails(ENOSPC));
         h.truncate("x", 3, 0, History::fails(EDQUOT));
         h.write("x", 4, Bytes(1), History::fails(EROFS));
         h.sync_file("x", 5, History::fails(EACCES));
         h.sync_directory("entries", History::fails(EMFILE));
         h.close_file("x", 6, History::fails(EIO));
         h.close_file("tmp/x", 7, History::fails(EIO));
       },
       {"run: run moment=8 now=8us by=1 not_clean", "change: place=temporary",
        "process 0: begun own_steps=1 start_time=1us last=1us codes=(io) early@0(io) met_failure met_any_failure",
        "process 1: begun own_steps=7 start_time=2us last=8us previous=7us codes=(no_space, read_only, denied, "
        "exhausted, io) early@0(no_space) early@1(no_space) early@2(read_only) early@3(denied) early@4(exhausted) "
        "early@5(io) early@6(io) closed=2 last_write=3 met_failure met_any_failure failed=truncate/3@1 "
        "failed=write/4@2 failed=sync_file/5@3 failed=sync_directory/0@4 failed=close/7@6"}},
      {"a close of what was opened in place",
       [](History& h) {
         h.open(h.entry(0), OpenMode::read_write);
         h.close_file("x", 6, History::fails(EINTR));
         h.by(1).open(h.entry(0), OpenMode::read);
         h.close_file("x", 6, History::fails(EINTR));
       },
       {"run: run moment=4 now=4us by=1 not_clean", "change: place=unknown",
        "process 0: begun own_steps=2 start_time=1us last=2us previous=1us codes=(io) early@1(io) opened=1 closed=1 "
        "last_write=1 writes_in_place met_failure met_any_failure failed=close/6@1",
        "process 1: begun own_steps=2 start_time=3us last=4us previous=3us codes=(io) early@1(io) opened=1 closed=1 "
        "met_failure met_any_failure"}},
      {"failures that come by themselves",
       [](History& h) {
         h.open("x", OpenMode::read, History::is_told(ENOENT));
         h.open("x", OpenMode::create_new, History::is_told(EEXIST));
         h.by(1).unlink("x", History::is_told(EACCES));
       },
       {"run: run moment=3 now=3us by=1 not_clean", "change: place=unknown",
        "process 0: begun own_steps=2 start_time=1us last=2us previous=1us last_write=2",
        "process 1: begun own_steps=1 start_time=3us last=3us last_write=1 met_any_failure"}},
      {"those of every day are not many",
       [](History& h) {
         for (const int error : {ENOENT, EEXIST, EWOULDBLOCK, EINTR, ECONNREFUSED, ECONNRESET, EPIPE, ETIMEDOUT}) {
           h.open("x", OpenMode::read, History::is_told(error));
         }
       },
       {"run: run moment=8 now=8us", "change: place=unknown",
        "process 0: begun own_steps=8 start_time=1us last=8us previous=7us"}},
      {"a read fails by itself",
       [](History& h) { h.by(1).open("x", OpenMode::read, History::is_told(ELOOP)); },
       {"run: run moment=1 now=1us by=1 not_clean", "change: place=unknown",
        "process 0:", "process 1: begun own_steps=1 start_time=1us last=1us met_failure met_any_failure"}},
      {"faults before the first operation and in it",
       [](History& h) {
         h.open("x", OpenMode::read, History::fails(EIO));
         h.make_cache();
         h.open("x", OpenMode::read, History::fails(ENOSPC));
         h.by(1).open("x", OpenMode::read, History::fails(EMFILE));
         h.by(0).record().begin_outcome(h.outcome());
       },
       {"run: run moment=10 now=10us not_clean", "change: place=unknown",
        "process 0: begun own_steps=9 start_time=1us last=9us previous=8us codes=(no_space) opening=(io) early@0(io) "
        "early@8(no_space) last_write=7 met_failure met_any_failure",
        "process 1: begun own_steps=1 start_time=10us last=10us codes=(exhausted) early@0(exhausted) met_failure "
        "met_any_failure"}},
      {"an operation ends, and the next meets a fault",
       [](History& h) {
         h.by(1).miss_unlisted(1);
         h.sync_directory("", History::fails(EIO));
         h.open("x", OpenMode::read, History::fails(EINTR));
         h.connect("none", false, History::fails(EINTR));
         h.pause(milliseconds(5));
         h.disk().make("tmp/x", FileType::regular, 0644);
         h.unlink("tmp/x");
         h.try_lock(h.lock_path(0), History::is_told(EWOULDBLOCK));
         h.succeeds(false);
         h.open("x", OpenMode::read, History::fails(EROFS));
       },
       {"run: run moment=21 now=5021us by=1 not_clean", "change: place=unknown", "process 0:",
        "process 1: begun own_steps=21 operations=1 start=20 start_time=5020us start_step=20 last=5021us "
        "previous=5020us codes=(read_only) early@14(io) opened=3 closed=3 last_write=19 met_failure met_any_failure "
        "entries_synced=12",
        "entry {1}: model=1 file=2 version=2 present present_other_until=9 good good_other_until=9 changed=10 named=10 "
        "by=1 had_no_lock unguarded",
        "lock {1}.lock:", "lock {0}.lock:", "connection of 1.0 at 5"}},
      {"a call that is interrupted, and made again",
       [](History& h) {
         h.pass(seconds(1)).connect("none", false, History::fails(EINTR));
         h.pass(seconds(2)).connect("none", false, History::is_told(EINTR));
         h.pass(seconds(3)).open("x", OpenMode::read, History::is_told(ENOENT));
         h.by(1).open("x", OpenMode::read, History::fails(EINTR));
       },
       {"run: run moment=4 now=6000004us by=1", "change: place=unknown",
        "process 0: begun own_steps=3 start_time=1000001us last=6000003us previous=3000002us connects=1 tries=2 "
        "interrupted=1 network_wait=5000002us signal=1000001us after_connect",
        "process 1: begun own_steps=1 start_time=6000004us last=6000004us interrupted=1",
        "entry {0}: model=0 had_no_lock unguarded"}},
      {"a call that is interrupted, and comes to an end",
       [](History& h) {
         h.connect("none", false, History::fails(EINTR));
         h.pass(seconds(2)).connect("none", false, History::is_told(ETIMEDOUT));
         h.pass(seconds(3)).open("x", OpenMode::read);
         h.by(1).connect("none", false, History::fails(EINTR));
         h.pass(seconds(4)).pause(seconds(5));
         h.pass(seconds(6)).open("x", OpenMode::read);
       },
       {"run: run moment=6 now=20000006us by=1", "change: place=unknown",
        "process 0: begun own_steps=3 start_time=1us last=5000003us previous=2000002us opened=1 connects=1 tries=2 "
        "interrupted=1 network_wait=2000001us files=1 after_connect",
        "process 1: begun own_steps=3 start_time=5000004us last=20000006us previous=14000005us opened=1 tries=1 "
        "interrupted=1 files=1 after_connect pause=9s/none",
        "entry {0}: model=0 had_no_lock unguarded", "entry {1}: model=1 had_no_lock unguarded"}},
      {"another stage begins",
       [](History& h) {
         h.lock(0);
         h.connect();
         h.stage(0);
         h.open("x", OpenMode::read, History::fails(EIO));
         h.pause(milliseconds(5));
         h.fails_with(ErrorCode::io);
         h.by(1).open(h.entry(1), OpenMode::create_new);
         h.stage_ends();
         h.begin_stage(StageKind::epilogue);
         h.pass(seconds(1)).connect();
         const std::string temporary = h.stage(0);
         h.try_lock(h.lock_path(1), History::is_told(EWOULDBLOCK));
       },
       {"run: epilogue moment=16 now=1005016us not_clean first_connection=1", "change: place=lock",
        "process 0: begun own_steps=6 start=10 start_time=1005011us last=1005016us previous=1005015us opened=2 "
        "closed=1 connects=1 tries=1 last_write=4 blocked_by={1}.lock files=1 temporaries=1 connection=1",
        "entry {1}: model=1 file=3 version=1 present present_other_until=9 changed=10 named=10 by=1 not_durable",
        "entry {0}: model=0 had_no_lock unguarded",
        "lock {0}.lock:", "lock {1}.lock:", "temporary tmp/{0}.1.64.1.1.tmp: file=2 earlier made=5",
        "temporary tmp/{0}.1.64.1.2.tmp: file=4 made=13", "connection of 0.0 at 3", "connection of 0.0 at 11"}},
      {"what the run before left is swept",
       [](History& h) {
         const std::string first = h.stage(0), second = h.stage(1);
         h.try_lock(first, kLie);
         h.stage_ends();
         h.begin_stage(StageKind::epilogue);
         h.unlink(first);
         h.unlink(second);
       },
       {"run: epilogue moment=9 now=9us locks_lie", "change: place=temporary",
        "process 0: begun own_steps=2 start=7 start_time=8us last=9us previous=8us last_write=2 swept=2"}},
      {"a call on the network is interrupted, whichever",
       [](History& h) {
         network(h, StepKind::send, EINTR);
         h.pass(seconds(1));
         network(h, StepKind::receive, EAGAIN);
         network(h.by(1), StepKind::receive, EINTR);
         h.pass(seconds(2));
         network(h, StepKind::send, EAGAIN);
       },
       {"run: run moment=4 now=3000004us by=1",
        "change:", "process 0: begun own_steps=2 start_time=1us last=1000002us previous=1us network_wait=1000001us",
        "process 1: begun own_steps=2 start_time=1000003us last=3000004us previous=1000003us network_wait=2000001us"}},
      {"nothing of an operation is left when it has ended",
       [](History& h) {
         h.by(1).lock(1);
         h.connect();
         h.pause(milliseconds(5));
         h.publish(h.stage(1), 1);
         h.sync_file("x", 9, History::fails(EIO));
         h.connect("none", false, History::fails(EINTR));
         h.connect();
         h.open("x", OpenMode::read, History::fails(EIO));
         h.try_lock(h.lock_path(0), History::is_told(EWOULDBLOCK));
         h.close(h.lock_path(0));
         h.disk().make("tmp/x", FileType::regular, 0644);
         h.unlink("tmp/x");
         h.connect();
         h.succeeds(false);
       },
       {"run: run moment=21 now=5021us by=1 not_clean", "change:", "process 0:",
        "process 1: begun own_steps=21 operations=1 start=21 start_time=5021us start_step=21 last=5021us "
        "previous=5020us early@11(io) early@15(io) opened=5 closed=5 last_write=19 entries_synced=11",
        "entry {1}: model=1 file=2 version=2 present present_other_until=8 good good_other_until=8 changed=9 named=9 "
        "by=1",
        "lock {1}.lock: holder=1", "lock {0}.lock:", "connection of 1.0 at 3", "connection of 1.0 at 14",
        "connection of 1.0 at 20"}},
      {"nor of one that had not ended with its stage",
       [](History& h) {
         h.open("x", OpenMode::read, History::fails(EIO));
         h.connect();
         h.pause(milliseconds(5));
         h.publish(h.stage(1), 1);
         h.sync_file("x", 9, History::fails(EIO));
         h.try_lock(h.lock_path(0), History::is_told(EWOULDBLOCK));
         h.close(h.lock_path(0));
         h.stage_ends();
         h.begin_stage(StageKind::epilogue);
         h.open("x", OpenMode::read);
       },
       {"run: epilogue moment=14 now=5014us not_clean first_connection=1", "change: place=unknown",
        "process 0: begun own_steps=1 start=13 start_time=5014us last=5014us opened=1 files=1",
        "entry {0}: model=0 had_no_lock unguarded",
        "entry {1}: model=1 file=1 version=2 present present_other_until=7 good good_other_until=7 changed=8 named=8",
        "lock {0}.lock:", "connection of 0.0 at 2"}},
      {"a signal is of its operation",
       [](History& h) {
         h.by(1).connect("none", false, History::fails(EINTR));
         h.succeeds(false);
         h.pass(seconds(1)).open("x", OpenMode::read);
       },
       {"run: run moment=2 now=1000002us by=1", "change: place=unknown", "process 0:",
        "process 1: begun own_steps=2 operations=1 start=1 start_time=1us start_step=1 last=1000002us previous=1us "
        "opened=1 files=1",
        "entry {1}: model=1 had_no_lock unguarded"}},
      {"a URL whose lock another has",
       [](History& h) {
         h.try_lock("locks/url-x.lock");
         h.by(1).succeeds(false);
         h.connect();
         h.open("entries/url-" + std::string(64, '0'), OpenMode::create_new);
       },
       {"run: run moment=4 now=4us by=1",
        "change: place=entry entry=url-0000000000000000000000000000000000000000000000000000000000000000",
        "process 0: begun own_steps=1 start_time=1us last=1us",
        "process 1: begun own_steps=3 operations=1 start=1 start_time=2us last=4us previous=3us opened=2 closed=1 "
        "connects=1 tries=1 last_write=3 writes_in_place files=1 after_connect connection=0",
        "entry url-0000000000000000000000000000000000000000000000000000000000000000: file=1 version=1 present "
        "present_other_until=3 changed=4 named=4 by=1 not_durable unguarded",
        "lock url-x.lock: holder=0", "connection of 1.1 at 2"}},
      {"a directory is made after a connection",
       [](History& h) {
         h.connect();
         h.make_directory("x");
       },
       {"run: run moment=3 now=3us", "change: place=unknown",
        "process 0: begun own_steps=3 start_time=1us last=3us previous=2us opened=1 closed=1 connects=1 tries=1 "
        "last_write=3 after_connect connection=0",
        "entry {0}: model=0 had_no_lock unguarded", "connection of 0.0 at 1"}},
      {"a URL with the lock of something else",
       [](History& h) {
         h.by(1).succeeds(false);
         h.try_lock(h.lock_path(0));
         h.connect();
         h.open("entries/url-" + std::string(64, '0'), OpenMode::create_new);
         h.open("entries/sha256-" + std::string(64, '0'), OpenMode::create_new);
       },
       {"run: run moment=5 now=5us by=1",
        "change: place=entry entry=sha256-0000000000000000000000000000000000000000000000000000000000000000",
        "process 0:",
        "process 1: begun own_steps=5 operations=1 start_time=1us last=5us previous=4us opened=3 closed=1 connects=1 "
        "tries=1 last_write=5 writes_in_place files=2 after_connect connection=0",
        "entry url-0000000000000000000000000000000000000000000000000000000000000000: file=1 version=1 present "
        "present_other_until=3 changed=4 named=4 by=1 not_durable unguarded",
        "entry sha256-0000000000000000000000000000000000000000000000000000000000000000: file=2 version=1 present "
        "present_other_until=4 changed=5 named=5 by=1 not_durable",
        "lock {0}.lock: holder=1", "connection of 1.1 at 2"}},
  };
  return all;
}

TEST(RunRecord, KnowsFailuresAndWhatEnded) { expect_accounts(rows_of_the_rest()); }

}  // namespace
}  // namespace stampede
