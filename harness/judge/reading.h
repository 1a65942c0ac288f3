// How invariants read the facts: pairs of planned and reported gets, requests of a get, entries of a directory.
#ifndef STAMPEDE_JUDGE_READING_H
#define STAMPEDE_JUDGE_READING_H

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/plan/run_facts.h"

namespace stampede {

// One get as it was planned, with what the worker says of it.
struct Get {
  std::size_t process = 0;
  std::size_t operation = 0;
  PlannedOperation planned;
  const OperationReport* report = nullptr;
};

// All gets that were planned and reported. Workers without a report have none: another invariant sees to them.
std::vector<Get> gets_of(const StageFacts& stage);

// "process 3, get 0 of m1.onnx"
std::string describe(const RunFacts& facts, const Get& get);

// The connections of one process's listener that asked for this get; and those that broke before they said what for.
std::vector<const LedgerEntry*> requests_of(const StageFacts& stage, const Get& get);
std::vector<const LedgerEntry*> unasked_connections_of(const StageFacts& stage, std::size_t process);

// Directory and model, by index.
using AskedFor = std::pair<std::size_t, std::size_t>;
// For each that someone asked for: the requests for it, from the ledger and the plan.
std::map<AskedFor, std::vector<const LedgerEntry*>> requests_by_model(const StageFacts& stage);

// What stands in entries/.
std::vector<const FoundName*> entries_of(const Census& census);
const FoundName* find_name(const Census& census, const std::string& path);
// What the get's path is called below its cache directory, there or not; nothing for a path outside of it.
std::optional<std::string> name_below_directory(const StageFacts& stage, const Get& get);
// The name that the census has for the get's path.
const FoundName* found_at(const StageFacts& stage, const Get& get);

// Every process ended by itself, with status 0 and a report: nobody died in the middle of something.
bool all_ended_well(const StageFacts& stage);
// A get went on without the entry's lock, or failed because it could not have it.
bool someone_went_without_lock(const StageFacts& stage);

// The run, what made it warm, and the epilogue, where there are such.
std::vector<const StageFacts*> stages_of(const RunFacts& facts);

}  // namespace stampede

#endif  // STAMPEDE_JUDGE_READING_H
