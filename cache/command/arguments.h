// The command line, understood: what to do, with what, and how.
#ifndef MODELCACHE_COMMAND_ARGUMENTS_H
#define MODELCACHE_COMMAND_ARGUMENTS_H

#include <optional>
#include <string>
#include <vector>

#include "cache/cache.h"
#include "cache/result.h"

namespace modelcache {

enum class Verb { get, path, list, verify, remove, doctor };

struct Arguments {
  Verb verb = Verb::get;
  std::optional<std::string> directory;  // --cache-dir
  bool json = false;
  bool quiet = false;
  GetRequest request;  // get, path: a URL that parses, accept_unverified exactly when there is no checksum
  CacheOptions options;
  bool long_listing = false;
  bool repair = false;
  std::vector<std::string> selectors;  // verify: at most one; remove: at least one
};

struct CommandLine {
  std::optional<Arguments> arguments;
  std::string text;  // what to print instead of doing something: help or version; empty otherwise
};

// ERRORS: invalid_argument for everything that is not as `--help` says; the detail says what was found and expected.
Result<CommandLine> parse_command_line(int argc, const char* const* argv);

// Whether errors are to be printed as JSON, told before, and even when, the command line cannot be parsed.
bool asks_for_json(int argc, const char* const* argv);

}  // namespace modelcache

#endif  // MODELCACHE_COMMAND_ARGUMENTS_H
