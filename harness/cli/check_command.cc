// Audits a directory and says what is wrong with it.
#include "harness/cli/check_command.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "harness/cli/exit_statuses.h"
#include "harness/cli/subcommand.h"
#include "harness/run/directory_check.h"

namespace stampede {
namespace {

constexpr const char* kCheckExamples =
    "What a crash may leave, and what a process at work has, are notes and no violations.\n\n"
    "Examples:\n"
    "  stampede check ~/.cache/modelcache\n"
    "  stampede check --json \"$MODELCACHE_DIR\" | jq .violations\n"
    "Exit status: 0 all held, 1 a violation, 2 usage or no cache directory.";

struct CheckArguments {
  std::string directory;
  bool is_json = false;
};

std::string json_of(const std::string& directory, const DirectoryReport& report) {
  using nlohmann::ordered_json;
  ordered_json violations = ordered_json::array();
  for (const Violation& violation : report.verdict.violations) {
    violations.push_back({{"invariant", violation.invariant}, {"what", violation.what}});
  }
  const ordered_json object = {
      {"directory", directory},          {"entries", report.entries},           {"entry_bytes", report.entry_bytes},
      {"locks", report.locks},           {"temporaries", report.temporaries},   {"has_manifest", report.has_manifest},
      {"judged", report.verdict.judged}, {"violations", std::move(violations)}, {"notes", report.notes}};
  return object.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string text_of(const std::string& directory, const DirectoryReport& report) {
  std::string text = fmt::format("{}: {} entries, {} bytes, {} locks, {} temporaries, {}\n", directory, report.entries,
                                 report.entry_bytes, report.locks, report.temporaries,
                                 report.has_manifest ? "a manifest" : "no manifest");
  std::map<std::string, std::uint64_t> violated;
  for (const Violation& violation : report.verdict.violations) ++violated[violation.invariant];
  for (const auto& [invariant, times] : report.verdict.judged) {
    const std::uint64_t count = violated.contains(invariant) ? violated[invariant] : 0;
    text += fmt::format("  {:<28}{:>8} judged   {}\n", invariant, times,
                        count == 0 ? "held" : fmt::format("VIOLATED {} times", count));
  }
  for (const Violation& violation : report.verdict.violations) {
    text += fmt::format("{}: {}\n", violation.invariant, violation.what);
  }
  for (const std::string& note : report.notes) text += fmt::format("note: {}\n", note);
  text += report.verdict.holds() ? "all held\n" : "something is wrong; `modelcache doctor` can say what to do\n";
  return text;
}

int check(const CheckArguments& arguments) {
  const modelcache::Result<DirectoryReport> report = check_directory(arguments.directory);
  if (!report) return refuse(report.error().message());
  std::fputs(
      (arguments.is_json ? json_of(arguments.directory, *report) : text_of(arguments.directory, *report)).c_str(),
      stdout);
  return report->verdict.holds() ? kAllHeld : kViolated;
}

}  // namespace

void add_check_command(CLI::App& app, int& exit_status) {
  Subcommand command(app, "check", "audit a cache directory at rest");
  const auto arguments = std::make_shared<CheckArguments>();
  command.option("DIR", arguments->directory, "the cache directory").required();
  command.flag("--json", arguments->is_json, "one JSON object on standard output");
  command.footer(kCheckExamples);
  command.run([arguments, &exit_status] { exit_status = check(*arguments); });
}

}  // namespace stampede
