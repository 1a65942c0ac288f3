// Reads fault files strictly (nlohmann_json).
#include "harness/plan/fault_file.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

#include "harness/plan/model.h"

namespace stampede {
namespace {

using json = nlohmann::ordered_json;
using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

constexpr std::size_t kFileBytesMax = 16 * 1024 * 1024;
constexpr std::uint64_t kEveryMax = 1'000'000;
constexpr std::string_view kReadFaultFile = "read fault file";

constexpr std::string_view kExample = R"({
  "faults": 1,                            // the format's version, first
  "turns": [                              // the i-th connection gets the i-th
    "none",                               // a good response
    "drip:1000+flip_byte:7",              // two faults of one connection
    {"status": {"status": 429, "retry_after": 1}, "stall_before_headers": {"for": "20ms"}}
  ],
  "repeat": true,                         // from the start again, rather than good responses from then on
  "every": 2,                             // each turn after one good response
  "models": {                             // the i-th request for that model gets its i-th turn instead
    "m1.onnx": {"turns": ["close_in_body:64KiB", "other_version_same_etag:1"]}
  }
}
)";

class FaultFileReader {
 public:
  explicit FaultFileReader(std::string_view file) : file_(file) {}

  Result<FaultFile> read(std::string_view text) {
    const Result<json> parsed = parse(text);
    if (!parsed) return fail(parsed.error());
    const json& object = *parsed;
    if (!object.is_object() || object.empty() || object.begin().key() != "faults") {
      return refuse("faults", "expected an object whose first key this is");
    }
    if (object.begin().value() != 1) return refuse("faults", "expected 1");
    if (auto known = check_keys(object, "", {"faults", "turns", "repeat", "every", "models"}); !known) {
      return fail(known.error());
    }
    FaultFile result;
    Result<FaultSequence> connections = sequence(object, "", false);
    if (!connections) return fail(connections.error());
    result.connections = std::move(*connections);
    if (!object.contains("models")) return result;
    const json& models = object.at("models");
    if (!models.is_object()) return refuse("models", "expected an object with models' names as keys");
    for (const auto& [name, value] : models.items()) {
      const std::string path = "models." + name;
      if (!value.is_object()) return refuse(path, "expected an object with turns");
      if (auto known = check_keys(value, path + ".", {"turns", "repeat", "every"}); !known) return fail(known.error());
      Result<FaultSequence> own = sequence(value, path + ".", true);
      if (!own) return fail(own.error());
      result.models.emplace(name, std::move(*own));
    }
    return result;
  }

 private:
  tl::unexpected<modelcache::Error> refuse(std::string_view path, std::string_view what) const {
    return fail(ErrorCode::invalid_argument, kReadFaultFile, file_, fmt::format("{}: {}", path, what));
  }

  // The library keeps one of two equal keys and says nothing.
  Result<json> parse(std::string_view text) const {
    std::vector<std::set<std::string>> open;  // keys of the objects around
    std::string repeated;
    const auto watch = [&](int, json::parse_event_t event, json& parsed) {
      if (event == json::parse_event_t::object_start) open.emplace_back();
      if (event == json::parse_event_t::object_end) open.pop_back();
      if (event == json::parse_event_t::key && !open.back().insert(parsed.get<std::string>()).second) {
        repeated = parsed.get<std::string>();
      }
      return true;
    };
    try {
      json parsed = json::parse(text, watch, true, true);
      if (!repeated.empty()) return refuse(repeated, "this key comes twice");
      return parsed;
    } catch (const json::exception& error) {
      return fail(ErrorCode::invalid_argument, kReadFaultFile, file_, fmt::format("expected JSON: {}", error.what()));
    }
  }

  Result<void> check_keys(const json& object, const std::string& prefix, const std::set<std::string>& known) const {
    for (const auto& [key, value] : object.items()) {
      if (known.contains(key)) continue;
      std::string names;
      for (const std::string& name : known) names += (names.empty() ? "" : ", ") + name;
      return refuse(prefix + key, fmt::format("unknown, expected one of {}", names));
    }
    return {};
  }

