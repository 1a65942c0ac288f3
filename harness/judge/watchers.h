// The watchers behind the list of watched invariants, one file each.
#ifndef STAMPEDE_JUDGE_WATCHERS_H
#define STAMPEDE_JUDGE_WATCHERS_H

#include <memory>

#include "harness/judge/watcher.h"

namespace stampede {

using MakeWatcher = std::unique_ptr<Watcher> (*)(RunRecord&);

std::unique_ptr<Watcher> watch_bytes_are_what_was_asked(RunRecord& record);
std::unique_ptr<Watcher> watch_visible_means_complete(RunRecord& record);
std::unique_ptr<Watcher> watch_published_bytes_never_change(RunRecord& record);
std::unique_ptr<Watcher> watch_no_entry_vanishes(RunRecord& record);
std::unique_ptr<Watcher> watch_one_download(RunRecord& record);
std::unique_ptr<Watcher> watch_success_needs_bytes(RunRecord& record);
std::unique_ptr<Watcher> watch_hits_caused_no_request(RunRecord& record);
std::unique_ptr<Watcher> watch_hits_write_nothing(RunRecord& record);
std::unique_ptr<Watcher> watch_retries_are_bounded(RunRecord& record);
std::unique_ptr<Watcher> watch_no_spurious_failure(RunRecord& record);
std::unique_ptr<Watcher> watch_honest_errors(RunRecord& record);
std::unique_ptr<Watcher> watch_no_success_after_failed_write(RunRecord& record);
std::unique_ptr<Watcher> watch_one_holder_per_lock(RunRecord& record);
std::unique_ptr<Watcher> watch_only_the_dead_are_swept(RunRecord& record);
std::unique_ptr<Watcher> watch_confined_to_the_directory(RunRecord& record);
std::unique_ptr<Watcher> watch_published_modes(RunRecord& record);
std::unique_ptr<Watcher> watch_manifest_always_parses(RunRecord& record);
std::unique_ptr<Watcher> watch_manifest_is_complete(RunRecord& record);
std::unique_ptr<Watcher> watch_nobody_lists_lies(RunRecord& record);
std::unique_ptr<Watcher> watch_nothing_left_over(RunRecord& record);
std::unique_ptr<Watcher> watch_everyone_comes_to_an_end(RunRecord& record);
std::unique_ptr<Watcher> watch_recovery_needs_no_hands(RunRecord& record);
std::unique_ptr<Watcher> watch_published_bytes_are_synced(RunRecord& record);
std::unique_ptr<Watcher> watch_success_is_durable(RunRecord& record);
std::unique_ptr<Watcher> watch_listed_entries_are_durable(RunRecord& record);
std::unique_ptr<Watcher> watch_models_download_side_by_side(RunRecord& record);
std::unique_ptr<Watcher> watch_sources_share_no_entry(RunRecord& record);
std::unique_ptr<Watcher> watch_retries_pause(RunRecord& record);
std::unique_ptr<Watcher> watch_upkeep_mends_what_it_can(RunRecord& record);
std::unique_ptr<Watcher> watch_orphans_go_with_the_next_miss(RunRecord& record);
std::unique_ptr<Watcher> watch_temporaries_are_few(RunRecord& record);
std::unique_ptr<Watcher> watch_operations_close_what_they_opened(RunRecord& record);

// The list of `watched_invariants` with what makes each: in the same order.
struct WatchedRow {
  WatchedInvariant invariant;
  MakeWatcher make;
};
const std::vector<WatchedRow>& watched_rows();

}  // namespace stampede

#endif  // STAMPEDE_JUDGE_WATCHERS_H
