// What is told to processes of the live world and by them comes as it was sent, and calls are made as often as asked.
#include "harness/run/live_job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cache/posix_os.h"
#include "cache/scripted_os.h"
#include "harness/free/posix_scratch_directory.h"
#include "harness/plan/one_of_everything.h"
#include "harness/run/live_calls.h"
#include "harness/run/world_comparison.h"
#include "harness/world/world_identity.h"

namespace stampede {
namespace {

using testing::ElementsAre;

OperationOutcome outcome_of_everything() {
  OperationOutcome outcome;
  outcome.operation = {OperationKind::repair, 3};
  outcome.error = modelcache::ErrorCode::denied;
  outcome.message = "no";
  outcome.path = "entries/a";
  outcome.claims_hit = true;
  outcome.claimed_attempts = 5;
  outcome.lock = modelcache::LockUse::gave_up;
  const modelcache::Entry entry{.key = "k",
                                .path = "entries/k",
                                .size_bytes = 7,
                                .sha256 = generated_model("k", 3).sha256,
                                .url = "http://k",
                                .listed = true};
  outcome.entries = {entry, {.key = "other", .path = "", .sha256 = {}, .url = ""}};
  outcome.reports = {
      {.entry = entry, .state = modelcache::EntryState::not_a_file, .detail = "is a directory", .removed = true}};
  outcome.recovery = {.temporaries_removed = 11,
                      .temporaries_kept = 13,
                      .entries_adopted = 17,
                      .listings_dropped = 19,
                      .entries_bad = 23,
                      .entries_unreadable = 29,
                      .manifest_rebuilt = true,
                      .manifest_problem = "full",
                      .foreign = {"x", ""},
                      .notes = {"y"}};
  return outcome;
}

std::string difference(OperationOutcome sent, OperationOutcome got) {
  SimOutcome one, other;
  one.operations.push_back(std::move(sent));
  other.operations.push_back(std::move(got));
  return first_difference("sent", one, "got", other);
}

TEST(LiveJob, ReportsComeAsTheyWereSent) {
  EXPECT_EQ(difference(outcome_of_everything(), read_outcome(report_of(outcome_of_everything()))), "");
  EXPECT_EQ(difference({}, read_outcome(report_of({}))), "");
  EXPECT_NE(difference({}, read_outcome(report_of(outcome_of_everything()))), "");
}

TEST(LiveJob, WhoPerformedAnOperationIsForTheReaderToSay) {
  OperationOutcome outcome;
  outcome.process = outcome.index = outcome.first_step = outcome.end_step = 9;
  outcome.stage = StageKind::epilogue;
  EXPECT_EQ(difference({}, read_outcome(report_of(outcome))), "");
}

TEST(LiveJob, JobsComeAsTheyWereSent) {
  PlanProcess process = plan_of_everything().processes.at(1);
  process.operations.push_back({OperationKind::get, 0});
  const std::vector<Model> models = {generated_model("m0", 10), generated_model("nets/m1.onnx", 20)};
  const LiveJob job = read_job(job_of(process, models));
  // The world sets these when it makes the process.
  process.umask = PlanProcess{}.umask;
  process.descriptors_max = PlanProcess{}.descriptors_max;
  EXPECT_EQ(job.process, process);
  ASSERT_EQ(job.models.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(job.models[i].name, models[i].name);
    EXPECT_EQ(job.models[i].sha256, models[i].sha256);
    EXPECT_EQ(job.models[i].bytes, nullptr);
  }
}

TEST(LiveJobDeathTest, CutShortIsNoJob) {
  const std::string report = report_of(outcome_of_everything());
  const std::string job = job_of(plan_of_everything().processes.at(1), {generated_model("m0", 10)});
  EXPECT_DEATH((void)read_outcome(report.substr(0, report.size() - 1)), "job or report is cut short");
  EXPECT_DEATH((void)read_job(job.substr(0, job.size() - 1)), "job or report is cut short");
  EXPECT_DEATH((void)read_outcome(""), "job or report is cut short");
}

// A client that says what it was made with, and what it is asked.
class EchoClient final : public SubjectClient {
 public:
  explicit EchoClient(const ClientSetting& setting) : text_(setting.directory) {
    text_ += " " + std::to_string(setting.process.idle_steps) + " " + setting.url_of(setting.models.at(0));
  }
  OperationOutcome perform(const Operation& operation) override {
    OperationOutcome outcome;
    outcome.operation = operation;
    outcome.message = text_;
    return outcome;
  }

