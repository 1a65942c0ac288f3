// The command as a process, without a server: usage, directories, statuses and JSON.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cache/command/json_line_for_test.h"
#include "cache/command/run_command.h"
#include "cache/exit_status.h"

namespace modelcache {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kDigest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

std::string refusing_url(const RefusingPort& port) {
  return "http://127.0.0.1:" + std::to_string(port.number()) + "/m";
}

std::string error_code(const ProgramRun& run) { return only_object(run.output)["error"].value("code", ""); }

// Words that are no command line: each ends with the usage status, says why on one line, and prints nothing else.
TEST(Command, RefusesWhatItDoesNotUnderstand) {
  const std::vector<std::vector<std::string>> calls = {
      {},
      {"fetch"},
      {"get"},
      {"rm"},
      {"ls", "extra"},
      {"get", "http://h/", "--no-such-option"},
      {"get", "http://h/", "--sha256"},
      {"get", "http://h/", "--verify", "sometimes"},
      {"get", "http://h/", "--attempts", "0"},
      {"get", "http://h/", "--attempts", "1e9"},
      {"get", "http://h/", "--timeout", "soon"},
      {"get", "http://h/", "--connect-timeout", "0"},
      {"get", "http://h/", "--idle-timeout", "-1"},
      {"get", "http://h/", "--lock-wait", "nan"},
      {"get", "http://h/", "--max-size", "big"},
      {"get", "http://h/", "--max-size", ""},
      {"--cache-dir", "", "ls"},
      {"verify", "a", "b"},
  };
  for (const auto& words : calls) {
    const auto run = run_command(words, {{"HOME", "/nowhere"}});
    const auto shown = testing::PrintToString(words) + ": " + run.errors;
    EXPECT_EQ(run.status, 2) << shown;
    EXPECT_EQ(run.output, "") << shown;
    EXPECT_TRUE(run.errors.starts_with("modelcache: ")) << shown;
    EXPECT_EQ(run.errors.find('\n'), run.errors.size() - 1) << shown;
  }
}

TEST(Command, SaysWhatIsWrongWithAUrl) {
  TemporaryDirectory directory;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"model.onnx", "http"}, {"ftp://h/m", "ftp"}, {"https://h/m", "https"}, {"http://", "http://"}, {"", "URL"}};
  for (const auto& [url, mentioned] : cases) {
    for (const std::string command : {"get", "path"}) {
      const auto run = run_command({command, url, "--cache-dir", directory.path() + "/c"});
      EXPECT_EQ(run.status, 2) << url << run.errors;
      EXPECT_NE(run.errors.find(mentioned), std::string::npos) << run.errors;
      EXPECT_NE(run.errors.find("expected"), std::string::npos) << run.errors;
    }
  }
  EXPECT_FALSE(fs::exists(directory.path() + "/c")) << "a directory was made for nothing";
}

TEST(Command, SaysWhatIsWrongWithAChecksum) {
  for (const auto& text : {std::string("abc"), std::string(63, 'a'), std::string(65, 'a'), std::string(64, 'g'),
                           std::string(), "sha256:" + std::string(64, 'a')}) {
    const auto run = run_command({"get", "http://h/", "--sha256", text}, {{"HOME", "/nowhere"}});
    EXPECT_EQ(run.status, 2) << text;
    EXPECT_NE(run.errors.find("--sha256: expected 64 hexadecimal digits"), std::string::npos) << run.errors;
  }
}

TEST(Command, PrintsUsageErrorsAsJsonWhenAsked) {
  const auto run = run_command({"get", "--json", "http://h/", "--verify", "x\xff"}, {{"HOME", "/nowhere"}});
  EXPECT_EQ(run.status, 2);
  EXPECT_EQ(run.errors, "");
  EXPECT_EQ(error_code(run), "invalid_argument");
  EXPECT_NE(run.output.find("x\uFFFD"), std::string::npos) << run.output;
  EXPECT_EQ(error_code(run_command({"--json", "nonsense"})), "invalid_argument");
  EXPECT_EQ(error_code(run_command({"--json", "ls"})), "invalid_argument") << "no directory is named";
}

