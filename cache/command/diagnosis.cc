// Examines a cache directory: recovery, a trial file and a trial lock.
#include "cache/command/diagnosis.h"

#include <cerrno>

#include "cache/command/posix_file_system.h"
#include "cache/key.h"
#include "cache/open_file.h"
#include "cache/os_error.h"

namespace modelcache {
namespace {

LockHealth try_locks(Os& os, Fd directory, std::string_view name, Fd first) {
  const auto second_fd = os.open(directory, name, OpenMode::read_write);
  if (!second_fd) return LockHealth::not_tried;
  const OpenFile second(os, *second_fd);
  if (!os.try_lock(first, LockMode::exclusive)) return LockHealth::missing;
  const auto again = os.try_lock(second.fd(), LockMode::exclusive);
  if (again) return LockHealth::lies;
  return again.error() == Errno{EWOULDBLOCK} ? LockHealth::works : LockHealth::missing;
}

// The trial file has a temporary's name, so that the next recovery takes it away should this process die here.
void try_to_write(Os& os, Diagnosis& diagnosis) {
  const auto root_fd = os.open(kWorkingDirectory, diagnosis.directory.path, OpenMode::root);
  if (!root_fd) return;
  const OpenFile root(os, *root_fd);
  const auto temporaries_fd = os.open(root.fd(), kTemporariesName, OpenMode::directory);
  if (!temporaries_fd) return;
  const OpenFile temporaries(os, *temporaries_fd);
  const auto name = temporary_name("manifest", os.self(), os.random());
  const auto trial_fd = os.open(temporaries.fd(), name, OpenMode::create_new);
  diagnosis.writable = trial_fd.has_value();
  if (!trial_fd) {
    diagnosis.problems.push_back("a file cannot be made in it (" + describe(trial_fd.error()) +
                                 "): hits work, nothing can be added");
    return;
  }
  const OpenFile trial(os, *trial_fd);
  diagnosis.locks = try_locks(os, temporaries.fd(), name, trial.fd());
  if (const auto gone = os.unlink(temporaries.fd(), name); !gone) {
    diagnosis.problems.push_back("a file cannot be removed from it (" + describe(gone.error()) + ')');
  }
}

}  // namespace

std::string_view name_of(LockHealth health) {
  switch (health) {
    case LockHealth::works:
      return "works";
    case LockHealth::lies:
      return "lies";
    case LockHealth::missing:
      return "missing";
    case LockHealth::not_tried:
      return "not_tried";
  }
  return "unknown";
}

Diagnosis diagnose(Os& os, const CacheDirectory& directory, const CacheOptions& options) {
  Diagnosis diagnosis;
  diagnosis.directory = directory;
  auto cache = Cache::open(os, directory.path, options, false);
  if (!cache) {
    if (cache.error().code == ErrorCode::not_found) return diagnosis;
    diagnosis.exists = true;
    diagnosis.error = cache.error();
    return diagnosis;
  }
  diagnosis.exists = true;
  diagnosis.free_bytes = free_bytes(directory.path);
  if (auto recovery = cache->recover()) {
    diagnosis.recovery = *recovery;
  } else {
    diagnosis.error = recovery.error();
  }
  if (const auto entries = cache->list()) diagnosis.entries = entries->size();
  try_to_write(os, diagnosis);
  if (diagnosis.locks == LockHealth::lies || diagnosis.locks == LockHealth::missing) {
    diagnosis.problems.emplace_back(
        "locks do not work on this file system: models stay correct, but may be downloaded more than once");
  }
  if (diagnosis.recovery && !diagnosis.recovery->manifest_problem.empty()) {
    diagnosis.problems.push_back(diagnosis.recovery->manifest_problem);
  }
  if (diagnosis.recovery && diagnosis.recovery->entries_bad > 0) {
    diagnosis.problems.emplace_back(
        "there are entries that are not what they should be: the next get of each replaces it, `verify --repair` "
        "removes them");
  }
  if (diagnosis.recovery && diagnosis.recovery->entries_unreadable > 0) {
    diagnosis.problems.emplace_back("there are entries that cannot be read: `rm` removes them");
  }
  if (diagnosis.recovery && !diagnosis.recovery->foreign.empty()) {
    diagnosis.problems.emplace_back("there are files that no cache made; they were left alone");
  }
  return diagnosis;
}

}  // namespace modelcache
