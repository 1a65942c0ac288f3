// The built-in cache as a subject, apart from its client: a test puts another one in its place.
#include <memory>
#include <span>
#include <string_view>

#include "cache/http_response.h"
#include "cache/http_url.h"
#include "cache/sha256.h"
#include "harness/run/cache_client.h"

namespace stampede {
namespace {

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
