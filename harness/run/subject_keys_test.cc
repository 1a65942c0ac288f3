// Every key of a description, and every way to get it wrong, with the whole message; where subjects and their needs are
// looked for; what a command is called with.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "harness/free/directory_for_test.h"
#include "harness/run/subject_catalogue.h"
#include "harness/run/subject_commands.h"
#include "harness/run/subject_file.h"

namespace stampede {
namespace {

namespace fs = std::filesystem;
using modelcache::ErrorCode;
using Texts = std::vector<std::string>;

// The smallest description, with more members at its end, or other ones.
std::string least(const std::string& more = "", const std::string& name = R"("demo")",
                  const std::string& summary = R"("a demo")", const std::string& argv = R"(["sh"])",
                  const std::string& artifact = R"("stdout")") {
  return R"({"subject": 1, "name": )" + name + R"(, "summary": )" + summary + R"(, "argv": )" + argv +
         R"(, "artifact": )" + artifact + (more.empty() ? "" : ", " + more) + "}";
}
std::string least_of(const std::string& argv, const std::string& artifact = R"("stdout")") {
  return least("", R"("demo")", R"("a demo")", argv, artifact);
}

// What is said behind file and step.
std::string refusal(const std::string& text) {
  const auto subject = parse_subject(text, "d.json");
  if (subject) return "";
  EXPECT_EQ(subject.error().code, ErrorCode::invalid_argument);
  const std::string message = subject.error().message();
  const std::string before = "read the subject d.json: ", after = " (invalid_argument)";
  if (!message.starts_with(before) || !message.ends_with(after)) return "no refusal of that file: " + message;
  return message.substr(before.size(), message.size() - before.size() - after.size());
}

TEST(SubjectKeys, HaveDefaultsWhereTheyMayBeAbsent) {
  const auto subject = parse_subject(least(), "/x/../d/demo.json");
  ASSERT_TRUE(subject) << subject.error().message();
  EXPECT_EQ(subject->name, "demo");
  EXPECT_EQ(subject->summary, "a demo");
  EXPECT_EQ(subject->homepage, "");
  EXPECT_EQ(subject->here, "/d");
  EXPECT_TRUE(subject->needs.empty());
  EXPECT_TRUE(subject->may_stay.empty());
  EXPECT_TRUE(subject->not_promised.empty());
  ASSERT_TRUE(subject->command);
  EXPECT_EQ(subject->command->argv, Texts{"sh"});
  EXPECT_TRUE(subject->command->environment.empty());
  EXPECT_EQ(subject->command->artifact, "") << "what it prints";
  EXPECT_EQ(subject->command->timeout, std::chrono::seconds(20));
  const auto relative = parse_subject(least(), "demo.json");
  ASSERT_TRUE(relative);
  EXPECT_EQ(relative->here, fs::current_path().string());
}

TEST(SubjectKeys, AreReadEachToItsPlace) {
  const auto subject = parse_subject(
      least(R"("homepage": "h", "needs": [{"program": "p", "package": "q"}, {"package": "s", "program": "/r"}],
               "environment": {"A": "{cache}", "B": ""}, "timeout_seconds": 0.25, "may_stay": ["x", "y"],
               "not_promised": {"one_download": "a", "nothing_left_over": "b"})",
            R"("az09_-")", R"("s")", R"(["sh", "{url}{sha256}{cache}{output}{operation}{here}"])", R"("/a/{sha256}")"),
      "/d/demo.json");
  ASSERT_TRUE(subject) << subject.error().message();
  EXPECT_EQ(subject->name, "az09_-");
  EXPECT_EQ(subject->summary, "s");
  EXPECT_EQ(subject->homepage, "h");
  ASSERT_EQ(subject->needs.size(), 2U);
  EXPECT_EQ(subject->needs[0].program + " " + subject->needs[0].package, "p q");
  EXPECT_EQ(subject->needs[1].program + " " + subject->needs[1].package, "/r s");
  ASSERT_TRUE(subject->command);
  EXPECT_EQ(subject->command->argv, (Texts{"sh", "{url}{sha256}{cache}{output}{operation}{here}"}));
  EXPECT_EQ(subject->command->environment, (std::map<std::string, std::string>{{"A", "{cache}"}, {"B", ""}}));
  EXPECT_EQ(subject->command->artifact, "/a/{sha256}");
  EXPECT_EQ(subject->command->timeout, std::chrono::milliseconds(250));
  EXPECT_EQ(subject->may_stay, (Texts{"x", "y"}));
  EXPECT_EQ(subject->not_promised,
            (std::map<std::string, std::string>{{"nothing_left_over", "b"}, {"one_download", "a"}}));
}

TEST(SubjectKeys, AreRefusedWithTheirPlaceAndWhatWasExpected) {
  const std::string known =
      "expected no such key; known are argv, artifact, environment, homepage, may_stay, name, needs, not_promised, "
      "subject, summary, timeout_seconds";
  const std::string words = "known are {url}, {sha256}, {cache}, {output}, {operation}, {here}";
  const std::string name = "name: expected lower-case letters, digits, '_' and '-'";
  const std::string seconds = "timeout_seconds: expected a number above 0, up to 3600";
  const std::pair<std::string, std::string> rows[] = {
      {"7", "the file: expected an object"},
      {"{}", "subject: expected 1, as the first key"},
      {least(R"("x": 1)"), "x: " + known},
      {least("", "7"), "name: expected a string"},
      {least("", R"("")"), "name: expected a string that is not empty"},
      {least("", R"("A")"), name},
      {least("", R"("a b")"), name},
      {least("", R"("a.b")"), name},
      {least("", R"("d")", "null"), "summary: expected a string"},
      {least("", R"("d")", R"("")"), "summary: expected a string that is not empty"},
      {R"({"subject": 1, "name": "d", "argv": ["a"], "artifact": "/a"})", "summary: expected this key"},
      {R"({"subject": 1, "name": "d", "summary": "s", "artifact": "/a"})", "argv: expected this key"},
      {R"({"subject": 1, "name": "d", "summary": "s", "argv": ["a"]})", "artifact: expected this key"},
      {least(R"("homepage": 7)"), "homepage: expected a string"},
      {least(R"("needs": {})"), "needs: expected a list of objects"},
      {least(R"("needs": ["sh"])"), "needs[0]: expected an object with \"program\" and \"package\""},
      {least(R"("needs": [{"package": "p"}])"), "needs[0]: expected an object with \"program\" and \"package\""},
      {least(R"("needs": [{"program": "p"}])"), "needs[0]: expected an object with \"program\" and \"package\""},
      {least(R"("needs": [{"program": "p", "package": "q"}, {"program": 7, "package": "q"}])"),
       "needs[1].program: expected a string"},
      {least(R"("needs": [{"program": "p", "package": 7}])"), "needs[0].package: expected a string"},
      {least(R"("needs": [{"program": "", "package": "q"}])"), "needs[0].program: expected a name or a path"},
      {least(R"("needs": [{"program": "p", "package": "q", "z": 1}])"),
       "needs[0].z: expected no such key; known are package, program"},
      {least_of("{}"), "argv: expected a list of strings"},
      {least_of("[]"), "argv: expected a program and its arguments"},
      {least_of(R"([""])"), "argv: expected a program and its arguments"},
      {least_of(R"(["sh", 7])"), "argv[1]: expected a string"},
      {least_of(R"(["sh", "a", "{x}"])"), "argv[2]: expected no {x}; " + words},
      {least(R"("environment": [])"), "environment: expected an object of strings"},
      {least(R"("environment": {"A": 7})"), "environment.A: expected a string"},
      {least(R"("environment": {"": "a"})"), "environment.: expected the name of a variable"},
      {least(R"("environment": {"A=": "a"})"), "environment.A=: expected the name of a variable"},
      {least(R"("environment": {"A": "{model}"})"), "environment.A: expected no {model}; " + words},
      {least_of(R"(["sh"])", R"("")"), "artifact: expected a string that is not empty"},
      {least_of(R"(["sh"])", R"("{x}")"), "artifact: expected no {x}; " + words},
      {least_of(R"(["sh"])", R"("a/{sha256}")"), "artifact: expected \"stdout\", or an absolute path"},
      {least_of(R"(["sh"])", R"("Stdout")"), "artifact: expected \"stdout\", or an absolute path"},
      {least(R"("timeout_seconds": 0)"), seconds},
      {least(R"("timeout_seconds": -1)"), seconds},
      {least(R"("timeout_seconds": true)"), seconds},
      {least(R"("timeout_seconds": 3600.5)"), seconds},
      {least(R"("may_stay": {})"), "may_stay: expected a list of strings"},
      {least(R"("may_stay": ["a", null])"), "may_stay[1]: expected a string"},
      {least(R"("not_promised": [])"), "not_promised: expected an object of strings"},
      {least(R"("not_promised": {"one_download": 7})"), "not_promised.one_download: expected a string"},
      {least(R"("not_promised": {"one_download": ""})"), "not_promised.one_download: expected a reason"},
      {least(R"("not_promised": {"x": ""})"), "not_promised.x: expected the id of an invariant"},
      // The first thing that is wrong is said.
      {least(R"("may_stay": 7, "timeout_seconds": 0)", R"("A")", "7"), name},
      {least(R"("may_stay": 7, "timeout_seconds": 0)"), seconds},
  };
  for (const auto& [text, expected] : rows) EXPECT_EQ(refusal(text), expected) << text;
  EXPECT_NE(refusal("{").find("parse error"), std::string::npos) << refusal("{");
}

TEST(SubjectKeys, AllowTimesOfAMillisecondToAnHour) {
  const auto timeout_of = [](const std::string& seconds) {
    const auto subject = parse_subject(least("\"timeout_seconds\": " + seconds), "d.json");
    return subject && subject->command ? subject->command->timeout.count() : -1;
  };
  EXPECT_EQ(timeout_of("3600"), 3'600'000);
  EXPECT_EQ(timeout_of("0.0001"), 1);
  EXPECT_EQ(timeout_of("0.0016"), 2);
  EXPECT_EQ(timeout_of("7"), 7000);
}

TEST(SubjectFiles, AreReadOrNamedWithTheReason) {
  const TestDirectory directory;
  const auto read = read_subject(directory.file("demo.json", least()));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->here, directory.path());
  const auto none = read_subject(directory.path() + "/none.json");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::not_found);
  EXPECT_EQ(none.error().message(), "read the subject " + directory.path() + "/none.json: cannot be read (not_found)");
}

