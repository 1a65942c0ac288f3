// The functions behind the list of invariants, one file each.
#ifndef STAMPEDE_JUDGE_INVARIANTS_H
#define STAMPEDE_JUDGE_INVARIANTS_H

#include <functional>

#include "harness/judge/judge.h"

namespace stampede {

Finding bytes_are_what_was_asked(const RunFacts& facts);
Finding visible_means_complete(const RunFacts& facts);
Finding one_download(const RunFacts& facts);
Finding success_needs_bytes(const RunFacts& facts);
Finding hits_caused_no_request(const RunFacts& facts);
Finding every_request_was_asked_for(const RunFacts& facts);
Finding faults_were_played(const RunFacts& facts);
Finding no_spurious_failure(const RunFacts& facts);
Finding honest_errors(const RunFacts& facts);
Finding manifest_is_complete(const RunFacts& facts);
Finding nothing_left_over(const RunFacts& facts);
Finding published_modes(const RunFacts& facts);
Finding recovery_needs_no_hands(const RunFacts& facts);
Finding every_process_is_accounted_for(const RunFacts& facts);

// Whether something that is not as it should be is legal all the same: at rest, since a crash may have left it. Asked
// once about each such name; an empty one excuses nothing.
using Excuse = std::function<bool(const FoundName&)>;

// The parts that need no run, for a directory at rest. Each adds to `finding`. What is excused counts as judged.
void judge_entries_complete(const Census& census, Finding& finding);
void judge_manifest(const Census& census, const Excuse& excuse_unlisted, Finding& finding);
void judge_names(const Census& census, const Excuse& excuse, Finding& finding);
void judge_modes(const Census& census, unsigned umask, Finding& finding);

// The part of nothing_left_over that looks at names, where the subject is a command.
void judge_command_names(const RunFacts& facts, const StageFacts& stage, Finding& finding);

}  // namespace stampede

#endif  // STAMPEDE_JUDGE_INVARIANTS_H
