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

std::string command_footer() {
  return "Also, before or after the command: --cache-dir DIR, --json, --quiet. See modelcache --help.";
}

}  // namespace modelcache
