// Finds figures in reports by what they are called, wherever they stand.
#ifndef STAMPEDE_CLI_REPORT_FOR_TEST_H
#define STAMPEDE_CLI_REPORT_FOR_TEST_H

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "harness/judge/allowed_invariants.h"
#include "harness/judge/step_judge.h"

namespace stampede {

// A counter, what the text calls it, and its key in JSON; where one of them leaves it out, "".
struct Counter {
  std::uint64_t value = 0;
  std::string label, key;
};

// What follows the label, which begins a line or stands behind two spaces and is followed by two; up to two spaces or
// the end of the line. Where the label is not there exactly once, how often it is.
inline std::string figure(std::string_view text, const std::string& label) {
  std::string found;
  int count = 0;
  for (std::size_t at = text.find(label); at != std::string_view::npos; at = text.find(label, at + 1)) {
    const std::string_view before = text.substr(0, at), behind = text.substr(at + label.size());
    const bool begins = before.empty() || before.ends_with('\n') || before.ends_with("  ");
    if (!begins || !behind.starts_with("  ")) continue;
    ++count;
    const std::string_view value = behind.substr(std::min(behind.find_first_not_of(' '), behind.size()));
    const std::string_view line = value.substr(0, value.find('\n'));
    found = line.substr(0, line.find("  "));
  }
  return count == 1 ? found : label + ": " + std::to_string(count) + " times";
}

inline void expect_counters(std::string_view text, const nlohmann::json& object,
                            std::initializer_list<Counter> counters) {
  for (const Counter& each : counters) {
    if (!each.label.empty()) {
      EXPECT_EQ(figure(text, each.label), std::to_string(each.value));
    }
    if (!each.key.empty()) {
      EXPECT_EQ(object.at(each.key), each.value) << each.key;
    }
  }
}

inline std::vector<std::string> cells(std::string_view line) {
  std::vector<std::string> list;
  for (std::size_t from = line.find('|'), to = 0; (to = line.find('|', from + 1)) != std::string_view::npos;
       from = to) {
    std::string_view cell = line.substr(from + 1, to - from - 1);
    while (cell.starts_with(' ')) cell.remove_prefix(1);
    while (cell.ends_with(' ')) cell.remove_suffix(1);
    list.emplace_back(cell);
  }
  return list;
}

// Of Markdown tables: the cell of the row that begins so (and of that start mode, where one is given), in the column
// with that head. Where there is no such cell, what is missing.
inline std::string cell(const std::string& tables, const std::string& row, const std::string& head,
                        const std::string& start = "") {
  std::vector<std::string> heads;
  bool is_head = true;
  for (std::size_t from = 0; from < tables.size();) {
    const std::size_t end = std::min(tables.find('\n', from), tables.size());
    const std::string_view line = std::string_view(tables).substr(from, end - from);
    from = end + 1;
    const std::vector<std::string> found = cells(line);
    if (found.empty()) {
      is_head = true;
    } else if (is_head) {
      heads = found;
      is_head = false;
    } else if (found[0] == row && (start.empty() || (found.size() > 1 && found[1] == start))) {
      for (std::size_t i = 0; i < heads.size() && i < found.size(); ++i) {
        if (heads[i] == head) return found[i];
      }
    }
  }
  return "no cell " + row + ", " + head;
}

// Every watched invariant.
inline InvariantSet everything() {
  InvariantSet all;
  for (std::size_t i = 0; i < watched_invariants().size(); ++i) all.set(i);
  return all;
}

// The last line, without its end.
inline std::string last_line(const std::string& text) {
  if (!text.ends_with('\n')) return "no end of the last line in: " + text;
  const std::string without = text.substr(0, text.size() - 1);
  return without.substr(without.rfind('\n') + 1);
}

}  // namespace stampede

#endif  // STAMPEDE_CLI_REPORT_FOR_TEST_H
