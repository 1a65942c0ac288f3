// `stampede serve` as people run it: fault files, HTTPS, bad input, and what stays behind.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cache/sha256.h"
#include "harness/faults/posix_curl.h"
#include "harness/free/directory_for_test.h"

namespace stampede {
namespace {

using nlohmann::json;

// A running `stampede serve`, with standard output and error in one pipe and temporary files in a directory of its own.
class Serve {
 public:
  Serve(const TestDirectory& directory, std::vector<std::string> arguments) {
    temporary_ = directory.path() + "/temporary";
    std::filesystem::create_directories(temporary_);
    arguments.insert(arguments.begin(), {"stampede", "serve", directory.path() + "/models"});
    std::vector<char*> list;
    for (std::string& argument : arguments) list.push_back(argument.data());
    list.push_back(nullptr);
    int output[2];
    if (::pipe2(output, O_CLOEXEC) != 0) return;
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // what it leaves behind becomes ours, and can be seen
    pid_ = ::fork();
    if (pid_ == 0) {
      ::setenv("TMPDIR", temporary_.c_str(), 1);
      ::dup2(output[1], STDOUT_FILENO);
      ::dup2(output[1], STDERR_FILENO);
      ::execv(STAMPEDE_PROGRAM, list.data());
      ::_exit(127);
    }
    ::close(output[1]);
    output_ = output[0];
  }
  ~Serve() {
    if (pid_ > 0) end();
    ::close(output_);
  }
  Serve(const Serve&) = delete;
  Serve& operator=(const Serve&) = delete;

  // One line, without its end; nothing after the last.
  std::string line() {
    std::string text;
    for (char c = 0; ::read(output_, &c, 1) == 1 && c != '\n';) text += c;
    return text;
  }
  std::string rest() {
    std::string text;
    for (char c = 0; ::read(output_, &c, 1) == 1;) text += c;
    return text;
  }

  // The first event of --json.
  json start() { return json::parse(line(), nullptr, false); }

  // Asks it to end. Its exit status, or minus the signal.
  int end(int signal = SIGTERM) {
    ::kill(pid_, signal);
    return wait();
  }
  int wait() {
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  [[nodiscard]] bool is_nothing_left() const {
    return ::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD && std::filesystem::is_empty(temporary_);
  }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  std::string temporary_;
};

class ServeCommand : public ::testing::Test {
 protected:
  ServeCommand() {
    directory_.file("models/a", kBytes);
    directory_.file("models/b", kBytes);
  }

  static std::string status_of(const std::string& url) {
    return run_curl({"--output", "/dev/null", "--write-out", "%{http_code}", url}).body;
  }

