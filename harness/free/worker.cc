// Gets models from modelcache through the real door, and writes down what came back.
#include "harness/free/worker.h"

#include <chrono>
#include <cstdio>
#include <map>
#include <utility>

#include "cache/posix_os.h"
#include "harness/free/file_digest.h"
#include "harness/free/posix_worker_pipes.h"

namespace stampede {
namespace {

using modelcache::Cache;
using modelcache::GetResult;
using modelcache::Os;
using modelcache::Result;

MachineTime machine_now() { return std::chrono::steady_clock::now().time_since_epoch(); }

modelcache::CacheOptions options_of(const WorkerSpecification& specification) {
  modelcache::CacheOptions options;
  options.verify = specification.verify;
  options.retry.attempts_max = specification.attempts_max;
  options.retry.backoff_first = specification.backoff_first;
  options.retry.backoff_max = specification.backoff_max;
  return options;
}

// Caches by directory: a process opens each once.
using Caches = std::map<std::string, Cache, std::less<>>;

Result<GetResult> get(Os& os, Caches& caches, const WorkerSpecification& specification,
                      const WorkerOperation& operation) {
  auto known = caches.find(operation.directory);
  if (known == caches.end()) {
    Result<Cache> cache = Cache::open(os, operation.directory, options_of(specification), true);
    if (!cache) return modelcache::fail(cache.error());
    known = caches.emplace(operation.directory, std::move(*cache)).first;
  }
  modelcache::GetRequest request;
  request.url = operation.url;
  request.sha256 = operation.sha256;
  return known->second.get(request);
}

OperationReport report_of(const Result<GetResult>& result) {
  OperationReport report;
  report.succeeded = result.has_value();
  if (!result) {
    report.error_code = modelcache::name_of(result.error().code);
    report.error_message = result.error().message();
    return report;
  }
  report.path = result->entry.path;
  report.claims_hit = result->hit;
  report.claimed_attempts = result->attempts;
  report.went_without_lock =
      result->lock == modelcache::LockUse::gave_up || result->lock == modelcache::LockUse::unavailable;
  report.notes = result->notes;
  return report;
}

}  // namespace

std::vector<OperationReport> perform(Os& os, const WorkerSpecification& specification) {
  Caches caches;
  std::vector<OperationReport> reports;
  for (const WorkerOperation& operation : specification.operations) {
    const MachineTime began_at = machine_now();
    const Result<GetResult> result = get(os, caches, specification, operation);
    const MachineTime ended_at = machine_now();
    OperationReport report = report_of(result);
    report.began_at = began_at;
    report.ended_at = ended_at;
    if (report.succeeded && specification.reads_back) report.read_back = digest_of_file(report.path);
    reports.push_back(std::move(report));
  }
  return reports;
}

int run_worker(bool is_bare) {
  const auto give_up = [](const modelcache::Error& error) {
    std::fprintf(stderr, "worker: %s\n", error.message().c_str());
    return 2;
  };
  const Result<std::string> text = read_own_specification();
  if (!text) return give_up(text.error());
  WorkerSpecification specification;
  if (!is_bare) {
    Result<WorkerSpecification> parsed = parse_specification(*text);
    if (!parsed) return give_up(parsed.error());
    specification = std::move(*parsed);
  }
  const std::unique_ptr<Os> os = modelcache::make_posix_os();
  if (auto ready = wait_at_barrier(); !ready) return give_up(ready.error());
  const std::string report = print(perform(*os, specification));
  if (auto sent = send_report(report); !sent) return give_up(sent.error());
  return 0;
}

}  // namespace stampede