TEST(SubjectCatalogue, HasTheBuiltInOneFirstAndTheOthersByName) {
  const TestDirectory directory;
  directory.file("1.json", least("", R"("b")"));
  directory.file("2.json", least("", R"("a")"));
  directory.file("3.txt", "no description");
  directory.file("4.json.bak", "no description");
  const auto known = known_subjects(directory.path());
  ASSERT_TRUE(known) << known.error().message();
  Texts names;
  for (const Subject& subject : *known) names.push_back(subject.name);
  EXPECT_EQ(names, (Texts{"modelcache", "a", "b"}));
  const auto none = known_subjects(directory.path() + "/none");
  ASSERT_TRUE(none);
  EXPECT_EQ(none->size(), 1U);
  const auto found = find_subject("b", directory.path());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, "b");
  const auto built_in = find_subject("modelcache", directory.path());
  ASSERT_TRUE(built_in);
  EXPECT_FALSE(built_in->command);
  const auto unknown = find_subject("c", directory.path());
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::not_found);
  EXPECT_EQ(unknown.error().message(),
            "find the subject c: known are modelcache, a, b; the path of a description has a slash or ends in .json "
            "(not_found)");
  const auto plugin = find_subject("some/plugin.so", directory.path());
  ASSERT_FALSE(plugin);
  EXPECT_EQ(plugin.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(
      plugin.error().message(),
      "find the subject some/plugin.so: a plugin runs in the worlds sim and live; the free world takes a name or a "
      "description (invalid_argument)");
  // With a slash, or with the ending of a description, it is a file.
  fs::copy_file(directory.path() + "/1.json", directory.path() + "/plain");
  EXPECT_TRUE(find_subject(directory.path() + "/plain", "/nonexistent"));
  const auto file = find_subject("none.json", directory.path());
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().message(), "read the subject none.json: cannot be read (not_found)");
  directory.file("5.json", "{");
  EXPECT_FALSE(known_subjects(directory.path()));
  EXPECT_FALSE(find_subject("b", directory.path())) << "a description that is wrong is said, whoever is looked for";
}

