// Turns the end of a command into the report of a get.
#include "harness/free/command_get.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <sstream>

namespace stampede {
namespace {

std::string what_became_of(const CommandLine& line, const CommandRecord& record) {
  const std::string name = line.argv.front();
  switch (record.end) {
    case CommandEnd::not_started:
      return name + " could not be started: " + std::strerror(record.value);
    case CommandEnd::exited:
      return name + " ended with status " + std::to_string(record.value);
    case CommandEnd::signalled:
      return name + " was ended by signal " + std::to_string(record.value);
    case CommandEnd::timed_out:
      return name + " did not end within " + std::to_string(line.timeout.count()) + " ms and was killed";
    case CommandEnd::talked_too_much:
      return name + " wrote more than " + std::to_string(kCommandOutputBytesMax) +
             " bytes to its standard output and error and was killed";
  }
  return name;
}

// What a terminal would obey is shown as a question mark.
std::string on_one_line(const std::string& output) {
  std::istringstream lines(output);
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    if (const std::string content = last_line(line); !content.empty()) text += (text.empty() ? "" : " / ") + content;
  }
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, '?');
  return text;
}

}  // namespace

std::string last_line(const std::string& output) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t end = output.find_last_not_of(kBlank);
  if (end == std::string::npos) return "";
  const std::size_t before = output.find_last_of('\n', end);
  return output.substr(before + 1, end - before);  // npos + 1 is 0
}

OperationReport get_by_command(const CommandGet& get, const PosixOrphanage& orphanage) {
  CommandRun run = run_command(get.line, orphanage);
  OperationReport report;
  report.succeeded = run.record.end == CommandEnd::exited && run.record.value == 0;
  if (report.succeeded) {
    const std::string path = get.artifact.empty() ? last_line(run.output) : get.artifact;
    report.path = std::filesystem::path(path).lexically_normal().string();
  } else {
    const std::string last = on_one_line(run.record.last_output);
    report.error_message = what_became_of(get.line, run.record) + (last.empty() ? "" : ": " + last);
  }
  report.command = std::move(run.record);
  return report;
}

}  // namespace stampede
