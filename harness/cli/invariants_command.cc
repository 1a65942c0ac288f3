// Lists what is judged: each invariant with its sentence, what it needs and does not see, and what it catches.
#include "harness/cli/invariants_command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/cli/exit_statuses.h"
#include "harness/cli/subcommand.h"
#include "harness/judge/step_judge.h"
#include "harness/run/mutant_catalogue.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kColumns = 98;
constexpr const char* kInvariantsFooter =
    "These are judged in controlled worlds (sim, live), at every step that changes what others can see, at the end, "
    "and\n"
    "after a clean process afterwards. The numbers are those of the catalogue of real bugs. `explore` says how often\n"
    "each was judged: where what it needs is not given, it is not. Mutants are named once they are built.\n\n"
    "Examples:\n"
    "  stampede invariants one_download success_is_durable\n"
    "  stampede invariants --json | jq -r '.invariants[] | [.number, .id] | @tsv'\n"
    "Exit status: 0 listed, 2 an id that is not known.";

struct InvariantsArguments {
  std::vector<std::string> ids;
  bool is_json = false;
};

using Mutants = std::optional<std::vector<Mutant>>;

Mutants built_mutants() {
  auto known = known_mutants(built_mutants_directory());
  if (!known) return std::nullopt;
  return std::move(*known);
}

std::vector<std::string> caught_by(std::string_view id, const std::vector<Mutant>& mutants) {
  std::vector<std::string> names;
  for (const Mutant& mutant : mutants) {
    if (std::find(mutant.breaks.begin(), mutant.breaks.end(), id) != mutant.breaks.end()) names.push_back(mutant.name);
  }
  return names;
}

// Broken between words, each line behind four spaces and the first also behind `head`.
std::string wrapped(std::string_view head, std::string_view text) {
  const std::string indent(4, ' ');
  std::string result, line = indent + std::string(head);
  bool is_first = true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!is_first && line.size() + 1 + word.size() > kColumns) {
      result += line + "\n";
      line = indent;
      is_first = true;
    }
    if (!is_first) line += ' ';
    line += word;
    is_first = false;
  }
  return result + line + "\n";
}

int list(const InvariantsArguments& arguments) {
  const std::vector<WatchedInvariant>& all = watched_invariants();
  std::vector<WatchedInvariant> chosen;
  for (const std::string& id : arguments.ids) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const WatchedInvariant& known) { return known.id == id; });
    if (found == all.end()) {
      std::fprintf(
          stderr,
          "stampede: invariants: expected the id of an invariant, as `stampede invariants` lists them, got \"%s\"\n",
          id.c_str());
      return kUsage;
    }
    chosen.push_back(*found);
  }
  const std::vector<WatchedInvariant>& shown = arguments.ids.empty() ? all : chosen;
  const Mutants mutants = built_mutants();
  const std::string text = arguments.is_json ? json_of(shown, mutants) : text_of(shown, mutants);
  std::fputs(text.c_str(), stdout);
  return kAllHeld;
}

}  // namespace

std::string json_of(const std::vector<WatchedInvariant>& invariants, const Mutants& mutants) {
  ordered_json list = ordered_json::array();
  for (const WatchedInvariant& invariant : invariants) {
    ordered_json object = {
        {"id", invariant.id},       {"number", invariant.number}, {"sentence", invariant.sentence},
        {"file", invariant.file()}, {"needs", invariant.needs},   {"does_not_see", invariant.blind_to}};
    if (mutants) object["mutants"] = caught_by(invariant.id, *mutants);
    list.push_back(std::move(object));
  }
  return ordered_json{{"invariants", std::move(list)}}.dump(2) + "\n";
}

std::string text_of(const std::vector<WatchedInvariant>& invariants, const Mutants& mutants) {
  std::string text;
  for (const WatchedInvariant& invariant : invariants) {
    text += fmt::format("{}  {}  {}\n", invariant.id, invariant.number, invariant.file());
    text += wrapped("", invariant.sentence);
    text += wrapped("needs: ", invariant.needs);
    text += wrapped("does not see: ", invariant.blind_to);
    const std::vector<std::string> caught = mutants ? caught_by(invariant.id, *mutants) : std::vector<std::string>();
    if (!caught.empty()) text += wrapped("catches: ", fmt::format("{}", fmt::join(caught, ", ")));
    text += "\n";
  }
  text += fmt::format("{} invariant{}", invariants.size(), invariants.size() == 1 ? "" : "s");
  if (!mutants) text += "; mutants are not built, so it is not said which each catches";
  return text + "\n";
}

void add_invariants_command(CLI::App& app, int& exit_status) {
  Subcommand command(app, "invariants", "what is judged in controlled worlds, and what each invariant does not see");
  const auto arguments = std::make_shared<InvariantsArguments>();
  command.option("ID", arguments->ids, "invariants; all when none is named");
  command.flag("--json", arguments->is_json, "one JSON object on standard output");
  command.footer(kInvariantsFooter);
  command.run([arguments, &exit_status] { exit_status = list(*arguments); });
}

}  // namespace stampede
