// Calls the cache as a plan says, and keeps what it returned.
#include "harness/run/cache_client.h"

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include "cache/http_response.h"
#include "cache/http_url.h"
#include "cache/key.h"
#include "cache/sha256.h"

namespace stampede {
namespace {

void fail_with(const modelcache::Error& error, OperationOutcome& outcome) {
  outcome.error = error.code;
  outcome.message = error.message();
}

std::unique_ptr<SubjectClient> make_client(const ClientSetting& setting) {
  return std::make_unique<CacheClient>(setting);
}

class IgnoredResponse : public modelcache::HttpResponseSink {
 public:
  modelcache::Result<void> on_head(const modelcache::HttpHead&) override { return {}; }
  modelcache::Result<void> on_body(std::span<const std::byte>) override { return {}; }
};

// What takes long the first time.
void warm_up() {
  (void)modelcache::sha256_of(std::string_view("warm"));
  (void)modelcache::HttpUrl::parse("http://127.0.0.1:1/warm");
  constexpr std::string_view kResponse = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nETag: \"warm\"\r\n\r\nwarm";
  IgnoredResponse ignored;
  modelcache::HttpResponseReader reader({}, ignored);
  (void)reader.feed(std::as_bytes(std::span(kResponse)));
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

const SubjectPlugin& built_in_subject() {
  static constexpr SubjectPlugin kSubject{.version = kSubjectPluginVersion,
                                          .stamp = "",
                                          .make_client = make_client,
                                          .warm_up = warm_up,
                                          .code = nullptr,
                                          .code_count = 0};
  return kSubject;
}

}  // namespace stampede
