// Choices from a seed (Boost.Random) or from bytes.
#include "harness/plan/choices.h"

#include <bit>
#include <boost/random/mersenne_twister.hpp>

namespace stampede {
namespace {

// The high bits that the count needs, drawn again until they are below it: the same in every build, and no choice is
// likelier than another. Fewer than two draws on average.
class SeedChoices final : public Choices {
 public:
  explicit SeedChoices(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t below(std::uint64_t count) override {
    const int bits = std::bit_width(count - 1);
    if (bits == 0) return 0;
    for (;;) {
      const std::uint64_t drawn = engine_() >> (64 - bits);
      if (drawn < count) return drawn;
    }
  }

 private:
  boost::random::mt19937_64 engine_;
};

// Little-endian. The remainder of the division decides, so that every byte string is a stream of choices; that low
// choices are a little likelier does not matter to a fuzzer.
class ByteChoices final : public Choices {
 public:
  explicit ByteChoices(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::uint64_t below(std::uint64_t count) override {
    std::uint64_t value = 0;
    const int bits = std::bit_width(count - 1);
    for (int shift = 0; shift < bits && !bytes_.empty(); shift += 8) {
      value |= std::to_integer<std::uint64_t>(bytes_.front()) << shift;
      bytes_ = bytes_.subspan(1);
    }
    return value % count;
  }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace

std::unique_ptr<Choices> choices_of_seed(std::uint64_t seed) { return std::make_unique<SeedChoices>(seed); }

std::unique_ptr<Choices> choices_of_bytes(std::span<const std::byte> bytes) {
  return std::make_unique<ByteChoices>(bytes);
}

}  // namespace stampede
