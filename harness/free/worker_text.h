// What goes to a worker and what comes back, as text: its specification and its report, one JSON object each.
#ifndef STAMPEDE_FREE_WORKER_TEXT_H
#define STAMPEDE_FREE_WORKER_TEXT_H

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/cache.h"
#include "cache/result.h"
#include "harness/free/command_get.h"
#include "harness/plan/run_facts.h"

namespace stampede {

struct WorkerOperation {
  std::string url;
  modelcache::Sha256Digest sha256;
  std::string directory;
  std::optional<CommandGet> command = {};  // absent: modelcache gets it
};

struct WorkerSpecification {
  std::vector<WorkerOperation> operations;
  // The cache's options that a run sets; the others keep their defaults. Waits are short, so that runs are.
  unsigned attempts_max = 5;
  std::chrono::milliseconds backoff_first{1};
  std::chrono::milliseconds backoff_max{20};
  modelcache::VerifyPolicy verify = modelcache::VerifyPolicy::when_changed;
  bool reads_back = true;          // hash what `get` gave, at once
  bool counts_descriptors = true;  // before and after the operations
};

struct WorkerReport {
  std::vector<OperationReport> operations;
  Measures measures;
  MachineTime ready_at{};  // before it said so
  std::optional<std::uint64_t> descriptors_before, descriptors_after;
  std::optional<std::uint64_t> peak_memory_bytes;
};

std::string print(const WorkerSpecification& specification);
// ERRORS: invalid_argument.
modelcache::Result<WorkerSpecification> parse_specification(std::string_view text);

// One line.
std::string print(const WorkerReport& report);
// ERRORS: invalid_argument: no JSON, or not the report of a worker.
modelcache::Result<WorkerReport> parse_report(std::string_view text);

}  // namespace stampede

#endif  // STAMPEDE_FREE_WORKER_TEXT_H
