// Prints columns as wide as their widest cell.
#include "harness/cli/table.h"

#include <fmt/format.h>

#include <algorithm>

namespace stampede {

std::vector<std::size_t> Table::widths() const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  return widths;
}

std::string Table::text() const {
  const std::vector<std::size_t> columns = widths();
  std::string text;
  for (const auto& row : rows_) {
    std::string line = fmt::format("{:<{}}", row[0], columns[0]);
    for (std::size_t i = 1; i < row.size(); ++i) line += fmt::format("{:>{}}", row[i], columns[i] + 2);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string Table::markdown() const {
  std::string text;
  for (const auto& row : rows_) {
    text += "|";
    for (const std::string& cell : row) text += " " + cell + " |";
    text += "\n";
    if (&row != &rows_.front()) continue;
    text += "|---|";
    for (std::size_t i = 1; i < row.size(); ++i) text += "--:|";
    text += "\n";
  }
  return text;
}

std::string counts_text(const std::map<std::string, std::uint64_t>& counts, std::string_view indent) {
  constexpr std::size_t kColumns = 2;
  std::string text;
  std::size_t column = 0;
  for (const auto& [name, count] : counts) {
    if (column == 0) text += indent;
    text += fmt::format("{:<32}{:>10}", name, count);
    column = (column + 1) % kColumns;
    text += column == 0 ? "\n" : "    ";
  }
  while (text.ends_with(' ')) text.pop_back();
  if (!text.empty() && text.back() != '\n') text += "\n";
  return text;
}

}  // namespace stampede
