// Templates are filled in where a known word stands in braces, and nowhere else.
#include "harness/plan/subject.h"

#include <gtest/gtest.h>

namespace stampede {
namespace {

TEST(Template, FillsInTheWordsThatHaveValues) {
  const TemplateValues values = {{"url", "http://h/a"}, {"cache", "/c"}, {"sha256", "{url}"}};
  EXPECT_EQ(expand("{url}", values), "http://h/a");
  EXPECT_EQ(expand("--dir={cache}/x{cache}", values), "--dir=/c/x/c");
  EXPECT_EQ(expand("{sha256}", values), "{url}") << "a value is no template";
  EXPECT_EQ(expand("{unknown}", values), "{unknown}");
  EXPECT_EQ(expand("", values), "");
}

TEST(Template, LeavesOtherBracesAlone) {
  const TemplateValues values = {{"url", "u"}};
  for (const std::string text : {"{", "}", "{}", "{ url }", "{url", "{URL}", "a{'x': 1}", "${HOME}"}) {
    EXPECT_EQ(expand(text, values), text);
    EXPECT_TRUE(words_in(text).empty()) << text;
  }
  EXPECT_EQ(expand("{{url}}", values), "{u}");
  EXPECT_EQ(expand("{url{url}", values), "{urlu");
}

TEST(Template, NamesItsWordsKnownOrNot) {
  EXPECT_EQ(words_in("{url} x {frob}{sha256}"), (std::vector<std::string>{"url", "frob", "sha256"}));
}

}  // namespace
}  // namespace stampede
