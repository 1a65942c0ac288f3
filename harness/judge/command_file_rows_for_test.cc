// Histories of what commands do to files and names.
#include <cerrno>

#include "harness/judge/command_rows_for_test.h"

namespace stampede {

using modelcache::FileType;
using modelcache::OpenMode;

namespace {

std::string half(History& h) {  // a temporary with half of the first model
  const std::string path = h.temporary(h.key(0));
  h.open(path, OpenMode::create_new);
  const Bytes& bytes = *h.model(0).bytes;
  h.write(path, h.disk().file_at(path), Bytes(bytes.begin(), bytes.begin() + 50));
  return path;
}

}  // namespace

FileNumber publish_at_once(History& h, std::size_t model) {  // complete, by one rename
  h.rename(h.stage(model), h.entry(model));
  return h.disk().file_at(h.entry(model));
}

OperationOutcome naming(History& h, const std::string& path) {
  OperationOutcome outcome = h.outcome();
  outcome.path = path;
  return outcome;
}

const std::vector<CommandRow>& command_rows_of_files() {
  static const std::vector<CommandRow> all = {
      {"bytes_are_what_was_asked",
       "nothing is there",
       [](History& h) { h.succeeds(true); },
       1,
       {"bytes_are_what_was_asked of m0 at run 0 by 0: process 0, get of m0 ended well and named {0}, which is not "
        "there"}},
      {"bytes_are_what_was_asked",
       "no path",
       [](History& h) { h.ends(naming(h, "")); },
       1,
       {"bytes_are_what_was_asked of m0 at run 0 by 0: process 0, get of m0 ended well and named nothing, which is not "
        "there"}},
      {"bytes_are_what_was_asked",
       "other bytes",
       [](History& h) {
         publish_at_once(h, 1);
         h.ends(naming(h, h.entry(1)));
       },
       1,
       {"bytes_are_what_was_asked of m0 at run 4 by 0: process 0, get of m0 ended well and named {1}, which holds "
        "other bytes"}},
      {"bytes_are_what_was_asked",
       "a directory",
       [](History& h) {
         h.disk().make("d", FileType::directory, 0644);
         h.ends(naming(h, "d"));
       },
       1,
       {"bytes_are_what_was_asked of m0 at run 0 by 0: process 0, get of m0 ended well and named d, which holds other "
        "bytes"}},
      {"bytes_are_what_was_asked",
       "both processes, each its own",
       [](History& h) {
         publish_at_once(h, 0);
         publish_at_once(h, 1);
         h.by(0).succeeds(false);
         h.by(1).succeeds(false);
       },
       2,
       {}},
      {"bytes_are_what_was_asked",
       "both processes, each the other's",
       [](History& h) {
         publish_at_once(h, 0);
         publish_at_once(h, 1);
         h.by(0).ends(naming(h, h.entry(1)));
         h.by(1).ends(naming(h, h.entry(0)));
       },
       2,
       {"bytes_are_what_was_asked of m0 at run 8 by 0: process 0, get of m0 ended well and named {1}, which holds "
        "other bytes",
        "bytes_are_what_was_asked of m1 at run 8 by 0: process 1, get of m1 ended well and named {0}, which holds "
        "other bytes"}},
      {"bytes_are_what_was_asked",
       "a copy elsewhere in the directory",
       [](History& h) {
         h.rename(h.stage(0), "files/copy");
         h.ends(naming(h, "files/copy"));
       },
       1,
       {}},
      {"visible_means_complete",
       "half is renamed",
       [](History& h) { h.rename(half(h), h.entry(0)); },
       1,
       {"visible_means_complete of m0 at run 3 by 0: {0} stands there with 50 of 100 bytes, or with others"}},
      {"visible_means_complete",
       "half is linked",
       [](History& h) { h.link(half(h), h.entry(0)); },
       1,
       {"visible_means_complete of m0 at run 3 by 0: {0} stands there with 50 of 100 bytes, or with others"}},
      {"visible_means_complete",
       "made in place, written, and cut",
       [](History& h) {
         h.open(h.entry(0), OpenMode::create_new);
         const FileNumber file = h.disk().file_at(h.entry(0));
         h.write(h.entry(0), file, Bytes(100));
         h.truncate(h.entry(0), file, 99);
       },
       3,
       {"visible_means_complete of m0 at run 1 by 0: {0} stands there with 0 of 100 bytes, or with others"}},
      {"visible_means_complete",
       "a directory",
       [](History& h) {
         h.disk().make(h.entry(0), FileType::directory, 0755);
         h.unlink(h.stage(1));  // the next look
       },
       1,
       {"visible_means_complete of m0 at run 1 by 0: {0} stands there with 0 of 100 bytes, or with others"}},
      {"visible_means_complete",
       "two models",
       [](History& h) {
         const std::string temporary = half(h);
         h.link(temporary, h.entry(0));
         h.by(1).link(temporary, h.entry(1));
       },
       2,
       {"visible_means_complete of m0 at run 3 by 0: {0} stands there with 50 of 100 bytes, or with others",
        "visible_means_complete of m1 at run 4 by 1: {1} stands there with 50 of 20 bytes, or with others"}},
      {"visible_means_complete", "all of it is renamed", [](History& h) { publish_at_once(h); }, 1, {}},
      {"visible_means_complete",
       "complete, and then half by no step, before others move",
       [](History& h) {
         h.disk().set_bytes(publish_at_once(h), Bytes(50));
         h.make_directory("d");  // no look
         h.close("d");
       },
       1,
       {}},
      {"published_bytes_never_change",
       "written to",
       [](History& h) { h.write(h.entry(0), publish_at_once(h), *h.model(0).bytes); },
       2,
       {"published_bytes_never_change of m0 at run 5 by 0: process 0 writes to {0}, which was complete under its name "
        "before"}},
      {"published_bytes_never_change",
       "cut to nothing under another name, after its own went",
       [](History& h) {
         const FileNumber file = publish_at_once(h);
         h.link(h.entry(0), "x");
         h.unlink(h.entry(0));
         h.by(1).truncate("x", file, 0);
       },
       2,
       {"no_entry_vanishes of m0 at run 6 by 0: process 0 takes the good file of m0 away",
        "published_bytes_never_change of a name of no model at run 7 by 1: process 1 writes to x, which was complete "
        "under its name before"}},
      {"published_bytes_never_change",
       "lengthened, both models",
       [](History& h) {
         for (const std::size_t model : {0U, 1U}) {
           const FileNumber file = publish_at_once(h, model);
           h.truncate(h.entry(model), file, 200);
           h.truncate(h.entry(model), file, 300);
         }
       },
       6,
       {"published_bytes_never_change of m0 at run 5 by 0: process 0 writes to {0}, which was complete under its name "
        "before",
        "no_entry_vanishes of m0 at run 5 by 0: process 0 spoils the file of m0",
        "visible_means_complete of m0 at run 5 by 0: {0} stands there with 200 of 100 bytes, or with others",
        "published_bytes_never_change of m1 at run 11 by 0: process 0 writes to {1}, which was complete under its name "
        "before",
        "no_entry_vanishes of m1 at run 11 by 0: process 0 spoils the file of m1",
        "visible_means_complete of m1 at run 11 by 0: {1} stands there with 200 of 20 bytes, or with others"}},
      {"published_bytes_never_change",
       "no byte, or in vain",
       [](History& h) {
         const FileNumber file = publish_at_once(h);
         Step none;  // no byte of one
         none.kind = StepKind::write;
         none.path = h.entry(0);
         none.file = file;
         none.size = 1;
         h.take(none);
         h.write(h.entry(0), file, Bytes(1), History::is_told(EBADF));
         h.truncate(h.entry(0), file, 1, History::is_told(EINVAL));
       },
       2,
       {}},
      {"published_bytes_never_change",
       "what was never complete under the name",
       [](History& h) {
         const std::string path = half(h);
         h.write(path, h.disk().file_at(path), *h.model(0).bytes);
         h.truncate(path, h.disk().file_at(path), 10);
       },
       3,
       {}},
      {"no_entry_vanishes",
       "removed",
       [](History& h) {
         publish_at_once(h);
         h.by(1).unlink(h.entry(0));
       },
       2,
       {"no_entry_vanishes of m0 at run 5 by 1: process 1 takes the good file of m0 away"}},
      {"no_entry_vanishes",
       "moved away",
       [](History& h) {
         publish_at_once(h);
         h.rename(h.entry(0), "x");
       },
       2,
       {"no_entry_vanishes of m0 at run 5 by 0: process 0 takes the good file of m0 away"}},
      {"no_entry_vanishes",
       "replaced by half",
       [](History& h) {
         publish_at_once(h);
         h.rename(half(h), h.entry(0));
       },
       2,
       {"no_entry_vanishes of m0 at run 7 by 0: process 0 spoils the file of m0",
        "visible_means_complete of m0 at run 7 by 0: {0} stands there with 50 of 100 bytes, or with others"}},
      {"no_entry_vanishes",
       "emptied by who opens it",
       [](History& h) {
         h.disk().set_bytes(publish_at_once(h), {});
         h.open(h.entry(0), OpenMode::read_write);
       },
       2,
       {"no_entry_vanishes of m0 at run 5 by 0: process 0 spoils the file of m0",
        "visible_means_complete of m0 at run 5 by 0: {0} stands there with 0 of 100 bytes, or with others"}},
      {"no_entry_vanishes",
       "written over",
       [](History& h) { h.write(h.entry(0), publish_at_once(h), Bytes(100)); },
       2,
       {"published_bytes_never_change of m0 at run 5 by 0: process 0 writes to {0}, which was complete under its name "
        "before",
        "no_entry_vanishes of m0 at run 5 by 0: process 0 spoils the file of m0",
        "visible_means_complete of m0 at run 5 by 0: {0} stands there with 100 of 100 bytes, or with others"}},
      {"no_entry_vanishes",
       "replaced by the same, and removed in vain",
       [](History& h) {
         publish_at_once(h);
         publish_at_once(h);
         h.disk().move(h.entry(0), "", false);
         h.unlink(h.entry(0), History::is_told(EBUSY));  // which says nothing of the disk
       },
       2,
       {}},
      {"no_entry_vanishes",
       "half is removed",
       [](History& h) {
         h.rename(half(h), h.entry(0));
         h.unlink(h.entry(0));
       },
       2,
       {"visible_means_complete of m0 at run 3 by 0: {0} stands there with 50 of 100 bytes, or with others"}},
  };
  return all;
}

}  // namespace stampede
