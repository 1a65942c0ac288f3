// Reads its own map, copies, and moves each copy over its original.
#include "harness/live/huge_text.h"

#include <sys/mman.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <vector>

namespace stampede {
namespace {

constexpr std::uint64_t kHugePageBytes = std::uint64_t{2} << 20;

// A line of /proc/self/maps.
struct Mapping {
  std::uint64_t begin = 0, end = 0;
  bool is_unwritable = false, is_executable = false;
  std::uint64_t inode = 0, device = 0;

  [[nodiscard]] bool holds(std::uint64_t address) const { return begin <= address && address < end; }
};

void* place(std::uint64_t address) { return reinterpret_cast<void*>(address); }

std::uint64_t whole_pages(std::uint64_t bytes) {
  return (bytes + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
}

std::vector<Mapping> own_mappings() {
  std::vector<Mapping> mappings;
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen("/proc/self/maps", "re"), std::fclose);
  char line[8192];
  while (file != nullptr && std::fgets(line, sizeof line, file.get()) != nullptr) {
    Mapping one;
    char access[5] = {};
    std::uint64_t offset = 0;
    std::uint32_t major = 0, minor = 0;
    constexpr int kFields = 7;
    if (std::sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %" SCNx32 ":%" SCNx32 " %" SCNu64, &one.begin,
                    &one.end, access, &offset, &major, &minor, &one.inode) != kFields) {
      continue;
    }
    one.is_unwritable = access[0] == 'r' && access[1] == '-' && access[3] == 'p';
    one.is_executable = access[2] == 'x';
    one.device = std::uint64_t{major} << 32U | minor;
    mappings.push_back(one);
  }
  return mappings;
}

// Word by word: mappings are whole pages, but a sanitizer's memcpy would refuse the gaps that it keeps around
// constants.
[[gnu::no_sanitize_address]] void copy_words(std::uint64_t to, std::uint64_t from, std::uint64_t bytes) {
  auto* const target = static_cast<volatile std::uint64_t*>(place(to));
  const auto* const source = static_cast<const volatile std::uint64_t*>(place(from));
  for (std::uint64_t i = 0; i < bytes / sizeof *target; ++i) target[i] = source[i];
}

// A copy at a huge page's edge, as long as whole huge pages; the caller's to unmap.
std::optional<std::uint64_t> copy_of(const Mapping& original, std::uint64_t bytes) {
  void* const memory =
      ::mmap(nullptr, bytes + kHugePageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return std::nullopt;
  const auto begin = reinterpret_cast<std::uint64_t>(memory);
  const std::uint64_t copy = whole_pages(begin);
  if (copy > begin) (void)::munmap(memory, copy - begin);
  (void)::munmap(place(copy + bytes), begin + kHugePageBytes - copy);
  (void)::madvise(place(copy), bytes, MADV_HUGEPAGE);
  copy_words(copy, original.begin, original.end - original.begin);
  const int access = PROT_READ | (original.is_executable ? PROT_EXEC : 0);
  if (::mprotect(place(copy), bytes, access) == 0) return copy;
  (void)::munmap(place(copy), bytes);
  return std::nullopt;
}

// One call of the kernel takes the original away and puts the copy there, so that there always is code to run.
void move_over(const Mapping& original, std::uint64_t bytes) {
  const auto copy = copy_of(original, bytes);
  if (!copy) return;
  if (::mremap(place(*copy), bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, place(original.begin)) == MAP_FAILED) {
    (void)::munmap(place(*copy), bytes);
  }
}

}  // namespace

void move_text_to_huge_pages() {
  const std::vector<Mapping> mappings = own_mappings();
  const auto here = reinterpret_cast<std::uint64_t>(&move_text_to_huge_pages);
  const Mapping* own = nullptr;
  for (const Mapping& each : mappings) own = each.holds(here) ? &each : own;
  if (own == nullptr || own->inode == 0) return;
  for (std::size_t i = 0; i < mappings.size(); ++i) {
    const Mapping& each = mappings[i];
    const bool is_ours = each.inode == own->inode && each.device == own->device && each.is_unwritable;
    if (!is_ours || each.begin % kHugePageBytes != 0) continue;
    const std::uint64_t bytes = whole_pages(each.end - each.begin);
    const bool has_room = i + 1 == mappings.size() || each.begin + bytes <= mappings[i + 1].begin;
    if (has_room) move_over(each, bytes);
  }
}

}  // namespace stampede
