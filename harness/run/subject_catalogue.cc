// Looks for descriptions, and for the programs that they need.
#include "harness/run/subject_catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <system_error>

#include "harness/run/subject_file.h"

namespace stampede {
namespace {

namespace fs = std::filesystem;
using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

constexpr std::string_view kDescriptionSuffix = ".json";

// What runs has a bit for it; whose that is, exec decides.
bool is_there(const fs::path& path, bool must_run) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (error || !fs::is_regular_file(status)) return false;
  constexpr fs::perms kRuns = fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec;
  return !must_run || (status.permissions() & kRuns) != fs::perms::none;
}

bool is_in_path(const std::string& program) {
  const char* const path = std::getenv("PATH");
  std::istringstream directories(path != nullptr ? path : "");
  for (std::string directory; std::getline(directories, directory, ':');) {
    if (is_there(fs::path(directory.empty() ? "." : directory) / program, true)) return true;
  }
  return false;
}

}  // namespace

std::string shipped_subjects_directory() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return error ? "" : (program.parent_path().parent_path() / "subjects").string();
}

Result<std::vector<Subject>> known_subjects(const std::string& directory) {
  std::vector<Subject> subjects = {Subject{}};
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() != kDescriptionSuffix) continue;
    Result<Subject> subject = read_subject(it->path().string());
    if (!subject) return fail(subject.error());
    subjects.push_back(std::move(*subject));
  }
  std::sort(subjects.begin() + 1, subjects.end(), [](const Subject& a, const Subject& b) { return a.name < b.name; });
  return subjects;
}

Result<Subject> find_subject(std::string_view name_or_file, const std::string& directory) {
  const std::string wanted(name_or_file);
  if (wanted.ends_with(".so")) {
    return fail(ErrorCode::invalid_argument, "find the subject", wanted,
                "a plugin runs in the worlds sim and live; the free world takes a name or a description");
  }
  if (wanted.find('/') != std::string::npos || wanted.ends_with(kDescriptionSuffix)) return read_subject(wanted);
  Result<std::vector<Subject>> subjects = known_subjects(directory);
  if (!subjects) return fail(subjects.error());
  std::string names;
  for (Subject& subject : *subjects) {
    if (subject.name == wanted) return std::move(subject);
    names += (names.empty() ? "" : ", ") + subject.name;
  }
  return fail(ErrorCode::not_found, "find the subject", wanted,
              "known are " + names + "; the path of a description has a slash or ends in .json");
}

std::vector<SubjectNeed> missing_needs(const Subject& subject) {
  std::vector<SubjectNeed> missing;
  for (const SubjectNeed& need : subject.needs) {
    const bool is_path = need.program.find('/') != std::string::npos;
    if (!(is_path ? is_there(need.program, false) : is_in_path(need.program))) missing.push_back(need);
  }
  return missing;
}

std::string describe(const std::vector<SubjectNeed>& needs) {
  std::string text;
  for (const SubjectNeed& need : needs) {
    text += fmt::format("{}{} (Debian: {})", text.empty() ? "" : ", ", need.program, need.package);
  }
  return text;
}

}  // namespace stampede
