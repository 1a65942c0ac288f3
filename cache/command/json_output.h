// What each command prints with --json: one object, on one line.
#ifndef MODELCACHE_COMMAND_JSON_OUTPUT_H
#define MODELCACHE_COMMAND_JSON_OUTPUT_H

#include <chrono>
#include <string>
#include <vector>

#include "cache/cache.h"
#include "cache/command/diagnosis.h"

namespace modelcache {

// All texts end with a line feed. Bytes that are no UTF-8 become U+FFFD.
// {"error": {"code", "step", "place", "detail", "message", "http_status" where there was a response}}
std::string json_of_error(const Error& error);
// {"path", "key", "sha256" or null, "size_bytes", "url", "hit", "hashed", "attempts", "seconds", "notes"}
std::string json_of_get(const GetResult& result, std::chrono::nanoseconds spent);
// {"directory", "entries": [...], "size_bytes"}
std::string json_of_entries(const std::string& directory, const std::vector<Entry>& entries);
// {"directory", "entries": [{..., "state", "detail", "removed"}], "good", "bad"}
std::string json_of_verification(const std::string& directory, const std::vector<VerifyReport>& reports);
// {"removed": [...], "errors": [...]}, and the first error as "error" where there is one.
std::string json_of_removal(const std::vector<Entry>& removed, const std::vector<Error>& errors);
std::string json_of_diagnosis(const Diagnosis& diagnosis);

}  // namespace modelcache

#endif  // MODELCACHE_COMMAND_JSON_OUTPUT_H
