// A table for people: columns of text, aligned, or as Markdown.
#ifndef STAMPEDE_CLI_TABLE_H
#define STAMPEDE_CLI_TABLE_H

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stampede {

// The first column is aligned to the left, the others to the right. Owned by one thread.
class Table {
 public:
  explicit Table(std::vector<std::string> head) : rows_{std::move(head)} {}
  // REQUIRES: as many cells as the head has.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::string markdown() const;

 private:
  [[nodiscard]] std::vector<std::size_t> widths() const;
  std::vector<std::vector<std::string>> rows_;
};

// "a 12   b 3" in two columns of equal width, each line behind `indent`.
std::string counts_text(const std::map<std::string, std::uint64_t>& counts, std::string_view indent);

}  // namespace stampede

#endif  // STAMPEDE_CLI_TABLE_H
