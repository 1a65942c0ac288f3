// Fault files: which turns meet which connections and which models, as JSON.
#ifndef STAMPEDE_PLAN_FAULT_FILE_H
#define STAMPEDE_PLAN_FAULT_FILE_H

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "cache/result.h"
#include "harness/plan/fault_turn.h"

namespace stampede {

struct FaultFile {
  FaultSequence connections;
  std::map<std::string, FaultSequence, std::less<>> models;  // by name
};

// JSON, in which comments are allowed. "faults": 1 comes first. "turns" is a list of shorthands or of objects with a
// kind's name as key and its parameters as value ({"drip": {"bytes": 1000, "pause": "5ms"}, "flip_byte": {"at": 7}}).
// "repeat" (false) begins again after the last turn; "every" (1) puts N - 1 good responses before each. "models" has
// the same three for models by name.
// ERRORS: invalid_argument: `file`, the key's path, and what was expected. Unknown and repeated keys are refused, and
// in a model's list turns that come before the request.
modelcache::Result<FaultFile> parse_fault_file(std::string_view text, std::string_view file);
// ERRORS: besides, not_found, denied, io; too_large above 16 MiB.
modelcache::Result<FaultFile> read_fault_file(const std::string& path);

// One that uses everything, with comments.
std::string_view fault_file_example();

}  // namespace stampede

#endif  // STAMPEDE_PLAN_FAULT_FILE_H
