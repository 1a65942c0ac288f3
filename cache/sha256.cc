// The streaming hash over OpenSSL's EVP.
#include "cache/sha256.h"

#include <openssl/evp.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace modelcache {
namespace {

// OpenSSL fails here only when it has no SHA-256 or no memory; neither can be gone on from.
void require(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "modelcache: OpenSSL refused %s\n", what);
  std::abort();
}

// By character: the value of a hexadecimal digit, -1 for all others.
constexpr std::array<signed char, 256> kNibbles = [] {
  std::array<signed char, 256> nibbles{};
  nibbles.fill(-1);
  for (int i = 0; i < 10; ++i) nibbles[static_cast<std::size_t>('0' + i)] = static_cast<signed char>(i);
  for (int i = 0; i < 6; ++i) {
    nibbles[static_cast<std::size_t>('a' + i)] = nibbles[static_cast<std::size_t>('A' + i)] =
        static_cast<signed char>(10 + i);
  }
  return nibbles;
}();

}  // namespace

std::string Sha256Digest::hex() const {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text(bytes.size() * 2, '0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    text[2 * i] = kDigits[bytes[i] >> 4];
    text[2 * i + 1] = kDigits[bytes[i] & 15];
  }
  return text;
}

Result<Sha256Digest> Sha256Digest::parse(std::string_view hex) {
  constexpr std::string_view kStep = "read checksum";
  Sha256Digest digest;
  if (hex.size() != digest.bytes.size() * 2) {
    return fail(ErrorCode::invalid_argument, kStep, "",
                "expected 64 hexadecimal digits, got " + std::to_string(hex.size()) + " characters");
  }
  for (std::size_t i = 0; i < hex.size(); ++i) {
    const int nibble = kNibbles[static_cast<unsigned char>(hex[i])];
    if (nibble < 0) {
      return fail(ErrorCode::invalid_argument, kStep, "",
                  "expected 64 hexadecimal digits, character " + std::to_string(i + 1) + " is none");
    }
    digest.bytes[i / 2] = static_cast<std::uint8_t>(digest.bytes[i / 2] << 4 | nibble);
  }
  return digest;
}

struct Sha256::Context {
  EVP_MD_CTX* evp = EVP_MD_CTX_new();
  Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { EVP_MD_CTX_free(evp); }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  require(context_->evp != nullptr, "a context");
  require(EVP_DigestInit_ex(context_->evp, EVP_sha256(), nullptr) == 1, "to begin");
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::span<const std::byte> bytes) {
  require(EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()) == 1, "bytes");
}

Sha256Digest Sha256::finish() {
  Sha256Digest digest;
  require(EVP_DigestFinal_ex(context_->evp, digest.bytes.data(), nullptr) == 1, "to finish");
  return digest;
}

Sha256Digest sha256_of(std::span<const std::byte> bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

Sha256Digest sha256_of(std::string_view text) { return sha256_of(std::as_bytes(std::span(text.data(), text.size()))); }

}  // namespace modelcache