 private:
  std::string text_;
};

TEST(LiveJob, IsPerformedOperationByOperation) {
  SubjectPlugin subject = built_in_subject();
  subject.make_client = [](const ClientSetting& setting) -> std::unique_ptr<SubjectClient> {
    return std::make_unique<EchoClient>(setting);
  };
  PlanProcess process;
  process.idle_steps = 7;
  process.operations = {{OperationKind::get, 0}, {OperationKind::list, 0}, {OperationKind::remove, 0}};
  modelcache::ScriptedOs os;
  std::vector<std::string> told;
  const std::string job = job_of(process, {generated_model("m0", 10)});
  perform_live_job(subject, {job, os, [&](std::string_view report) {
                               const OperationOutcome outcome = read_outcome(report);
                               told.push_back(std::string(name_of(outcome.operation.kind)) + " " + outcome.message);
                             }});
  const std::string with = " " + std::string(kWorldCacheDirectory) + " 7 http://127.0.0.1:8080/m0";
  EXPECT_THAT(told, ElementsAre("get" + with, "list" + with, "remove" + with));
}

class LiveCalls : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(scratch_); }
  bool make(std::string_view kind, std::uint64_t count) {
    calls_ = 0;
    return make_calls(os_, scratch_->path(), kind, count, [this] { ++calls_; });
  }
  modelcache::Result<PosixScratchDirectory> scratch_ = PosixScratchDirectory::make();
  std::unique_ptr<modelcache::Os> files_ = modelcache::make_posix_os();
  modelcache::ScriptedOs os_{files_.get()};
  std::uint64_t calls_ = 0;
};

TEST_F(LiveCalls, AreMadeAsOftenAsAskedAndLeaveNothing) {
  EXPECT_TRUE(make(kReadCalls, 7));
  EXPECT_EQ(calls_, 7U);
  EXPECT_EQ(os_.count("read"), 7U);
  EXPECT_EQ(os_.count("stat_name"), 0U);
  EXPECT_TRUE(make(kStatCalls, 5));
  EXPECT_EQ(calls_, 5U);
  EXPECT_EQ(os_.count("read"), 7U);
  EXPECT_EQ(os_.count("stat_name"), 5U);
  EXPECT_TRUE(std::filesystem::is_empty(scratch_->path()));
  EXPECT_EQ(os_.count("open"), 4U);
  EXPECT_EQ(os_.count("close"), 4U);
}

// Each step in turn: the top, the file, its byte, the calls, its name, both closes.
TEST_F(LiveCalls, SayThatAnyOfThemFailed) {
  ASSERT_TRUE(make(kReadCalls, 2));
  const std::size_t all = os_.steps.size();
  EXPECT_EQ(all, 8U);
  for (std::size_t step = 0; step < all; ++step) {
    modelcache::ScriptedOs os(files_.get());
    os.fail_step = step;
    os.fail_with = modelcache::Errno{EIO};
    EXPECT_FALSE(make_calls(os, scratch_->path(), kReadCalls, 2, nullptr)) << os.steps.back();
    EXPECT_TRUE(os.failed_a_step);
  }
  EXPECT_FALSE(make("write", 1));
  EXPECT_EQ(calls_, 0U);
  EXPECT_FALSE(make_calls(os_, scratch_->path() + std::string("/none"), kReadCalls, 1, nullptr));
}

TEST_F(LiveCalls, AreTimedWhereAllWereGood) {
  const auto time = time_calls(os_, scratch_->path(), kReadCalls, 3);
  ASSERT_TRUE(time);
  EXPECT_GE(time->count(), 0);
  EXPECT_FALSE(time_calls(os_, scratch_->path(), kReadCalls, 0)) << "there is no median";
  EXPECT_FALSE(time_calls(os_, scratch_->path(), "write", 3));
  os_.fail_step = os_.steps.size() + 4;  // the second call
  os_.fail_with = modelcache::Errno{EIO};
  EXPECT_FALSE(time_calls(os_, scratch_->path(), kReadCalls, 3));
}

TEST_F(LiveCalls, AreAJobOfKindAndCount) {
  EXPECT_EQ(live_calls_job("read", 12), "read 12");
  // There is no such directory here: the process ends.
  const auto no_report = [](std::string_view) {};
  EXPECT_EXIT(perform_live_calls({"read 1", os_, no_report}), testing::ExitedWithCode(1), "");
}

}  // namespace
}  // namespace stampede
