// For tests: a cache in a directory of its own, served by scripts, on the real file system.
#ifndef MODELCACHE_SCRATCH_CACHE_H
#define MODELCACHE_SCRATCH_CACHE_H

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "cache/cache.h"
#include "cache/key.h"
#include "cache/manifest.h"
#include "cache/posix_os.h"
#include "cache/scripted_os.h"

namespace modelcache {

inline std::string ok_response(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// Removed after success; kept, with its path printed, after a failure.
class ScratchDirectory {
 public:
  explicit ScratchDirectory(Os& os)
      : path_(std::filesystem::temp_directory_path() / ("modelcache-test-" + std::to_string(os.random()))) {
    std::filesystem::create_directory(path_);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory() {
    if (testing::Test::HasFailure()) {
      std::cerr << "kept: " << path_ << '\n';
    } else {
      std::error_code ignored;
      std::filesystem::remove_all(path_, ignored);
    }
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
inline void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

// A body, a directory, and gets of it. Each get may run on a door of its own, as a process of its own would.
class ScratchCache : public testing::Test {
 public:
  const std::string body = std::string(20'000, 'm') + "odel";
  const Sha256Digest digest = sha256_of(body);
  const std::string url = "http://127.0.0.1:80/model.onnx";
  std::unique_ptr<Os> posix = make_posix_os();
  ScratchDirectory scratch{*posix};
  const std::filesystem::path root = scratch.path() / "cache";
  const std::filesystem::path entry = root / "entries" / key_of(digest);

  [[nodiscard]] GetRequest request() const { return {.url = url, .sha256 = digest}; }

  static CacheOptions quick_options() {
    CacheOptions options;
    options.retry.backoff_first = std::chrono::milliseconds(1);
    options.lock.wait_max = std::chrono::seconds(2);  // of virtual time
    return options;
  }

  Result<GetResult> get(Os& os, const GetRequest& what, CacheOptions options = quick_options()) const {
    auto cache = Cache::open(os, root.string(), std::move(options), true);
    if (!cache) return fail(cache.error());
    return cache->get(what);
  }
  // One get of the good body on a door of its own; how many requests it made is in `requests`.
  Result<GetResult> get_good(VerifyPolicy policy = VerifyPolicy::when_changed) {
    ScriptedOs os(posix.get());
    os.conversations.push_back(answers(ok_response(body)));
    auto options = quick_options();
    options.verify = policy;
    auto result = get(os, request(), options);
    requests = os.requests.size();
    return result;
  }
  std::size_t requests = 0;

  [[nodiscard]] static std::vector<std::string> names_in(const std::filesystem::path& directory) {
    std::vector<std::string> names;
    if (!std::filesystem::exists(directory)) return names;
    for (const auto& item : std::filesystem::directory_iterator(directory)) names.push_back(item.path().filename());
    return names;
  }

  // What must hold of the directory whenever nobody is at work in it: names are keys, entries are complete, the
  // manifest parses and lists nothing that is not there.
  void expect_sound(const std::string& when) const {
    for (const auto& name : names_in(root / "entries")) {
      EXPECT_TRUE(is_key(name)) << when << ": " << name;
      const auto named = digest_in_key(name);
      EXPECT_TRUE(!named || *named == sha256_of(read_file(root / "entries" / name))) << when << ": " << name;
    }
    if (!std::filesystem::exists(root / "manifest.json")) return;
    const auto manifest = Manifest::parse(read_file(root / "manifest.json"));
    ASSERT_TRUE(manifest) << when << ": " << manifest.error().message;
    for (const auto& [key, record] : manifest->entries) {
      EXPECT_TRUE(std::filesystem::exists(root / "entries" / key)) << when << ": listed and not there: " << key;
      EXPECT_EQ(record.sha256, sha256_of(read_file(root / "entries" / key))) << when;
    }
  }
};

}  // namespace modelcache

#endif  // MODELCACHE_SCRATCH_CACHE_H
