// Takes the parser's events and keeps keys alone (nlohmann_json).
#include "harness/plan/json_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

namespace stampede {
namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t kKeyShownMax = 60;  // bytes of a key in a message

class ShapeCheck final : public nlohmann::json_sax<json> {
 public:
  std::string problem;
  explicit ShapeCheck(const JsonBounds& bounds) : bounds_(bounds) {}

  bool null() override { return value(); }
  bool boolean(bool) override { return value(); }
  bool number_integer(number_integer_t) override { return value(); }
  bool number_unsigned(number_unsigned_t) override { return value(); }
  bool number_float(number_float_t, const string_t&) override { return value(); }
  bool string(string_t&) override { return value(); }
  bool binary(binary_t&) override { return value(); }
  bool start_object(std::size_t) override { return value() && enter(false); }
  bool start_array(std::size_t) override { return value() && enter(true); }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }
  bool key(string_t& name) override {
    Level& level = levels_.back();
    level.key = name.substr(0, kKeyShownMax);
    if (level.keys.size() == bounds_.keys_max) return refuse(fmt::format("expected at most {} keys", bounds_.keys_max));
    return level.keys.insert(std::move(name)).second || refuse("expected each key once, got it again");
  }
  bool parse_error(std::size_t, const std::string&, const json::exception& error) override {
    const std::string_view what = error.what();  // "[json.exception.parse_error.101] parse error at line 1, ..."
    problem = fmt::format("expected JSON, got {}", what.substr(std::min(what.find("] ") + 2, what.size())));
    return false;
  }

 private:
  struct Level {
    bool is_list = false;
    std::size_t index = 0;  // of the value that comes next
    std::string key = {};
    std::set<std::string> keys = {};
  };
  bool value() {
    if (!levels_.empty()) ++levels_.back().index;
    return true;
  }
  bool enter(bool is_list) {
    if (levels_.size() == bounds_.depth_max)
      return refuse(fmt::format("expected at most {} levels", bounds_.depth_max));
    levels_.push_back(Level{.is_list = is_list});
    return true;
  }
  bool leave() {
    levels_.pop_back();
    return true;
  }
  bool refuse(std::string_view what) {
    std::string path;
    for (const Level& level : levels_) {
      path += level.is_list ? fmt::format("[{}]", level.index > 0 ? level.index - 1 : 0)
                            : fmt::format("{}{}", path.empty() ? "" : ".", level.key);
    }
    problem = fmt::format("{}: {}", path, what);
    return false;
  }

  const JsonBounds& bounds_;
  std::vector<Level> levels_;
};

}  // namespace

std::string json_shape_problem(std::string_view text, const JsonBounds& bounds) {
  // The parser takes a zero byte for the end.
  if (const auto zero = text.find('\0'); zero != std::string_view::npos) {
    return fmt::format("expected JSON, got a zero at byte {}", zero);
  }
  ShapeCheck shape(bounds);
  try {
    if (json::sax_parse(text.begin(), text.end(), &shape, json::input_format_t::json, true, true)) return {};
    return shape.problem;
  } catch (const json::exception& error) {  // none is documented with our own reader; never let one out
    return fmt::format("expected JSON, got {}", error.what());
  }
}

}  // namespace stampede
