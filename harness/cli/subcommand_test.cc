// Each thing that can be said of an option is kept when words are parsed, and told in the help.
#include "harness/cli/subcommand.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>

namespace stampede {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class SubcommandOptions : public testing::Test {
 protected:
  // What is wrong with the words; empty where nothing is.
  std::string refusal(std::vector<std::string> words) {
    words.insert(words.begin(), "go");
    std::reverse(words.begin(), words.end());
    runs_ = 0;
    try {
      app_.parse(std::move(words));
    } catch (const CLI::ParseError& error) {
      return error.what();
    }
    return "";
  }
  [[nodiscard]] std::string help() const { return app_.get_subcommand("go")->help(); }

  CLI::App app_{"a program", "program"};
  Subcommand command_{app_, "go", "goes"};
  int runs_ = 0;
};

TEST_F(SubcommandOptions, FillVariablesOfEachType) {
  std::string text = "before";
  std::vector<std::string> texts;
  std::uint16_t small = 1;
  std::uint32_t middle = 2;
  std::uint64_t large = 3;
  double real = 0.5;
  std::optional<std::uint64_t> maybe;
  std::optional<double> maybe_real;
  bool is_set = false;
  command_.option("--text", text, "t");
  command_.option("--texts", texts, "t");
  command_.option("--small", small, "s");
  command_.option("--middle", middle, "m");
  command_.option("--large", large, "l");
  command_.option("--real", real, "r");
  command_.option("--maybe", maybe, "m");
  command_.option("--maybe-real", maybe_real, "m");
  command_.flag("--set", is_set, "s");
  command_.run([&] {
    ++runs_;
    EXPECT_EQ(command_.count("--text"), text == "before" ? 0U : 1U);
  });
  EXPECT_EQ(refusal({}), "");
  EXPECT_EQ(runs_, 1);
  EXPECT_FALSE(maybe || maybe_real || is_set);
  EXPECT_EQ(refusal({"--text", "a b", "--texts", "c", "d", "--small", "65535", "--middle", "4294967295", "--large",
                     "18446744073709551615", "--real", "-2.5", "--maybe", "7", "--maybe-real", "1e3", "--set"}),
            "");
  EXPECT_EQ(runs_, 1);
  EXPECT_EQ(text, "a b");
  EXPECT_THAT(texts, ElementsAre("c", "d"));
  EXPECT_EQ(small, 65535U);
  EXPECT_EQ(middle, 4294967295U);
  EXPECT_EQ(large, 18446744073709551615U);
  EXPECT_EQ(real, -2.5);
  EXPECT_EQ(maybe, 7U);
  EXPECT_EQ(maybe_real, 1000.0);
  EXPECT_TRUE(is_set);
  for (const std::string name : {"--small", "--middle", "--large", "--maybe", "--real"}) {
    EXPECT_THAT(refusal({name, "x"}), HasSubstr(name));
    EXPECT_EQ(runs_, 0);
  }
  EXPECT_THAT(refusal({"--small", "65536"}), HasSubstr("--small"));
  EXPECT_THAT(refusal({"--unknown"}), HasSubstr("--unknown"));
}

TEST_F(SubcommandOptions, TakeWholeNumbersThatFit) {
  std::uint64_t number = 0;
  std::optional<std::uint64_t> maybe;
  command_.option("--number", number, "n");
  command_.option("--maybe", maybe, "m");
  for (const std::string name : {"--number", "--maybe"}) {
    for (const std::string bad : {"18446744073709551616", "-1", "1.5", "0x10", "7 "}) {
      EXPECT_EQ(refusal({name + "=" + bad}), name + ": expected a whole number below 2^64, got " + bad);
    }
  }
}

TEST_F(SubcommandOptions, KeepToTheirBounds) {
  std::uint64_t whole = 0;
  double real = 0, above = 1;
  std::string word;
  command_.option("--whole", whole, "w").within(60, 1000);
  command_.option("--real", real, "r").within(0.25, 0.75);
  command_.option("--above", above, "a").positive();
  command_.option("--word", word, "w").one_of({"red", "green"});
  for (const std::string good :
       {"--whole=60", "--whole=1000", "--real=0.25", "--real=0.75", "--above=0.001", "--word=red", "--word=green"}) {
    EXPECT_EQ(refusal({good}), "") << good;
  }
  EXPECT_EQ(word, "green");
  for (const std::string bad : {"--whole=59", "--whole=1001", "--real=0.24", "--real=0.76", "--word=blue"}) {
    EXPECT_THAT(refusal({bad}), HasSubstr(bad.substr(0, bad.find('=')))) << bad;
  }
  for (const std::string bad : {"0", "-1", "x"}) {
    EXPECT_EQ(refusal({"--above=" + bad}), "--above: expected a number above 0, got " + bad);
  }
}

TEST_F(SubcommandOptions, NeedAndExcludeEachOther) {
  std::string first, second, third, must;
  const SubcommandOption one = command_.option("--first", first, "f");
  command_.option("--second", second, "s").excludes(one);
  command_.option("--third", third, "t").needs(one);
  command_.option("MUST", must, "m").required();
  EXPECT_EQ(refusal({"here", "--first=1"}), "");
  EXPECT_EQ(must, "here");
  EXPECT_EQ(refusal({"here", "--second=2"}), "");
  EXPECT_EQ(refusal({"here", "--first=1", "--third=3"}), "");
  EXPECT_THAT(refusal({"here", "--first=1", "--second=2"}), HasSubstr(" excludes --"));
  EXPECT_THAT(refusal({"here", "--third=3"}), HasSubstr("--third requires --first"));
  EXPECT_THAT(refusal({"--first=1"}), HasSubstr("MUST is required"));
}

TEST_F(SubcommandOptions, TakeOneValueEachWhereAsked) {
  std::vector<std::string> several, words;
  command_.option("--one", several, "o").one_value_each();
  command_.option("WORD", words, "w");
  EXPECT_EQ(refusal({"--one", "a", "b", "--one", "c"}), "");
  EXPECT_THAT(several, ElementsAre("a", "c"));
  EXPECT_THAT(words, ElementsAre("b"));
}

TEST_F(SubcommandOptions, AreToldInTheHelp) {
  std::string text = "the-default", grouped;
  command_.option("--text", text, "what it is").type_name("THING").shows_default();
  command_.option("--grouped", grouped, "what that is").group("Of a kind");
  command_.footer("the end of it");
  EXPECT_THAT(help(), HasSubstr("goes"));
  EXPECT_THAT(help(), HasSubstr("--text THING"));
  EXPECT_THAT(help(), HasSubstr("the-default"));
  EXPECT_THAT(help(), HasSubstr("what it is"));
  EXPECT_THAT(help(), HasSubstr("Of a kind:"));
  EXPECT_GT(help().find("--grouped"), help().find("Of a kind:"));
  EXPECT_THAT(help(), HasSubstr("the end of it"));
  EXPECT_THAT(app_.help(), HasSubstr("  go "));
  command_.hide();
  EXPECT_THAT(app_.help(), Not(HasSubstr("  go ")));
  EXPECT_EQ(refusal({}), "") << "it is there all the same";
}

}  // namespace
}  // namespace stampede
