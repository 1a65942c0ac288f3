// What `stampede subjects` says of caches that are described by hand.
#include "harness/cli/subjects_command.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace stampede {
namespace {

using nlohmann::json;

std::vector<Subject> some_subjects() {
  std::vector<Subject> subjects(3);
  Subject &there = subjects[1], &missing = subjects[2];
  there.name = "there";
  there.summary = "has all";
  there.homepage = "https://there.example/";
  there.command.emplace();
  there.not_promised = {{"one_download", "it says so"}};
  missing.name = "missing_much";
  missing.summary = "has nothing";
  missing.needs = {{"/nonexistent/a", "pa"}, {"nonexistent-b", "pb"}};
  missing.command.emplace();
  return subjects;
}

TEST(SubjectsText, HasALineForEachAndAnotherForWhatIsMissing) {
  EXPECT_EQ(text_of(some_subjects()),
            "modelcache          built in  runs here   the model cache of this project, built in\n"
            "there               command   runs here   has all\n"
            "missing_much        command   missing     has nothing\n"
            "                                          missing: /nonexistent/a (Debian: pa), nonexistent-b (Debian: pb)"
            "\n");
}

TEST(SubjectsText, SaysTheSameInJson) {
  const json said = json::parse(json_of(some_subjects(), "/where/they/are"), nullptr, false);
  const json expected = {
      {"directory", "/where/they/are"},
      {"subjects",
       {{{"name", "modelcache"},
         {"kind", "built in"},
         {"summary", "the model cache of this project, built in"},
         {"homepage", ""},
         {"runs_here", true},
         {"missing", json::array()},
         {"not_promised", json::object()}},
        {{"name", "there"},
         {"kind", "command"},
         {"summary", "has all"},
         {"homepage", "https://there.example/"},
         {"runs_here", true},
         {"missing", json::array()},
         {"not_promised", {{"one_download", "it says so"}}}},
        {{"name", "missing_much"},
         {"kind", "command"},
         {"summary", "has nothing"},
         {"homepage", ""},
         {"runs_here", false},
         {"missing",
          {{{"program", "/nonexistent/a"}, {"package", "pa"}}, {{"program", "nonexistent-b"}, {"package", "pb"}}}},
         {"not_promised", json::object()}}}}};
  EXPECT_EQ(said, expected);
}

TEST(SubjectsText, IsUtf8InJsonWhateverTheDirectory) {
  const std::string text = json_of(some_subjects(), "caf\xc3\xa9 \xff");
  EXPECT_NE(text.find("\"caf\xc3\xa9 \xef\xbf\xbd\""), std::string::npos) << text;
}

}  // namespace
}  // namespace stampede
