// Scripts, heads and bodies as text, for tests.
#ifndef STAMPEDE_FAULTS_SCRIPT_TEXT_FOR_TEST_H
#define STAMPEDE_FAULTS_SCRIPT_TEXT_FOR_TEST_H

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "harness/faults/response_script.h"

namespace stampede {

// The steps but the head, as text: "body 0-10, text 1, close".
inline std::string describe(const ResponseScript& script) {
  struct Describe {
    std::string operator()(const SendHead&) const { return "head"; }
    std::string operator()(const SendText& text) const { return "text " + std::to_string(text.bytes.size()); }
    std::string operator()(const SendBody& body) const {
      return "body " + std::to_string(body.begin) + "-" + std::to_string(body.end);
    }
    std::string operator()(const Pause& pause) const { return "pause " + std::to_string(pause.time.count()); }
    std::string operator()(const CloseConnection& close) const { return close.is_cut ? "cut" : "close"; }
    std::string operator()(const ResetConnection&) const { return "reset"; }
    std::string operator()(const NeverAnswer&) const { return "never"; }
  };
  std::string text;
  for (const ScriptStep& step : script.steps) text += (text.empty() ? "" : ", ") + std::visit(Describe{}, step);
  return text;
}

inline std::string head_of(const ResponseScript& script) { return std::get<SendHead>(script.steps.at(0)).bytes; }

inline std::string text_of(const ResponseScript& script) {
  for (const ScriptStep& step : script.steps) {
    if (const SendText* text = std::get_if<SendText>(&step)) return text->bytes;
  }
  return "";
}

inline Model model_of(std::string_view text) {
  Bytes bytes;
  for (const char c : text) bytes.push_back(static_cast<std::byte>(c));
  const modelcache::Sha256Digest digest = modelcache::sha256_of(bytes);
  return Model{"m", std::make_shared<const Bytes>(std::move(bytes)), digest};
}

}  // namespace stampede

#endif  // STAMPEDE_FAULTS_SCRIPT_TEXT_FOR_TEST_H