TEST(Command, ListsEveryExitStatusInItsHelp) {
  const auto run = run_command({"--help"});
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.errors, "");
  for (const auto& row : exit_status_table()) {
    const auto line = std::to_string(row.status) + "  " + std::string(name_of(row.code));
    EXPECT_NE(run.output.find(line), std::string::npos) << line;
  }
  EXPECT_NE(run.output.find("MODELCACHE_DIR"), std::string::npos);
}

TEST(Command, HasHelpForEachCommandAndAVersion) {
  for (const std::string command : {"get", "path", "ls", "verify", "rm", "doctor"}) {
    const auto run = run_command({command, "--help"});
    EXPECT_EQ(run.status, 0) << command;
    EXPECT_NE(run.output.find("modelcache " + command), std::string::npos) << run.output;
    EXPECT_NE(run.output.find("--cache-dir"), std::string::npos) << run.output;
    EXPECT_NE(run.output.find("Examples:\n  "), std::string::npos) << run.output;
  }
  const auto version = run_command({"--version"});
  EXPECT_EQ(version.status, 0);
  EXPECT_TRUE(version.output.starts_with("modelcache ")) << version.output;
}

TEST(Command, FindsItsDirectoryByOptionThenEnvironment) {
  TemporaryDirectory home;
  const auto& root = home.path();
  const auto directory_of = [](const std::vector<std::string>& words, const std::map<std::string, std::string>& names) {
    return only_object(run_command(words, names).output).value("directory", "");
  };
  const std::map<std::string, std::string> all = {
      {"MODELCACHE_DIR", root + "/m"}, {"XDG_CACHE_HOME", root + "/x"}, {"HOME", root}};
  EXPECT_EQ(directory_of({"--json", "--cache-dir", root + "/o", "ls"}, all), root + "/o");
  EXPECT_EQ(directory_of({"ls", "--json", "--cache-dir", root + "/o"}, all), root + "/o");
  EXPECT_EQ(directory_of({"ls", "--json"}, all), root + "/m");
  EXPECT_EQ(directory_of({"ls", "--json"}, {{"XDG_CACHE_HOME", root + "/x"}, {"HOME", root}}), root + "/x/modelcache");
  EXPECT_EQ(directory_of({"ls", "--json"}, {{"HOME", root}}), root + "/.cache/modelcache");
  const auto none = run_command({"ls"});
  EXPECT_EQ(none.status, 2);
  EXPECT_NE(none.errors.find("--cache-dir"), std::string::npos) << none.errors;
  EXPECT_TRUE(fs::is_empty(root)) << "looking made something";
}

TEST(Command, TakesARelativeDirectoryFromWhereItStands) {
  TemporaryDirectory home;
  ProgramCall call;
  call.arguments = {"ls", "--json", "--cache-dir", "c"};
  call.working_directory = home.path();
  EXPECT_EQ(only_object(run_program(kCommand, call).output).value("directory", ""), home.path() + "/c");
}

TEST(Command, ListsAnAbsentAndAnEmptyDirectoryAsEmpty) {
  TemporaryDirectory directory;
  const auto absent = run_command({"ls", "--cache-dir", directory.path() + "/c"});
  EXPECT_EQ(absent.status, 0);
  EXPECT_EQ(absent.output, "0 entries, 0 B\n");
  EXPECT_NE(absent.errors.find("does not exist yet"), std::string::npos) << absent.errors;
  const auto empty = run_command({"ls", "--cache-dir", directory.path()});
  EXPECT_EQ(empty.status, 0);
  EXPECT_EQ(empty.output, "0 entries, 0 B\n");
  EXPECT_EQ(empty.errors, "");
  const auto json = run_command({"ls", "--json", "--cache-dir", directory.path()});
  EXPECT_EQ(only_object(json.output)["entries"], Json::array());
}

TEST(Command, FindsNothingWithoutTheNetworkOnAMiss) {
  TemporaryDirectory directory;
  const RefusingPort port;
  for (const auto& where : {directory.path(), directory.path() + "/absent"}) {
    const auto run = run_command({"path", refusing_url(port), "--cache-dir", where});
    EXPECT_EQ(run.status, 18) << run.errors;
    EXPECT_EQ(run.output, "");
    EXPECT_EQ(error_code(run_command({"--json", "path", refusing_url(port), "--cache-dir", where})), "not_found");
  }
}