TEST(SubjectCatalogue, IsBesideTheProgramsDirectory) {
  const fs::path program = fs::read_symlink("/proc/self/exe");
  EXPECT_EQ(shipped_subjects_directory(), program.parent_path().parent_path().string() + "/subjects");
}

// PATH as this test wants it, for as long as it lives.
class Path {
 public:
  explicit Path(const std::optional<std::string>& path) {
    if (const char* const before = std::getenv("PATH")) before_ = before;
    set(path);
  }
  ~Path() { set(before_); }
  Path(const Path&) = delete;
  Path& operator=(const Path&) = delete;

 private:
  static void set(const std::optional<std::string>& path) {
    path ? ::setenv("PATH", path->c_str(), 1) : ::unsetenv("PATH");
  }
  std::optional<std::string> before_;
};

TEST(SubjectNeeds, AreProgramsInPathOrFiles) {
  const TestDirectory directory;
  const auto program = [&](const char* name, fs::perms perms) {
    fs::permissions(directory.file(std::string("bin/") + name, ""), perms);
  };
  program("owner", fs::perms::owner_exec);
  program("group", fs::perms::group_exec | fs::perms::owner_read);
  program("others", fs::perms::others_exec);
  program("plain", fs::perms::owner_read | fs::perms::owner_write);
  directory.file("bin/folder/x", "");
  const auto missing = [&](const std::optional<std::string>& path, const Texts& programs) {
    const Path changed(path);
    Subject subject;
    for (const std::string& each : programs) subject.needs.push_back({each, "p-" + each});
    return describe(missing_needs(subject));
  };
  const std::string bin = directory.path() + "/bin";
  EXPECT_EQ(missing("/nonexistent:" + bin, {"owner", "group", "others", "plain", "folder", "none"}),
            "plain (Debian: p-plain), folder (Debian: p-folder), none (Debian: p-none)");
  EXPECT_EQ(missing("", {"owner"}), "owner (Debian: p-owner)");
  EXPECT_EQ(missing(std::nullopt, {"owner"}), "owner (Debian: p-owner)");
  EXPECT_EQ(missing(std::nullopt, {bin + "/plain", bin + "/folder", bin + "/none"}),
            bin + "/folder (Debian: p-" + bin + "/folder), " + bin + "/none (Debian: p-" + bin + "/none)");
  // An empty part of PATH is the present directory.
  const fs::path before = fs::current_path();
  fs::current_path(bin);
  EXPECT_EQ(missing("/nonexistent::/x", {"owner"}), "");
  EXPECT_EQ(missing("/nonexistent:/x", {"owner"}), "owner (Debian: p-owner)");
  fs::current_path(before);
  EXPECT_EQ(describe({}), "");
}

