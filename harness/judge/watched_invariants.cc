// The list of watched invariants: what each says, where it is judged, and what it does not see.
#include "harness/judge/watchers.h"

namespace stampede {

std::string WatchedInvariant::file() const { return "harness/judge/watch_" + std::string(id) + ".cc"; }

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
        "Nobody writes to or cuts a file that has, or ever had, a name in entries/ or the manifest's: who holds it "
        "open "
        "reads what he found.",
        "nothing", "memory mapped writes"},
       watch_published_bytes_never_change},
      {{"no_entry_vanishes", "I6",
        "The name of a good entry goes only by an operation that was told to remove it; else it is replaced by good "
        "bytes.",
        "of repairs: the entry's lock works, and nobody goes on without it",
        "a removal while somebody still reads the entry"},
       watch_no_entry_vanishes},
      {{"one_download", "I15",
        "Who has the lock of a model's entry downloads only where no good entry stands, who has not has waited for it "
        "as "
        "long as he was told; and good downloads are as many as the times without a good entry.",
        "the model's lock works; of an entry that stands there: nobody has gone on without it",
        "by URL: downloads of who died or failed"},
       watch_one_download},
      {{"success_needs_bytes", "I15", "Where a get or find succeeded, the server had sent the whole model to somebody.",
        "nothing", "which of the processes got the bytes"},
       watch_success_needs_bytes},
      {{"hits_caused_no_request", "I15",
        "A get that says it was a hit made no connection; one that says it was none made one for each attempt that it "
        "tells of, and one more for each redirect.",
        "nothing", "connections that a fault prevented"},
       watch_hits_caused_no_request},
      {{"hits_write_nothing", "I20",
        "A get that hits an entry which was good and listed all the while takes no step that writes or tries to; nor "
        "does "
        "any find, list or verify.",
        "of gets that do not believe whatever is there: the locks of the entry and of the manifest work, nobody goes "
        "on "
        "without the former, and the manifest can be read",
        "writes while the cache is opened"},
       watch_hits_write_nothing},
      {{"retries_are_bounded", "I24",
        "An operation connects at most as often as attempts are allowed, and once more for each redirect; and tells of "
        "no more attempts than allowed.",
        "the default options", "what a failed operation would tell of its attempts"},
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
        "No operation succeeds that gave a name to a file after a write, sync or close of it had failed, or in which a "
        "sync of a directory failed, whatever succeeded later.",
        "nothing", "files that are thrown away, and the text in lock files"},
       watch_no_success_after_failed_write},
      {{"one_holder_per_lock", "I10",
        "No two processes have been told at the same time that they hold the lock of one name.", "a lock that works",
        "locks of temporaries"},
       watch_one_holder_per_lock},
      {{"only_the_dead_are_swept", "I9", "Nobody removes or moves the temporary of another process that lives.",
        "the temporary's lock works", "temporaries that were not made by a step"},
       watch_only_the_dead_are_swept},
      {{"confined_to_the_directory", "I19",
        "No step opens, reads, lists, makes, cuts, renames or removes anything outside of the cache directory; but the "
        "directories above it are opened, made and synced.",
        "nothing", "symbolic links, which worlds resolve before they name a path; what the resolver reads"},
       watch_confined_to_the_directory},
      {{"published_modes", "I20",
        "What a process publishes has mode 0666 less its umask, directories 0777 less it; at rest all modes are some "
        "process's.",
        "clean processes have umask 022", "which process made a lock file"},
       watch_published_modes},
      {{"manifest_always_parses", "I17",
        "After every step that changes the manifest it parses; and no step takes the name of one that parses away.",
        "of names taken away: the manifest's lock works",
        "what a reader makes of two versions that it reads in pieces"},
       watch_manifest_always_parses},
      {{"manifest_is_complete", "I16", "At rest the manifest lists exactly the entries, with their digests and sizes.",
        "of the whole: nothing went wrong, or the epilogue, for the models; of an entry whose publisher met no "
        "failure: "
        "its lock and the manifest's work, and nobody goes on without the former, gives the latter up or begins "
        "to remove it",
        "inodes and times"},
       watch_manifest_is_complete},
      {{"nobody_lists_lies", "I16 I22",
        "Who lists, verifies, repairs or recovers names every entry that was there all the while, and says of none "
        "what was not so at some moment; what was removed was gone at some moment.",
        "that it succeeded; of what was adopted: the locks of entries and manifest work, and nobody goes on without "
        "the former",
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
      {{"upkeep_mends_what_it_can", "I5 I16",
        "A repair that succeeds leaves no entry that was bad all the while; a recovery that succeeds leaves none "
        "unlisted that was good all the while, no listing of none, and no bad manifest.",
        "no step of it failed, and no lock was waited for in vain", "repairs of entries by URL"},
       watch_upkeep_mends_what_it_can},
      {{"orphans_go_with_the_next_miss", "I22",
        "A download or recovery that succeeds leaves no temporary whose owner was dead when it began.",
        "no step of it failed, and nobody was refused the temporary's lock meanwhile",
        "temporaries in other directories"},
       watch_orphans_go_with_the_next_miss},
      {{"temporaries_are_few", "I22", "No process has more than two temporaries at a time.",
        "those that it could not remove left out", "their sizes"},
       watch_temporaries_are_few},
      {{"operations_close_what_they_opened", "I25",
        "When an operation has ended, its process has no file, connection or lock, and at most the four directories "
        "of the cache open.",
        "nothing", "descriptors that a child would inherit"},
       watch_operations_close_what_they_opened},
      {{"published_bytes_are_synced", "I13",
        "A file gets a name in entries/, or the manifest's, only after a sync of it that succeeded after its last "
        "write, and never after one that failed.",
        "nothing", "what a disk does to bytes that it said were synced"},
       watch_published_bytes_are_synced},
      {{"success_is_durable", "I14",
        "An operation that succeeds has synced the directory of every name that it gave or took; a download also those "
        "above it.",
        "nothing", "names that others change afterwards; hits promise nothing"},
       watch_success_is_durable},
      {{"listed_entries_are_durable", "I14",
        "A manifest gets its name only after the names of all that it lists were "
        "synced.",
        "the manifest's lock and the entry's work, and nobody goes on without the latter",
        "entries that are gone again"},
       watch_listed_entries_are_durable},
      {{"models_download_side_by_side", "I15",
        "A get or removal of a model locks only its entry and the manifest, and asks the network with no lock but its "
        "entry's.",
        "nothing", "locks of another kind; by URL: which URL's lock it is"},
       watch_models_download_side_by_side},
      {{"sources_share_no_entry", "I18", "Two URLs, two digests, or a URL and a digest never have one entry.",
        "a plan that asks for two", "sources that no plan asks for: spellings of URLs are cache/http_url_test.cc's"},
       watch_sources_share_no_entry},
      {{"retries_pause", "I24",
        "Between two attempts an operation pauses, for no longer than a bound that doubles, or than the server asked "
        "for; and not for next to nothing three times.",
        "the default options", "whether pauses use all of their bound: harness/run/backoff_test.cc measures that"},
       watch_retries_pause},
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
