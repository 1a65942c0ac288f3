// Commands as subjects, in shell: a good one holds, and each kind of bad one is found out.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "harness/free/directory_for_test.h"
#include "harness/run/free_run.h"
#include "harness/run/plan_draw.h"
#include "harness/run/subject_catalogue.h"

namespace stampede {
namespace {

DrawOptions four_of_a_command() {
  DrawOptions draw;
  draw.models = {generated_model("a", 100), generated_model("b", 300'000)};
  draw.processes = 4;
  return draw;
}

// A shell with the words `url`, `sha256` and `cache` as variables.
Subject shell_subject(std::string lines, std::string artifact = "{cache}/{sha256}") {
  Subject subject;
  subject.name = "shell";
  subject.needs = {{"curl", "curl"}, {"setsid", "util-linux"}};
  subject.command.emplace();
  subject.command->argv = {"sh", "-c", std::move(lines)};
  subject.command->environment = {{"url", "{url}"}, {"sha256", "{sha256}"}, {"cache", "{cache}"}};
  subject.command->artifact = std::move(artifact);
  return subject;
}

// Fetches into $1.
const std::string kFetch = "fetch() { curl --silent --fail --location --max-time 15 --output \"$1\" \"$url\"; }\n";

FreeOutcome run_with(Subject subject, const TestDirectory& directory, DrawOptions draw = four_of_a_command()) {
  FreeOptions options;
  options.subject = std::move(subject);
  options.program = STAMPEDE_PROGRAM;
  options.scratch_parent = directory.path();
  auto outcome = run_free(draw_plan(draw, 1), options);
  if (!outcome) ADD_FAILURE() << outcome.error().message();
  return outcome ? std::move(*outcome) : FreeOutcome{};
}

std::set<std::string> violated(const std::vector<Violation>& violations) {
  std::set<std::string> ids;
  for (const Violation& violation : violations) ids.insert(violation.invariant);
  return ids;
}

std::string what_of(const Verdict& verdict, std::string_view invariant) {
  for (const Violation& violation : verdict.violations) {
    if (violation.invariant == invariant) return violation.what;
  }
  return "";
}

Subject shell_cache() {
  auto subject = find_subject("shell_cache", STAMPEDE_SUBJECTS);
  return subject ? std::move(*subject) : Subject{};
}

TEST(SubjectRun, HoldsForTheShellCache) {
  const TestDirectory directory;
  const Subject subject = shell_cache();
  ASSERT_TRUE(subject.command);
  if (const auto missing = missing_needs(subject); !missing.empty()) GTEST_SKIP() << "missing: " << describe(missing);
  const FreeOutcome outcome = run_with(subject, directory);
  for (const Violation& violation : outcome.verdict.violations) ADD_FAILURE() << violation.what;
  for (const char* judged :
       {"bytes_are_what_was_asked", "visible_means_complete", "one_download", "success_needs_bytes",
        "every_request_was_asked_for", "no_spurious_failure", "nothing_left_over", "published_modes",
        "recovery_needs_no_hands", "every_process_is_accounted_for"}) {
    EXPECT_GT(outcome.verdict.judged.at(judged), 0U) << judged;
  }
  for (const char* not_judged : {"hits_caused_no_request", "honest_errors", "manifest_is_complete"}) {
    EXPECT_EQ(outcome.verdict.judged.at(not_judged), 0U) << not_judged << ": a command does not say that";
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path())) << "the run's files are still there";
}

TEST(SubjectRun, HoldsForTheShellCacheUnderFaultsAndKills) {
  const TestDirectory directory;
  const Subject subject = shell_cache();
  ASSERT_TRUE(subject.command);
  if (const auto missing = missing_needs(subject); !missing.empty()) GTEST_SKIP() << "missing: " << describe(missing);
  DrawOptions draw = four_of_a_command();
  draw.fault_share = 0.5;
  draw.kills = 2;
  const FreeOutcome outcome = run_with(subject, directory, draw);
  for (const Violation& violation : outcome.verdict.violations) ADD_FAILURE() << violation.what;
}

// No lock, no other name, no look at the bytes: what many scripts do.
TEST(SubjectRun, CatchesACarelessCache) {
  const TestDirectory directory;
  const Subject subject = shell_subject(kFetch + "test -e \"$cache/$sha256\" || fetch \"$cache/$sha256\"");
  if (const auto missing = missing_needs(subject); !missing.empty()) GTEST_SKIP() << "missing: " << describe(missing);
  DrawOptions draw = four_of_a_command();
  draw.fault_share = 1;
  draw.faults = {"flip_byte:7"};
  const FreeOutcome outcome = run_with(subject, directory, draw);
  const std::set<std::string> ids = violated(outcome.verdict.violations);
  EXPECT_TRUE(ids.contains("bytes_are_what_was_asked"));
  EXPECT_TRUE(ids.contains("visible_means_complete"));
  EXPECT_TRUE(ids.contains("recovery_needs_no_hands")) << "the wrong bytes stay for ever";
}

TEST(SubjectRun, ReportsApartWhatIsNotPromised) {
  const TestDirectory directory;
  // Each process downloads for itself, and publishes by a rename.
  Subject subject = shell_subject(kFetch + "fetch \"$cache/$$.part\" && mv \"$cache/$$.part\" \"$cache/$sha256\"");
  if (const auto missing = missing_needs(subject); !missing.empty()) GTEST_SKIP() << "missing: " << describe(missing);
  EXPECT_EQ(violated(run_with(subject, directory).verdict.violations), std::set<std::string>{"one_download"});
  subject.not_promised["one_download"] = "for the test";
  const Verdict verdict = run_with(subject, directory).verdict;
  EXPECT_TRUE(verdict.holds());
  EXPECT_EQ(violated(verdict.not_promised), std::set<std::string>{"one_download"});
}

TEST(SubjectRun, FindsASuccessWithoutAnArtifact) {
  const TestDirectory directory;
  for (const std::string artifact : {"{cache}/{sha256}", ""}) {
    const Verdict verdict = run_with(shell_subject("true", artifact), directory).verdict;
    EXPECT_TRUE(violated(verdict.violations).contains("bytes_are_what_was_asked")) << artifact;
    EXPECT_TRUE(violated(verdict.violations).contains("success_needs_bytes")) << artifact;
  }
}

TEST(SubjectRun, FindsWrongBytesOutsideOfTheDirectoryToo) {
  const TestDirectory directory;
  const Verdict verdict =
      run_with(shell_subject("echo wrong >\"$HOME/$sha256\"; echo \"$HOME/$sha256\"", ""), directory).verdict;
  EXPECT_NE(what_of(verdict, "bytes_are_what_was_asked").find("read at once"), std::string::npos);
}

TEST(SubjectRun, EndsASubjectThatNeverEnds) {
  const TestDirectory directory;
  Subject subject = shell_subject("tail -f /dev/null & wait");
  subject.command->timeout = std::chrono::milliseconds(100);
  const FreeOutcome outcome = run_with(subject, directory);
  EXPECT_NE(what_of(outcome.verdict, "every_process_is_accounted_for").find("did not end within 100 ms and was killed"),
            std::string::npos);
  EXPECT_EQ(outcome.facts.run.leaked_processes, 0U) << "the worker ends all of it";
  for (const ProcessRecord& record : outcome.facts.run.processes) EXPECT_EQ(record.reason, ExitReason::exited);
}

TEST(SubjectRun, EndsASubjectThatPrintsMegabytes) {
  const TestDirectory directory;
  const FreeOutcome outcome = run_with(shell_subject("yes"), directory);
  EXPECT_NE(what_of(outcome.verdict, "every_process_is_accounted_for").find("wrote more than 1048576 bytes"),
            std::string::npos);
  EXPECT_EQ(outcome.facts.run.leaked_processes, 0U);
}

TEST(SubjectRun, FindsADaemonThatASubjectLeaves) {
  const TestDirectory directory;
  const FreeOutcome outcome = run_with(shell_subject("setsid tail -f /dev/null >/dev/null 2>&1 & exit 1"), directory);
  EXPECT_TRUE(violated(outcome.verdict.violations).contains("nothing_left_over"));
  EXPECT_EQ(outcome.facts.run.leaked_processes, 8U) << "one for each of two gets of four processes";
}

TEST(SubjectRun, FindsWhatASubjectLeavesInItsDirectory) {
  const TestDirectory directory;
  Subject subject = shell_subject(": >\"$cache/$$.part\"; exit 1");
  EXPECT_TRUE(violated(run_with(subject, directory).verdict.violations).contains("nothing_left_over"));
  subject.may_stay = {"*.part"};
  EXPECT_FALSE(violated(run_with(subject, directory).verdict.violations).contains("nothing_left_over"));
}

}  // namespace
}  // namespace stampede
