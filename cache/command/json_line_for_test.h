// What a command prints with --json, for tests (nlohmann_json).
#ifndef MODELCACHE_COMMAND_JSON_LINE_FOR_TEST_H
#define MODELCACHE_COMMAND_JSON_LINE_FOR_TEST_H

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace modelcache {

// All of `text` is one JSON object on one line; an empty object when it is not.
inline nlohmann::json only_object(const std::string& text) {
  auto object = nlohmann::json::parse(text, nullptr, false);
  const bool one_line = !text.empty() && text.find('\n') == text.size() - 1;
  EXPECT_TRUE(object.is_object() && one_line) << text;
  return object.is_object() ? object : nlohmann::json::object();
}

}  // namespace modelcache

#endif  // MODELCACHE_COMMAND_JSON_LINE_FOR_TEST_H
