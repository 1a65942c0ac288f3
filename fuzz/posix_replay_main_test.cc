// The main that replays: each input once and whole, and no success where there is none, or another number of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/free/command_for_test.h"
#include "harness/free/directory_for_test.h"

namespace stampede {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class ReplayMain : public testing::Test {
 protected:
  static ProgramEnd replay(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), STAMPEDE_REPLAY);
    return run_program(std::move(arguments));
  }
  [[nodiscard]] std::string at(const std::string& name) const { return directory_.path() + "/" + name; }

  TestDirectory directory_;
};

TEST_F(ReplayMain, GivesEachInputOnceInTheOrderOfNames) {
  for (const auto& [name, text] : {std::pair{"in/b", "bb"}, {"in/a", "a"}, {"in/c/d", ""}, {"one", "1"}}) {
    directory_.file(name, text);
  }
  const ProgramEnd end = replay({at("in"), at("one")});
  EXPECT_EQ(end.status, 0);
  EXPECT_EQ(end.text, at("in/a") + "\ngiven 1 bytes: a\n" + at("in/b") + "\ngiven 2 bytes: bb\n" + at("in/c/d") +
                          "\ngiven 0 bytes: \n" + at("one") + "\ngiven 1 bytes: 1\n4 inputs replayed\n");
}

TEST_F(ReplayMain, FailsWhereItsCountIsNotTheCallers) {
  directory_.file("in/a", "a");
  directory_.file("in/b", "b");
  EXPECT_EQ(replay({"--expect", "2", at("in")}).status, 0);
  EXPECT_EQ(replay({"--expect", "3", at("in"), at("in/a")}).status, 0);
  for (const char* const other : {"0", "1", "3", "20"}) {
    const ProgramEnd end = replay({"--expect", other, at("in")});
    EXPECT_EQ(end.status, 1) << other;
    EXPECT_THAT(end.text, HasSubstr("2 inputs replayed\n")) << other;
    EXPECT_THAT(end.text, HasSubstr("there are " + std::string(other) + ", so the caller counted\n"));
  }
}

TEST_F(ReplayMain, FailsOnNoInput) {
  fs::create_directory(at("empty"));
  fs::create_directories(at("folders/alone"));
  for (const char* const name : {"empty", "folders", "missing"}) {
    const ProgramEnd end = replay({at(name)});
    EXPECT_EQ(end.status, 1) << name;
    EXPECT_EQ(end.text, at(name) + ": no input there\n0 inputs replayed\n");
    EXPECT_EQ(replay({"--expect", "0", at(name)}).status, 1) << name;
  }
}

TEST_F(ReplayMain, FailsOnNoInputBesideOthers) {
  const std::string good = directory_.file("good", "x");
  for (const auto& both : {std::vector{good, at("missing")}, std::vector{at("missing"), good}}) {
    const ProgramEnd end = replay(both);
    EXPECT_EQ(end.status, 1);
    EXPECT_THAT(end.text, AllOf(HasSubstr(at("missing") + ": no input there\n"), HasSubstr("1 inputs replayed\n")));
    EXPECT_EQ(replay({"--expect", "1", both[0], both[1]}).status, 1);
  }
}

// Root passes permissions; nobody opens a socket.
TEST_F(ReplayMain, FailsOnAnUnreadableInput) {
  fs::create_directory(at("in"));
  const std::string good = directory_.file("good", "x");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = at("socket");
  ASSERT_LT(path.size(), sizeof address.sun_path);
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(socket);
  for (const auto& both : {std::vector{path, good}, std::vector{good, path}}) {
    const ProgramEnd end = replay(both);
    EXPECT_EQ(end.status, 1);
    EXPECT_THAT(end.text, AllOf(HasSubstr(path + ": cannot be read\n"), HasSubstr("1 inputs replayed\n")));
  }
  EXPECT_EQ(replay({"--expect", "2", path, good}).status, 1);
}

TEST_F(ReplayMain, FailsOnAnInputThatBreaksOff) {
  const ProgramEnd end = replay({"/proc/self/mem"});  // opens, and has nothing at its beginning
  EXPECT_EQ(end.status, 1) << end.text;
  EXPECT_THAT(end.text, testing::Not(HasSubstr("given")));
}

TEST_F(ReplayMain, SaysWhyItCannotLook) {
  fs::create_symlink("loop", at("loop"));
  const ProgramEnd end = replay({at("loop")});
  EXPECT_EQ(end.status, 1);
  EXPECT_THAT(end.text, AllOf(StartsWith(at("loop") + ": "), EndsWith("\n0 inputs replayed\n"),
                              testing::Not(HasSubstr("no input there"))));
}

TEST_F(ReplayMain, CrashesWithItsTargetAndNamesTheInput) {
  const std::string bad = directory_.file("bad", "abort");
  const ProgramEnd end = replay({bad});
  EXPECT_EQ(end.status, -SIGABRT);
  EXPECT_EQ(end.text, bad + "\ngiven 5 bytes: abort\n");
}

TEST_F(ReplayMain, RefusesBadArguments) {
  const std::string good = directory_.file("good", "x");
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{},
                                                    {"-h"},
                                                    {"--expect"},
                                                    {"--expect", "1"},
                                                    {"--expect", "x", good},
                                                    {"--expect", "1x", good},
                                                    {"--expect", "", good},
                                                    {"--expect", "-1", good},
                                                    {"--expect", "1", "--other"},
                                                    {"--other", "1", good}}) {
    const ProgramEnd end = replay(arguments);
    EXPECT_EQ(end.status, 2) << testing::PrintToString(arguments);
    EXPECT_THAT(end.text, StartsWith("usage: " STAMPEDE_REPLAY " [--expect COUNT] FILE|FOLDER...\n"));
  }
}

}  // namespace
}  // namespace stampede
