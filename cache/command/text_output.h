// What each command prints for people.
#ifndef MODELCACHE_COMMAND_TEXT_OUTPUT_H
#define MODELCACHE_COMMAND_TEXT_OUTPUT_H

#include <string>
#include <vector>

#include "cache/cache.h"
#include "cache/command/arguments.h"
#include "cache/command/diagnosis.h"

namespace modelcache {

// A table with a heading and a line of totals. Control characters are replaced.
std::string text_of_entries(const std::vector<Entry>& entries, bool long_listing);
std::string text_of_verification(const std::vector<VerifyReport>& reports);
std::string text_of_removal(const std::vector<Entry>& removed);
std::string text_of_diagnosis(const Diagnosis& diagnosis);

// "hint: ..." for errors whose remedy is not in their message; empty for the others.
std::string hint_for(const Error& error, const CacheDirectory& directory, Verb verb);

}  // namespace modelcache

#endif  // MODELCACHE_COMMAND_TEXT_OUTPUT_H
