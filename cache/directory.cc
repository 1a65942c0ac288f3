// Opens a cache directory and makes what is missing of it, durably.
#include "cache/directory.h"

#include <cerrno>
#include <vector>

#include "cache/key.h"
#include "cache/os_error.h"

namespace modelcache {
namespace {

// The path and its parents, from the top: "/a/b" gives "/", "/a", "/a/b"; "a/b" gives ".", "a", "a/b".
std::vector<std::string> chain_of(const std::string& path) {
  std::vector<std::string> chain;
  chain.emplace_back(path.starts_with('/') ? "/" : ".");
  std::size_t begin = 0;
  while ((begin = path.find_first_not_of('/', begin)) != std::string::npos) {
    const auto end = std::min(path.find('/', begin), path.size());
    if (path.substr(begin, end - begin) != ".") chain.push_back(path.substr(0, end));
    begin = end;
  }
  return chain;
}

std::string last_part(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

}  // namespace

Result<Directory> Directory::open(Os& os, std::string path, bool create) {
  if (path.empty() || path.find('\0') != std::string::npos) {
    return fail(ErrorCode::invalid_argument, "open cache directory", path, "expected the path of a directory");
  }
  Directory directory(os, std::move(path));
  if (auto opened = directory.open_root(create); !opened) return fail(std::move(opened.error()));
  if (auto opened = directory.open_what_came(); !opened) return fail(std::move(opened.error()));
  return directory;
}

Result<void> Directory::open_root(bool create) {
  auto fd = os_->open(kWorkingDirectory, path_, OpenMode::root);
  if (!fd && fd.error() == Errno{ENOENT} && create) {
    if (auto made = make_root(); !made) return made;
    fd = os_->open(kWorkingDirectory, path_, OpenMode::root);
  }
  if (!fd) return fail(fd.error(), "open cache directory", path_);
  root_ = OpenFile(*os_, *fd);
  return {};
}

// Goes down from the deepest parent that exists. That one is synced into its own parent as well where we may open that:
// a peer may have made it an instant ago.
Result<void> Directory::make_root() {
  const auto chain = chain_of(path_);
  std::size_t deepest = chain.size();
  OpenFile parent;
  while (!parent.is_open()) {
    if (deepest == 0) return fail(Errno{ENOENT}, "open directory", chain.front());
    --deepest;
    const auto fd = os_->open(kWorkingDirectory, chain[deepest], OpenMode::root);
    if (fd) {
      parent = OpenFile(*os_, *fd);
    } else if (fd.error() != Errno{ENOENT}) {
      return fail(fd.error(), "open directory", chain[deepest]);
    }
  }
  if (deepest > 0) {
    if (auto synced = sync_above(chain[deepest - 1]); !synced) return synced;
  }
  for (std::size_t i = deepest + 1; i < chain.size(); ++i) {
    const auto made = os_->make_directory(parent.fd(), last_part(chain[i]));
    if (!made && made.error() != Errno{EEXIST}) return fail(made.error(), "make directory", chain[i]);
    if (auto synced = sync(parent.fd(), chain[i - 1]); !synced) return synced;
    const auto fd = os_->open(kWorkingDirectory, chain[i], OpenMode::root);
    if (!fd) return fail(fd.error(), "open directory", chain[i]);
    parent = OpenFile(*os_, *fd);
  }
  return {};
}

Result<void> Directory::open_subdirectory(OpenFile& into, std::string_view name) {
  const auto fd = os_->open(root_.fd(), name, OpenMode::directory);
  if (!fd && (fd.error() == Errno{ENOTDIR} || fd.error() == Errno{ELOOP})) {
    return fail(ErrorCode::bad_entry, "open directory", place("", name),
                "expected a directory, found a file or a symbolic link; it is not followed");
  }
  if (!fd) return fail(fd.error(), "open directory", place("", name));
  into = OpenFile(*os_, *fd);
  return {};
}

Result<void> Directory::open_if_there(OpenFile& into, std::string_view name) {
  if (into.is_open()) return {};
  auto opened = open_subdirectory(into, name);
  if (!opened && opened.error().code == ErrorCode::not_found) return {};
  return opened;
}

Result<void> Directory::open_what_came() {
  if (auto opened = open_if_there(entries_, kEntriesName); !opened) return opened;
  if (auto opened = open_if_there(temporaries_, kTemporariesName); !opened) return opened;
  return open_if_there(locks_, kLocksName);
}

Result<void> Directory::make_subdirectory(OpenFile& into, std::string_view name) {
  if (into.is_open()) return {};
  const auto made = os_->make_directory(root_.fd(), name);
  if (!made && made.error() != Errno{EEXIST}) return fail(made.error(), "make directory", place("", name));
  return open_subdirectory(into, name);
}

Result<void> Directory::ensure_complete() {
  if (entries_.is_open() && temporaries_.is_open() && locks_.is_open()) return {};
  const auto chain = chain_of(path_);
  if (chain.size() > 1) {  // the root's own name: whoever made it may not have synced it yet
    if (auto synced = sync_above(chain[chain.size() - 2]); !synced) return synced;
  }
  if (auto made = make_subdirectory(entries_, kEntriesName); !made) return made;
  if (auto made = make_subdirectory(temporaries_, kTemporariesName); !made) return made;
  if (auto synced = sync(root_.fd(), path_); !synced) return synced;
  if (auto made = make_subdirectory(locks_, kLocksName); !made) return made;
  return sync(root_.fd(), path_);
}

// Whoever may not open it has not made anything in it either: a name that he finds there is its owner's affair.
Result<void> Directory::sync_above(const std::string& path) {
  const auto fd = os_->open(kWorkingDirectory, path, OpenMode::root);
  if (!fd && fd.error() == Errno{EACCES}) return {};
  if (!fd) return fail(fd.error(), "open directory", path);
  const OpenFile closer(*os_, *fd);
  return sync(*fd, path);
}

Result<void> Directory::sync(Fd dir, std::string_view place) {
  const auto synced = os_->sync_directory(dir);
  if (!synced) return fail(synced.error(), "sync directory", place);
  return {};
}

std::string Directory::place(std::string_view subdirectory, std::string_view name) const {
  std::string text = path_;
  if (!text.ends_with('/')) text += '/';
  if (!subdirectory.empty()) text += std::string(subdirectory) + '/';
  return text + std::string(name);
}

}  // namespace modelcache
