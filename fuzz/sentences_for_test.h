// For tests of oracles: how they say no, and the sentences that a fuzz target's source requires, in its own words.
#ifndef STAMPEDE_FUZZ_SENTENCES_FOR_TEST_H
#define STAMPEDE_FUZZ_SENTENCES_FOR_TEST_H

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <string_view>

namespace stampede {

// By SIGABRT, which every engine takes for a finding.
inline const testing::KilledBySignal kAborted{6};

// The last text of each call of `require`, and each line of a list in its first comment.
inline std::set<std::string> sentences_of(std::string_view target) {
  std::ifstream file(STAMPEDE_FUZZ_FOLDER "/" + std::string(target) + "_fuzz.cc");
  const std::string source{std::istreambuf_iterator<char>(file), {}};
  static const std::regex kText(R"re("([^"]*)"\)[,)]?)re");
  std::set<std::string> sentences;
  static const std::regex kItem("(?:^|\n)// - ([^\n]*)");
  const std::string head = source.substr(0, source.find("\n#"));
  for (std::sregex_iterator it(head.begin(), head.end(), kItem), end; it != end; ++it) sentences.insert((*it)[1]);
  for (std::size_t at = source.find("require("); at != std::string::npos; at = source.find("require(", at + 1)) {
    const std::string call = source.substr(at, source.find(';', at) - at);
    std::string last = "a call of require without a sentence";
    for (std::sregex_iterator it(call.begin(), call.end(), kText), end; it != end; ++it) last = (*it)[1];
    sentences.insert(last);
  }
  return sentences;
}

}  // namespace stampede

#endif  // STAMPEDE_FUZZ_SENTENCES_FOR_TEST_H
