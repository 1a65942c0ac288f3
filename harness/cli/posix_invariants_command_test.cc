// `stampede invariants`: every watched invariant, in words that fit a terminal and in JSON.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <system_error>

#include "harness/cli/invariants_command.h"
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

const std::vector<WatchedInvariant> kTwo = {
    {"first_holds", "I7", "A sentence.", "nothing", "much"},
    {"second_holds", "I8",
     "Words of a sentence that is so long that it comes to the ninety-eighth column of its own line.",
     "Words of a need which is so long that its last word comes to the ninety-ninth column so.", "little"}};

Mutant breaking(const std::string& name, const std::vector<std::string>& ids) {
  Mutant mutant;
  mutant.name = name;
  mutant.breaks = ids;
  return mutant;
}
const std::vector<Mutant> kMutants = {breaking("ma", {"second_holds"}), breaking("mb", {"other"}),
                                      breaking("mc", {"other", "second_holds"})};

const std::string kSecond =
    "second_holds  I8  harness/judge/watch_second_holds.cc\n"
    "    Words of a sentence that is so long that it comes to the ninety-eighth column of its own line.\n"
    "    needs: Words of a need which is so long that its last word comes to the ninety-ninth column\n"
    "    so.\n"
    "    does not see: little\n";

TEST(InvariantsText, TellsOfEachInLinesOfItsOwn) {
  const std::string first =
      "first_holds  I7  harness/judge/watch_first_holds.cc\n    A sentence.\n    needs: nothing\n"
      "    does not see: much\n\n";
  EXPECT_EQ(text_of(kTwo, kMutants), first + kSecond + "    catches: ma, mc\n\n2 invariants\n");
  EXPECT_EQ(text_of(kTwo, std::nullopt),
            first + kSecond + "\n2 invariants; mutants are not built, so it is not said which each catches\n");
  EXPECT_EQ(text_of({kTwo[0]}, std::vector<Mutant>{}), first + "1 invariant\n");
}

TEST(InvariantsText, SaysTheSameInJson) {
  const json first = {{"id", "first_holds"},       {"number", "I7"},
                      {"sentence", "A sentence."}, {"file", "harness/judge/watch_first_holds.cc"},
                      {"needs", "nothing"},        {"does_not_see", "much"}};
  const json without = json::parse(json_of(kTwo, std::nullopt), nullptr, false);
  ASSERT_EQ(without.size(), 1U);
  ASSERT_EQ(without.at("invariants").size(), 2U);
  EXPECT_EQ(without.at("invariants").at(0), first);
  const json with = json::parse(json_of(kTwo, kMutants), nullptr, false).at("invariants");
  EXPECT_EQ(with.at(0).at("mutants"), json::array());
  EXPECT_EQ(with.at(1).at("mutants"), (json{"ma", "mc"}));
  EXPECT_EQ(with.at(1).at("needs"), kTwo[1].needs);
}

TEST(InvariantsCommand, TellsOfSeveralInTheOrderAsked) {
  std::string text;
  ASSERT_EQ(run({"invariants", "one_download", "no_entry_vanishes", "--json"}, &text), 0);
  const json listed = json::parse(text, nullptr, false).at("invariants");
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed.at(0).at("id"), "one_download");
  EXPECT_EQ(listed.at(1).at("id"), "no_entry_vanishes");
  std::error_code error;
  const auto program = std::filesystem::path(STAMPEDE_PROGRAM);
  bool is_built = false;
  for (std::filesystem::directory_iterator it(program.parent_path().parent_path() / "mutants", error), end;
       !error && it != end; it.increment(error)) {
    is_built = is_built || it->path().extension() == ".patch";
  }
  EXPECT_EQ(listed.at(0).contains("mutants"), is_built) << "of this build";
}

TEST(InvariantsCommand, RefusesAnIdThatItDoesNotKnow) {
  std::string message;
  EXPECT_EQ(run({"invariants", "no_such_thing"}, &message, true), 2);
  EXPECT_NE(message.find("got \"no_such_thing\""), std::string::npos) << message;
}

}  // namespace
}  // namespace stampede
