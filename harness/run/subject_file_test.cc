// Descriptions of subjects are read whole or refused by key, and the ones that come with the program are good.
#include "harness/run/subject_file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "harness/free/directory_for_test.h"
#include "harness/free/worker_text.h"
#include "harness/run/subject_catalogue.h"
#include "harness/run/subject_commands.h"

namespace stampede {
namespace {

constexpr std::string_view kGood = R"({
  "subject": 1, "name": "demo", "summary": "a demo", "homepage": "https://example.org/",
  "needs": [{"program": "sh", "package": "dash"}, {"program": "/nonexistent", "package": "none"}],
  "argv": ["sh", "{here}/demo.sh", "{url}#{operation}", "{output}"],
  "environment": {"CACHE": "{cache}", "HOME": "/tmp"},
  "artifact": "{cache}/files/{sha256}", "timeout_seconds": 1.5, "may_stay": ["*.lock"],
  "not_promised": {"one_download": "no lock"}})";

// `kGood` with one text replaced.
std::string with(std::string_view from, std::string_view to) {
  std::string text(kGood);
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(SubjectFile, IsReadWhole) {
  const auto subject = parse_subject(kGood, "/d/demo.json");
  ASSERT_TRUE(subject) << subject.error().message();
  EXPECT_EQ(subject->name, "demo");
  EXPECT_EQ(subject->here, "/d");
  ASSERT_TRUE(subject->command);
  EXPECT_EQ(subject->command->argv.size(), 4U);
  EXPECT_EQ(subject->command->timeout, std::chrono::milliseconds(1500));
  EXPECT_EQ(subject->may_stay, std::vector<std::string>{"*.lock"});
  EXPECT_EQ(subject->not_promised.at("one_download"), "no lock");
  const std::vector<SubjectNeed> missing = missing_needs(*subject);
  ASSERT_EQ(missing.size(), 1U);
  EXPECT_EQ(describe(missing), "/nonexistent (Debian: none)");
}

TEST(SubjectFile, IsFilledInForEachGet) {
  const auto subject = parse_subject(kGood, "/d/demo.json");
  ASSERT_TRUE(subject) << subject.error().message();
  const Model model = generated_model("m", 10);
  const WorkerOperation operation{.url = "http://h/m", .sha256 = model.sha256, .directory = "/c/0"};
  const CommandGet get = command_for(*subject, operation, CommandPlace{.scratch = "/s", .number = 7, .operation = 2});
  EXPECT_EQ(get.line.argv, (std::vector<std::string>{"sh", "/d/demo.sh", "http://h/m#2", "/s/output/7"}));
  EXPECT_EQ(get.artifact, "/c/0/files/" + model.sha256.hex());
  const std::vector<std::string>& environment = get.line.environment;
  const auto has = [&](const std::string& variable) {
    return std::find(environment.begin(), environment.end(), variable) != environment.end();
  };
  EXPECT_TRUE(has("CACHE=/c/0"));
  EXPECT_TRUE(has("HOME=/tmp")) << "the description decides";
  EXPECT_TRUE(has("TMPDIR=/s/tmp"));
  EXPECT_EQ(environment.size(), 5U) << "and nothing else is inherited but PATH and LC_ALL";
  EXPECT_EQ(entry_names(*subject, {model}), std::vector<std::string>{"files/" + model.sha256.hex()});
}

struct Refusal {
  std::string text, expected;  // a part of the message
};

TEST(SubjectFile, IsRefusedByKey) {
  const std::vector<Refusal> refusals = {
      {"", "parse error"},
      {"[]", "the file: expected an object"},
      {with("\"subject\": 1, ", ""), "subject: expected 1, as the first key"},
      {with("\"subject\": 1", "\"subject\": 2"), "subject: expected 1"},
      {with("\"subject\": 1, \"name\": \"demo\"", "\"name\": \"demo\", \"subject\": 1"), "as the first key"},
      {with("\"summary\"", "\"sumary\""), "sumary: expected no such key; known are"},
      {with("\"name\": \"demo\", ", ""), "name: expected this key"},
      {with("\"demo\"", "7"), "name: expected a string"},
      {with("\"demo\"", "\"De mo\""), "name: expected lower-case letters"},
      {with("[{\"program\": \"sh\", \"package\": \"dash\"}, {\"program\": \"/nonexistent\", \"package\": \"none\"}]",
            "7"),
       "needs: expected a list of objects"},
      {with("{\"program\": \"sh\", \"package\": \"dash\"}", "{\"program\": \"sh\"}"),
       "needs[0]: expected an object with"},
      {with("\"package\": \"dash\"", "\"package\": 7"), "needs[0].package: expected a string"},
      {with("\"package\": \"dash\"", "\"package\": \"dash\", \"x\": 1"), "needs[0].x: expected no such key"},
      {with("\"{url}#{operation}\"", "7"), "argv[2]: expected a string"},
      {with("{url}", "{uri}"), "argv[2]: expected no {uri}; known are {url}"},
      {with("[\"sh\", \"{here}/demo.sh\", \"{url}#{operation}\", \"{output}\"]", "[]"), "argv: expected a program"},
      {with("[\"sh\", \"{here}/demo.sh\", \"{url}#{operation}\", \"{output}\"]", "\"sh\""), "argv: expected a list"},
      {with("\"/tmp\"", "null"), "environment.HOME: expected a string"},
      {with("\"CACHE\"", "\"A=B\""), "environment.A=B: expected the name of a variable"},
      {with("{cache}\", ", "{cash}\", "), "environment.CACHE: expected no {cash}"},
      {with("{cache}/files", "files"), "artifact: expected \"stdout\", or an absolute path"},
      {with("1.5", "0"), "timeout_seconds: expected a number above 0"},
      {with("1.5", "\"1\""), "timeout_seconds: expected a number above 0"},
      {with("1.5", "1e9"), "timeout_seconds: expected a number above 0, up to 3600"},
      {with("[\"*.lock\"]", "\"*.lock\""), "may_stay: expected a list of strings"},
      {with("one_download", "one_upload"), "not_promised.one_upload: expected the id of an invariant"},
      {with("\"no lock\"", "\"\""), "not_promised.one_download: expected a reason"},
  };
  for (const Refusal& refusal : refusals) {
    const auto subject = parse_subject(refusal.text, "demo.json");
    ASSERT_FALSE(subject) << refusal.expected;
    EXPECT_NE(subject.error().message().find("demo.json"), std::string::npos) << subject.error().message();
    EXPECT_NE(subject.error().message().find(refusal.expected), std::string::npos)
        << refusal.expected << " is not in: " << subject.error().message();
  }
}

TEST(SubjectFile, PutsNoNameWhereAnArtifactIsPrivate) {
  for (const std::string artifact : {"stdout", "{output}", "{cache}/{operation}", "/elsewhere/{sha256}"}) {
    const auto subject = parse_subject(with("{cache}/files/{sha256}", artifact), "demo.json");
    ASSERT_TRUE(subject) << subject.error().message();
    EXPECT_EQ(entry_names(*subject, {generated_model("m", 10)}), std::vector<std::string>{""}) << artifact;
  }
}

TEST(Subjects, ComeWithTheProgramAndAreFoundByNameOrFile) {
  const auto subjects = known_subjects(STAMPEDE_SUBJECTS);
  ASSERT_TRUE(subjects) << subjects.error().message();
  std::vector<std::string> names;
  for (const Subject& subject : *subjects) names.push_back(subject.name);
  EXPECT_EQ(names, (std::vector<std::string>{"modelcache", "aria2", "modelcache_command", "pooch", "shell_cache"}));
  EXPECT_TRUE(find_subject("shell_cache", STAMPEDE_SUBJECTS));
  EXPECT_TRUE(find_subject(std::string(STAMPEDE_SUBJECTS) + "/shell_cache.json", "/nonexistent"));
  EXPECT_TRUE(find_subject("modelcache", "/nonexistent")) << "it needs no description";
  const auto unknown = find_subject("frob", STAMPEDE_SUBJECTS);
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message().find("known are modelcache, aria2"), std::string::npos)
      << unknown.error().message();
  const auto absent = find_subject("/nonexistent.json", STAMPEDE_SUBJECTS);
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().message(), "read the subject /nonexistent.json: cannot be read (not_found)");
}

}  // namespace
}  // namespace stampede