  static constexpr std::string_view kBytes = "the bytes of a model";
  const TestDirectory directory_;
};

TEST_F(ServeCommand, PlaysAFaultFile) {
  const std::string file = directory_.file("faults.json", R"({"faults": 1, "turns": ["status:403"], "repeat": true,
      "models": {"b": {"turns": [{"status": {"status": 404}}, "none", "status:500+drip:10"]}}})");
  Serve serve(directory_, {"--json", "--faults", file});
  const std::string url = serve.start().at("url");
  EXPECT_EQ(status_of(url + "a"), "403");
  for (const char* status : {"404", "200", "500", "200"}) EXPECT_EQ(status_of(url + "b"), status);
  EXPECT_EQ(status_of(url + "a"), "403");
  EXPECT_EQ(serve.end(), 0);
  const std::string rest = serve.rest();
  EXPECT_NE(rest.find(R"("fault":"status:500+drip:10")"), std::string::npos) << rest;
  const json totals = json::parse(rest.substr(rest.rfind('{', rest.rfind("\"faults\":{") - 1)), nullptr, false);
  ASSERT_TRUE(totals.is_object()) << rest;
  EXPECT_EQ(totals.at("faults"), (json{{"drip", 1}, {"status", 4}}));
  EXPECT_TRUE(serve.is_nothing_left());
}

TEST_F(ServeCommand, ListsItsFilesInJson) {
  directory_.file("models/c", "others");
  std::filesystem::create_symlink("a", directory_.path() + "/models/link");
  Serve serve(directory_, {"--json"});
  const json start = serve.start();
  ASSERT_TRUE(start.is_object());
  const std::string url = start.at("url"), sha256 = modelcache::sha256_of(kBytes).hex(),
                    others = modelcache::sha256_of("others").hex();
  EXPECT_EQ(start, json({{"event", "serving"},
                         {"url", url},
                         {"files",
                          {{{"name", "a"}, {"url", url + "a"}, {"bytes", 20}, {"sha256", sha256}},
                           {{"name", "b"}, {"url", url + "b"}, {"bytes", 20}, {"sha256", sha256}},
                           {{"name", "c"}, {"url", url + "c"}, {"bytes", 6}, {"sha256", others}}}},
                         {"skipped", json::array({"link"})}}));
  EXPECT_EQ(serve.end(), 0);
}

TEST_F(ServeCommand, PutsEachFaultBehindGoodResponses) {
  Serve serve(directory_, {"--json", "--fault", "status:404", "--fault", "status:500", "--fault-every", "2"});
  const std::string url = serve.start().at("url");
  for (const char* status : {"200", "404", "200", "500", "200", "200"}) EXPECT_EQ(status_of(url + "a"), status);
  EXPECT_EQ(serve.end(), 0);
}

TEST_F(ServeCommand, ServesHttpsWithATemporaryAuthority) {
  Serve serve(directory_, {"--json", "--https"});
  const json start = serve.start();
  const std::string url = start.at("url");
  const std::string authority = start.at("authority");
  EXPECT_EQ(url.rfind("https://127.0.0.1:", 0), 0U) << url;
  EXPECT_EQ(run_curl({"--cacert", authority, url + "a"}).body, kBytes);
  EXPECT_EQ(run_curl({url + "a"}).status, 60);
  EXPECT_EQ(serve.end(), 0);
  EXPECT_FALSE(std::filesystem::exists(authority));
  EXPECT_TRUE(serve.is_nothing_left());
}

TEST_F(ServeCommand, LeavesAnAuthorityThatWasAskedFor) {
  const std::string authority = directory_.path() + "/ca.pem";
  Serve serve(directory_, {"--https", "--ca-out", authority});
  const std::string first = serve.line();
  const std::string url = first.substr(first.find("https://"));
  EXPECT_EQ(run_curl({"--cacert", authority, url + "a"}).body, kBytes);
  EXPECT_EQ(serve.end(), 0);
  EXPECT_TRUE(std::filesystem::exists(authority));
}

TEST_F(ServeCommand, RefusesBadInputWithAMessageAndLeavesNothingRunning) {
  const std::string wrong_key = directory_.file("wrong.json", R"({"faults": 1, "turn": []})");
  const std::string no_model = directory_.file("model.json", R"({"faults": 1, "models": {"c": {}}})");
  struct Case {
    std::vector<std::string> arguments;
    int status;
    std::string message;
  };
  const std::vector<Case> cases = {
      {{"--fault", "explode"}, 2, "parse fault explode: 'explode': expected one of none"},
      {{"--fault", "refused"},
       2,
       "parse fault refused: a server that listens cannot refuse; use reset_on_accept, or a port that is not served "
       "(invalid_argument)\n"},
      {{"--fault", "flip_byte:1+swap_halves"}, 2, "flip_byte:1 and swap_halves contradict each other"},
      {{"--faults", wrong_key}, 2, wrong_key + ": turn: unknown, expected one of"},
      {{"--faults", no_model}, 2, "c: has faults and is no model"},
      {{"--faults", "/nonexistent/faults.json"}, 2, "read fault file /nonexistent/faults.json: no such file"},
      {{"--faults", no_model, "--fault", "none"}, 2, "--fault"},
      {{"--faults", no_model, "--repeat"}, 2, "--repeat"},
      {{"--ca-out", "/nonexistent/ca.pem"}, 2, "--ca-out"},
      {{"--https", "--ca-out", "/nonexistent/ca.pem"}, 2, "/nonexistent/ca.pem: expected a file that can be written"},
      {{"--address", "localhost"}, 2, "localhost: expected a numeric address"},
      {{"--max-bytes", "39"}, 2, "/models: "},
      {{"--max-bytes", "many"}, 2, "many"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.message);
    Serve serve(directory_, c.arguments);
    const std::string text = serve.rest();
    EXPECT_EQ(serve.wait(), c.status);
    EXPECT_NE(text.find(c.message), std::string::npos) << text.substr(0, 500);
    const bool is_bad_fault = !c.arguments.empty() && c.arguments[0] == "--fault";
    EXPECT_EQ(text.find("Faults (--fault):\n") != std::string::npos, is_bad_fault) << text.substr(0, 500);
    EXPECT_TRUE(serve.is_nothing_left());
  }
}

TEST_F(ServeCommand, BeginsItsFaultsAgainAndTellsPeopleUntilControlC) {
  std::filesystem::create_symlink("a", directory_.path() + "/models/link");
  Serve serve(directory_, {"--fault", "status:404", "--fault", "none", "--fault-every", "2", "--repeat", "--address",
                           "127.0.0.2", "--max-bytes", "40"});
  const std::string first = serve.line(), begin = "serving 2 files at http://127.0.0.2:";
  ASSERT_TRUE(first.starts_with(begin)) << first;
  const std::string url = first.substr(begin.size() - std::string_view("http://127.0.0.2:").size());
  for (const char* const name : {"a", "b"}) {
    EXPECT_EQ(serve.line(), modelcache::sha256_of(kBytes).hex() + "            20  " + url + name);
  }
  EXPECT_EQ(serve.line(), "skipped (no regular file): link");
  for (const char* const status : {"200", "404", "200", "200", "200", "404"}) EXPECT_EQ(status_of(url + "a"), status);
  EXPECT_EQ(serve.end(SIGINT), 0);
  const std::string rest = serve.rest();
  EXPECT_NE(rest.find("s #5 a fault=status:404 status=404 bytes="), std::string::npos) << rest;
  const std::size_t at = rest.find("6 connections, 6 requests, 4 full bodies, ");
  ASSERT_NE(at, std::string::npos) << rest;
  EXPECT_TRUE(rest.ends_with(" bytes\n  status                   2\n")) << rest;
  EXPECT_TRUE(serve.is_nothing_left());
}

// A connection to that server that has asked for the model, and has the first byte of the answer.
int half_answered(const std::string& url, const std::string& name) {
  sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))));
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const std::string request = "GET /" + name + " HTTP/1.1\r\nHost: x\r\n\r\n";
  char first = 0;
  EXPECT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::send(socket, request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
  EXPECT_EQ(::recv(socket, &first, 1, 0), 1);
  return socket;
}

