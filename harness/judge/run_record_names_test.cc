// What a run record knows of names and bytes after some steps: each field of each fact.
#include <gtest/gtest.h>

#include <cerrno>

#include "harness/judge/record_account_for_test.h"
#include "harness/judge/run_record.h"

namespace stampede {
namespace {

using modelcache::FileType;
using modelcache::OpenMode;

FileNumber file_of(History& h, const std::string& path) { return h.disk().file_at(path); }

const std::vector<AccountRow>& rows_of_names() {
  static const std::vector<AccountRow> all = {
      {"nothing", [](History&) {}, {"run: warm_up", "change:"}},
      {"the directory is made, and synced in part",
       [](History& h) {
         h.make_directory("");
         h.make_directory("entries");
         h.by(1).make_directory("tmp");
         h.sync_directory("tmp");
         h.sync_directory("/");
       },
       {"run: run moment=5 now=5us by=1 root_unnamed entries_unnamed", "change: place=outside",
        "process 0: begun own_steps=2 start_time=1us last=2us previous=1us last_write=2",
        "process 1: begun own_steps=3 start_time=3us last=5us previous=4us last_write=1"}},
      {"the directory is made and synced",
       [](History& h) {
         h.make_directory("");
         h.make_directory("entries");
         h.sync_directory("/sim");
         h.by(1).sync_directory("");
       },
       {"run: run moment=4 now=4us by=1",
        "change:", "process 0: begun own_steps=3 start_time=1us last=3us previous=2us last_write=2",
        "process 1: begun own_steps=1 start_time=4us last=4us"}},
      {"files and directories are opened",
       [](History& h) {
         h.open("x", OpenMode::read);
         for (const char* path : {"", "entries", "/sim"}) h.open(path, OpenMode::directory);
         h.by(1).open("manifest.json", OpenMode::read_write);
         h.close("x");
         h.close("x");
         h.close("/sim");
         h.close("entries", History::fails(EIO));
       },
       {"run: run moment=9 now=9us by=1 not_clean", "change: place=directory",
        "process 0: begun own_steps=4 start_time=1us last=4us previous=3us opened=4 files=1 directories=3",
        "process 1: begun own_steps=5 start_time=5us last=9us previous=8us codes=(io) early@4(io) opened=1 closed=4 "
        "last_write=1 writes_in_place met_failure met_any_failure failed=close/0@4"}},
      {"a model is published",
       [](History& h) {
         h.by(1);
         const std::string temporary = h.stage(1);
         h.rename(temporary, h.entry(1));
       },
       {"run: run moment=4 now=4us by=1", "change: place=temporary to=entry entry={1} gave_name", "process 0:",
        "process 1: begun own_steps=4 start_time=1us last=4us previous=3us opened=1 last_write=4 files=1 published=1",
        "entry {1}: model=1 file=1 version=2 present present_other_until=3 good good_other_until=3 changed=4 named=4 "
        "by=1 not_durable"}},
      {"and its name is synced",
       [](History& h) {
         h.by(1).publish(h.stage(1), 1);
         h.by(0).open("x", OpenMode::read);
       },
       {"run: run moment=7 now=7us", "change: place=unknown",
        "process 0: begun own_steps=1 start_time=7us last=7us opened=1 files=1",
        "process 1: begun own_steps=6 start_time=1us last=6us previous=5us opened=1 closed=1 last_write=4 "
        "entries_synced=6 published=1",
        "entry {1}: model=1 file=1 version=2 present present_other_until=3 good good_other_until=3 changed=4 named=4 "
        "by=1"}},
      {"it is listed",
       [](History& h) {
         h.by(1).publish(h.stage(1), 1);
         h.rename(h.stage_list(), "manifest.json");
       },
       {"run: run moment=10 now=10us by=1 manifest_by=1 manifest_named=10 manifest_changed=10 manifest_unnamed",
        "change: place=temporary to=manifest gave_name manifest", "process 0:",
        "process 1: begun own_steps=10 start_time=1us last=10us previous=9us opened=2 closed=1 last_write=10 "
        "entries_synced=6 files=1 published=1 published=2",
        "entry {1}: model=1 file=1 version=2 present present_other_until=3 good good_other_until=3 listed "
        "listed_other_until=9 recorded recorded_other_until=9 changed=4 named=4 by=1 record=20/1"}},
      {"it is listed, and then the file is another",
       [](History& h) {
         h.by(1).publish(h.stage(1), 1);
         h.list();
         h.by(0).rename(h.stage(1), h.entry(1));
       },
       {"run: run moment=20 now=20us manifest_by=1 manifest_named=12 manifest_changed=12",
        "change: place=temporary to=entry entry={1} had=1 was_good gave_name",
        "process 0: begun own_steps=4 start_time=17us last=20us previous=19us opened=1 last_write=4 files=1 "
        "published=4",
        "process 1: begun own_steps=16 start_time=1us last=16us previous=15us opened=3 closed=3 last_write=12 "
        "entries_synced=6 published=1 published=3",
        "entry {1}: model=1 file=4 version=2 present present_other_until=3 good good_other_until=3 "
        "listed_other_until=19 recorded recorded_other_until=11 changed=20 named=20 not_durable record=20/1 stale=20/1",
        "lock manifest.lock:"}},
      {"listed again with the same record, of the file before",
       [](History& h) {
         h.publish(h.stage(0), 0);
         h.list();
         h.publish(h.stage(0), 0);
         h.list_again();
       },
       {"run: run moment=32 now=32us manifest_named=28 manifest_changed=28", "change: place=lock",
        "process 0: begun own_steps=32 start_time=1us last=32us previous=31us opened=6 closed=6 last_write=28 "
        "entries_synced=22 published=1 published=3 published=4 published=5",
        "entry {0}: model=0 file=4 version=2 present present_other_until=3 good good_other_until=3 "
        "listed_other_until=19 recorded recorded_other_until=11 changed=20 named=20 record=100/1 stale=100/1",
        "lock manifest.lock:"}},
      {"an entry is linked, and its other name goes",
       [](History& h) {
         const std::string temporary = h.stage(0);
         h.link(temporary, h.entry(0));
         h.list();
         h.by(1).unlink(temporary, History::is_told(EACCES));
         h.by(0).unlink(temporary);
       },
       {"run: run moment=16 now=16us not_clean manifest_named=10 manifest_changed=10", "change: place=temporary",
        "process 0: begun own_steps=15 start_time=1us last=16us previous=14us opened=3 closed=2 last_write=15 files=1 "
        "published=1 published=3",
        "process 1: begun own_steps=1 start_time=15us last=15us last_write=1 met_any_failure unremoved=1",
        "entry {0}: model=0 file=1 version=2 present present_other_until=3 good good_other_until=3 "
        "listed_other_until=15 recorded recorded_other_until=9 changed=16 named=4 not_durable record=100/1 stale=100/1",
        "lock manifest.lock:"}},
      {"an entry is removed",
       [](History& h) {
         h.publish(h.stage(0), 0);
         h.list();
         h.by(1).unlink(h.entry(0));
       },
       {"run: run moment=17 now=17us by=1 manifest_named=12 manifest_changed=12",
        "change: place=entry entry={0} had=1 was_good lost={0} lost_was_good",
        "process 0: begun own_steps=16 start_time=1us last=16us previous=15us opened=3 closed=3 last_write=12 "
        "entries_synced=6 published=1 published=3",
        "process 1: begun own_steps=1 start_time=17us last=17us last_write=1",
        "entry {0}: model=0 present_other_until=16 good_other_until=16 listed_other_until=16 recorded "
        "recorded_other_until=11 losses=1 changed=17 named=17 by=1 not_durable record=100/1 stale=100/1",
        "lock manifest.lock:"}},
      {"an entry is moved to another key",
       [](History& h) {
         h.publish(h.stage(0), 0);
         h.by(1).rename(h.entry(0), h.entry(1));
       },
       {"run: run moment=7 now=7us by=1", "change: place=entry to=entry entry={1} gave_name lost={0} lost_was_good",
        "process 0: begun own_steps=6 start_time=1us last=6us previous=5us opened=1 closed=1 last_write=4 "
        "entries_synced=6 published=1",
        "process 1: begun own_steps=1 start_time=7us last=7us last_write=1 published=1",
        "entry {0}: model=0 present_other_until=6 good_other_until=6 losses=1 changed=7 named=7 by=1 not_durable",
        "entry {1}: model=1 file=1 version=2 present present_other_until=6 changed=7 named=7 by=1 not_durable"}},
      {"an entry is moved away",
       [](History& h) {
         h.publish(h.stage(0), 0);
         h.by(1).rename(h.entry(0), "x");
       },
       {"run: run moment=7 now=7us by=1",
        "change: place=entry to=unknown entry={0} had=1 was_good lost={0} lost_was_good",
        "process 0: begun own_steps=6 start_time=1us last=6us previous=5us opened=1 closed=1 last_write=4 "
        "entries_synced=6 published=1",
        "process 1: begun own_steps=1 start_time=7us last=7us last_write=1",
        "entry {0}: model=0 present_other_until=6 good_other_until=6 losses=1 changed=7 named=7 by=1 not_durable"}},
      {"an entry is made in place, and again",
       [](History& h) {
         h.open("x", OpenMode::create_new);
         h.by(1).open(h.entry(0), OpenMode::create_new);
         h.by(0).open(h.entry(0), OpenMode::open_or_create);
       },
       {"run: run moment=3 now=3us", "change: place=entry entry={0} had=2",
        "process 0: begun own_steps=2 start_time=1us last=3us previous=1us opened=2 last_write=2 writes_in_place "
        "files=2",
        "process 1: begun own_steps=1 start_time=2us last=2us opened=1 last_write=1 writes_in_place files=1",
        "entry {0}: model=0 file=2 version=1 present present_other_until=1 changed=2 named=2 by=1 not_durable"}},
      {"an entry is made in place and written to",
       [](History& h) {
         for (const char* path : {"x", "y"}) h.open(path, OpenMode::create_new);
         h.open(h.entry(0), OpenMode::create_new);
         h.by(1).write("z", file_of(h, h.entry(0)), *h.model(0).bytes);
       },
       {"run: run moment=4 now=4us by=1", "change: place=unknown entry={0} had=3 is_published",
        "process 0: begun own_steps=3 start_time=1us last=3us previous=2us opened=3 last_write=3 writes_in_place "
        "files=3",
        "process 1: begun own_steps=1 start_time=4us last=4us last_write=1",
        "entry {0}: model=0 file=3 version=2 present present_other_until=2 good good_other_until=3 changed=4 named=3 "
        "not_durable"}},
      {"the manifest is made in place and written to",
       [](History& h) {
         h.by(1).open("manifest.json", OpenMode::open_or_create);
         h.by(0).write("x", file_of(h, "manifest.json"), Bytes(1));
       },
       {"run: run moment=2 now=2us manifest_by=1 manifest_named=1 manifest_changed=2 manifest_unnamed",
        "change: place=unknown manifest is_published",
        "process 0: begun own_steps=1 start_time=2us last=2us last_write=1",
        "process 1: begun own_steps=1 start_time=1us last=1us opened=1 last_write=1 writes_in_place files=1"}},
      {"the manifest is moved away, and removed",
       [](History& h) {
         h.rename(h.stage_list(), "manifest.json");
         h.link("manifest.json", "x");
         h.by(1).rename("manifest.json", "manifest.json.bad");
         h.rename("x", "manifest.json");
         h.by(0).unlink("manifest.json");
       },
       {"run: run moment=8 now=8us manifest_by=1 manifest_named=7 manifest_changed=8 manifest_unnamed",
        "change: place=manifest manifest manifest_was_good",
        "process 0: begun own_steps=6 start_time=1us last=8us previous=5us opened=1 last_write=6 files=1 published=1",
        "process 1: begun own_steps=2 start_time=6us last=7us previous=6us last_write=2 published=1"}},
      {"a published file is written to and cut",
       [](History& h) {
         h.publish(h.stage(0), 0);
         const FileNumber file = file_of(h, h.entry(0));
         h.write("x", file, Bytes(100));
         h.write("x", file, *h.model(0).bytes);
         h.by(1).truncate("x", file, 5);
       },
       {"run: run moment=9 now=9us by=1", "change: place=unknown entry={0} had=1 was_good is_published",
        "process 0: begun own_steps=8 start_time=1us last=8us previous=7us opened=1 closed=1 last_write=8 "
        "entries_synced=6 published=1",
        "process 1: begun own_steps=1 start_time=9us last=9us last_write=1",
        "entry {0}: model=0 file=1 version=5 present present_other_until=3 good_other_until=8 losses=2 changed=9 "
        "named=4"}},
      {"a temporary is written to, in vain",
       [](History& h) {
         const std::string temporary = h.stage(0);
         h.write(temporary, file_of(h, temporary), {});
         h.write(temporary, file_of(h, temporary), Bytes(1), History::is_told(ENOSPC));
       },
       {"run: run moment=5 now=5us not_clean", "change: place=temporary",
        "process 0: begun own_steps=5 start_time=1us last=5us previous=4us opened=1 last_write=5 met_any_failure "
        "files=1 temporaries=1 failed=write/1@4",
        "temporary tmp/{0}.1.64.1.1.tmp: file=1 made=1"}},
      {"temporaries go: one's own, another's, a dead one's, one that nobody made",
       [](History& h) {
         h.unlink(h.stage(0));
         const std::string second = h.stage(0), third = h.stage(1);
         h.by(1).unlink(third);
         h.by(0).process_ends(ProcessEnd::killed);
         h.disk().make("tmp/x", FileType::regular, 0644);
         h.by(1).rename(second, "tmp/y");
         h.unlink("tmp/x");
       },
       {"run: run moment=13 now=13us by=1", "change: place=temporary",
        "process 0: dead ended_at=11 begun own_steps=10 start_time=1us last=10us previous=9us opened=3 last_write=9 "
        "files=3",
        "process 1: begun own_steps=3 start_time=11us last=13us previous=12us last_write=3 swept=3"}},
      {"a living one's temporary is taken away",
       [](History& h) {
         const std::string first = h.stage(0), second = h.stage(1), third = h.stage(0);
         h.try_lock(second, kLie);
         h.by(1).try_lock(third, History::is_told(EWOULDBLOCK));
         h.by(1).unlink(first);
       },
       {"run: run moment=12 now=12us by=1 locks_lie", "change: place=temporary robbed=0",
        "process 0: begun own_steps=10 start_time=1us last=10us previous=9us opened=3 last_write=8 files=3 "
        "temporaries=2",
        "process 1: begun own_steps=2 start_time=11us last=12us previous=11us last_write=2 swept=1",
        "temporary tmp/{0}.1.64.1.3.tmp: file=3 made=7 refused=11",
        "temporary tmp/{1}.1.64.1.2.tmp: file=2 made=4 lies"}},
      {"a living one's temporary with a lock that lies is taken away",
       [](History& h) {
         const std::string first = h.stage(0);
         h.try_lock(first, kLie);
         h.by(1).unlink(first);
         h.by(0).unlink(h.stage(1), History::fails(EACCES));
       },
       {"run: run moment=9 now=9us locks_lie not_clean", "change: place=temporary",
        "process 0: begun own_steps=8 start_time=1us last=9us previous=8us codes=(denied) early@7(denied) opened=2 "
        "last_write=8 met_any_failure files=2 temporaries=1 unremoved=1",
        "process 1: begun own_steps=1 start_time=5us last=5us last_write=1 swept=1",
        "temporary tmp/{1}.1.64.1.2.tmp: file=2 made=6"}},
      {"an entry is removed, and then not listed",
       [](History& h) {
         h.publish(h.stage(0), 0);
         h.list();
         h.unlink(h.entry(0));
         h.list();
       },
       {"run: run moment=27 now=27us manifest_named=23 manifest_changed=23", "change: place=lock",
        "process 0: begun own_steps=27 start_time=1us last=27us previous=26us opened=5 closed=5 last_write=23 "
        "entries_synced=6 published=1 published=3 published=4",
        "entry {0}: model=0 present_other_until=16 good_other_until=16 listed_other_until=16 recorded_other_until=22 "
        "losses=1 changed=17 named=17 not_durable stale=100/1",
        "lock manifest.lock:"}},
  };
  return all;
}

TEST(RunRecord, KnowsNamesAndBytes) { expect_accounts(rows_of_names()); }

}  // namespace
}  // namespace stampede
