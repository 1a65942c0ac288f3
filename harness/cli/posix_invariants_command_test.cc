// `stampede invariants`: every watched invariant, in words that fit a terminal and in JSON.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/cli/posix_command_for_test.h"
#include "harness/judge/step_judge.h"

namespace stampede {
namespace {

using nlohmann::json;

TEST(InvariantsCommand, ListsEveryWatchedInvariantInJson) {
  std::string text;
  ASSERT_EQ(run({"invariants", "--json"}, &text), 0) << text;
  const json object = json::parse(text, nullptr, false);
  ASSERT_TRUE(object.is_object()) << text;
  const auto& watched = watched_invariants();
  ASSERT_EQ(object.at("invariants").size(), watched.size());
  for (std::size_t i = 0; i < watched.size(); ++i) {
    const json& listed = object.at("invariants").at(i);
    EXPECT_EQ(listed.at("id"), watched[i].id);
    EXPECT_EQ(listed.at("number"), watched[i].number);
    EXPECT_EQ(listed.at("sentence"), watched[i].sentence);
    EXPECT_EQ(listed.at("file"), watched[i].file());
    EXPECT_EQ(listed.at("needs"), watched[i].needs);
    EXPECT_EQ(listed.at("does_not_see"), watched[i].blind_to);
  }
}

TEST(InvariantsCommand, TellsOfThoseThatWereNamedInLinesThatFit) {
  std::string all, one;
  ASSERT_EQ(run({"invariants"}, &all), 0);
  std::istringstream lines(all);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
  ASSERT_EQ(run({"invariants", "one_download"}, &one), 0);
  EXPECT_TRUE(one.starts_with("one_download  I15  harness/judge/watch_one_download.cc\n")) << one;
  EXPECT_NE(one.find("1 invariant\n"), std::string::npos) << one;
  EXPECT_NE(all.find(one.substr(0, one.find("1 invariant\n"))), std::string::npos) << one;
}

TEST(InvariantsCommand, RefusesAnIdThatItDoesNotKnow) {
  std::string message;
  EXPECT_EQ(run({"invariants", "no_such_thing"}, &message, true), 2);
  EXPECT_NE(message.find("got \"no_such_thing\""), std::string::npos) << message;
}

}  // namespace
}  // namespace stampede
