// Reads the heads of patches.
#include "harness/run/mutant_catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "harness/run/subject_catalogue.h"

namespace stampede {
namespace {

namespace fs = std::filesystem;
using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

constexpr std::string_view kPatchSuffix = ".patch";

std::vector<std::string> parts_of(const std::string& list) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    std::string part = list.substr(begin, end - begin);
    part.erase(0, std::min(part.find_first_not_of(' '), part.size()));
    part.erase(part.find_last_not_of(' ') + 1);
    if (!part.empty()) parts.push_back(std::move(part));
    begin = end + 1;
  }
  return parts;
}

Result<Mutant> read_mutant(const fs::path& patch) {
  std::ifstream in(patch);
  if (!in) return fail(ErrorCode::not_found, "read mutant", patch.string(), "cannot be opened");
  Mutant mutant;
  std::string breaks;
  const std::pair<std::string_view, std::string*> keys[] = {
      {"What", &mutant.what}, {"After", &mutant.after}, {"Breaks", &breaks}, {"Recipe", &mutant.recipe}};
  for (std::string line; std::getline(in, line) && !line.starts_with("--- ");) {
    if (line.empty()) continue;
    const std::size_t colon = line.find(": ");
    const auto key = std::find_if(std::begin(keys), std::end(keys),
                                  [&](const auto& each) { return line.substr(0, colon) == each.first; });
    if (colon == std::string::npos || key == std::end(keys)) {
      return fail(ErrorCode::invalid_argument, "read mutant", patch.string(),
                  "expected a line \"What: ...\", \"After: ...\", \"Breaks: ...\" or \"Recipe: ...\" before the patch, "
                  "got \"" +
                      line + "\"");
    }
    *key->second = line.substr(colon + 2);
  }
  mutant.breaks = parts_of(breaks);
  for (const auto& [key, value] : keys) {
    if (!value->empty()) continue;
    return fail(ErrorCode::invalid_argument, "read mutant", patch.string(),
                fmt::format("expected a line \"{}: ...\" before the patch", key));
  }
  mutant.name = patch.stem().string();
  fs::path library = patch;
  mutant.library = library.replace_extension(".so").string();
  std::error_code error;
  mutant.is_built = fs::is_regular_file(mutant.library, error);
  return mutant;
}

}  // namespace

std::string built_mutants_directory() {
  return (fs::path(shipped_subjects_directory()).parent_path() / "mutants").string();
}

Result<std::vector<Mutant>> known_mutants(const std::string& directory) {
  std::vector<Mutant> mutants;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() != kPatchSuffix) continue;
    auto mutant = read_mutant(it->path());
    if (!mutant) return fail(mutant.error());
    mutants.push_back(std::move(*mutant));
  }
  if (mutants.empty()) return fail(ErrorCode::not_found, "find mutants", directory, "expected files *.patch in it");
  std::sort(mutants.begin(), mutants.end(), [](const Mutant& a, const Mutant& b) { return a.name < b.name; });
  return mutants;
}

Result<std::vector<Mutant>> chosen_mutants(const std::vector<Mutant>& known, const std::vector<std::string>& names) {
  if (names.empty()) return known;
  std::vector<Mutant> chosen;
  for (const std::string& name : names) {
    const auto found = std::find_if(known.begin(), known.end(), [&](const Mutant& each) { return each.name == name; });
    if (found != known.end()) {
      chosen.push_back(*found);
      continue;
    }
    std::string all;
    for (const Mutant& each : known) all += (all.empty() ? "" : ", ") + each.name;
    return fail(ErrorCode::not_found, "find mutant", name, "known are " + all);
  }
  return chosen;
}

std::string build_advice(const std::vector<Mutant>& mutants, const std::string& directory) {
  std::string missing;
  std::size_t count = 0;
  for (const Mutant& mutant : mutants) {
    if (mutant.is_built) continue;
    ++count;
    missing += (missing.empty() ? "" : ", ") + mutant.name;
  }
  return fmt::format("{} of {} mutants are not built ({}): cmake --build {} --target mutants", count, mutants.size(),
                     missing, fs::path(directory).parent_path().string());
}

}  // namespace stampede
