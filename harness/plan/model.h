// A model: one artifact that the server offers, by name, with its bytes and their digest.
#ifndef STAMPEDE_PLAN_MODEL_H
#define STAMPEDE_PLAN_MODEL_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cache/result.h"
#include "cache/sha256.h"

namespace stampede {

using Bytes = std::vector<std::byte>;

// The bytes are shared, never changed. Copying a Model is cheap.
struct Model {
  std::string name;  // unique; also the path of its URL: parts divided by '/', none of them empty, "." or ".."
  std::shared_ptr<const Bytes> bytes;
  modelcache::Sha256Digest sha256;
};

// `size_bytes` bytes that depend on `name` and the size alone (Boost.Random mt19937_64), the same in every build.
Model generated_model(std::string_view name, std::uint64_t size_bytes);

// A file under the name given. ERRORS: not_found, denied, io.
modelcache::Result<Model> model_from_file(std::string_view name, const std::string& path);

// "64KiB", "1MiB", "1000" in bytes. ERRORS: invalid_argument.
modelcache::Result<std::uint64_t> parse_size(std::string_view text);

}  // namespace stampede

#endif  // STAMPEDE_PLAN_MODEL_H