  Result<FaultSequence> sequence(const json& object, const std::string& prefix, bool is_of_model) const {
    FaultSequence result;
    if (object.contains("repeat")) {
      if (!object.at("repeat").is_boolean()) return refuse(prefix + "repeat", "expected true or false");
      result.repeats = object.at("repeat").get<bool>();
    }
    if (object.contains("every")) {
      const json& every = object.at("every");
      if (!every.is_number_unsigned() || every.get<std::uint64_t>() < 1 || every.get<std::uint64_t>() > kEveryMax) {
        return refuse(prefix + "every", fmt::format("expected a number from 1 to {}", kEveryMax));
      }
      result.every = every.get<std::uint64_t>();
    }
    if (!object.contains("turns")) return result;
    const json& turns = object.at("turns");
    if (!turns.is_array()) return refuse(prefix + "turns", "expected a list");
    for (std::size_t i = 0; i < turns.size(); ++i) {
      Result<FaultTurn> parsed = turn(turns[i], fmt::format("{}turns[{}]", prefix, i), is_of_model);
      if (!parsed) return fail(parsed.error());
      result.faults.push_back(std::move(*parsed));
    }
    return result;
  }

  Result<FaultTurn> turn(const json& value, const std::string& path, bool is_of_model) const {
    std::string text;
    if (value.is_string()) {
      text = value.get<std::string>();
    } else if (value.is_object() && !value.empty()) {
      for (const auto& [kind, parameters] : value.items()) {
        const Result<std::string> part = shorthand(kind, parameters, path + "." + kind);
        if (!part) return fail(part.error());
        text += (text.empty() ? "" : "+") + *part;
      }
    } else {
      return refuse(path,
                    "expected a shorthand such as \"flip_byte:7\", or an object such as {\"flip_byte\": {\"at\": 7}}");
    }
    Result<FaultTurn> parsed = parse_turn(text);
    if (!parsed) return refuse(path, parsed.error().detail);
    if (has_part(*parsed, FaultKind::refused)) {
      return refuse(path,
                    "a server that listens cannot refuse; expected reset_on_accept, or a port that is not served");
    }
    if (is_of_model && is_before_request(*parsed)) {
      return refuse(path,
                    fmt::format("{} comes before the request, when no model is known; expected it in the turns of "
                                "connections, outside of models",
                                print(*parsed)));
    }
    return parsed;
  }

  // "drip:1000:pause=5ms" for "drip" and {"bytes": 1000, "pause": "5ms"}.
  Result<std::string> shorthand(const std::string& kind, const json& parameters, const std::string& path) const {
    const std::optional<FaultKind> known = kind_named(kind);
    if (!known) return refuse(path, "unknown kind of fault (stampede serve --help lists them)");
    if (!parameters.is_object()) return refuse(path, "expected an object with its parameters, {} for none");
    const auto [positional, keyed] = parameters_of(*known);
    std::string first;
    std::string second;
    for (const auto& [name, value] : parameters.items()) {
      const bool is_first = !positional.empty() && name == positional;
      if (!is_first && (keyed.empty() || name != keyed)) {
        return refuse(path + "." + name, fmt::format("unknown, expected {}", expected_names(positional, keyed)));
      }
      const bool is_number = value.is_number_unsigned();
      if (!is_number && !value.is_string()) return refuse(path + "." + name, "expected a number or a string");
      const std::string text = is_number ? value.dump() : value.get<std::string>();
      if (text.find_first_of(":+") != std::string::npos) return refuse(path + "." + name, "expected one value");
      (is_first ? first : second) = is_first ? ":" + text : fmt::format(":{}={}", name, text);
    }
    return kind + first + second;
  }

  static std::string expected_names(std::string_view positional, std::string_view keyed) {
    if (positional.empty() && keyed.empty()) return "no parameter";
    if (positional.empty() || keyed.empty()) return std::string(positional) + std::string(keyed);
    return fmt::format("{} or {}", positional, keyed);
  }

  std::string_view file_;
};

}  // namespace

Result<FaultFile> parse_fault_file(std::string_view text, std::string_view file) {
  return FaultFileReader(file).read(text);
}

Result<FaultFile> read_fault_file(const std::string& path) {
  const Result<Model> file = model_from_file("faults", path);
  if (!file) return fail(file.error().code, kReadFaultFile, path, file.error().detail);
  const Bytes& bytes = *file->bytes;
  if (bytes.size() > kFileBytesMax) {
    return fail(ErrorCode::too_large, kReadFaultFile, path, fmt::format("expected at most {} bytes", kFileBytesMax));
  }
  return parse_fault_file({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path);
}

std::string_view fault_file_example() { return kExample; }

}  // namespace stampede