TEST(Command, RefusesToRemoveOrVerifyWhatIsNotThere) {
  TemporaryDirectory directory;
  EXPECT_EQ(run_command({"rm", kDigest, "--cache-dir", directory.path()}).status, 18);
  EXPECT_EQ(run_command({"rm", kDigest, "--cache-dir", directory.path() + "/absent"}).status, 18);
  EXPECT_EQ(run_command({"verify", kDigest, "--cache-dir", directory.path()}).status, 18);
  EXPECT_EQ(run_command({"verify", kDigest, "--cache-dir", directory.path() + "/absent"}).status, 18);
  EXPECT_EQ(run_command({"verify", "--cache-dir", directory.path()}).status, 0);
  const auto both = run_command({"--json", "rm", kDigest, kDigest, "--cache-dir", directory.path()});
  EXPECT_EQ(only_object(both.output)["errors"].size(), 2U);
  EXPECT_EQ(error_code(both), "not_found");
}

TEST(Command, SaysThatNobodyListens) {
  TemporaryDirectory directory;
  const RefusingPort port;
  const auto run = run_command({"get", refusing_url(port), "--attempts", "1", "--cache-dir", directory.path() + "/c"});
  EXPECT_EQ(run.status, 10);
  EXPECT_EQ(run.output, "");
  EXPECT_NE(run.errors.find("connect " + refusing_url(port)), std::string::npos) << run.errors;
  const auto json =
      run_command({"get", refusing_url(port), "--json", "--attempts", "1", "--cache-dir", directory.path() + "/c"});
  EXPECT_EQ(json.status, 10);
  EXPECT_EQ(json.errors, "");
  const auto error = only_object(json.output)["error"];
  EXPECT_EQ(error.value("code", ""), "refused");
  for (const auto* const name : {"step", "place", "detail", "message"}) EXPECT_FALSE(error.value(name, "").empty());
}

TEST(Command, SaysWhenAFileStandsWhereItsDirectoryShouldBe) {
  TemporaryDirectory directory;
  const auto file = directory.path() + "/file";
  std::ofstream(file) << "mine";
  const RefusingPort port;
  for (const auto& words : std::vector<std::vector<std::string>>{{"ls"}, {"doctor"}, {"get", refusing_url(port)}}) {
    auto call = words;
    call.insert(call.end(), {"--cache-dir", file});
    const auto run = run_command(call);
    EXPECT_EQ(run.status, 43) << run.errors;
    EXPECT_NE(run.errors.find(file), std::string::npos) << run.errors;
  }
  std::stringstream content;
  content << std::ifstream(file).rdbuf();
  EXPECT_EQ(content.str(), "mine");
}

TEST(Command, NamesADirectoryThatCannotBeWrittenAndWhatToDo) {
  if (!can_run_without_root(kCommand)) GTEST_SKIP() << "not applicable here: nobody may not run " << kCommand;
  TemporaryDirectory directory;
  give_to_nobody(directory.path());
  fs::permissions(directory.path(), fs::perms::owner_read | fs::perms::owner_exec);
  ProgramCall call;
  call.without_root = true;
  call.arguments = {"get", "http://127.0.0.1:1/", "--cache-dir", directory.path() + "/c"};
  const auto run = run_program(kCommand, call);
  EXPECT_EQ(run.status, 42) << run.errors;
  EXPECT_NE(run.errors.find("hint: "), std::string::npos) << run.errors;
  EXPECT_NE(run.errors.find("named by --cache-dir"), std::string::npos) << run.errors;
  EXPECT_NE(run.errors.find("MODELCACHE_DIR"), std::string::npos) << run.errors;
  call.arguments = {"doctor", "--json", "--cache-dir", directory.path()};
  const auto doctor = run_program(kCommand, call);
  EXPECT_NE(doctor.status, 0);
  EXPECT_NE(only_object(doctor.output)["writable"], Json(true)) << doctor.output;
}

TEST(Command, ReportsAFullStandardOutput) {
  TemporaryDirectory directory;
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"ls", "--cache-dir", directory.path()}, {"--help"}, {"ls", "--json", "--cache-dir", directory.path()}}) {
    ProgramCall call;
    call.arguments = words;
    call.output_file = "/dev/full";
    const auto run = run_program(kCommand, call);
    EXPECT_EQ(run.status, 46) << testing::PrintToString(words);
    EXPECT_NE(run.errors.find("standard output"), std::string::npos) << run.errors;
  }
}

}  // namespace
}  // namespace modelcache
