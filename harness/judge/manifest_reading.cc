// Parses with the cache's own parser, and remembers.
#include "harness/judge/manifest_reading.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "cache/key.h"

namespace stampede {
namespace {

constexpr std::size_t kSlots = 1024;         // a power of two
constexpr std::size_t kTextBytesMax = 4096;  // longer ones are parsed each time

// FNV-1a over words of eight bytes: only speed hangs on its quality.
std::uint64_t hash_of(std::string_view text) {
  constexpr std::uint64_t kPrime = 0x100000001b3;
  std::uint64_t hash = 0xcbf29ce484222325;
  for (std::size_t at = 0; at < text.size(); at += sizeof hash) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, std::min(sizeof word, text.size() - at));
    hash = (hash ^ word) * kPrime;
  }
  return hash ^ (hash >> 32);
}

ReadManifest parse(std::string_view text) {
  auto parsed = modelcache::Manifest::parse(text);
  if (!parsed) return {.is_good = false, .manifest = {}, .problem = parsed.error().message};
  return {.is_good = true, .manifest = std::move(*parsed), .problem = {}};
}

}  // namespace

ManifestReading::ManifestReading() : slots_(kSlots + 1) {}

const ReadManifest* ManifestReading::read(const DiskView& disk) {
  const FileNumber file = disk.file_at(modelcache::kManifestName);
  if (file == 0) return nullptr;
  Slot& last = slots_[kSlots];
  if (disk.stat(file).type != modelcache::FileType::regular) {
    last.read = {.is_good = false, .manifest = {}, .problem = "is no regular file"};
    return &last.read;
  }
  const auto bytes = disk.bytes(file);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  Slot& slot = text.size() > kTextBytesMax ? last : slots_[hash_of(text) % kSlots];
  if (&slot == &last || !slot.is_used || slot.text != text) {
    slot.read = parse(text);
    slot.text = text;
    slot.is_used = true;
  }
  return &slot.read;
}

}  // namespace stampede
