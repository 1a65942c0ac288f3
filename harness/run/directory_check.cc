// Applies the invariants of a directory to a census of it.
#include "harness/run/directory_check.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "cache/key.h"
#include "cache/posix_os.h"
#include "harness/free/census.h"
#include "harness/judge/invariants.h"
#include "harness/judge/reading.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

// What a cache directory at rest may hold beside its entries, each with a note.
class LegalAtRest {
 public:
  bool excuses_unlisted(const FoundName& entry) {
    notes_.push_back(entry.path + " is not listed: legal after a crash; a get of it, or `modelcache doctor`, lists it");
    return true;
  }

  bool excuses(const FoundName& name) {
    const std::string_view path = name.path;
    const std::string_view top = path.substr(0, path.find('/'));
    if (modelcache::is_bad_manifest_name(top)) {
      if (path == top)
        notes_.push_back(name.path + " is a manifest that was set aside: legal; remove it when you have read it");
      return true;
    }
    if (top != modelcache::kTemporariesName || path == top || name.type != NameType::regular) return false;
    const auto owner = modelcache::owner_of_temporary(path.substr(top.size() + 1));
    if (owner) notes_.push_back(name.path + words_for(*owner));
    return owner.has_value();
  }

  std::vector<std::string> take_notes() { return std::move(notes_); }

 private:
  std::string words_for(const modelcache::ProcessIdentity& owner) {
    const std::string process = "process " + std::to_string(owner.pid);
    switch (os_->liveness(owner)) {
      case modelcache::Liveness::alive:
        return " belongs to " + process + ", which is at work";
      case modelcache::Liveness::dead:
        return " is of " + process +
               ", which is dead: legal after a crash; the next download, or `modelcache doctor`, removes it";
      case modelcache::Liveness::unknown:
        break;
    }
    return " is of " + process +
           " of another boot or host: legal after a crash; the next download removes it when nobody holds it";
  }

  std::unique_ptr<modelcache::Os> os_ = modelcache::make_posix_os();
  std::vector<std::string> notes_;
};

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
  LegalAtRest legal;
  judge_manifest(census, [&](const FoundName& entry) { return legal.excuses_unlisted(entry); }, manifest);
  add("manifest_is_complete", std::move(manifest), report.verdict);
  Finding names;
  judge_names(census, [&](const FoundName& name) { return legal.excuses(name); }, names);
  add("nothing_left_over", std::move(names), report.verdict);
  Finding modes;
  if (entries != nullptr) judge_modes(census, 0777U & ~entries->mode, modes);
  add("published_modes", std::move(modes), report.verdict);
  report.notes = legal.take_notes();
  return report;
}

}  // namespace stampede
