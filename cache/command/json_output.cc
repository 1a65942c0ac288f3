// Builds the JSON objects with nlohmann_json.
#include "cache/command/json_output.h"

#include <nlohmann/json.hpp>

namespace modelcache {
namespace {

// Keys in the order in which they are written here.
using Json = nlohmann::ordered_json;

std::string printed(const Json& object) { return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

Json of(const Error& error) {
  Json object = {{"code", name_of(error.code)},
                 {"step", error.step},
                 {"place", error.place},
                 {"detail", error.detail},
                 {"message", error.message()}};
  if (error.http_status != 0) object["http_status"] = error.http_status;
  return object;
}

Json of(const std::optional<Sha256Digest>& digest) { return digest ? Json(digest->hex()) : Json(nullptr); }

Json of(const Entry& entry) {
  return {{"key", entry.key},           {"path", entry.path}, {"size_bytes", entry.size_bytes},
          {"sha256", of(entry.sha256)}, {"url", entry.url},   {"listed", entry.listed}};
}

std::string_view name_of_state(EntryState state) {
  switch (state) {
    case EntryState::good:
      return "good";
    case EntryState::corrupt:
      return "corrupt";
    case EntryState::not_a_file:
      return "not_a_file";
    case EntryState::unreadable:
      return "unreadable";
  }
  return "unknown";
}

Json of(const RecoveryReport& report) {
  return {{"temporaries_removed", report.temporaries_removed},
          {"temporaries_kept", report.temporaries_kept},
          {"entries_adopted", report.entries_adopted},
          {"listings_dropped", report.listings_dropped},
          {"entries_bad", report.entries_bad},
          {"entries_unreadable", report.entries_unreadable},
          {"manifest_rebuilt", report.manifest_rebuilt},
          {"manifest_problem", report.manifest_problem},
          {"foreign", report.foreign},
          {"notes", report.notes}};
}

template <class T>
Json of_optional(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

}  // namespace

std::string json_of_error(const Error& error) { return printed({{"error", of(error)}}); }

std::string json_of_get(const GetResult& result, std::chrono::nanoseconds spent) {
  const auto& entry = result.entry;
  return printed({{"path", entry.path},
                  {"key", entry.key},
                  {"sha256", of(entry.sha256)},
                  {"size_bytes", entry.size_bytes},
                  {"url", entry.url},
                  {"hit", result.hit},
                  {"hashed", result.hashed},
                  {"attempts", result.attempts},
                  {"seconds", std::chrono::duration<double>(spent).count()},
                  {"notes", result.notes}});
}

std::string json_of_entries(const std::string& directory, const std::vector<Entry>& entries) {
  Json list = Json::array();
  std::uint64_t size_bytes = 0;
  for (const auto& entry : entries) {
    list.push_back(of(entry));
    size_bytes += entry.size_bytes;
  }
  return printed({{"directory", directory}, {"entries", list}, {"size_bytes", size_bytes}});
}

std::string json_of_verification(const std::string& directory, const std::vector<VerifyReport>& reports) {
  Json list = Json::array();
  std::size_t good = 0, unreadable = 0;
  for (const auto& report : reports) {
    Json row = of(report.entry);
    row["state"] = name_of_state(report.state);
    row["detail"] = report.detail;
    row["removed"] = report.removed;
    list.push_back(std::move(row));
    good += report.state == EntryState::good ? 1 : 0;
    unreadable += report.state == EntryState::unreadable ? 1 : 0;
  }
  return printed({{"directory", directory},
                  {"entries", list},
                  {"good", good},
                  {"bad", reports.size() - good - unreadable},
                  {"unreadable", unreadable}});
}

std::string json_of_removal(const std::vector<Entry>& removed, const std::vector<Error>& errors) {
  Json object = {{"removed", Json::array()}, {"errors", Json::array()}};
  for (const auto& entry : removed) object["removed"].push_back(of(entry));
  for (const auto& error : errors) object["errors"].push_back(of(error));
  if (!errors.empty()) object["error"] = of(errors.front());
  return printed(object);
}

std::string json_of_diagnosis(const Diagnosis& diagnosis) {
  Json object = {{"directory", diagnosis.directory.path},
                 {"chosen_by", diagnosis.directory.chosen_by},
                 {"exists", diagnosis.exists},
                 {"writable", of_optional(diagnosis.writable)},
                 {"locks", name_of(diagnosis.locks)},
                 {"free_bytes", of_optional(diagnosis.free_bytes)},
                 {"entries", of_optional(diagnosis.entries)},
                 {"recovery", diagnosis.recovery ? of(*diagnosis.recovery) : Json(nullptr)},
                 {"problems", diagnosis.problems}};
  if (diagnosis.error) object["error"] = of(*diagnosis.error);
  return printed(object);
}

}  // namespace modelcache
