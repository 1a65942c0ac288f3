// Calls the cache as a plan says, and keeps what it returned.
#include "harness/run/cache_client.h"

#include <string_view>
#include <utility>

#include "cache/key.h"

namespace stampede {
namespace {

void fail_with(const modelcache::Error& error, OperationOutcome& outcome) {
  outcome.error = error.code;
  outcome.message = error.message();
}

}  // namespace

std::string CacheClient::relative(const std::string& path) const {
  const std::string prefix = directory_ + "/";
  return path.starts_with(prefix) ? path.substr(prefix.size()) : path;
}

modelcache::Result<modelcache::Cache*> CacheClient::opened() {
  if (!cache_) {
    modelcache::CacheOptions options;
    options.verify = process_.verify;
    options.lock.wait_max = process_.lock_wait;
    options.lock.only_wait = process_.only_wait;
    auto opened = modelcache::Cache::open(os_, directory_, std::move(options), true);
    if (!opened) return modelcache::fail(opened.error());
    cache_.emplace(std::move(*opened));
  }
  return &*cache_;
}

void CacheClient::get(const Operation& operation, modelcache::Cache& cache, OperationOutcome& outcome) {
  const Model& model = models_.at(operation.model);
  modelcache::GetRequest request;
  request.url = url_of_(model);
  if (operation.kind == OperationKind::get_by_url) {
    request.accept_unverified = true;
  } else {
    request.sha256 = model.sha256;
  }
  auto result = operation.kind == OperationKind::find ? cache.find(request) : cache.get(request);
  if (!result) return fail_with(result.error(), outcome);
  outcome.path = relative(result->entry.path);
  outcome.claims_hit = result->hit;
  outcome.claimed_attempts = result->attempts;
  outcome.lock = result->lock;
}

// Nobody sees them, so they are private to every strategy.
void CacheClient::idle() {
  for (; idle_steps_left_ > 0; --idle_steps_left_) (void)os_.now();
}

OperationOutcome CacheClient::perform(const Operation& operation) {
  idle();
  OperationOutcome outcome;
  outcome.operation = operation;
  const auto cache = opened();
  if (!cache) {
    fail_with(cache.error(), outcome);
    return outcome;
  }
  switch (operation.kind) {
    case OperationKind::get:
    case OperationKind::get_by_url:
    case OperationKind::find:
      get(operation, **cache, outcome);
      break;
    case OperationKind::list:
      if (auto entries = (*cache)->list()) {
        outcome.entries = std::move(*entries);
      } else {
        fail_with(entries.error(), outcome);
      }
      break;
    case OperationKind::verify:
    case OperationKind::repair:
      if (auto reports = (*cache)->verify("", operation.kind == OperationKind::repair)) {
        outcome.reports = std::move(*reports);
      } else {
        fail_with(reports.error(), outcome);
      }
      break;
    case OperationKind::remove:
      if (auto removed = (*cache)->remove(modelcache::key_of(models_.at(operation.model).sha256)); !removed) {
        fail_with(removed.error(), outcome);
      }
      break;
    case OperationKind::recover:
      if (auto report = (*cache)->recover()) {
        outcome.recovery = std::move(*report);
      } else {
        fail_with(report.error(), outcome);
      }
      break;
  }
  return outcome;
}

}  // namespace stampede
