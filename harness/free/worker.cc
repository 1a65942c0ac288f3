// Gets models from modelcache through the real door, or by a command, and writes down what came back.
#include "harness/free/worker.h"

#include <cstdio>
#include <map>
#include <optional>
#include <utility>

#include "cache/posix_os.h"
#include "harness/free/census.h"
#include "harness/free/command_get.h"
#include "harness/free/file_digest.h"
#include "harness/free/posix_worker_pipes.h"

namespace stampede {
namespace {

using modelcache::Cache;
using modelcache::GetResult;
using modelcache::Os;
using modelcache::Result;

using modelcache::Progress;

// What a phase is called in measures.
std::string_view operation_of(Progress::Phase phase) {
  switch (phase) {
    case Progress::Phase::checking:
      return "check";
    case Progress::Phase::waiting_for_lock:
      return "lock wait";
    case Progress::Phase::connecting:
      return "connect";
    case Progress::Phase::receiving:
      return "download";
    case Progress::Phase::verifying:
      return "verify";
    case Progress::Phase::backing_off:
      return "back off";
    case Progress::Phase::publishing:
      return "publish";
    case Progress::Phase::listing:
      return "manifest";
  }
  return "";
}

modelcache::CacheOptions options_of(const WorkerSpecification& specification) {
  modelcache::CacheOptions options;
  options.verify = specification.verify;
  options.retry.attempts_max = specification.attempts_max;
  options.retry.backoff_first = specification.backoff_first;
  options.retry.backoff_max = specification.backoff_max;
  return options;
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

class Worker {
 public:
  Worker(Os& os, const WorkerSpecification& specification, Tracker& tracker, const std::function<void()>& on_waiting)
      : os_(os), specification_(specification), tracker_(tracker), on_waiting_(on_waiting) {}

  OperationReport get(const WorkerOperation& operation) {
    if (operation.command) return get_by_command(*operation.command, orphanage());
    const Result<GetResult> result = get_from_cache(operation);
    if (result) tracker_.count("bytes", result->entry.size_bytes);
    return report_of(result);
  }

 private:
  // A process that starts none needs none.
  const PosixOrphanage& orphanage() {
    if (!orphanage_) orphanage_.emplace();
    return *orphanage_;
  }

  Result<GetResult> get_from_cache(const WorkerOperation& operation) {
    const Result<Cache*> cache = opened(operation.directory);
    if (!cache) return modelcache::fail(cache.error());
    PhaseTimer phases(tracker_);
    modelcache::GetRequest request;
    request.url = operation.url;
    request.sha256 = operation.sha256;
    request.progress = [&](const Progress& progress) {
      const std::string_view phase = operation_of(progress.phase);
      if (progress.phase == Progress::Phase::waiting_for_lock && phases.phase() != phase) on_waiting_();
      phases.enter(phase);
    };
    return (*cache)->get(request);
  }

  // A process opens each directory once.
  Result<Cache*> opened(const std::string& directory) {
    auto known = caches_.find(directory);
    if (known == caches_.end()) {
      PhaseTimer phases(tracker_);
      phases.enter("open");
      Result<Cache> cache = Cache::open(os_, directory, options_of(specification_), true);
      if (!cache) return modelcache::fail(cache.error());
      known = caches_.emplace(directory, std::move(*cache)).first;
    }
    return &known->second;
  }

  Os& os_;
  const WorkerSpecification& specification_;
  Tracker& tracker_;
  const std::function<void()>& on_waiting_;
  std::map<std::string, Cache, std::less<>> caches_;
  std::optional<PosixOrphanage> orphanage_;
};

}  // namespace

std::vector<OperationReport> perform(Os& os, const WorkerSpecification& specification, Tracker& tracker,
                                     const std::function<void()>& on_waiting) {
  Worker worker(os, specification, tracker, on_waiting);
  std::vector<OperationReport> reports;
  for (const WorkerOperation& operation : specification.operations) {
    const MachineTime began_at = machine_now();
    OperationReport report = worker.get(operation);
    report.began_at = began_at;
    report.ended_at = machine_now();
    tracker.time("get", report.ended_at - began_at);
    if (report.succeeded && specification.reads_back) report.read_back = digest_of_file(report.path);
    reports.push_back(std::move(report));
  }
  return reports;
}

int run_worker() {
  const auto give_up = [](const modelcache::Error& error) {
    std::fprintf(stderr, "worker: %s\n", error.message().c_str());
    return 2;
  };
  const Result<std::string> text = read_own_specification();
  if (!text) return give_up(text.error());
  const Result<WorkerSpecification> specification = parse_specification(*text);
  if (!specification) return give_up(specification.error());
  const std::unique_ptr<Os> os = modelcache::make_posix_os();
  WorkerReport report;
  report.ready_at = machine_now();
  if (auto ready = wait_at_barrier(); !ready) return give_up(ready.error());
  if (specification->counts_descriptors) report.descriptors_before = count_open_descriptors();
  Tracker tracker;
  // The harness reads it: when it cannot be told, it has ended, and so will this process.
  report.operations = perform(*os, *specification, tracker, [] { static_cast<void>(say_that_it_waits()); });
  report.measures = tracker.measures();
  if (specification->counts_descriptors) report.descriptors_after = count_open_descriptors();
  report.peak_memory_bytes = read_peak_memory();
  if (auto sent = send_report(print(report)); !sent) return give_up(sent.error());
  return 0;
}

}  // namespace stampede
