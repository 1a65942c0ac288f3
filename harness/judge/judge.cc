// The list of invariants, and the loop over it.
#include "harness/judge/judge.h"

#include "harness/judge/invariants.h"

namespace stampede {

const std::vector<Invariant>& all_invariants() {
  static const std::vector<Invariant> invariants = {
      {"bytes_are_what_was_asked", "I1",
       "Every successful get names a file whose bytes, hashed by the judge, are the model's; so were they when the "
       "process read them at once.",
       "bytes that were wrong between these two looks", bytes_are_what_was_asked},
      {"visible_means_complete", "I3",
       "Every name in entries/ is a regular file whose bytes match its key; so are the names at which a command keeps "
       "the models.",
       "a name that was incomplete before the last process ended", visible_means_complete},
      {"one_download", "I15",
       "For one model in one directory at most one request was answered well; without faults exactly one, with a full "
       "body.",
       "further downloads that a fault called for", one_download},
      {"success_needs_bytes", "I15",
       "Where a get succeeded in a directory that began empty, the server had sent the whole model to a process of "
       "that directory, at once or in parts.",
       "which of the processes got the bytes", success_needs_bytes},
      {"hits_caused_no_request", "I15",
       "A get that says it was a hit caused no request; one that says it was none caused at least one.",
       "connections that broke before they said what for, in a process that also downloaded", hits_caused_no_request,
       true},
      {"every_request_was_asked_for", "I15",
       "Every request in the ledger is one that a process of that listener was to make, and every connection has "
       "ended.",
       "requests to other servers", every_request_was_asked_for},
      {"faults_were_played", "I15", "A connection whose fault must take the model away was not sent the whole model.",
       "faults that leave some models whole, and whether the fault was the one that was planned", faults_were_played},
      {"no_spurious_failure", "I4", "A get that met no fault did not fail.",
       "a failure that a fault would explain, but which had another cause", no_spurious_failure},
      {"honest_errors", "I21",
       "The code of every failure is one that a fault on this process's own connections can cause.",
       "which of several faults it was", honest_errors, true},
      {"manifest_is_complete", "I16 I17",
       "The manifest parses, and lists exactly the entries, with their digests and sizes.",
       "a manifest that did not parse for a while", manifest_is_complete, true},
      {"nothing_left_over", "I22 I25",
       "tmp/ is empty, no unknown names stand in the directory (of a command: no others than the models and what it "
       "may leave), no process that a worker started lives on, and the harness has as many descriptors as before.",
       "files outside the directory", nothing_left_over},
      {"published_modes", "I20",
       "Published files have mode 0666 & ~umask; in the built-in cache directories have 0777 & ~umask.",
       "modes that were wrong for a while", published_modes},
      {"recovery_needs_no_hands", "I5",
       "After the run a clean process gets every model from every directory, with the right bytes.",
       "what more than one try would heal: it has one", recovery_needs_no_hands},
      {"every_process_is_accounted_for", "I11",
       "Every process that was planned was started, ended by itself in time, with status 0 and a whole report, and was "
       "reaped; every command that it ran was started, and ended by itself in time without writing megabytes.",
       "what a process did after its report", every_process_is_accounted_for},
  };
  return invariants;
}

Verdict judge(const RunFacts& facts) {
  Verdict verdict;
  for (const Invariant& invariant : all_invariants()) {
    const std::string id(invariant.id);
    verdict.judged[id] = 0;
    if (facts.interrupted || (invariant.needs_built_in && facts.subject.command)) continue;
    Finding finding = invariant.find(facts);
    verdict.judged[id] = finding.judged;
    std::vector<Violation>& list = facts.subject.not_promised.contains(id) ? verdict.not_promised : verdict.violations;
    for (std::string& what : finding.violations) list.push_back(Violation{id, std::move(what)});
  }
  return verdict;
}

}  // namespace stampede
