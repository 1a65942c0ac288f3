// The list of watched invariants: what each says, where it is judged, and what it does not see.
#include "harness/judge/watchers.h"

namespace stampede {

const std::vector<WatchedRow>& watched_rows() {
  static const std::vector<WatchedRow> rows = {
      {{"bytes_are_what_was_asked", "I1", "Every get and find that succeeds names a file whose bytes are the model's.",
        "an entry that nobody took away while the operation ran; with policy `never`, one that the plan did not damage",
        "which of several lies of the right size a get without a checksum was served"},
       watch_bytes_are_what_was_asked},
      {{"visible_means_complete", "I3",
        "At every step a name in entries/ leads to a regular file whose bytes match its key.",
        "at rest after the run: no damage by the plan", "lies of the right size under a key by URL"},
       watch_visible_means_complete},
      {{"published_bytes_never_change", "I2",
        "Nobody writes to or cuts a file that has, or ever had, a name in entries/.", "nothing",
        "memory mapped writes"},
       watch_published_bytes_never_change},
      {{"no_entry_vanishes", "I6",
        "The name of a good entry goes only by an operation that was told to remove it; else it is replaced by good "
        "bytes.",
        "of repairs: working locks, and nobody who goes on without one",
        "a removal while somebody still reads the entry"},
       watch_no_entry_vanishes},
      {{"one_download", "I15",
        "Who has the lock of a model's entry downloads only where no good entry stands, who has not has waited for it "
        "as "
        "long as he was told; and good downloads are as many as the times without a good entry.",
        "working locks; until somebody goes on without a lock", "by URL: downloads of who died or failed"},
       watch_one_download},
      {{"success_needs_bytes", "I15", "Where a get or find succeeded, the server had sent the whole model to somebody.",
        "nothing", "which of the processes got the bytes"},
       watch_success_needs_bytes},
      {{"hits_caused_no_request", "I15",
        "A get that says it was a hit made no connection; one that says it was none made at least one, and as many as "
        "the attempts that it tells of.",
        "nothing", "connections that a fault prevented"},
       watch_hits_caused_no_request},
      {{"hits_write_nothing", "I20",
        "A get that hits an entry which was good and listed all the while takes no step that writes or tries to; nor "
        "does "
        "any find, list or verify.",
        "of gets: a checksum, working locks, nobody who goes on without one, and a manifest that can be read",
        "writes while the cache is opened"},
       watch_hits_write_nothing},
      {{"retries_are_bounded", "I24",
        "An operation connects at most attempts x (redirects + 1) times, and tells of no more attempts than allowed.",
        "the default options", "whether pauses between attempts grow"},
       watch_retries_are_bounded},
      {{"no_spurious_failure", "I4",
        "An operation fails only where its process met a fault, harmful turns of its own connections included, or "
        "where "
        "failing is the answer: an entry that was not there, a lock waited for long enough, a read-only directory, a "
        "limit.",
        "nothing", "a failure that a fault would explain, but which had another cause"},
       watch_no_spurious_failure},
      {{"honest_errors", "I21", "The code of every failure is one that what its process met can cause.",
        "that it met something", "which of several faults it was, and the words of the message"},
       watch_honest_errors},
      {{"no_success_after_failed_write", "I21",
        "No operation succeeds that gave a name to a file after a write, sync or close of it had failed, or in which "
        "the "
        "last sync of a directory failed.",
        "nothing", "files that are thrown away, and the text in lock files"},
       watch_no_success_after_failed_write},
      {{"one_holder_per_lock", "I10",
        "No two processes have been told at the same time that they hold the lock of one name.", "working locks",
        "locks of temporaries"},
       watch_one_holder_per_lock},
      {{"only_the_dead_are_swept", "I9", "Nobody removes or moves the temporary of another process that lives.",
        "working locks", "temporaries that were not made by a step"},
       watch_only_the_dead_are_swept},
      {{"confined_to_the_directory", "I19",
        "No step opens for writing, makes, cuts, renames or removes anything outside of the cache directory.",
        "nothing", "symbolic links, which worlds resolve before they name a path"},
       watch_confined_to_the_directory},
      {{"published_modes", "I20",
        "What a process publishes has mode 0666 less its umask, directories 0777 less it; at rest all modes are some "
        "process's.",
        "clean processes have umask 022", "which process made a lock file"},
       watch_published_modes},
      {{"manifest_always_parses", "I17", "After every step that changes the manifest it parses, or is gone.", "nothing",
        "what a reader makes of two versions that it reads in pieces"},
       watch_manifest_always_parses},
      {{"manifest_is_complete", "I16", "At rest the manifest lists exactly the entries, with their digests and sizes.",
        "nothing went wrong; or the epilogue, for the models", "inodes and times"},
       watch_manifest_is_complete},
      {{"nobody_lists_lies", "I16 I22",
        "Who lists, verifies, repairs or recovers names every entry that was there all the while, and says of none "
        "what was not so at some moment; what was removed was gone at some moment.",
        "that it succeeded; of what was adopted: working locks, and nobody who goes on without one",
        "URLs, notes, and the state of entries by URL"},
       watch_nobody_lists_lies},
      {{"nothing_left_over", "I22 I25",
        "At rest no descriptor is open, no unknown name stands in the directory and tmp/ is empty; who ended by "
        "himself "
        "closed what he had opened.",
        "of tmp/: nothing went wrong, or the epilogue", "names outside of the directory"},
       watch_nothing_left_over},
      {{"everyone_comes_to_an_end", "I11",
        "No processes wait for each other, none takes steps without end while no time passes, none is still busy after "
        "a "
        "day.",
        "of spinning: no fault that interrupts without end; of a day: nobody stopped for an hour",
        "whoever waits within his limits when the run's bound is reached"},
       watch_everyone_comes_to_an_end},
      {{"recovery_needs_no_hands", "I5",
        "Before and after the run, a clean process gets every model that it is told to.", "nothing",
        "what more than one try would heal: it has one"},
       watch_recovery_needs_no_hands},
  };
  return rows;
}

const std::vector<WatchedInvariant>& watched_invariants() {
  static const std::vector<WatchedInvariant> invariants = [] {
    std::vector<WatchedInvariant> list;
    for (const WatchedRow& row : watched_rows()) list.push_back(row.invariant);
    return list;
  }();
  return invariants;
}

}  // namespace stampede
