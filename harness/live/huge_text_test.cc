// This program is linked for huge pages, so its own code moves.
#include "harness/live/huge_text.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>

namespace stampede {
namespace {

// The line of /proc/self/maps that this address is in; empty when in none.
std::string mapping_of(std::uint64_t address) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::istringstream range(line);
    std::uint64_t begin = 0, end = 0;
    char dash = 0;
    if (range >> std::hex >> begin >> dash >> end && begin <= address && address < end) return line;
  }
  return {};
}

const char* constant() { return "a constant among those that are mapped unwritable"; }

bool is_of_a_file(const std::string& mapping) { return mapping.find('/') != std::string::npos; }

TEST(HugeText, LeavesCodeAndConstantsInPlaceOnceTheyMoved) {
  const auto code = reinterpret_cast<std::uint64_t>(&mapping_of);
  const auto text = reinterpret_cast<std::uint64_t>(constant());
  const std::string before = constant();
  ASSERT_TRUE(is_of_a_file(mapping_of(code))) << mapping_of(code);
  ASSERT_TRUE(is_of_a_file(mapping_of(text))) << mapping_of(text);
  move_text_to_huge_pages();
  EXPECT_FALSE(is_of_a_file(mapping_of(code))) << mapping_of(code);
  EXPECT_NE(mapping_of(code).find(" r-xp "), std::string::npos) << mapping_of(code);
  EXPECT_FALSE(is_of_a_file(mapping_of(text))) << mapping_of(text);
  EXPECT_NE(mapping_of(text).find(" r--p "), std::string::npos) << mapping_of(text);
  EXPECT_EQ(constant(), before);
}

TEST(HugeText, LeavesAloneWhatWasMovedBefore) {
  move_text_to_huge_pages();
  const auto code = reinterpret_cast<std::uint64_t>(&mapping_of);
  const std::string once = mapping_of(code);
  move_text_to_huge_pages();
  EXPECT_EQ(mapping_of(code), once);
}

}  // namespace
}  // namespace stampede
