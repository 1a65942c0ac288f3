// A fuzz target for the test of the main that replays: says what it was given, and aborts on the word "abort".
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::fprintf(stderr, "given %zu bytes: %.*s\n", size, static_cast<int>(size), text.data());
  if (text == "abort") std::abort();
  return 0;
}
