// Names and bytes in maps.
#include "harness/judge/hand_made_disk_for_test.h"

#include <utility>

namespace stampede {

using modelcache::FileType;

HandMadeDisk::HandMadeDisk() : files_(1) {}

FileNumber HandMadeDisk::file_at(std::string_view path) const {
  const auto found = names_.find(path);
  return found == names_.end() ? 0 : found->second;
}

void HandMadeDisk::for_each_name(const std::function<void(std::string_view path, FileNumber file)>& visit) const {
  for (const auto& [path, file] : names_) {
    if (!path.empty()) visit(path, file);
  }
}

FileNumber HandMadeDisk::make(const std::string& path, FileType type, unsigned mode) {
  files_.push_back({.stat = {.type = type, .mode = mode, .links = 1, .size_bytes = 0}, .bytes = {}, .version = 1});
  return names_[path] = static_cast<FileNumber>(files_.size() - 1);
}

void HandMadeDisk::set_bytes(FileNumber file, Bytes bytes) {
  File& changed = files_.at(file);
  changed.bytes = std::move(bytes);
  changed.stat.size_bytes = changed.bytes.size();
  ++changed.version;
}

FileNumber HandMadeDisk::move(const std::string& from, const std::string& to, bool keeps_from) {
  const FileNumber file = names_.at(from);
  const FileNumber lost = to.empty() ? 0 : file_at(to);
  if (!keeps_from) names_.erase(from);
  if (!to.empty()) names_[to] = file;
  return lost;
}

}  // namespace stampede
