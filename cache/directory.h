// A cache directory, opened: its descriptors, and how it comes into being so that a power loss cannot undo it.
#ifndef MODELCACHE_DIRECTORY_H
#define MODELCACHE_DIRECTORY_H

#include <string>
#include <string_view>

#include "cache/open_file.h"
#include "cache/os.h"
#include "cache/result.h"

namespace modelcache {

// Owns the descriptors of the directory and its three subdirectories; the Os must outlive it. Thread-compatible.
//
// Coming into being: parents from the top, each synced into its own parent before the next is made; then entries/ and
// tmp/, then a sync, then locks/, then a sync. So locks/ is the mark of a directory whose names are all durable: who
// finds it needs to sync nothing, and who does not, does all of it again, because the process that made a name may not
// have synced it yet. (A directory that is new and never synced takes a published entry with it: containerd issue
// 12302.)
class Directory {
 public:
  // `path` is used as it is, symbolic links followed; below it none is. Without `create` nothing is written, and a
  // missing subdirectory stays closed. ERRORS: as Cache::open.
  static Result<Directory> open(Os& os, std::string path, bool create);

  // Opens what was missing and has been made since, by anybody: whoever opened the directory first would else never see
  // an entry. Makes nothing; no step where nothing is missing. ERRORS: denied, bad_entry, exhausted, io.
  Result<void> open_what_came();

  // Makes what is missing. DURABLE: all directory names. ERRORS: no_space, denied, read_only, bad_entry, io.
  Result<void> ensure_complete();

  [[nodiscard]] Fd root() const { return root_.fd(); }
  [[nodiscard]] bool has_entries() const { return entries_.is_open(); }
  [[nodiscard]] bool has_temporaries() const { return temporaries_.is_open(); }
  // REQUIRES: ensure_complete() succeeded, or the has_ method says so.
  [[nodiscard]] Fd entries() const { return entries_.fd(); }
  [[nodiscard]] Fd temporaries() const { return temporaries_.fd(); }
  [[nodiscard]] Fd locks() const { return locks_.fd(); }

  // For messages: the path of a file below it.
  [[nodiscard]] std::string place(std::string_view subdirectory, std::string_view name) const;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  Directory(Os& os, std::string path) : os_(&os), path_(std::move(path)) {}
  Result<void> open_root(bool create);
  Result<void> make_root();
  Result<void> open_subdirectory(OpenFile& into, std::string_view name);
  Result<void> open_if_there(OpenFile& into, std::string_view name);
  Result<void> make_subdirectory(OpenFile& into, std::string_view name);
  Result<void> sync_above(const std::string& path);
  Result<void> sync(Fd dir, std::string_view place);

  Os* os_;
  std::string path_;
  OpenFile root_, entries_, temporaries_, locks_;
};

}  // namespace modelcache

#endif  // MODELCACHE_DIRECTORY_H
