// Tables exactly as they are printed.
#include "harness/cli/table.h"

#include <gtest/gtest.h>

namespace stampede {
namespace {

Table two_rows() {
  Table table({"name", "n", "s"});
  table.add({"a", "1000", ""});
  table.add({"longer", "7", "1.5"});
  return table;
}

TEST(Table, IsAsWideAsItsWidestCells) {
  EXPECT_EQ(two_rows().text(),
            "name       n    s\n"
            "a       1000\n"
            "longer     7  1.5\n");
}

TEST(Table, AlignsFiguresToTheRightInMarkdown) {
  EXPECT_EQ(two_rows().markdown(),
            "| name | n | s |\n"
            "|---|--:|--:|\n"
            "| a | 1000 |  |\n"
            "| longer | 7 | 1.5 |\n");
}

TEST(Table, OfAHeadAloneIsTheHead) {
  EXPECT_EQ(Table({"a", "b"}).text(), "a  b\n");
  EXPECT_EQ(Table({"a"}).markdown(), "| a |\n|---|\n");
}

std::string padded(const std::string& name, const std::string& count) {
  return name + std::string(42 - name.size() - count.size(), ' ') + count;
}

TEST(CountsText, HasTwoColumns) {
  EXPECT_EQ(counts_text({}, "  "), "");
  EXPECT_EQ(counts_text({{"a", 5}}, "  "), "  " + padded("a", "5") + "\n");
  EXPECT_EQ(counts_text({{"a", 5}, {"b", 70}}, "> "), "> " + padded("a", "5") + "    " + padded("b", "70") + "\n");
  EXPECT_EQ(counts_text({{"a", 5}, {"b", 70}, {"c", 0}}, ""),
            padded("a", "5") + "    " + padded("b", "70") + "\n" + padded("c", "0") + "\n");
}

}  // namespace
}  // namespace stampede
