// Templates in, command lines out.
#include "harness/run/subject_commands.h"

#include <algorithm>
#include <cstdlib>
#include <map>

namespace stampede {
namespace {

constexpr const char* kPathWhereThereIsNone = "/usr/local/bin:/usr/bin:/bin";

std::string home_in(const std::string& scratch) { return scratch + "/home"; }
std::string temporaries_in(const std::string& scratch) { return scratch + "/tmp"; }
std::string outputs_in(const std::string& scratch) { return scratch + "/output"; }

}  // namespace

std::vector<std::string> command_directories(const std::string& scratch) {
  return {home_in(scratch), temporaries_in(scratch), outputs_in(scratch)};
}

CommandGet command_for(const Subject& subject, const WorkerOperation& operation, const CommandPlace& place) {
  const SubjectCommand& command = *subject.command;
  const TemplateValues values = {{"url", operation.url},
                                 {"sha256", operation.sha256.hex()},
                                 {"cache", operation.directory},
                                 {"output", outputs_in(place.scratch) + "/" + std::to_string(place.number)},
                                 {"operation", std::to_string(place.operation)},
                                 {"here", subject.here}};
  const char* const path = std::getenv("PATH");
  std::map<std::string, std::string> environment = {{"PATH", path != nullptr ? path : kPathWhereThereIsNone},
                                                    {"HOME", home_in(place.scratch)},
                                                    {"TMPDIR", temporaries_in(place.scratch)},
                                                    {"LC_ALL", "C.UTF-8"}};
  for (const auto& [name, value] : command.environment) environment[name] = expand(value, values);
  CommandGet get;
  for (const std::string& argument : command.argv) get.line.argv.push_back(expand(argument, values));
  for (const auto& [name, value] : environment) get.line.environment.push_back(name + "=" + value);
  get.line.timeout = command.timeout;
  get.artifact = expand(command.artifact, values);
  return get;
}

std::vector<std::string> entry_names(const Subject& subject, const std::vector<Model>& models) {
  std::vector<std::string> names;
  if (!subject.command) return names;
  constexpr std::string_view kBelow = "{cache}/";
  const std::string& artifact = subject.command->artifact;
  const std::string below = artifact.starts_with(kBelow) ? artifact.substr(kBelow.size()) : "";
  const std::vector<std::string> words = words_in(below);
  const bool is_known =
      std::all_of(words.begin(), words.end(), [](const std::string& word) { return word == "sha256"; });
  for (const Model& model : models) names.push_back(is_known ? expand(below, {{"sha256", model.sha256.hex()}}) : "");
  return names;
}

}  // namespace stampede
