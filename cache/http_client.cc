// The GET over the door: one connection a request, redirects followed, every wait with a deadline.
#include "cache/http_client.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "cache/open_file.h"
#include "cache/os_error.h"

namespace modelcache {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// Below what malloc maps anew for each download, with its page faults, and below 64 KiB, from where on a free tidies up
// the whole heap (glibc's FASTBIN_CONSOLIDATION_THRESHOLD).
constexpr std::size_t kBufferBytes = 60 * 1024;

std::string in_words(nanoseconds time) {
  return std::to_string(std::chrono::duration_cast<milliseconds>(time).count()) + " ms";
}

// RFC 9110, 15: the phrases of statuses that servers of files send. The server's own phrase is not shown: it may be
// anything.
std::string status_line(int status) {
  constexpr std::pair<int, std::string_view> kPhrases[] = {
      {204, "No Content"},
      {206, "Partial Content"},
      {304, "Not Modified"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {407, "Proxy Authentication Required"},
      {408, "Request Timeout"},
      {410, "Gone"},
      {416, "Range Not Satisfiable"},
      {429, "Too Many Requests"},
      {500, "Internal Server Error"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
  };
  for (const auto& [code, phrase] : kPhrases) {
    if (code == status) return std::to_string(status) + " " + std::string(phrase);
  }
  return std::to_string(status);
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::string request_for(const HttpUrl& url, const std::string& user_agent) {
  return "GET " + url.target + " HTTP/1.1\r\nHost: " + url.authority + "\r\nUser-Agent: " + user_agent +
         "\r\nAccept: */*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n";
}

// Decides by the head what becomes of a response, and passes a 200's body on.
class Reception final : public HttpResponseSink {
 public:
  Reception(const HttpUrl& url, BodySink& body) : url_(url), body_(body) {}

  Result<void> on_head(const HttpHead& head) override {
    head_ = head;
    if (head.status == 200) return body_.begin(head);
    if (is_redirect(head.status) && !head.location.empty()) {
      redirected_ = true;
      return fail(ErrorCode::http_status, "", "", "");  // only stops the reader: nothing of the body is wanted
    }
    return fail(refusal(head));
  }
  Result<void> on_body(std::span<const std::byte> bytes) override { return body_.write(bytes); }

  [[nodiscard]] const HttpHead& head() const { return head_; }
  [[nodiscard]] bool redirected() const { return redirected_; }

 private:
  [[nodiscard]] Error refusal(const HttpHead& head) const {
    Error error{ErrorCode::http_status, "get", url_.text, status_line(head.status), head.status, head.retry_after};
    if (head.status == 404 || head.status == 410) error.code = ErrorCode::not_found;
    if (head.status / 100 == 2 || head.status == 304) {
      error.code = ErrorCode::bad_response;
      error.detail += " was not asked for";
    }
    if (is_redirect(head.status)) {
      error.code = ErrorCode::bad_response;
      error.detail += " redirect without a Location";
    }
    return error;
  }

  const HttpUrl& url_;
  BodySink& body_;
  HttpHead head_;
  bool redirected_ = false;
};

// One request and its response.
class Exchange {
 public:
  Exchange(Os& os, const HttpUrl& url, const HttpOptions& options, BodySink& sink, std::span<std::byte> buffer)
      : os_(os),
        url_(url),
        options_(options),
        reception_(url, sink),
        reader_(options.limits, reception_),
        buffer_(buffer) {}

  // The head of a redirect or of a 200 whose body is complete.
  Result<HttpHead> run() {
    auto connection = connect();
    if (!connection) return fail(connection.error());
    // A server may answer, and close, before it has read the request: the answer counts (RFC 9112, 9.5).
    std::optional<Error> unsent;
    if (auto sent = send(connection->fd()); !sent) {
      if (sent.error().code != ErrorCode::reset) return fail(sent.error());
      unsent = sent.error();
    }
    const auto received = receive(connection->fd());
    if (reception_.redirected()) return reception_.head();
    if (!received)
      return fail(unsent && reader_.body_bytes() == 0 && reception_.head().status == 0 ? *unsent : received.error());
    return reception_.head();
  }

  [[nodiscard]] std::uint64_t body_bytes() const { return reader_.body_bytes(); }

 private:
  // How long one call may wait, and which of the deadlines that is.
  struct Wait {
    nanoseconds timeout;
    bool whole;
  };

  Error error(ErrorCode code, std::string_view step, std::string_view detail) const {
    return Error{code, std::string(step), url_.text, std::string(detail)};
  }

  Result<Wait> wait(std::string_view step, nanoseconds own_timeout) const {
    if (options_.cancelled()) return fail(error(ErrorCode::interrupted, step, "the caller asked to stop"));
    if (options_.deadline == Instant::max()) return Wait{own_timeout, false};
    const nanoseconds left = options_.deadline - os_.now();
    if (left <= nanoseconds::zero()) return fail(error(ErrorCode::timed_out, step, "the whole deadline passed"));
    return left < own_timeout ? Wait{left, true} : Wait{own_timeout, false};
  }

  // Calls again after a signal, with what is left of `own_timeout`, counted from the first signal: signals without end
  // can at most double the wait. The clock is not read when no signal comes.
  template <class Call>
  auto patiently(std::string_view step, nanoseconds own_timeout, Call call)
      -> Result<typename decltype(call(own_timeout))::value_type> {
    std::optional<Instant> until;
    for (nanoseconds left = own_timeout;;) {
      const auto allowed = wait(step, left);
      if (!allowed) return fail(allowed.error());
      auto result = call(allowed->timeout);
      if (result) return std::move(*result);
      const Errno why = result.error();
      if (why.value == ETIMEDOUT) {
        return fail(error(ErrorCode::timed_out, step,
                          allowed->whole ? "the whole deadline passed" : "nothing for " + in_words(own_timeout)));
      }
      if (why.value != EINTR) return modelcache::fail(why, step, url_.text);
      const Instant now = os_.now();
      if (!until) until = now + own_timeout;
      left = *until - now;
      if (left <= nanoseconds::zero())
        return fail(error(ErrorCode::timed_out, step, "nothing for " + in_words(own_timeout)));
    }
  }

  Result<std::vector<Address>> resolve() {
    bool unknown = false;
    auto addresses = patiently("resolve", options_.connect_timeout, [&](nanoseconds) {
      auto found = os_.resolve(url_.host, url_.port);
      unknown = !found && (found.error().value == ENOENT || found.error().value == EAGAIN);
      return found;
    });
    if (unknown) return fail(error(ErrorCode::unknown_host, "resolve", "no address for " + url_.host));
    return addresses;
  }

  Result<OpenFile> connect() {
    const auto addresses = resolve();
    if (!addresses) return fail(addresses.error());
    Error last = error(ErrorCode::unknown_host, "resolve", "no address for " + url_.host);
    for (const Address& address : *addresses) {
      auto fd = patiently("connect", options_.connect_timeout,
                          [&](nanoseconds timeout) { return os_.connect(address, timeout); });
      if (fd) return OpenFile(os_, *fd);
      last = fd.error();
      if (last.code == ErrorCode::interrupted) break;
      if (addresses->size() > 1) last.detail += " (" + address.ip + ")";
    }
    return fail(last);
  }

  Result<void> send(Fd connection) {
    const std::string request = request_for(url_, options_.user_agent);
    auto rest = std::as_bytes(std::span(request));
    while (!rest.empty()) {
      const auto sent = patiently("send request", options_.idle_timeout,
                                  [&](nanoseconds timeout) { return os_.send(connection, rest, timeout); });
      if (!sent) return fail(sent.error());
      rest = rest.subspan(std::min(*sent, rest.size()));
    }
    return {};
  }

  Result<void> receive(Fd connection) {
    while (!reader_.complete()) {
      const auto got = patiently("receive", options_.idle_timeout,
                                 [&](nanoseconds timeout) { return os_.receive(connection, buffer_, timeout); });
      if (!got) {
        Error failure = got.error();
        failure.detail += ", after " + std::to_string(reader_.body_bytes()) + " bytes of the body";
        return fail(failure);
      }
      const auto result = *got == 0 ? reader_.finish() : reader_.feed(buffer_.first(*got));
      if (!result) return fail(placed(result.error()));
    }
    return {};
  }

  Error placed(Error error) const {
    if (error.place.empty()) error.place = url_.text;
    if (error.http_status == 0 && error.code == ErrorCode::bad_response) error.http_status = reception_.head().status;
    return error;
  }

  Os& os_;
  const HttpUrl& url_;
  const HttpOptions& options_;
  Reception reception_;
  HttpResponseReader reader_;
  std::span<std::byte> buffer_;
};

}  // namespace

Result<HttpReply> http_get(Os& os, const HttpUrl& url, const HttpOptions& options, BodySink& sink) {
  const auto unprintable = [](char c) { return c < 0x20 || c > 0x7e; };
  if (std::any_of(options.user_agent.begin(), options.user_agent.end(), unprintable)) {
    return fail(ErrorCode::invalid_argument, "get", url.text, "the user agent holds a character that a header cannot");
  }
  const auto storage = std::make_unique_for_overwrite<std::byte[]>(kBufferBytes);
  const std::span<std::byte> buffer(storage.get(), kBufferBytes);
  HttpReply reply{url, {}, 0};
  for (unsigned redirects = 0;; ++redirects) {
    Exchange exchange(os, reply.url, options, sink, buffer);
    auto head = exchange.run();
    if (!head) return fail(head.error());
    if (head->status == 200) {
      reply.head = std::move(*head);
      reply.body_bytes = exchange.body_bytes();
      return reply;
    }
    if (redirects == options.redirects_max) {
      return fail(ErrorCode::too_many_redirects, "follow redirect", reply.url.text,
                  "more than " + std::to_string(options.redirects_max));
    }
    auto next = reply.url.resolve(head->location);
    if (!next) return fail(next.error());
    reply.url = std::move(*next);
  }
}

}  // namespace modelcache
