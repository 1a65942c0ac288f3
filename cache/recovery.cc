// Sweeps tmp/.
#include "cache/recovery.h"

#include <cerrno>

#include "cache/key.h"
#include "cache/open_file.h"
#include "cache/os_error.h"

namespace modelcache {
namespace {

// True when nobody holds the temporary: its owner is dead, or is unknown and holds no lock.
bool is_abandoned(Os& os, Fd file, Liveness owner) {
  const auto taken = os.try_lock(file, LockMode::exclusive);
  if (taken) return true;
  if (taken.error() == Errno{EWOULDBLOCK}) return false;
  return owner == Liveness::dead;  // no locks here
}

}  // namespace

Result<SweepReport> sweep_temporaries(Os& os, const Directory& directory) {
  SweepReport report;
  if (!directory.has_temporaries()) return report;
  const auto names = os.list(directory.temporaries());
  if (!names) return fail(names.error(), "list", directory.place("", kTemporariesName));
  for (const auto& name : *names) {
    const auto owner = owner_of_temporary(name);
    if (!owner) {
      report.foreign.push_back(std::string(kTemporariesName) + '/' + name);
      continue;
    }
    const auto liveness = os.liveness(*owner);
    if (liveness == Liveness::alive) {
      ++report.kept;
      continue;
    }
    const auto fd = os.open(directory.temporaries(), name, OpenMode::read);
    if (!fd && fd.error() == Errno{ENOENT}) continue;  // someone was quicker
    if (!fd) {
      report.notes.push_back(directory.place(kTemporariesName, name) + ": " + describe(fd.error()));
      continue;
    }
    const OpenFile file(os, *fd);
    if (!is_abandoned(os, *fd, liveness)) {
      ++report.kept;
      continue;
    }
    const auto removed = os.unlink(directory.temporaries(), name);
    if (removed) {
      ++report.removed;
    } else if (removed.error() != Errno{ENOENT}) {
      report.notes.push_back(directory.place(kTemporariesName, name) + ": " + describe(removed.error()));
    }
  }
  return report;
}

}  // namespace modelcache
