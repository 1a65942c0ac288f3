// What a worker says of its gets is what they said.
#include "harness/free/worker.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "cache/key.h"
#include "cache/posix_os.h"
#include "cache/scripted_os.h"
#include "harness/free/directory_for_test.h"
#include "harness/free/posix_leaks.h"

namespace stampede {
namespace {

using modelcache::answers;
using modelcache::ScriptedOs;

WorkerOperation get_of(const std::string& model, const std::string& directory) {
  return {.url = "http://127.0.0.1/" + model, .sha256 = modelcache::sha256_of(model), .directory = directory};
}

std::string good(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

class WorkerTest : public ::testing::Test {
 protected:
  std::vector<OperationReport> perform_all() {
    auto reports = perform(os_, specification_, tracker_, [this] { ++waits_; });
    EXPECT_EQ(reports.size(), specification_.operations.size());
    reports.resize(specification_.operations.size());
    return reports;
  }
  // What was timed, and how often.
  std::map<std::string, std::size_t> timed() const {
    std::map<std::string, std::size_t> counts;
    for (const auto& [name, samples] : tracker_.measures().times) counts[name] = samples.size();
    return counts;
  }

  TestDirectory directory_;
  std::unique_ptr<modelcache::Os> posix_ = modelcache::make_posix_os();
  ScriptedOs os_{posix_.get()};
  WorkerSpecification specification_;
  Tracker tracker_;
  int waits_ = 0;
  const std::string cache_ = directory_.path() + "/cache";
};

TEST_F(WorkerTest, SaysWhatItGot) {
  os_.conversations = {answers(good("m"))};
  specification_.operations = {get_of("m", cache_), get_of("m", cache_)};
  const MachineTime before = machine_now();
  const auto reports = perform_all();
  const MachineTime after = machine_now();
  for (const OperationReport& report : reports) {
    EXPECT_TRUE(report.succeeded) << report.error_message;
    EXPECT_EQ(report.path, cache_ + "/entries/" + modelcache::key_of(modelcache::sha256_of("m")));
    EXPECT_EQ(report.read_back, modelcache::sha256_of("m"));
    EXPECT_EQ(report.error_code + report.error_message, "");
    EXPECT_FALSE(report.went_without_lock || report.command);
    EXPECT_TRUE(report.notes.empty());
    EXPECT_LT(report.began_at, report.ended_at);
  }
  EXPECT_LT(before, reports[0].began_at);
  EXPECT_LE(reports[0].ended_at, reports[1].began_at);
  EXPECT_LE(reports[1].ended_at, after);
  EXPECT_FALSE(reports[0].claims_hit);
  EXPECT_EQ(reports[0].claimed_attempts, 1U);
  EXPECT_TRUE(reports[1].claims_hit);
  EXPECT_EQ(reports[1].claimed_attempts, 0U);
  EXPECT_EQ(timed(), (std::map<std::string, std::size_t>{{"get", 2},
                                                         {"open", 1},
                                                         {"check", 2},
                                                         {"connect", 1},
                                                         {"download", 1},
                                                         {"verify", 1},
                                                         {"publish", 1},
                                                         {"manifest", 1}}))
      << "a directory is opened once";
  const Samples& gets = tracker_.measures().times.at("get");
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(gets[i], reports[i].ended_at - reports[i].began_at);
  EXPECT_EQ(tracker_.measures().counts, (std::map<std::string, std::uint64_t>{{"bytes", 2}}));
  EXPECT_EQ(waits_, 0);
}

TEST_F(WorkerTest, SaysHowAGetFailedAndGoesOn) {
  specification_.operations = {get_of("m", cache_), get_of("n", cache_), get_of("o", directory_.file("file", "x"))};
  specification_.attempts_max = 1;
  os_.conversations = {answers("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), answers(good("n"))};
  const auto reports = perform_all();
  EXPECT_FALSE(reports[0].succeeded);
  EXPECT_EQ(reports[0].error_code, "not_found");
  EXPECT_NE(reports[0].error_message.find("http://127.0.0.1/m"), std::string::npos) << reports[0].error_message;
  EXPECT_EQ(reports[0].path, "");
  EXPECT_FALSE(reports[0].read_back);
  EXPECT_TRUE(reports[1].succeeded) << reports[1].error_message;
  EXPECT_FALSE(reports[2].succeeded) << "where a file stands, no directory can be opened";
  EXPECT_NE(reports[2].error_message, "");
  EXPECT_EQ(tracker_.measures().counts, (std::map<std::string, std::uint64_t>{{"bytes", 1}}));
  EXPECT_EQ(timed().at("get"), 3U);
  EXPECT_EQ(timed().at("open"), 2U);
}

TEST_F(WorkerTest, TriesAsOftenAndAsFastAsItIsTold) {
  specification_.operations = {get_of("m", cache_)};
  specification_.attempts_max = 3;
  specification_.backoff_first = std::chrono::milliseconds(2);
  specification_.backoff_max = std::chrono::milliseconds(2);
  for (int i = 0; i < 4; ++i) {
    os_.conversations.push_back(answers("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"));
  }
  const auto began = os_.time();
  const auto reports = perform_all();
  EXPECT_FALSE(reports[0].succeeded);
  EXPECT_EQ(os_.requests.size(), 3U);
  EXPECT_EQ(timed().at("back off"), 2U);
  const auto short_time = os_.time() - began;
  EXPECT_LT(short_time, std::chrono::milliseconds(50));
  EXPECT_GT(short_time, std::chrono::milliseconds(1));
  specification_.backoff_first = std::chrono::seconds(100);
  specification_.backoff_max = std::chrono::seconds(400);
  for (int i = 0; i < 4; ++i) {
    os_.conversations.push_back(answers("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"));
  }
  const auto slow = os_.time();
  perform_all();
  EXPECT_GT(os_.time() - slow, std::chrono::seconds(60));
  EXPECT_LT(os_.time() - slow, std::chrono::seconds(900));
}

TEST_F(WorkerTest, VerifiesAsItIsTold) {
  using modelcache::VerifyPolicy;
  os_.conversations = {answers(good("m"))};
  specification_.operations = {get_of("m", cache_)};
  const auto first = perform_all();
  ASSERT_TRUE(first[0].succeeded) << first[0].error_message;
  const auto reads = [&](VerifyPolicy policy) {
    specification_.verify = policy;
    const std::size_t before = os_.count("read");
    const auto reports = perform_all();
    EXPECT_TRUE(reports[0].claims_hit);
    return os_.count("read") - before;
  };
  EXPECT_GT(reads(VerifyPolicy::always), reads(VerifyPolicy::never));
}

TEST_F(WorkerTest, ReadsBackOnlyWhereItIsAsked) {
  os_.conversations = {answers(good("m"))};
  specification_.operations = {get_of("m", cache_)};
  specification_.reads_back = false;
  const auto reports = perform_all();
  EXPECT_TRUE(reports[0].succeeded);
  EXPECT_FALSE(reports[0].read_back);
}

TEST_F(WorkerTest, SaysThatItWentWithoutTheLock) {
  for (const bool works : {true, false}) {
    os_.conversations = {answers(good("m"))};
    if (!works) os_.lock_error = modelcache::Errno{ENOLCK};
    specification_.operations = {get_of("m", cache_ + (works ? "1" : "2"))};
    const auto reports = perform_all();
    EXPECT_TRUE(reports[0].succeeded) << reports[0].error_message;
    EXPECT_EQ(reports[0].read_back, modelcache::sha256_of("m"));
    EXPECT_EQ(reports[0].went_without_lock, !works);
    EXPECT_EQ(reports[0].notes.empty(), works) << "it says why";
  }
  os_.conversations = {answers(good("m"))};
  os_.lock_error = modelcache::Errno{EWOULDBLOCK};
  specification_.operations = {get_of("m", cache_ + "3")};
  const auto reports = perform_all();
  EXPECT_TRUE(reports[0].succeeded) << reports[0].error_message;
  EXPECT_TRUE(reports[0].went_without_lock) << "someone held it for too long";
}

TEST_F(WorkerTest, SaysOnceThatItWaitsForTheLockOfAnother) {
  // The lock is held for some tries.
  os_.conversations = {answers(good("m"))};
  os_.lock_error = modelcache::Errno{EWOULDBLOCK};
  os_.before_step = [this](std::size_t) {
    if (os_.count("try_lock") >= 4) os_.lock_error.reset();
  };
  specification_.operations = {get_of("m", cache_)};
  const auto reports = perform_all();
  EXPECT_TRUE(reports[0].succeeded) << reports[0].error_message;
  EXPECT_FALSE(reports[0].went_without_lock) << "it had it in the end";
  EXPECT_EQ(waits_, 1);
  EXPECT_EQ(timed().at("lock wait"), 1U);
}

TEST_F(WorkerTest, LetsACommandGet) {
  const std::string file = directory_.file("artifact", "m");
  specification_.operations = {get_of("m", cache_), get_of("m", cache_)};
  specification_.operations[0].command =
      CommandGet{.line = {.argv = {"/bin/sh", "-c", "exit 0"}, .environment = {}}, .artifact = file};
  specification_.operations[1].command =
      CommandGet{.line = {.argv = {"/bin/sh", "-c", "exit 7"}, .environment = {}}, .artifact = file};
  const auto reports = perform_all();
  EXPECT_TRUE(reports[0].succeeded) << reports[0].error_message;
  EXPECT_EQ(reports[0].path, file);
  EXPECT_EQ(reports[0].read_back, modelcache::sha256_of("m"));
  ASSERT_TRUE(reports[0].command && reports[1].command);
  EXPECT_FALSE(reports[1].succeeded);
  EXPECT_EQ(reports[1].command->value, 7);
  EXPECT_FALSE(reports[1].read_back);
  EXPECT_TRUE(os_.steps.empty()) << "the cache's own code has nothing to do with it";
  EXPECT_EQ(timed(), (std::map<std::string, std::size_t>{{"get", 2}}));
  EXPECT_TRUE(tracker_.measures().counts.empty());
}

TEST(WorkerProcess, EndsWithAReasonWhereNoHarnessStartedIt) {
  const TestDirectory directory;
  const std::string specification = directory.file("specification", print(WorkerSpecification{}));
  const std::string nothing = directory.file("nothing", "");
  const std::pair<std::string, std::string> cases[] = {
      {"< " + nothing + " 3< " + nothing + " 4> " + directory.path() + "/out", "worker: parse worker specification: "},
      {"<&-", "worker: read the specification of the harness: Bad file descriptor"},
      {"< " + specification + " 3< " + nothing + " 4>&-", "worker: report to the harness: Bad file descriptor"},
      {"< " + specification + " 3<&- 4> " + directory.path() + "/out",
       "worker: wait for the harness: Bad file descriptor"},
      {"< " + specification + " 3< " + nothing + " 4> /dev/full",
       "worker: report to the harness: No space left on device"},
  };
  const PosixOrphanage orphanage;
  for (const auto& [redirections, message] : cases) {
    const OperationReport report = get_by_command(
        {.line = {.argv = {"/bin/sh", "-c", STAMPEDE_PROGRAM " worker " + redirections}, .environment = {}},
         .artifact = "x"},
        orphanage);
    ASSERT_TRUE(report.command) << redirections;
    EXPECT_EQ(report.command->end, CommandEnd::exited);
    EXPECT_EQ(report.command->value, 2) << redirections;
    EXPECT_TRUE(report.command->last_output.starts_with(message)) << report.command->last_output;
  }
  const OperationReport good =
      get_by_command({.line = {.argv = {"/bin/sh", "-c",
                                        STAMPEDE_PROGRAM " worker < " + specification + " 3< " + nothing + " 4> " +
                                            directory.path() + "/out"},
                               .environment = {}},
                      .artifact = "x"},
                     orphanage);
  EXPECT_TRUE(good.succeeded) << good.error_message;
  std::string said;
  std::getline(std::ifstream(directory.path() + "/out"), said);
  ASSERT_TRUE(said.starts_with("R")) << said;
  const auto report = parse_report(said.substr(1));
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_GT(report->ready_at.count(), 0);
  EXPECT_TRUE(report->descriptors_before);
  EXPECT_GT(report->peak_memory_bytes.value_or(0), 100'000U);
}

}  // namespace
}  // namespace stampede
