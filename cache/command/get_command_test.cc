// The command as a process, with a server: what it fetches, keeps, repairs, reports and shows.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cache/command/canned_server.h"
#include "cache/command/run_command.h"
#include "cache/sha256.h"

namespace modelcache {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

const std::string kBody = "the bytes of a model";
constexpr const char* kUnverified = "no --sha256: checked for its declared length only";

std::string digest_of(const std::string& text) { return sha256_of(text).hex(); }

std::string content_of(const std::string& path) {
  std::stringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return content.str();
}

// A new cache directory, the commands on it, and the path that a get printed.
class GetCommand : public testing::Test {
 protected:
  ProgramRun run(std::vector<std::string> words) {
    words.insert(words.end(), {"--cache-dir", cache()});
    return run_command(std::move(words));
  }
  Json json(std::vector<std::string> words) {
    words.emplace_back("--json");
    const auto result = run(std::move(words));
    EXPECT_EQ(result.errors, "");
    auto object = Json::parse(result.output, nullptr, false);
    EXPECT_TRUE(object.is_object()) << result.output;
    return object.is_object() ? object : Json::object();
  }
  [[nodiscard]] std::string cache() const { return directory_.path() + "/new/cache"; }
  [[nodiscard]] std::string entry(const std::string& body) const {
    return cache() + "/entries/sha256-" + digest_of(body);
  }

