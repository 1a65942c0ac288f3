// Hashes a file through an ordinary stream, not through the cache's own reading.
#include "harness/free/file_digest.h"

#include <fstream>
#include <span>
#include <vector>

namespace stampede {

std::optional<modelcache::Sha256Digest> digest_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  modelcache::Sha256 hash;
  std::vector<char> buffer(256UL * 1024);
  while (file) {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    hash.update(std::as_bytes(std::span(buffer.data(), static_cast<std::size_t>(file.gcount()))));
  }
  if (!file.eof()) return std::nullopt;
  return hash.finish();
}

}  // namespace stampede
