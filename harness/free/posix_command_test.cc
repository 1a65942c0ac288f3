// A get by a command is reported as it ended, and a command that does not end is ended.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "harness/free/command_get.h"
#include "harness/free/directory_for_test.h"

namespace stampede {
namespace {

OperationReport get_by(const std::string& lines, std::string artifact = "", int timeout_ms = 60'000,
                       const PosixOrphanage& orphanage = PosixOrphanage()) {
  CommandGet get;
  get.line.argv = {"sh", "-c", lines};
  get.line.environment = {"PATH=" + std::string(std::getenv("PATH")), "GREETING=hello"};
  get.line.timeout = std::chrono::milliseconds(timeout_ms);
  get.artifact = std::move(artifact);
  return get_by_command(get, orphanage);
}

void expect_no_child() {
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a process was left behind";
  EXPECT_EQ(errno, ECHILD);
}

TEST(Command, TakesThePathThatTheCommandPrintsLast) {
  const OperationReport report = get_by("echo working; echo noise >&2; printf '/a/./b\\n\\n'");
  EXPECT_TRUE(report.succeeded) << report.error_message;
  EXPECT_EQ(report.path, "/a/b");
  ASSERT_TRUE(report.command);
  EXPECT_EQ(report.command->end, CommandEnd::exited);
  EXPECT_EQ(report.command->output_bytes, 8U + 6U + 8U);
}

TEST(Command, TakesThePathOfTheDescriptionWhateverIsPrinted) {
  EXPECT_EQ(get_by("echo /other", "/the/path").path, "/the/path");
}

TEST(Command, GivesTheCommandItsEnvironmentAndNoInput) {
  EXPECT_EQ(get_by("cat; echo \"/$GREETING$HOME\"").path, "/hello");
}

TEST(Command, SaysHowACommandFailed) {
  const OperationReport exited = get_by("printf '\\033[31mfirst\\n\\nno such model\\n' >&2; exit 3");
  EXPECT_FALSE(exited.succeeded);
  EXPECT_EQ(exited.error_message, "sh ended with status 3: ?[31mfirst / no such model");
  const OperationReport signalled = get_by("kill -TERM $$");
  EXPECT_FALSE(signalled.succeeded);
  EXPECT_EQ(signalled.command->end, CommandEnd::signalled);
  EXPECT_EQ(signalled.command->value, SIGTERM);
}

TEST(Command, SaysThatACommandCouldNotBeStarted) {
  const PosixOrphanage orphanage;
  const OperationReport report =
      get_by_command({.line = {.argv = {"/nonexistent/program"}, .environment = {}}, .artifact = "/x"}, orphanage);
  EXPECT_FALSE(report.succeeded);
  EXPECT_EQ(report.command->end, CommandEnd::not_started);
  EXPECT_EQ(report.error_message, "/nonexistent/program could not be started: No such file or directory");
}

TEST(Command, EndsWhatDoesNotEndWithAllThatItStarted) {
  // The second one leaves the group and the session, so that only its parenthood tells whose it is.
  const OperationReport report = get_by("tail -f /dev/null & setsid tail -f /dev/null & wait", "", 300);
  EXPECT_FALSE(report.succeeded);
  EXPECT_EQ(report.command->end, CommandEnd::timed_out);
  EXPECT_EQ(report.error_message, "sh did not end within 300 ms and was killed");
  expect_no_child();
}

TEST(Command, EndsWhatWritesMegabytes) {
  const OperationReport report = get_by("yes no such model");
  EXPECT_FALSE(report.succeeded);
  EXPECT_EQ(report.command->end, CommandEnd::talked_too_much);
  EXPECT_GT(report.command->output_bytes, kCommandOutputBytesMax);
  EXPECT_LT(report.command->last_output.size(), 1000U);
  EXPECT_NE(report.error_message.find("wrote more than 1048576 bytes"), std::string::npos) << report.error_message;
  expect_no_child();
}

TEST(Command, DoesNotWaitForWhoHoldsTheOutputOfACommandThatEnded) {
  const PosixOrphanage orphanage;
  // It holds standard error alone: when the reader of its standard output goes, tail goes too.
  const OperationReport report = get_by("tail -f /dev/null >/dev/null & echo /path; exit 0", "", 60'000, orphanage);
  EXPECT_TRUE(report.succeeded) << report.error_message;
  EXPECT_EQ(report.path, "/path");
  EXPECT_EQ(orphanage.end_leaked_processes({}), 1U) << "what it left alive is for the harness to find";
  expect_no_child();
}

TEST(Command, TakesNoBlankLineForTheLast) {
  EXPECT_EQ(last_line(""), "");
  EXPECT_EQ(last_line("\n \n"), "");
  EXPECT_EQ(last_line("a"), "a");
  EXPECT_EQ(last_line("a\nb c\r\n\n"), "b c");
}

}  // namespace
}  // namespace stampede
