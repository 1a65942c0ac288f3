// Prints examples, environment variables and the table of exit statuses.
#include "cache/command/help_text.h"

#include "cache/exit_status.h"

namespace modelcache {
namespace {

constexpr const char* kExamplesAndEnvironment =
    R"(Examples:
  path=$(modelcache get http://example.org/model.onnx --sha256 "$digest")
  modelcache --cache-dir /srv/models ls --long
  modelcache verify --repair        remove what is corrupt; the next get fetches it again

Environment:
  MODELCACHE_DIR    the cache directory, where --cache-dir is not given
  XDG_CACHE_HOME    next: $XDG_CACHE_HOME/modelcache, where it is an absolute path
  HOME              last: $HOME/.cache/modelcache
  NO_COLOR          when not empty: no colours on the terminal

Exit status:
)";

struct Example {
  std::string_view command;
  std::string_view line;
};

constexpr Example kCommandExamples[] = {
    {"get", "path=$(modelcache get http://example.org/model.onnx --sha256 \"$digest\")"},
    {"get", "modelcache get http://example.org/model.onnx --max-size 2GiB --timeout 600"},
    {"get", "modelcache get URL --sha256 HEX --lock-wait 30 --only-wait     fails rather than download twice"},
    {"path", "modelcache path http://example.org/model.onnx --sha256 \"$digest\""},
    {"path", "modelcache path URL --sha256 HEX --verify always     hashes it first"},
    {"ls", "modelcache ls --long"},
    {"ls", "modelcache ls --json | jq '.entries[].path'"},
    {"verify", "modelcache verify"},
    {"verify", "modelcache verify http://example.org/model.onnx"},
    {"verify", "modelcache verify --repair     removes what is corrupt; the next get fetches it again"},
    {"rm", "modelcache rm http://example.org/model.onnx"},
    {"rm", "modelcache rm sha256-HEX sha256-HEX --lock-wait 5"},
    {"doctor", "modelcache doctor"},
    {"doctor", "modelcache --cache-dir /srv/models doctor --json | jq .problems"},
};

std::string row(int status, std::string_view name, std::string_view meaning) {
  constexpr std::size_t kStatusColumns = 5;
  constexpr std::size_t kNameColumns = 20;
  const auto number = std::to_string(status);
  return std::string(kStatusColumns - number.size(), ' ') + number + "  " + std::string(name) +
         std::string(kNameColumns - name.size(), ' ') + std::string(meaning) + '\n';
}

}  // namespace

std::string help_footer() {
  std::string text =
      kExamplesAndEnvironment + row(0, "", "done") +
      row(kFoundWrongStatus, "", "something was found wrong: a corrupt entry, a directory with problems");
  for (const auto& line : exit_status_table()) text += row(line.status, name_of(line.code), line.meaning);
  text.pop_back();  // the formatter ends the last line
  return text;
}

std::string command_footer(std::string_view command) {
  std::string text;
  for (const auto& example : kCommandExamples) {
    if (example.command != command) continue;
    text += (text.empty() ? "Examples:\n" : "") + ("  " + std::string(example.line)) + '\n';
  }
  return text + (text.empty() ? "" : "\n") +
         "Also, before or after the command: --cache-dir DIR, --json, --quiet. See modelcache --help.";
}

}  // namespace modelcache
