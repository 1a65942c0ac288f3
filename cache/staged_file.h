// A temporary file on its way to a final name: written, hashed, synced; published or thrown away.
#ifndef MODELCACHE_STAGED_FILE_H
#define MODELCACHE_STAGED_FILE_H

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "cache/directory.h"
#include "cache/file_io.h"
#include "cache/open_file.h"
#include "cache/os.h"
#include "cache/result.h"

namespace modelcache {

// Owns a file in tmp/ whose name says who made it and which nobody else uses. It holds a lock on the file while it
// lives, so that others can tell that it is in use. Unless it was published, its name is removed in the end.
class StagedFile {
 public:
  // Opens tmp/<what>.<owner>.tmp. ERRORS: as Os::open, with the step "create temporary".
  static Result<StagedFile> create(Os& os, const Directory& directory, std::string_view what);
  StagedFile(StagedFile&& other) noexcept;
  StagedFile& operator=(StagedFile&&) = delete;
  ~StagedFile();

  // ERRORS: as Os::write; nothing is cleaned up.
  Result<void> append(std::span<const std::byte> bytes);
  // Empties it, for another try.
  Result<void> restart();
  [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }

  // Of the file as it stands on disk, not of what was meant to be written.
  Result<FileHash> hash();
  // DURABLE: the bytes.
  Result<void> sync();
  Result<FileStat> stat();

  // Gives the file its final name. If the temporary's own name has vanished (someone took us for dead, on a file system
  // whose locks do nothing), the bytes are written to a new temporary, synced, and tried again. DURABLE: nothing; the
  // caller syncs the directory. ERRORS: EEXIST with no_replace comes back as `Outcome::taken`.
  enum class Outcome { published, taken };
  Result<Outcome> rename_to(Fd dir, std::string_view name, RenameMode mode, std::string_view place);

  // Removes the name if it still has one, and closes. ERRORS: as Os::close; a caller who reports success checks it.
  Result<void> finish();

 private:
  StagedFile(Os& os, const Directory& directory, std::string what)
      : os_(&os), directory_(&directory), what_(std::move(what)) {}
  Result<void> open();
  Result<void> write_again();
  OsResult<void> rename_without_replacing(Fd dir, std::string_view name);

  Os* os_;
  const Directory* directory_;
  std::string what_, name_, place_;
  OpenFile file_;
  std::uint64_t size_bytes_ = 0;
  bool has_name_ = false;
};

}  // namespace modelcache

#endif  // MODELCACHE_STAGED_FILE_H
