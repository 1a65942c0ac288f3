// Sweeps tmp/.
#include "cache/recovery.h"

#include <cerrno>

#include "cache/key.h"
#include "cache/open_file.h"
#include "cache/os_error.h"
#include "cache/staged_file.h"

namespace modelcache {
namespace {

// To write as well where we may: over NFS an exclusive lock needs it.
OsResult<Fd> open_to_lock(Os& os, Fd dir, std::string_view name) {
  auto fd = os.open(dir, name, OpenMode::read_write);
  if (fd || (fd.error() != Errno{EACCES} && fd.error() != Errno{EPERM} && fd.error() != Errno{EROFS})) return fd;
  return os.open(dir, name, OpenMode::read);
}

// Whether nothing was written to it for kAbandonedAfter. False where that cannot be found out.
bool is_old(Os& os, const Directory& directory, Fd file) {
  const auto stat = os.stat(file);
  if (!stat) return false;
  auto clock = StagedFile::create(os, directory, "manifest");
  const auto now = clock ? clock->stat() : Result<FileStat>(fail(clock.error()));
  return now && now->mtime - stat->mtime >= kAbandonedAfter;
}

// True when nobody holds the temporary: its owner is dead, or is unknown and holds no lock.
bool is_abandoned(Os& os, const Directory& directory, Fd file, Liveness owner) {
  const auto taken = os.try_lock(file, LockMode::exclusive);
  if (taken) return true;
  if (taken.error() == Errno{EWOULDBLOCK}) return false;
  return owner == Liveness::dead || is_old(os, directory, file);  // no locks here
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
    const auto fd = open_to_lock(os, directory.temporaries(), name);
    if (!fd && fd.error() == Errno{ENOENT}) continue;  // someone was quicker
    if (!fd) {
      report.notes.push_back(directory.place(kTemporariesName, name) + ": " + describe(fd.error()));
      continue;
    }
    const OpenFile file(os, *fd);
    if (!is_abandoned(os, directory, *fd, liveness)) {
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
