// Writes a temporary file and gives it its final name.
#include "cache/staged_file.h"

#include <array>
#include <cerrno>
#include <memory>

#include "cache/key.h"
#include "cache/os_error.h"

namespace modelcache {
namespace {

// How often a vanished temporary is written again: each time someone must have removed a file that we hold locked.
constexpr int kRewritesMax = 3;
// A taken name takes bad luck of 2^-64, or a generator that repeats itself (a restored virtual machine's).
constexpr int kNameTriesMax = 16;

bool is_unsupported(Errno error) {
  return error == Errno{EINVAL} || error == Errno{ENOSYS} || error == Errno{EOPNOTSUPP} || error == Errno{ENOTSUP};
}

}  // namespace

Result<StagedFile> StagedFile::create(Os& os, const Directory& directory, std::string_view what) {
  StagedFile staged(os, directory, std::string(what));
  if (auto opened = staged.open(); !opened) return fail(std::move(opened.error()));
  return staged;
}

StagedFile::StagedFile(StagedFile&& other) noexcept
    : os_(other.os_),
      directory_(other.directory_),
      what_(std::move(other.what_)),
      name_(std::move(other.name_)),
      place_(std::move(other.place_)),
      file_(std::move(other.file_)),
      size_bytes_(other.size_bytes_),
      has_name_(std::exchange(other.has_name_, false)) {}

StagedFile::~StagedFile() { (void)finish(); }

Result<void> StagedFile::open() {
  OsResult<Fd> fd = tl::unexpected(Errno{EEXIST});
  for (int tries = 0; !fd && fd.error() == Errno{EEXIST} && tries < kNameTriesMax; ++tries) {
    const auto owner = os_->self();  // before the number: compilers evaluate arguments in orders of their own
    name_ = temporary_name(what_, owner, os_->random());
    place_ = directory_->place(kTemporariesName, name_);
    fd = os_->open(directory_->temporaries(), name_, OpenMode::create_new);
  }
  if (!fd) return fail(fd.error(), "create temporary", place_);
  file_ = OpenFile(*os_, *fd);
  has_name_ = true;
  size_bytes_ = 0;
  // Whatever it returns: without working locks others go by the owner in the name, and a sweeper that holds the lock
  // for an instant removes the name, which `rename_to` notices.
  (void)os_->try_lock(*fd, LockMode::exclusive);
  return {};
}

Result<void> StagedFile::append(std::span<const std::byte> bytes) {
  if (auto written = write_all(*os_, file_.fd(), bytes, size_bytes_, place_); !written) return written;
  size_bytes_ += bytes.size();
  return {};
}

Result<void> StagedFile::restart() {
  if (size_bytes_ == 0) return {};
  const auto cut = os_->truncate(file_.fd(), 0);
  if (!cut) return fail(cut.error(), "truncate", place_);
  size_bytes_ = 0;
  return {};
}

Result<FileHash> StagedFile::hash() { return hash_file(*os_, file_.fd(), size_bytes_, place_); }

Result<void> StagedFile::sync() {
  const auto synced = os_->sync_file(file_.fd());
  if (!synced) return fail(synced.error(), "sync file", place_);
  return {};
}

Result<FileStat> StagedFile::stat() {
  const auto found = os_->stat(file_.fd());
  if (!found) return fail(found.error(), "stat", place_);
  return *found;
}

Result<StagedFile::Outcome> StagedFile::rename_to(Fd dir, std::string_view name, RenameMode mode,
                                                  std::string_view place) {
  for (int rewrites = 0;; ++rewrites) {
    const auto renamed = mode == RenameMode::replace
                             ? os_->rename(directory_->temporaries(), name_, dir, name, RenameMode::replace)
                             : rename_without_replacing(dir, name);
    if (renamed) {
      has_name_ = false;
      return Outcome::published;
    }
    if (renamed.error() == Errno{EEXIST} && mode == RenameMode::no_replace) return Outcome::taken;
    if (renamed.error() != Errno{ENOENT} || rewrites == kRewritesMax) return fail(renamed.error(), "rename", place);
    if (auto written = write_again(); !written) return fail(std::move(written.error()));
  }
}

// renameat2 where there is one; else a hard link, which never replaces either; else (no hard links: FAT, some FUSE file
// systems) a plain rename, whose worst case is that one verified file replaces another.
OsResult<void> StagedFile::rename_without_replacing(Fd dir, std::string_view name) {
  const auto temporaries = directory_->temporaries();
  auto done = os_->rename(temporaries, name_, dir, name, RenameMode::no_replace);
  if (done || !is_unsupported(done.error())) return done;
  done = os_->link(temporaries, name_, dir, name);
  if (done) {
    (void)os_->unlink(temporaries, name_);  // a name that stays is a leftover, and is swept as one
    return {};
  }
  if (!is_unsupported(done.error()) && done.error() != Errno{EPERM} && done.error() != Errno{EMLINK}) return done;
  return os_->rename(temporaries, name_, dir, name, RenameMode::replace);
}

Result<void> StagedFile::write_again() {
  constexpr std::size_t kCopyBytes = std::size_t{256} * 1024;
  const auto buffer = std::make_unique<std::array<std::byte, kCopyBytes>>();
  const OpenFile old = std::move(file_);
  const auto old_size = size_bytes_;
  // Most likely gone; where only its directory entry was out of sight (ESTALE, a lying ENOENT) it must not stay behind.
  if (std::exchange(has_name_, false)) (void)os_->unlink(directory_->temporaries(), name_);
  if (auto opened = open(); !opened) return opened;
  while (size_bytes_ < old_size) {
    const auto count = os_->read(old.fd(), *buffer, size_bytes_);
    if (!count) return fail(count.error(), "read", place_);
    if (*count == 0) return fail(ErrorCode::io, "read", place_, "the temporary became shorter while it was in use");
    if (auto appended = append(std::span(*buffer).first(*count)); !appended) return appended;
  }
  return sync();
}

Result<void> StagedFile::finish() {
  if (std::exchange(has_name_, false)) (void)os_->unlink(directory_->temporaries(), name_);
  const auto closed = file_.close();
  if (!closed) return fail(closed.error(), "close", place_);
  return {};
}

}  // namespace modelcache
