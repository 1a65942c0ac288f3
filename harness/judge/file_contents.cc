// Compares bytes with the models', which is cheaper than a hash and says as much.
#include "harness/judge/file_contents.h"

#include <algorithm>
#include <cstring>

#include "cache/key.h"

namespace stampede {

using modelcache::FileType;
using modelcache::Sha256Digest;

void FileContents::begin(const std::vector<Model>& models, const std::vector<std::uint64_t>& lies) {
  models_ = &models;
  lies_ = lies;
  known_.clear();
}

FileContents::Known& FileContents::look_at(FileNumber file, const DiskView& disk) {
  if (known_.size() <= file) known_.resize(file + 1);
  Known& known = known_[file];
  const std::uint64_t version = disk.version(file);
  if (known.whose != Whose::unknown && known.version == version) return known;
  known = {.version = version, .whose = Whose::nobodys};
  if (disk.stat(file).type != FileType::regular) return known;
  const auto bytes = disk.bytes(file);
  for (std::size_t i = 0; i < models_->size(); ++i) {
    const Bytes& model = *(*models_)[i].bytes;
    const bool is_equal =
        model.size() == bytes.size() && (bytes.empty() || std::memcmp(model.data(), bytes.data(), bytes.size()) == 0);
    if (!is_equal) continue;
    known.whose = Whose::models;
    known.model = i;
    break;
  }
  return known;
}

std::optional<std::size_t> FileContents::model_in(FileNumber file, const DiskView& disk) {
  const Known& known = look_at(file, disk);
  return known.whose == Whose::models ? std::optional(known.model) : std::nullopt;
}

const Sha256Digest& FileContents::digest_of(FileNumber file, const DiskView& disk) {
  Known& known = look_at(file, disk);
  if (known.whose == Whose::models) return (*models_)[known.model].sha256;
  if (!known.is_hashed) known.digest = modelcache::sha256_of(disk.bytes(file));
  known.is_hashed = true;
  return known.digest;
}

bool FileContents::is_lie(FileNumber file, const DiskView& disk) const {
  return std::find(lies_.begin(), lies_.end(), disk.bytes(file).size()) != lies_.end();
}

bool FileContents::is_entry_complete(std::string_view key, FileNumber file, const DiskView& disk) {
  if (disk.stat(file).type != FileType::regular) return false;
  if (const auto digest = modelcache::digest_in_key(key)) return digest_of(file, disk) == *digest;
  return modelcache::is_key(key) && (model_in(file, disk) || is_lie(file, disk));
}

bool FileContents::is_model(std::size_t model, bool by_url, FileNumber file, const DiskView& disk) {
  if (disk.stat(file).type != FileType::regular) return false;
  // Two models may have the same bytes: what counts is the digest.
  const auto found = model_in(file, disk);
  if (found && (*models_)[*found].sha256 == (*models_)[model].sha256) return true;
  return by_url && is_lie(file, disk);
}

}  // namespace stampede
