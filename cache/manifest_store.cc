// Reads and replaces the manifest's file.
#include "cache/manifest_store.h"

#include <cerrno>

#include "cache/file_io.h"
#include "cache/key.h"
#include "cache/os_error.h"
#include "cache/staged_file.h"

namespace modelcache {
namespace {

using State = StoredManifest::State;

StoredManifest without(State state, std::string problem, ErrorCode code = ErrorCode::bad_manifest) {
  return {state, {}, std::move(problem), code};
}

Result<void> write_manifest(Os& os, const Directory& directory, const std::string& text) {
  const auto place = directory.place("", kManifestName);
  auto staged = StagedFile::create(os, directory, "manifest");
  if (!staged) return fail(std::move(staged.error()));
  if (auto written = staged->append(std::as_bytes(std::span(text))); !written) return written;
  if (auto synced = staged->sync(); !synced) return synced;
  auto renamed = staged->rename_to(directory.root(), kManifestName, RenameMode::replace, place);
  if (!renamed) return fail(std::move(renamed.error()));
  if (auto closed = staged->finish(); !closed) return closed;
  const auto synced = os.sync_directory(directory.root());
  if (!synced) return fail(synced.error(), "sync directory", directory.path());
  return {};
}

// Whether a rename failed because of what has the new name: a directory, or a file where a directory comes.
bool is_in_the_way(Errno error) {
  return error == Errno{EISDIR} || error == Errno{ENOTDIR} || error == Errno{ENOTEMPTY} || error == Errno{EEXIST};
}

// Returns the name that it has now. An earlier bad manifest is replaced; what someone put there in another form stays.
Result<std::string> set_aside(Os& os, const Directory& directory) {
  for (unsigned number = 0;; ++number) {
    auto name = bad_manifest_name(number);
    const auto moved = os.rename(directory.root(), kManifestName, directory.root(), name, RenameMode::replace);
    // Gone already: without working locks someone else may have set it aside.
    if (moved || moved.error() == Errno{ENOENT}) return name;
    if (!is_in_the_way(moved.error()) || number == kBadManifestsMax) {
      return fail(moved.error(), "set aside", directory.place("", kManifestName));
    }
  }
}

}  // namespace

StoredManifest read_manifest(Os& os, const Directory& directory) {
  const auto place = directory.place("", kManifestName);
  const auto fd = os.open(directory.root(), kManifestName, OpenMode::read);
  if (!fd && fd.error() == Errno{ENOENT}) return {};
  if (!fd && fd.error() == Errno{ELOOP}) return without(State::bad, place + " is a symbolic link");
  if (!fd) return without(State::unreadable, place + ": " + describe(fd.error()), code_of(fd.error()));
  const OpenFile file(os, *fd);
  const auto stat = os.stat(*fd);
  if (!stat) return without(State::unreadable, place + ": " + describe(stat.error()), code_of(stat.error()));
  if (stat->type != FileType::regular) return without(State::bad, place + " is not a regular file");
  const auto text = read_all(os, *fd, kManifestBytesMax, place);
  if (!text && text.error().code == ErrorCode::too_large) return without(State::bad, text.error().message());
  if (!text) return without(State::unreadable, text.error().message(), text.error().code);
  auto parsed = Manifest::parse(*text);
  if (parsed) return {State::good, std::move(*parsed), {}, {}};
  const auto state = parsed.error().kind == ManifestError::Kind::future ? State::future : State::bad;
  return without(state, place + ": " + parsed.error().message);
}

Result<ManifestChange> change_manifest(Os& os, const Directory& directory, const LockWait& wait,
                                       const std::function<Result<bool>(Manifest&)>& edit,
                                       const std::function<Result<void>()>& then) {
  auto lock = EntryLock::wait(os, directory, kManifestLockName, wait);
  if (!lock) return fail(std::move(lock.error()));
  if (lock->state() == EntryLock::State::timed_out) {
    return ManifestChange{false,
                          "the manifest was not updated: " + directory.place(kLocksName, kManifestLockName) +
                              " is held by " + lock->holder(),
                          ErrorCode::lock_timeout};
  }
  auto stored = read_manifest(os, directory);
  if (stored.state == State::future || stored.state == State::unreadable) {
    return ManifestChange{false, "the manifest was left alone: " + stored.problem, stored.code};
  }
  const auto edited = edit(stored.manifest);
  if (!edited) return fail(edited.error());
  const bool must_write = *edited || stored.state == State::bad;
  const auto text = must_write ? stored.manifest.print() : std::string();
  if (*edited && (stored.manifest.entries.size() > kManifestEntriesMax || text.size() > kManifestBytesMax)) {
    return ManifestChange{false, "the manifest is full: the entry is not listed", ErrorCode::too_large};
  }
  ManifestChange change{.done = true, .note = {}};
  if (stored.state == State::bad) {
    const auto kept_as = set_aside(os, directory);
    if (!kept_as) return fail(kept_as.error());
    change.note = stored.problem + "; set aside as " + *kept_as + ", entries are listed again as they are used";
  }
  if (must_write) {
    if (auto written = write_manifest(os, directory, text); !written) return fail(std::move(written.error()));
  }
  if (auto finished = then(); !finished) return fail(std::move(finished.error()));
  return change;
}

}  // namespace modelcache
