// Audits a cache directory at rest.
#ifndef STAMPEDE_RUN_DIRECTORY_CHECK_H
#define STAMPEDE_RUN_DIRECTORY_CHECK_H

#include <cstdint>
#include <string>
#include <vector>

#include "cache/result.h"
#include "harness/judge/judge.h"

namespace stampede {

struct DirectoryReport {
  std::uint64_t entries = 0;
  std::uint64_t entry_bytes = 0;
  std::uint64_t locks = 0;
  std::uint64_t temporaries = 0;
  bool has_manifest = false;
  Verdict verdict;                 // of the invariants that need no run
  std::vector<std::string> notes;  // what a crash, or a process at work, may leave: legal, and what becomes of it
};

// Entries that are not listed, temporaries and manifests that were set aside are notes, no violations. Writes nothing.
// Modes are compared with what entries/ itself allows. ERRORS: not_found; bad_entry, when it is no cache directory.
modelcache::Result<DirectoryReport> check_directory(const std::string& directory);

}  // namespace stampede

#endif  // STAMPEDE_RUN_DIRECTORY_CHECK_H
