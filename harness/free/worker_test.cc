// What a worker says of its gets is what they said.
#include "harness/free/worker.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "cache/posix_os.h"
#include "cache/scripted_os.h"
#include "harness/free/directory_for_test.h"

namespace stampede {
namespace {

// Gets the model "m" on a door whose server answers well.
OperationReport get_once(modelcache::ScriptedOs& os, const std::string& directory) {
  os.conversations.push_back(modelcache::answers("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nm"));
  WorkerSpecification specification;
  specification.operations = {
      {.url = "http://127.0.0.1/m", .sha256 = modelcache::sha256_of("m"), .directory = directory}};
  Tracker tracker;
  const auto reports = perform(os, specification, tracker, [] {});
  EXPECT_EQ(reports.size(), 1U);
  return reports.empty() ? OperationReport{} : reports.front();
}

TEST(Worker, SaysThatItWentWithoutTheLock) {
  const auto posix = modelcache::make_posix_os();
  for (const bool works : {true, false}) {
    const TestDirectory directory;
    modelcache::ScriptedOs os(posix.get());
    if (!works) os.lock_error = modelcache::Errno{ENOLCK};
    const OperationReport report = get_once(os, directory.path() + "/cache");
    EXPECT_TRUE(report.succeeded) << report.error_message;
    EXPECT_EQ(report.read_back, modelcache::sha256_of("m"));
    EXPECT_EQ(report.went_without_lock, !works);
  }
}

}  // namespace
}  // namespace stampede