Subject command_subject(Texts argv, std::string artifact) {
  Subject subject;
  subject.here = "/here";
  subject.command.emplace();
  subject.command->argv = std::move(argv);
  subject.command->artifact = std::move(artifact);
  subject.command->environment = {{"CACHE", "{cache}/{operation}"}, {"LC_ALL", "C"}};
  subject.command->timeout = std::chrono::milliseconds(77);
  return subject;
}

TEST(SubjectCommands, AreCalledWithTheirWordsFilledIn) {
  EXPECT_EQ(command_directories("/s"), (Texts{"/s/home", "/s/tmp", "/s/output"}));
  const Subject subject =
      command_subject({"{here}/get", "{url}", "{sha256}", "{cache}", "{output}", "{operation}", "{x}"}, "{output}.bin");
  const Model model = generated_model("m", 10);
  const WorkerOperation operation{.url = "http://h/m", .sha256 = model.sha256, .directory = "/c"};
  for (const std::optional<std::string>& path : {std::optional<std::string>("/bin:/x"), std::optional<std::string>()}) {
    const Path changed(path);
    const CommandGet get = command_for(subject, operation, CommandPlace{.scratch = "/s", .number = 5, .operation = 3});
    EXPECT_EQ(get.line.argv, (Texts{"/here/get", "http://h/m", model.sha256.hex(), "/c", "/s/output/5", "3", "{x}"}));
    EXPECT_EQ(get.line.environment, (Texts{"CACHE=/c/3", "HOME=/s/home", "LC_ALL=C",
                                           "PATH=" + path.value_or("/usr/local/bin:/usr/bin:/bin"), "TMPDIR=/s/tmp"}));
    EXPECT_EQ(get.line.timeout, std::chrono::milliseconds(77));
    EXPECT_EQ(get.artifact, "/s/output/5.bin");
  }
}

TEST(SubjectCommands, SayWhereEachModelIsKept) {
  const std::vector<Model> models = {generated_model("m", 10), generated_model("n", 20)};
  const std::string m = models[0].sha256.hex(), n = models[1].sha256.hex();
  const std::pair<const char*, Texts> rows[] = {{"{cache}/a/{sha256}.bin", {"a/" + m + ".bin", "a/" + n + ".bin"}},
                                                {"{cache}/same", {"same", "same"}},
                                                {"{cache}/{sha256}/{operation}", {"", ""}},
                                                {"{cache}/{output}", {"", ""}},
                                                {"{cache}", {"", ""}},
                                                {"{cache}x/{sha256}", {"", ""}},
                                                {"/c/{sha256}", {"", ""}},
                                                {"", {"", ""}}};
  for (const auto& [artifact, names] : rows) {
    EXPECT_EQ(entry_names(command_subject({"get"}, artifact), models), names) << artifact;
  }
  EXPECT_EQ(entry_names(command_subject({"get"}, "{cache}/a"), {}), Texts{});
  EXPECT_EQ(entry_names(Subject{}, models), Texts{}) << "built in";
}

}  // namespace
}  // namespace stampede