TEST_F(ServeCommand, CountsConnectionsThatItsEndCutsOff) {
  Serve serve(directory_, {"--json", "--fault", "stall_in_body:5"});
  const int socket = half_answered(serve.start().at("url"), "a");
  EXPECT_EQ(serve.end(), 0);
  ::close(socket);
  const json ended = json::parse(serve.line(), nullptr, false), totals = json::parse(serve.line(), nullptr, false);
  ASSERT_TRUE(ended.is_object() && totals.is_object());
  EXPECT_EQ(ended.at("ending"), "server_stopped");
  for (const char* const key : {"connections", "requests"}) EXPECT_EQ(totals.at(key), 1) << key;
  EXPECT_EQ(totals.at("full_bodies"), 0);
  EXPECT_EQ(totals.at("faults"), (json{{"stall_in_body", 1}}));
  EXPECT_EQ(serve.rest(), "");
}

TEST_F(ServeCommand, RefusesADirectoryWithoutAFile) {
  const TestDirectory empty;
  std::filesystem::create_directories(empty.path() + "/models/deep");
  Serve serve(empty, {});
  EXPECT_EQ(serve.rest(), "stampede serve: no file below " + empty.path() + "/models\n");
  EXPECT_EQ(serve.wait(), 2);
}

TEST_F(ServeCommand, SaysThatItsPortIsTaken) {
  Serve first(directory_, {"--json"});
  const std::string url = first.start().at("url");
  const std::string port = url.substr(17, url.size() - 18);
  Serve second(directory_, {"--port", port});
  const std::string text = second.rest();
  EXPECT_EQ(second.wait(), 3);
  EXPECT_NE(text.find("listen on 127.0.0.1:" + port + ": Address already in use"), std::string::npos) << text;
  EXPECT_EQ(first.end(), 0);
  EXPECT_TRUE(second.is_nothing_left());
}

}  // namespace
}  // namespace stampede
