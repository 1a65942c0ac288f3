// Makes models: from a name and a size, or from a file.
#include "harness/plan/model.h"

#include <algorithm>
#include <bit>
#include <boost/random/mersenne_twister.hpp>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>
#include <utility>

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

// FNV-1a, 64 bits: a seed that depends on the text alone.
std::uint64_t seed_of(std::string_view name, std::uint64_t size_bytes) {
  constexpr std::uint64_t kPrime = 0x100000001b3;
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * kPrime;
  for (int shift = 0; shift < 64; shift += 8) hash = (hash ^ ((size_bytes >> shift) & 0xff)) * kPrime;
  return hash;
}

// The value whose bytes in memory are those of `value` in little-endian order, so that every machine makes one model.
std::uint64_t to_little_endian(std::uint64_t value) {
  if constexpr (std::endian::native == std::endian::little) return value;
  std::uint64_t swapped = 0;
  for (int i = 0; i < 8; ++i) swapped = (swapped << 8) | ((value >> (8 * i)) & 0xff);
  return swapped;
}

Model make_model(std::string_view name, Bytes bytes) {
  const modelcache::Sha256Digest digest = modelcache::sha256_of(bytes);
  return Model{std::string(name), std::make_shared<const Bytes>(std::move(bytes)), digest};
}

ErrorCode code_of_errno(int error) {
  if (error == ENOENT) return ErrorCode::not_found;
  if (error == EACCES || error == EPERM) return ErrorCode::denied;
  return ErrorCode::io;
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

Model generated_model(std::string_view name, std::uint64_t size_bytes) {
  boost::random::mt19937_64 engine(seed_of(name, size_bytes));
  Bytes bytes(size_bytes);
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(std::uint64_t)) {
    const std::uint64_t draw = to_little_endian(engine());
    std::memcpy(bytes.data() + at, &draw, std::min(sizeof draw, bytes.size() - at));
  }
  return make_model(name, std::move(bytes));
}

Result<Model> model_from_file(std::string_view name, const std::string& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    return fail(ErrorCode::not_found, "read model", path, "no such file");
  }
  if (error) return fail(code_of_errno(error.value()), "read model", path, error.message());
  // A FIFO would block and a directory has no bytes.
  if (!std::filesystem::is_regular_file(status)) {
    return fail(ErrorCode::io, "read model", path, "not a regular file");
  }

  errno = 0;
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rb"));
  if (!file) return fail(code_of_errno(errno), "read model", path, std::generic_category().message(errno));
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) return fail(code_of_errno(error.value()), "read model", path, error.message());
  // One byte more than expected is asked for, so that a file that grows meanwhile is noticed.
  Bytes bytes(size + 1);
  const std::size_t got = std::fread(bytes.data(), 1, bytes.size(), file.get());
  if (std::ferror(file.get()) != 0) {
    return fail(ErrorCode::io, "read model", path, std::generic_category().message(errno));
  }
  if (got != size) return fail(ErrorCode::io, "read model", path, "its size changed while it was read");
  bytes.resize(got);
  return make_model(name, std::move(bytes));
}

Result<std::uint64_t> parse_size(std::string_view text) {
  constexpr std::string_view kExpected = "expected a size such as 1000, 64KiB, 1MiB or 2GiB";
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc()) return fail(ErrorCode::invalid_argument, "parse size", text, kExpected);
  const std::string_view unit(stop, static_cast<std::size_t>(end - stop));
  int shift = 0;
  if (unit == "KiB") {
    shift = 10;
  } else if (unit == "MiB") {
    shift = 20;
  } else if (unit == "GiB") {
    shift = 30;
  } else if (!unit.empty()) {
    return fail(ErrorCode::invalid_argument, "parse size", text, kExpected);
  }
  if (number > (std::numeric_limits<std::uint64_t>::max() >> shift)) {
    return fail(ErrorCode::invalid_argument, "parse size", text, "more than 64 bits can hold");
  }
  return number << shift;
}

}  // namespace stampede
