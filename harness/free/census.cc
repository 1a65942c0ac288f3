// Lists, hashes and describes what stands in a directory.
#include "harness/free/census.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "cache/key.h"
#include "harness/free/file_digest.h"

namespace stampede {
namespace {

namespace fs = std::filesystem;

NameType type_of(fs::file_type type) {
  switch (type) {
    case fs::file_type::regular:
      return NameType::regular;
    case fs::file_type::directory:
      return NameType::directory;
    case fs::file_type::symlink:
      return NameType::symlink;
    default:
      return NameType::other;
  }
}

FoundName describe(const fs::directory_entry& entry, const fs::path& directory, Hashes hashes,
                   std::vector<std::string>& problems) {
  FoundName name;
  name.path = entry.path().lexically_relative(directory).generic_string();
  std::error_code error;
  const fs::file_status status = entry.symlink_status(error);
  if (error) {
    problems.push_back(name.path + ": " + error.message());
    name.type = NameType::other;
    return name;
  }
  name.type = type_of(status.type());
  name.mode = static_cast<unsigned>(status.permissions()) & 07777U;
  if (name.type != NameType::regular) return name;
  name.size_bytes = entry.file_size(error);
  if (hashes == Hashes::all || name.path.starts_with(std::string(modelcache::kEntriesName) + "/")) {
    name.sha256 = digest_of_file(entry.path().string());
    if (!name.sha256) problems.push_back(name.path + ": cannot be read");
  }
  return name;
}

// The number behind `key` in what the kernel tells of this process (proc(5)).
std::optional<std::uint64_t> read_status(std::string_view key, int base) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    const std::size_t begin = line.find_first_not_of(" \t", key.size());
    if (begin == std::string::npos) return std::nullopt;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(line.data() + begin, line.data() + line.size(), number, base);
    if (error != std::errc()) return std::nullopt;
    return number;
  }
  return std::nullopt;
}

}  // namespace

Census take_census(const std::string& directory, Hashes hashes) {
  Census census{.directory = directory, .names = {}, .manifest = std::nullopt, .problems = {}};
  const fs::path root(directory);
  std::error_code error;
  fs::recursive_directory_iterator it(root, error);
  for (const fs::recursive_directory_iterator end; !error && it != end; it.increment(error)) {
    census.names.push_back(describe(*it, root, hashes, census.problems));
  }
  if (error) census.problems.push_back(directory + ": " + error.message());
  std::sort(census.names.begin(), census.names.end(),
            [](const FoundName& a, const FoundName& b) { return a.path < b.path; });
  const fs::path manifest = root / modelcache::kManifestName;
  if (fs::is_regular_file(fs::symlink_status(manifest, error))) {
    std::ifstream file(manifest, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    census.manifest = text.str();
  }
  return census;
}

std::optional<std::uint64_t> count_open_descriptors() {
  std::error_code error;
  const fs::directory_iterator it("/proc/self/fd", error);
  if (error) return std::nullopt;
  return static_cast<std::uint64_t>(std::distance(it, fs::directory_iterator()));
}

std::optional<std::uint64_t> read_peak_memory() {
  const std::optional<std::uint64_t> kibibytes = read_status("VmHWM:", 10);
  if (!kibibytes) return std::nullopt;
  return *kibibytes * 1024;
}

unsigned read_umask() {
  constexpr unsigned kUsual = 022;
  return static_cast<unsigned>(read_status("Umask:", 8).value_or(kUsual));
}

}  // namespace stampede
