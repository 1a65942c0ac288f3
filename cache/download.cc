// Downloads with retries: exponential backoff with full jitter, Retry-After, one deadline for all.
#include "cache/download.h"

#include <algorithm>

#include "cache/os_error.h"

namespace modelcache {
namespace {

// Whether the same request may well succeed in a moment. Local failures and plain answers ("not found") are final.
bool may_pass(const Error& error) {
  switch (error.code) {
    case ErrorCode::refused:
    case ErrorCode::reset:
    case ErrorCode::timed_out:
    case ErrorCode::unreachable:
    case ErrorCode::truncated:
    case ErrorCode::bad_response:
    case ErrorCode::wrong_checksum:
      return true;
    case ErrorCode::http_status:
      return error.http_status == 408 || error.http_status == 429 ||
             (error.http_status >= 500 && error.http_status != 501 && error.http_status != 505);
    default:
      return false;
  }
}

// "Full jitter" (M. Brooker, "Exponential Backoff And Jitter", 2015): any time up to the bound is equally likely, so
// that processes that failed together do not come back together.
std::chrono::nanoseconds backoff(Os& os, const RetryPolicy& policy, unsigned attempt) {
  std::chrono::nanoseconds bound = policy.backoff_first;
  for (unsigned n = 1; n < attempt && bound < policy.backoff_max; ++n) bound *= 2;
  bound = std::min<std::chrono::nanoseconds>(bound, policy.backoff_max);
  if (bound.count() <= 0) return std::chrono::nanoseconds(0);
  return std::chrono::nanoseconds(os.random() % (static_cast<std::uint64_t>(bound.count()) + 1));
}

class StagingSink final : public BodySink {
 public:
  StagingSink(StagedFile& staged, bool has_checksum, std::uint64_t bytes_max, Progress& state,
              const std::function<void(const Progress&)>& show)
      : staged_(staged), has_checksum_(has_checksum), bytes_max_(bytes_max), state_(state), show_(show) {}

  Result<void> begin(const HttpHead& head) override {
    if (!has_checksum_ && head.framing == BodyFraming::close_delimited) {
      return fail(ErrorCode::unverifiable, "check length", "",
                  "the server declares no length and no checksum was given, so a cut body would look complete");
    }
    const auto size_bytes = head.content_length;
    state_.total_bytes = size_bytes;
    if (size_bytes && *size_bytes > bytes_max_) return too_large(*size_bytes);
    return report();
  }
  Result<void> write(std::span<const std::byte> bytes) override {
    if (staged_.size_bytes() + bytes.size() > bytes_max_) return too_large(staged_.size_bytes() + bytes.size());
    if (auto appended = staged_.append(bytes); !appended) return appended;
    state_.received_bytes = staged_.size_bytes();
    return report();
  }

 private:
  Result<void> too_large(std::uint64_t size) const {
    return fail(ErrorCode::too_large, "download", "the body",
                std::to_string(size) + " bytes or more, and at most " + std::to_string(bytes_max_) + " are allowed");
  }
  Result<void> report() {
    state_.phase = Progress::Phase::receiving;
    if (show_) show_(state_);
    return {};
  }
  StagedFile& staged_;
  bool has_checksum_;
  std::uint64_t bytes_max_;
  Progress& state_;
  const std::function<void(const Progress&)>& show_;
};

// The file as it stands on disk, against what was asked for and what was received.
Result<FileHash> verify(StagedFile& staged, const HttpUrl& url, const HttpReply& reply,
                        const std::optional<Sha256Digest>& expected) {
  auto hash = staged.hash();
  if (!hash) return hash;
  if (hash->size_bytes != reply.body_bytes) {
    return fail(ErrorCode::io, "check length", url.text,
                std::to_string(reply.body_bytes) + " bytes were received and " + std::to_string(hash->size_bytes) +
                    " are in the temporary file");
  }
  if (expected && hash->sha256 != *expected) {
    return fail(ErrorCode::wrong_checksum, "verify", url.text,
                "expected SHA-256 " + expected->hex() + ", got " + hash->sha256.hex() + " in " +
                    std::to_string(hash->size_bytes) + " bytes");
  }
  return hash;
}

}  // namespace

Result<FileHash> download(Os& os, const HttpUrl& url, const std::optional<Sha256Digest>& expected,
                          const CacheOptions& options, Instant deadline,
                          const std::function<void(const Progress&)>& progress, StagedFile& staged,
                          unsigned& attempts) {
  auto http = options.http;
  http.deadline = deadline;
  Progress state;
  const auto show = [&](Progress::Phase phase) {
    state.phase = phase;
    if (progress) progress(state);
  };
  for (attempts = 1;; ++attempts) {
    state.attempt = attempts;
    state.received_bytes = 0;
    state.total_bytes.reset();
    show(Progress::Phase::connecting);
    if (auto emptied = staged.restart(); !emptied) return fail(std::move(emptied.error()));
    StagingSink sink(staged, expected.has_value(), options.entry_bytes_max, state, progress);
    Error problem;
    if (const auto reply = http_get(os, url, http, sink)) {
      show(Progress::Phase::verifying);
      auto hash = verify(staged, url, *reply, expected);
      if (hash) return hash;
      problem = std::move(hash.error());
    } else {
      problem = reply.error();
    }
    if (!may_pass(problem) || attempts >= options.retry.attempts_max) return fail(std::move(problem));
    auto pause = backoff(os, options.retry, attempts);
    if (problem.retry_after) {
      if (*problem.retry_after > options.retry.retry_after_max) return fail(std::move(problem));
      pause = std::max<std::chrono::nanoseconds>(pause, *problem.retry_after);
    }
    const auto until = os.now() + pause;
    if (until >= deadline) return fail(std::move(problem));
    state.note = problem.message();
    show(Progress::Phase::backing_off);
    const auto slept = os.sleep_until(until);
    if (!slept) return fail(slept.error(), "wait before the next attempt", url.text);
  }
}

}  // namespace modelcache
