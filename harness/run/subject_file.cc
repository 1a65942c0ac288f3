// Parses descriptions (nlohmann_json), key by key, so that each refusal names its key.
#include "harness/run/subject_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "harness/judge/judge.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;
using nlohmann::ordered_json;

constexpr double kTimeoutSecondsMax = 3600;
constexpr std::string_view kPrintedPath = "stdout";

bool is_name(const std::string& text) {
  return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string::npos;
}

bool is_variable(const std::string& text) { return !text.empty() && text.find('=') == std::string::npos; }

bool is_invariant(const std::string& id) {
  const auto& all = all_invariants();
  return std::any_of(all.begin(), all.end(), [&](const Invariant& invariant) { return invariant.id == id; });
}

// Reads one description; the first thing that is wrong stays, and what follows is not looked at.
class Description {
 public:
  explicit Description(const ordered_json& object) : object_(object) {}

  Subject read() {
    if (!object_.is_object()) {
      refuse("the file", "an object");
      return {};
    }
    refuse_unknown(object_, "",
                   {"subject", "name", "summary", "homepage", "needs", "argv", "environment", "artifact",
                    "timeout_seconds", "may_stay", "not_promised"});
    const bool has_version = !object_.empty() && object_.begin().key() == "subject" && object_.front() == 1;
    if (!has_version) refuse("subject", "1, as the first key");
    Subject subject;
    subject.name = text("name", true);
    if (!is_name(subject.name)) refuse("name", "lower-case letters, digits, '_' and '-'");
    subject.summary = text("summary", true);
    subject.homepage = text("homepage", false);
    subject.needs = needs();
    subject.command = command();
    subject.may_stay = texts("may_stay", false);
    subject.not_promised = texts_by_name("not_promised");
    for (const auto& [id, reason] : subject.not_promised) {
      if (!is_invariant(id)) refuse("not_promised." + id, "the id of an invariant");
      if (reason.empty()) refuse("not_promised." + id, "a reason");
    }
    return subject;
  }

  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  void refuse(const std::string& key, std::string_view expected) {
    if (problem_.empty()) problem_ = fmt::format("{}: expected {}", key, expected);
  }

  void refuse_unknown(const ordered_json& object, const std::string& path, const std::set<std::string>& known) {
    for (const auto& [key, value] : object.items()) {
      if (!known.contains(key)) refuse(path + key, fmt::format("no such key; known are {}", fmt::join(known, ", ")));
    }
  }

  // The member, or nothing where it is absent, which is refused where it `is_needed`.
  const ordered_json* member(const std::string& key, bool is_needed) {
    const auto found = object_.find(key);
    if (found != object_.end()) return &*found;
    if (is_needed) refuse(key, "this key");
    return nullptr;
  }

  std::string as_text(const ordered_json& value, const std::string& key) {
    if (value.is_string()) return value.get<std::string>();
    refuse(key, "a string");
    return "";
  }

  std::string text(const std::string& key, bool is_needed) {
    const ordered_json* const value = member(key, is_needed);
    std::string result = value != nullptr ? as_text(*value, key) : "";
    if (is_needed && result.empty()) refuse(key, "a string that is not empty");
    return result;
  }

  std::vector<std::string> texts(const std::string& key, bool is_needed) {
    std::vector<std::string> result;
    const ordered_json* const list = member(key, is_needed);
    if (list == nullptr) return result;
    if (!list->is_array()) refuse(key, "a list of strings");
    if (!list->is_array()) return result;
    for (const ordered_json& value : *list) {
      result.push_back(as_text(value, fmt::format("{}[{}]", key, result.size())));
    }
    return result;
  }

  std::map<std::string, std::string> texts_by_name(const std::string& key) {
    std::map<std::string, std::string> result;
    const ordered_json* const object = member(key, false);
    if (object == nullptr) return result;
    if (!object->is_object()) refuse(key, "an object of strings");
    if (!object->is_object()) return result;
    for (const auto& [name, value] : object->items()) result[name] = as_text(value, key + "." + name);
    return result;
  }

  std::vector<SubjectNeed> needs() {
    std::vector<SubjectNeed> result;
    const ordered_json* const list = member("needs", false);
    if (list == nullptr) return result;
    if (!list->is_array()) refuse("needs", "a list of objects");
    for (const ordered_json& value : *list) {
      const std::string key = fmt::format("needs[{}]", result.size());
      if (!value.is_object() || !value.contains("program") || !value.contains("package")) {
        refuse(key, "an object with \"program\" and \"package\"");
        return result;
      }
      refuse_unknown(value, key + ".", {"program", "package"});
      result.push_back({.program = as_text(value["program"], key + ".program"),
                        .package = as_text(value["package"], key + ".package")});
      if (result.back().program.empty()) refuse(key + ".program", "a name or a path");
    }
    return result;
  }

  SubjectCommand command() {
    SubjectCommand command;
    command.argv = texts("argv", true);
    if (command.argv.empty() || command.argv.front().empty()) refuse("argv", "a program and its arguments");
    for (std::size_t i = 0; i < command.argv.size(); ++i) check_words(command.argv[i], fmt::format("argv[{}]", i));
    command.environment = texts_by_name("environment");
    for (const auto& [name, value] : command.environment) {
      if (!is_variable(name)) refuse("environment." + name, "the name of a variable");
      check_words(value, "environment." + name);
    }
    command.artifact = text("artifact", true);
    check_words(command.artifact, "artifact");
    const bool is_path = command.artifact.starts_with('{') || command.artifact.starts_with('/');
    if (command.artifact != kPrintedPath && !is_path) refuse("artifact", "\"stdout\", or an absolute path");
    if (command.artifact == kPrintedPath) command.artifact.clear();
    if (const ordered_json* const value = member("timeout_seconds", false)) {
      const double seconds = value->is_number() ? value->get<double>() : 0;
      const bool is_good = seconds > 0 && seconds <= kTimeoutSecondsMax;
      if (!is_good) refuse("timeout_seconds", fmt::format("a number above 0, up to {}", kTimeoutSecondsMax));
      if (is_good) command.timeout = std::chrono::milliseconds(std::max<std::int64_t>(1, std::llround(seconds * 1000)));
    }
    return command;
  }

  void check_words(const std::string& text, const std::string& key) {
    const std::vector<std::string>& known = template_words();
    for (const std::string& word : words_in(text)) {
      if (std::find(known.begin(), known.end(), word) != known.end()) continue;
      refuse(key, fmt::format("no {{{}}}; known are {{{}}}", word, fmt::join(known, "}, {")));
    }
  }

  const ordered_json& object_;
  std::string problem_;
};

}  // namespace

Result<Subject> parse_subject(std::string_view text, const std::string& path) {
  constexpr std::string_view kStep = "read the subject";
  try {
    const ordered_json object = ordered_json::parse(text);
    Description description(object);
    Subject subject = description.read();
    if (!description.problem().empty()) {
      return fail(ErrorCode::invalid_argument, kStep, path, description.problem());
    }
    subject.here = std::filesystem::absolute(path).parent_path().lexically_normal().string();
    return subject;
  } catch (const ordered_json::exception& error) {
    return fail(ErrorCode::invalid_argument, kStep, path, error.what());
  }
}

Result<Subject> read_subject(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return fail(ErrorCode::not_found, "read the subject", path, "cannot be read");
  return parse_subject(text.str(), path);
}

}  // namespace stampede
