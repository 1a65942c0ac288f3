// Lays out tables, reports and hints.
#include "cache/command/text_output.h"

#include <algorithm>

#include "cache/command/posix_file_system.h"
#include "cache/command/printable.h"
#include "cache/command/quantities.h"

namespace modelcache {
namespace {

constexpr std::size_t kShortDigestDigits = 12;

using Row = std::vector<std::string>;

// Columns two blanks apart; the first is flush right, the others left, the last is not padded.
std::string table(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], character_count(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - character_count(row[i]), ' ');
      text += i == 0 ? padding + row[i] : "  " + row[i] + (i + 1 == row.size() ? "" : padding);
    }
    text += '\n';
  }
  return text;
}

std::string or_dash(const std::string& text) { return text.empty() ? "-" : printable(text); }

std::string plural(std::uint64_t count, const std::string& one, const std::string& many) {
  return std::to_string(count) + ' ' + (count == 1 ? one : many);
}

std::string line(const std::string& label, const std::string& value) {
  constexpr std::size_t kLabelColumns = 13;
  return label + std::string(kLabelColumns - label.size(), ' ') + printable(value) + '\n';
}

std::string words_for(LockHealth health) {
  switch (health) {
    case LockHealth::works:
      return "work: a second descriptor was refused";
    case LockHealth::lies:
      return "do nothing: two descriptors got the same lock";
    case LockHealth::missing:
      return "are not offered by this file system";
    case LockHealth::not_tried:
      return "not tried";
  }
  return "";
}

// As wide as the widest.
std::string words_for(EntryState state) {
  switch (state) {
    case EntryState::good:
      return "good        ";
    case EntryState::corrupt:
      return "corrupt     ";
    case EntryState::not_a_file:
      return "no file     ";
    case EntryState::unreadable:
      return "unreadable  ";
  }
  return "";
}

std::string text_of_recovery(const RecoveryReport& report) {
  std::string done;
  const auto add = [&](std::uint64_t count, const char* one, const char* many) {
    if (count > 0) done += (done.empty() ? "" : ", ") + plural(count, one, many);
  };
  add(report.temporaries_removed, "leftover of a dead process removed", "leftovers of dead processes removed");
  add(report.temporaries_kept, "download in progress kept", "downloads in progress kept");
  add(report.entries_adopted, "unlisted entry adopted", "unlisted entries adopted");
  add(report.listings_dropped, "listing without a file dropped", "listings without files dropped");
  if (report.manifest_rebuilt) done += std::string(done.empty() ? "" : ", ") + "manifest rebuilt";
  std::string text = line("recovery", done.empty() ? "nothing to do" : done);
  for (const auto& note : report.notes) text += line("", note);
  for (const auto& name : report.foreign) text += line("foreign", name);
  return text;
}

}  // namespace

std::string text_of_entries(const std::vector<Entry>& entries, bool long_listing) {
  std::uint64_t total = 0;
  std::vector<Row> rows = {long_listing ? Row{"BYTES", "SHA256", "STATE", "PATH", "URL"}
                                        : Row{"SIZE", "SHA256", "STATE", "URL"}};
  for (const auto& entry : entries) {
    total += entry.size_bytes;
    const auto digest = entry.sha256 ? entry.sha256->hex() : "-";
    const std::string state = entry.listed ? "listed" : "unlisted";
    rows.push_back(
        long_listing
            ? Row{std::to_string(entry.size_bytes), digest, state, printable(entry.path), or_dash(entry.url)}
            : Row{readable_size(entry.size_bytes), digest.substr(0, kShortDigestDigits), state, or_dash(entry.url)});
  }
  const auto size = long_listing ? plural(total, "byte", "bytes") : readable_size(total);
  return (entries.empty() ? "" : table(rows)) + plural(entries.size(), "entry", "entries") + ", " + size + '\n';
}

std::string text_of_verification(const std::vector<VerifyReport>& reports) {
  std::string text;
  std::size_t good = 0, unreadable = 0;
  for (const auto& report : reports) {
    good += report.state == EntryState::good ? 1 : 0;
    unreadable += report.state == EntryState::unreadable ? 1 : 0;
    text += words_for(report.state) + printable(report.entry.path);
    if (!report.detail.empty()) text += ": " + printable(report.detail);
    text += report.removed ? " (removed)\n" : "\n";
  }
  text += std::to_string(good) + " good, " + std::to_string(reports.size() - good - unreadable) + " bad";
  return text + (unreadable > 0 ? ", " + std::to_string(unreadable) + " unreadable\n" : "\n");
}

std::string text_of_removal(const std::vector<Entry>& removed) {
  std::string text;
  for (const auto& entry : removed) text += "removed " + printable(entry.path) + '\n';
  return text;
}

std::string text_of_diagnosis(const Diagnosis& diagnosis) {
  std::string text = line("directory", diagnosis.directory.path) + line("named by", diagnosis.directory.chosen_by);
  if (!diagnosis.exists) return text + line("exists", "not yet: the first get makes it");
  if (diagnosis.entries) text += line("entries", std::to_string(*diagnosis.entries));
  if (diagnosis.free_bytes) text += line("free space", readable_size(*diagnosis.free_bytes));
  text += line("writable", !diagnosis.writable ? "not tried" : *diagnosis.writable ? "yes" : "no");
  text += line("locks", words_for(diagnosis.locks));
  text += diagnosis.recovery ? text_of_recovery(*diagnosis.recovery) : line("recovery", "failed");
  for (const auto& problem : diagnosis.problems) text += line("problem", problem);
  return text;
}

std::string hint_for(const Error& error, const CacheDirectory& directory, Verb verb) {
  const auto named = directory.path + " (named by " + directory.chosen_by + ')';
  switch (error.code) {
    case ErrorCode::no_space: {
      const auto free = free_bytes(directory.path);
      return "hint: " + named + " has " + (free ? readable_size(*free) : "no space") +
             " free; remove entries with 'modelcache rm', or choose another directory with --cache-dir or "
             "MODELCACHE_DIR";
    }
    case ErrorCode::denied:
    case ErrorCode::read_only:
      return "hint: the cache directory is " + named + "; choose another with --cache-dir or MODELCACHE_DIR";
    case ErrorCode::bad_entry:
      return "hint: something else stands in the cache directory " + named + "; move it away";
    case ErrorCode::bad_manifest:
      return "hint: use a later modelcache, or another directory with --cache-dir or MODELCACHE_DIR";
    case ErrorCode::unknown_host:
      return "hint: check the host in the URL, and the name service; proxies are not used";
    case ErrorCode::unverifiable:
      return "hint: give the model's checksum with --sha256";
    case ErrorCode::wrong_checksum:
      return "hint: either --sha256 is of another version, or the server's file is damaged";
    case ErrorCode::too_large:
      return "hint: --max-size sets the limit";
    case ErrorCode::timed_out:
      return "hint: --timeout, --connect-timeout and --idle-timeout set the limits";
    case ErrorCode::lock_timeout:
      return verb == Verb::get
                 ? "hint: --lock-wait sets the limit; without --only-wait the model is downloaded once more instead"
                 : "hint: --lock-wait sets the limit";
    default:
      return "";
  }
}

}  // namespace modelcache
