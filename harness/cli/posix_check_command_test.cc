// `stampede check` as people run it: a directory's findings as text, as JSON and as the exit status.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cache/key.h"
#include "cache/manifest.h"
#include "cache/posix_os.h"
#include "harness/cli/posix_command_for_test.h"
#include "harness/run/directory_check.h"

namespace stampede {
namespace {

using nlohmann::json;

// Two entries that are listed, two locks, no temporaries.
class CheckCommand : public testing::Test {
 protected:
  CheckCommand() {
    ::umask(022);
    modelcache::Manifest manifest;
    for (const std::string bytes : {"model", "another"}) {
      const std::string key = modelcache::key_of(modelcache::sha256_of(bytes));
      directory_.file("entries/" + key, bytes);
      directory_.file("locks/" + modelcache::lock_name(key), "");
      manifest.entries[key].sha256 = modelcache::sha256_of(bytes);
      manifest.entries[key].stamp.size_bytes = bytes.size();
      keys_.push_back(key);
    }
    directory_.file("manifest.json", manifest.print());
    directory_.file("locks/manifest.lock", "");
    std::filesystem::create_directory(directory_.path() + "/tmp");
  }
  static std::string row(const std::string& id, std::uint64_t judged, const std::string& verdict) {
    return " " + id + " " + std::to_string(judged) + " judged " + verdict + "\n";
  }
  // The text without the name of the directory, with single spaces, and the status.
  std::string said(int& status) {
    std::string text;
    status = run({"check", directory_.path()}, &text, true);
    EXPECT_TRUE(text.starts_with(directory_.path() + ": ")) << text;
    text.erase(0, directory_.path().size() + 2);
    text.erase(std::unique(text.begin(), text.end(), [](char a, char b) { return a == ' ' && b == ' '; }), text.end());
    return text;
  }
  json object(int& status) {
    std::string text;
    status = run({"check", "--json", directory_.path()}, &text);
    return json::parse(text, nullptr, false);
  }

  const TestDirectory directory_;
  std::vector<std::string> keys_;
};

TEST_F(CheckCommand, SaysThatAllHeld) {
  const auto report = check_directory(directory_.path());
  ASSERT_TRUE(report);
  std::string expected = "2 entries, 12 bytes, 3 locks, 0 temporaries, a manifest\n";
  for (const auto& [id, judged] : report->verdict.judged) expected += row(id, judged, "held");
  int status = -1;
  EXPECT_EQ(said(status), expected + "all held\n");
  EXPECT_EQ(status, 0);
  EXPECT_EQ(object(status), (json{{"directory", directory_.path()},
                                  {"entries", 2},
                                  {"entry_bytes", 12},
                                  {"locks", 3},
                                  {"temporaries", 0},
                                  {"has_manifest", true},
                                  {"judged", report->verdict.judged},
                                  {"violations", json::array()},
                                  {"notes", json::array()}}));
  EXPECT_EQ(status, 0);
}

TEST_F(CheckCommand, SaysWhatIsViolatedAndHowOften) {
  for (const std::string& key : keys_) directory_.file("entries/" + key, "wrong bytes");
  directory_.file("notes.txt", "");
  std::filesystem::remove(directory_.path() + "/manifest.json");
  modelcache::ProcessIdentity dead = modelcache::make_posix_os()->self();
  dead.start_time += 1;
  directory_.file("tmp/" + modelcache::temporary_name("manifest", dead, 7), "half");
  auto report = check_directory(directory_.path());
  ASSERT_TRUE(report);
  auto& judged = report->verdict.judged;
  ASSERT_EQ(report->verdict.violations.size(), 3U);
  ASSERT_EQ(report->notes.size(), 3U);
  std::string expected = "2 entries, 22 bytes, 3 locks, 1 temporaries, no manifest\n" +
                         row("manifest_is_complete", judged["manifest_is_complete"], "held") +
                         row("nothing_left_over", judged["nothing_left_over"], "VIOLATED 1 times") +
                         row("published_modes", judged["published_modes"], "held") +
                         row("visible_means_complete", judged["visible_means_complete"], "VIOLATED 2 times");
  json violations;
  for (const Violation& violation : report->verdict.violations) {
    expected += violation.invariant + ": " + violation.what + "\n";
    violations.push_back({{"invariant", violation.invariant}, {"what", violation.what}});
  }
  for (const std::string& note : report->notes) expected += "note: " + note + "\n";
  int status = -1;
  EXPECT_EQ(said(status), expected + "something is wrong; `modelcache doctor` can say what to do\n");
  EXPECT_EQ(status, 1);
  const json object_said = object(status);
  EXPECT_EQ(status, 1);
  EXPECT_EQ(object_said.at("entry_bytes"), 22);
  EXPECT_EQ(object_said.at("temporaries"), 1);
  EXPECT_EQ(object_said.at("has_manifest"), false);
  EXPECT_EQ(object_said.at("judged"), json(judged));
  EXPECT_EQ(object_said.at("violations"), violations);
  EXPECT_EQ(object_said.at("notes"), json(report->notes));
}

TEST_F(CheckCommand, IsUtf8InJsonWhateverTheDirectory) {
  const std::string below = directory_.path() + "/caf\xc3\xa9 \xff";
  std::filesystem::create_directories(below + "/entries");
  std::string text;
  EXPECT_EQ(run({"check", "--json", below}, &text), 0);
  EXPECT_NE(text.find("/caf\xc3\xa9 \xef\xbf\xbd\""), std::string::npos) << text;
}

TEST_F(CheckCommand, RefusesWhatIsNoCacheDirectory) {
  const std::string file = directory_.path() + "/manifest.json", none = directory_.path() + "/none";
  for (const std::string& bad : {file, none, directory_.path() + "/tmp"}) {
    std::string message;
    EXPECT_EQ(run({"check", bad, "--json"}, &message, true), 2);
    EXPECT_TRUE(message.starts_with("stampede: check " + bad + ": ")) << message;
  }
}

}  // namespace
}  // namespace stampede
