// Text made safe for a terminal: what is replaced and what stays.
#include "cache/command/printable.h"

#include <gtest/gtest.h>

namespace modelcache {
namespace {

TEST(Printable, KeepsTextOfAnyLanguage) {
  EXPECT_EQ(printable("abc ~"), "abc ~");
  EXPECT_EQ(printable("Gr\u00fc\u00dfe \u4f60 \U0001F600"), "Gr\u00fc\u00dfe \u4f60 \U0001F600");
}

TEST(Printable, ReplacesWhatATerminalWouldActOn) {
  EXPECT_EQ(printable("a\x1b[2Jb\r\n\tc\x7f"), "a?[2Jb???c?");
  EXPECT_EQ(printable("a\xc2\x9b"
                      "2J"),
            "a?2J");  // C1: the one-character form of ESC [
}

TEST(Printable, ReplacesEachByteThatIsNoUtf8) {
  EXPECT_EQ(printable("\xff\xfe"), "??");
  EXPECT_EQ(printable("\xc0\xaf"), "??");
  EXPECT_EQ(printable("\xe2\x82"), "??");
  EXPECT_EQ(printable("\xed\xa0\x80"), "???");
  EXPECT_EQ(printable("\x80x"), "?x");
}

TEST(Printable, CountsAndCutsWholeCharacters) {
  EXPECT_EQ(character_count("\u00fcber"), 4U);
  EXPECT_EQ(first_characters("\u00fcber", 1), "\u00fc");
  EXPECT_EQ(first_characters("\u00fcber", 0), "");
  EXPECT_EQ(first_characters("\u00fcber", 9), "\u00fcber");
}

}  // namespace
}  // namespace modelcache