 private:
  TemporaryDirectory directory_;
};

TEST_F(GetCommand, PrintsThePathAloneAndDownloadsOnce) {
  CannedServer server({whole_answer(kBody)});
  const auto first = run({"get", server.url("/m"), "--sha256", digest_of(kBody)});
  EXPECT_EQ(first.status, 0) << first.errors;
  EXPECT_EQ(first.output, entry(kBody) + '\n');
  EXPECT_EQ(first.errors, "");
  EXPECT_EQ(content_of(entry(kBody)), kBody);
  const auto second = run({"get", server.url("/m"), "--sha256", digest_of(kBody)});
  EXPECT_EQ(second.output, first.output);
  EXPECT_EQ(run({"path", server.url("/m"), "--sha256", digest_of(kBody)}).output, first.output);
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(GetCommand, PrintsAnAbsolutePathForARelativeDirectory) {
  CannedServer server({whole_answer(kBody)});
  TemporaryDirectory home;
  ProgramCall call;
  call.arguments = {"get", server.url("/m"), "--quiet", "--cache-dir", "c"};
  call.working_directory = home.path();
  const auto result = run_program(kCommand, call);
  EXPECT_TRUE(result.output.starts_with(home.path() + "/c/entries/url-")) << result.output << result.errors;
  EXPECT_EQ(result.errors, "") << "--quiet";
}

TEST_F(GetCommand, SaysThatAModelWithoutAChecksumIsUnverified) {
  CannedServer server({whole_answer(kBody)});
  const auto result = run({"get", server.url("/m")});
  EXPECT_EQ(result.status, 0);
  EXPECT_NE(result.errors.find(kUnverified), std::string::npos) << result.errors;
  EXPECT_EQ(result.errors.find('\n'), result.errors.size() - 1) << result.errors;
}

TEST_F(GetCommand, ReportsItsWorkAsJson) {
  CannedServer server({whole_answer(kBody)});
  const std::vector<std::string> words = {"get", server.url("/m"), "--sha256", digest_of(kBody)};
  const auto cold = json(words);
  EXPECT_EQ(cold["path"], entry(kBody));
  EXPECT_EQ(cold["key"], "sha256-" + digest_of(kBody));
  EXPECT_EQ(cold["sha256"], digest_of(kBody));
  EXPECT_EQ(cold["size_bytes"], kBody.size());
  EXPECT_EQ(cold["hit"], false);
  EXPECT_EQ(cold["attempts"], 1);
  EXPECT_EQ(cold["notes"], Json::array());
  EXPECT_GT(cold["seconds"], 0.0);
  const auto warm = json(words);
  EXPECT_EQ(warm["hit"], true);
  EXPECT_EQ(warm["hashed"], false);
  EXPECT_EQ(warm["attempts"], 0);
  auto always = words;
  always.insert(always.end(), {"--verify", "always"});
  EXPECT_EQ(json(always)["hashed"], true);
}

TEST_F(GetCommand, TellsTheServersFailuresApart) {
  struct Case {
    CannedAnswer answer;
    int status;
    const char* code;
  };
  const std::string wrong = "other bytes";
  const std::vector<Case> cases = {
      {{"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"}, 18, "not_found"},
      {{"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"}, 17, "http_status"},
      {{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"}, 15, "truncated"},
      {{"garbage\r\n\r\n"}, 16, "bad_response"},
      {whole_answer(wrong), 21, "wrong_checksum"},
      {whole_answer(std::string(2048, 'x')), 19, "too_large"},
      {{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", true}, 12, "timed_out"},
  };
  for (const auto& [answer, status, code] : cases) {
    CannedServer server({answer});
    const auto result = run({"get", server.url("/m"), "--sha256", digest_of(kBody), "--attempts", "1", "--max-size",
                             "1K", "--idle-timeout", "0.2", "--json"});
    EXPECT_EQ(result.status, status) << result.output;
    const auto error = Json::parse(result.output, nullptr, false)["error"];
    EXPECT_EQ(error["code"], code) << result.output;
    EXPECT_EQ(error.contains("http_status"), status == 17 || status == 18) << result.output;
  }
  EXPECT_TRUE(fs::is_empty(cache() + "/entries"));
  EXPECT_TRUE(fs::is_empty(cache() + "/tmp"));
}

TEST_F(GetCommand, TriesAgainAfterATruncatedBody) {
  CannedServer server({{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"}, whole_answer(kBody)});
  const auto report = json({"get", server.url("/m"), "--sha256", digest_of(kBody)});
  EXPECT_EQ(report["attempts"], 2);
  EXPECT_EQ(content_of(entry(kBody)), kBody);
}

TEST_F(GetCommand, ListsVerifiesRepairsAndRemovesWhatItGot) {
  const std::string other = "another model";
  CannedServer server({whole_answer(kBody), whole_answer(other)});
  ASSERT_EQ(run({"get", server.url("/a"), "--sha256", digest_of(kBody)}).status, 0);
  ASSERT_EQ(run({"get", server.url("/b"), "--sha256", digest_of(other)}).status, 0);

  const auto listing = run({"ls"}).output;
  EXPECT_NE(listing.find(server.url("/a")), std::string::npos) << listing;
  EXPECT_NE(listing.find(digest_of(kBody).substr(0, 12)), std::string::npos) << listing;
  EXPECT_NE(listing.find("2 entries, 33 B"), std::string::npos) << listing;
  EXPECT_NE(run({"ls", "--long"}).output.find(entry(other)), std::string::npos);
  EXPECT_EQ(json({"ls"})["entries"].size(), 2U);

  EXPECT_EQ(run({"verify"}).status, 0);
  fs::permissions(entry(kBody), fs::perms::owner_write, fs::perm_options::add);
  std::ofstream(entry(kBody), std::ios::in).seekp(3).put('X');
  const auto found = run({"verify"});
  EXPECT_EQ(found.status, 1);
  EXPECT_NE(found.output.find("corrupt     " + entry(kBody)), std::string::npos) << found.output;
  EXPECT_NE(found.output.find("1 good, 1 bad"), std::string::npos) << found.output;
  EXPECT_EQ(run({"verify", digest_of(other)}).status, 0) << "only the one that was named";
  EXPECT_EQ(json({"verify"})["bad"], 1);
  EXPECT_TRUE(fs::exists(entry(kBody))) << "without --repair nothing is removed";
  EXPECT_EQ(run({"verify", "--repair"}).status, 1);
  EXPECT_FALSE(fs::exists(entry(kBody)));
  EXPECT_EQ(run({"verify"}).status, 0);

  EXPECT_EQ(run({"rm", digest_of(other)}).output, "removed " + entry(other) + '\n');
  EXPECT_EQ(run({"ls"}).output, "0 entries, 0 B\n");
}

TEST_F(GetCommand, ReplacesACorruptEntryAndSaysSo) {
  CannedServer server({whole_answer(kBody), whole_answer(kBody)});
  ASSERT_EQ(run({"get", server.url("/a"), "--sha256", digest_of(kBody)}).status, 0);
  fs::permissions(entry(kBody), fs::perms::owner_write, fs::perm_options::add);
  std::ofstream(entry(kBody), std::ios::app) << "more";
  const auto repaired = run({"get", server.url("/a"), "--sha256", digest_of(kBody)});
  EXPECT_EQ(repaired.status, 0) << repaired.errors;
  EXPECT_TRUE(repaired.errors.starts_with("modelcache: note: ")) << repaired.errors;
  EXPECT_EQ(content_of(entry(kBody)), kBody);
}

TEST_F(GetCommand, CleansUpWhenInterrupted) {
  CannedServer server({{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome of it", true}});
  ProgramCall call;
  call.arguments = {"get", server.url("/m"), "--sha256", digest_of(kBody), "--json", "--idle-timeout",
                    "20",  "--cache-dir",    cache()};
  call.meanwhile = [&](int process) {
    server.wait_for_answers(1);
    send_interrupt(process);
  };
  const auto result = run_program(kCommand, call);
  EXPECT_EQ(result.status, 130) << result.errors;
  EXPECT_EQ(Json::parse(result.output, nullptr, false)["error"]["code"], "interrupted") << result.output;
  EXPECT_TRUE(fs::is_empty(cache() + "/tmp"));
  EXPECT_TRUE(fs::is_empty(cache() + "/entries"));
}

TEST_F(GetCommand, DrawsOnATerminalAndLeavesNoLineBehind) {
  CannedServer server({whole_answer(kBody), whole_answer(kBody), whole_answer(kBody), whole_answer(kBody)});
  ProgramCall call;
  call.arguments = {"get", server.url("/m"), "--sha256", digest_of(kBody), "--cache-dir", cache()};
  call.environment = {{"TERM", "xterm"}};
  call.terminal = true;
  const auto shown = run_program(kCommand, call);
  EXPECT_EQ(shown.output, entry(kBody) + '\n');
  EXPECT_NE(shown.errors.find("\r\x1b[K"), std::string::npos) << "nothing was drawn";
  EXPECT_TRUE(shown.errors.ends_with("\r\x1b[K")) << testing::PrintToString(shown.errors);
  for (const std::string option : {"--quiet", "--json"}) {
    ASSERT_EQ(run({"rm", digest_of(kBody)}).status, 0);
    auto silent = call;
    silent.arguments.push_back(option);
    EXPECT_EQ(run_program(kCommand, silent).errors, "") << option;
  }
  ASSERT_EQ(run({"rm", digest_of(kBody)}).status, 0);
  call.terminal = false;
  EXPECT_EQ(run_program(kCommand, call).errors, "") << "no terminal";
}

TEST_F(GetCommand, ColoursErrorsOnATerminalOnlyAndNotWithNoColor) {
  ProgramCall call;
  call.arguments = {"path", "http://h/", "--cache-dir", cache()};
  call.environment = {{"TERM", "xterm"}};
  EXPECT_EQ(run_program(kCommand, call).errors.find('\x1b'), std::string::npos);
  call.terminal = true;
  EXPECT_NE(run_program(kCommand, call).errors.find('\x1b'), std::string::npos);
  call.environment["NO_COLOR"] = "1";
  EXPECT_EQ(run_program(kCommand, call).errors.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace modelcache
