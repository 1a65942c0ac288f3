// SHA-256: the digest that names an entry, and the streaming hash that computes it (OpenSSL EVP).
#ifndef MODELCACHE_SHA256_H
#define MODELCACHE_SHA256_H

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "cache/result.h"

namespace modelcache {

struct Sha256Digest {
  std::array<std::uint8_t, 32> bytes{};
  friend auto operator<=>(const Sha256Digest&, const Sha256Digest&) = default;

  [[nodiscard]] std::string hex() const;  // 64 lower-case digits
  // Takes 64 hexadecimal digits in either case. ERRORS: invalid_argument, which says what was found instead.
  static Result<Sha256Digest> parse(std::string_view hex);
};

// Thread-compatible. `finish` is called once, last.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::span<const std::byte> bytes);
  Sha256Digest finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

Sha256Digest sha256_of(std::span<const std::byte> bytes);
Sha256Digest sha256_of(std::string_view text);

}  // namespace modelcache

#endif  // MODELCACHE_SHA256_H
