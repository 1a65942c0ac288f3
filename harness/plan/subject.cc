// Finds and fills in the words of templates.
#include "harness/plan/subject.h"

namespace stampede {
namespace {

constexpr std::string_view kWordCharacters = "abcdefghijklmnopqrstuvwxyz0123456789";

// Calls `on_text` and `on_word` for the parts of a template, in order.
template <class OnText, class OnWord>
void split(std::string_view text, OnText on_text, OnWord on_word) {
  while (!text.empty()) {
    const std::size_t open = text.find('{');
    on_text(text.substr(0, open));
    if (open == std::string_view::npos) return;
    text.remove_prefix(open);
    const std::size_t end = text.find_first_not_of(kWordCharacters, 1);
    if (end != std::string_view::npos && end > 1 && text[end] == '}') {
      on_word(text.substr(1, end - 1));
      text.remove_prefix(end + 1);
    } else {
      on_text(text.substr(0, 1));
      text.remove_prefix(1);
    }
  }
}

}  // namespace

const std::vector<std::string>& template_words() {
  static const std::vector<std::string> words = {"url", "sha256", "cache", "output", "operation", "here"};
  return words;
}

std::string expand(std::string_view text, const TemplateValues& values) {
  std::string result;
  split(
      text, [&](std::string_view part) { result += part; },
      [&](std::string_view word) {
        const auto value = values.find(word);
        result += value == values.end() ? "{" + std::string(word) + "}" : value->second;
      });
  return result;
}

std::vector<std::string> words_in(std::string_view text) {
  std::vector<std::string> words;
  split(text, [](std::string_view) {}, [&](std::string_view word) { words.emplace_back(word); });
  return words;
}

}  // namespace stampede
