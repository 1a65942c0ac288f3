// Applies the invariants of a directory to a census of it.
#include "harness/run/directory_check.h"

#include <filesystem>
#include <system_error>

#include "cache/key.h"
#include "harness/free/census.h"
#include "harness/judge/invariants.h"
#include "harness/judge/reading.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

void add(std::string_view id, const Finding& finding, Verdict& verdict) {
  verdict.judged[std::string(id)] = finding.judged;
  for (const std::string& what : finding.violations) verdict.violations.push_back(Violation{std::string(id), what});
}

}  // namespace

Result<DirectoryReport> check_directory(const std::string& directory) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::file_status status = fs::status(directory, error);
  if (!fs::exists(status)) return fail(ErrorCode::not_found, "check", directory, "there is no such directory");
  if (!fs::is_directory(status)) return fail(ErrorCode::bad_entry, "check", directory, "it is no directory");
  std::string path = directory;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  const Census census = take_census(path);
  const FoundName* const entries = find_name(census, std::string(modelcache::kEntriesName));
  if (entries == nullptr && !census.manifest) {
    return fail(ErrorCode::bad_entry, "check", directory, "it is no cache directory: no entries/ and no manifest.json");
  }
  DirectoryReport report;
  report.has_manifest = census.manifest.has_value();
  for (const FoundName& name : census.names) {
    if (name.path.starts_with("entries/")) ++report.entries;
    if (name.path.starts_with("entries/")) report.entry_bytes += name.size_bytes;
    if (name.path.starts_with("locks/")) ++report.locks;
    if (name.path.starts_with("tmp/")) ++report.temporaries;
  }
  Finding complete;
  judge_entries_complete(census, complete);
  for (const std::string& problem : census.problems) complete.violations.push_back(problem);
  add("visible_means_complete", std::move(complete), report.verdict);
  Finding manifest;
  judge_manifest(census, manifest);
  add("manifest_is_complete", std::move(manifest), report.verdict);
  Finding names;
  judge_names(census, names);
  add("nothing_left_over", std::move(names), report.verdict);
  Finding modes;
  if (entries != nullptr) judge_modes(census, 0777U & ~entries->mode, modes);
  add("published_modes", std::move(modes), report.verdict);
  return report;
}

}  // namespace stampede
