// Lists subjects, with what is missing for those that cannot run here.
#include "harness/cli/subjects_command.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "harness/cli/exit_statuses.h"
#include "harness/cli/subcommand.h"
#include "harness/run/subject_catalogue.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

constexpr const char* kSubjectsExamples =
    "Examples:\n"
    "  stampede subjects --json\n"
    "  stampede explore --subject shell_cache --models generated:64KiB,1MiB --processes 16 --fault-share 0.5\n"
    "Exit status: 0 listed, 2 a description that cannot be read.";

std::string_view kind_of(const Subject& subject) { return subject.command ? "command" : "built in"; }

int list(bool is_json) {
  const std::string directory = shipped_subjects_directory();
  const auto subjects = known_subjects(directory);
  if (!subjects) return refuse(subjects.error().message());
  const std::string text = is_json ? json_of(*subjects, directory) : text_of(*subjects);
  std::fputs(text.c_str(), stdout);
  return kAllHeld;
}

}  // namespace

std::string json_of(const std::vector<Subject>& subjects, const std::string& directory) {
  ordered_json list = ordered_json::array();
  for (const Subject& subject : subjects) {
    ordered_json missing = ordered_json::array();
    for (const SubjectNeed& need : missing_needs(subject)) {
      missing.push_back({{"program", need.program}, {"package", need.package}});
    }
    list.push_back({{"name", subject.name},
                    {"kind", kind_of(subject)},
                    {"summary", subject.summary},
                    {"homepage", subject.homepage},
                    {"runs_here", missing.empty()},
                    {"missing", std::move(missing)},
                    {"not_promised", subject.not_promised}});
  }
  const ordered_json object = {{"directory", directory}, {"subjects", std::move(list)}};
  return object.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string text_of(const std::vector<Subject>& subjects) {
  std::string text;
  for (const Subject& subject : subjects) {
    const std::vector<SubjectNeed> missing = missing_needs(subject);
    text += fmt::format("{:<19} {:<9} {:<11} {}\n", subject.name, kind_of(subject),
                        missing.empty() ? "runs here" : "missing", subject.summary);
    if (!missing.empty()) text += fmt::format("{:<42}missing: {}\n", "", describe(missing));
  }
  return text;
}

void add_subjects_command(CLI::App& app, int& exit_status) {
  Subcommand command(app, "subjects", "which caches can be tested, and which can run here");
  const auto is_json = std::make_shared<bool>(false);
  command.flag("--json", *is_json, "one JSON object on standard output");
  command.footer(kSubjectsExamples);
  command.run([is_json, &exit_status] { exit_status = list(*is_json); });
}

}  // namespace stampede
