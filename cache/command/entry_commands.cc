// `modelcache ls`, `verify` and `rm`: the entries that are there.
#include "cache/command/commands.h"
#include "cache/command/json_output.h"
#include "cache/command/text_output.h"
#include "cache/exit_status.h"

namespace modelcache {
namespace {

// The cache, if it is there; none where the directory does not exist yet, which is an empty cache.
Result<std::optional<Cache>> open_existing(Os& os, const Arguments& arguments, const CacheDirectory& directory,
                                           std::vector<std::string>& notes) {
  auto cache = Cache::open(os, directory.path, arguments.options, false);
  if (cache) return std::optional<Cache>(std::move(*cache));
  if (cache.error().code != ErrorCode::not_found) return fail(cache.error());
  notes.push_back(directory.path + " (named by " + directory.chosen_by + ") does not exist yet");
  return std::optional<Cache>();
}

}  // namespace

CommandResult run_list(Os& os, const Arguments& arguments, const CacheDirectory& directory) {
  CommandResult answer;
  auto cache = open_existing(os, arguments, directory, answer.notes);
  if (!cache) return failed(arguments, cache.error());
  std::vector<Entry> entries;
  if (*cache) {
    auto listed = (*cache)->list();
    if (!listed) return failed(arguments, listed.error());
    entries = std::move(*listed);
  }
  answer.output =
      arguments.json ? json_of_entries(directory.path, entries) : text_of_entries(entries, arguments.long_listing);
  return answer;
}

CommandResult run_verify(Os& os, const Arguments& arguments, const CacheDirectory& directory) {
  CommandResult answer;
  const auto selector = arguments.selectors.empty() ? std::string() : arguments.selectors.front();
  auto cache = open_existing(os, arguments, directory, answer.notes);
  if (!cache) return failed(arguments, cache.error());
  if (!*cache && !selector.empty()) {
    return failed(arguments, {ErrorCode::not_found, "verify", selector, "the cache directory does not exist yet"});
  }
  std::vector<VerifyReport> reports;
  if (*cache) {
    auto verified = (*cache)->verify(selector, arguments.repair);
    if (!verified) return failed(arguments, verified.error());
    reports = std::move(*verified);
  }
  for (const auto& report : reports) {
    if (report.state != EntryState::good) answer.status = kFoundWrongStatus;
  }
  answer.output = arguments.json ? json_of_verification(directory.path, reports) : text_of_verification(reports);
  return answer;
}

// Goes on after a failure, so that one missing entry does not keep the others; the first failure is the status.
CommandResult run_remove(Os& os, const Arguments& arguments, const CacheDirectory& directory) {
  auto cache = Cache::open(os, directory.path, arguments.options, false);
  if (!cache) return failed(arguments, cache.error());
  CommandResult answer;
  std::vector<Entry> removed;
  for (const auto& selector : arguments.selectors) {
    auto entry = cache->remove(selector);
    if (entry) {
      removed.push_back(std::move(*entry));
    } else {
      answer.errors.push_back(entry.error());
    }
  }
  if (!answer.errors.empty()) answer.status = exit_status(answer.errors.front().code);
  answer.output = arguments.json ? json_of_removal(removed, answer.errors) : text_of_removal(removed);
  return answer;
}

CommandResult run_doctor(Os& os, const Arguments& arguments, const CacheDirectory& directory) {
  CommandResult answer;
  const auto diagnosis = diagnose(os, directory, arguments.options);
  if (diagnosis.error) {
    answer.errors.push_back(*diagnosis.error);
    answer.status = exit_status(diagnosis.error->code);
  } else if (!diagnosis.problems.empty()) {
    answer.status = kFoundWrongStatus;
  }
  answer.output = arguments.json ? json_of_diagnosis(diagnosis) : text_of_diagnosis(diagnosis);
  return answer;
}

}  // namespace modelcache
