// A get by a command is reported as it ended, and a command that does not end is ended.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "harness/free/command_get.h"
#include "harness/free/directory_for_test.h"
#include "harness/free/posix_descriptor_sweep_for_test.h"

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
  const OperationReport report = get_by("echo /other", "/the/./path");
  EXPECT_TRUE(report.succeeded);
  EXPECT_EQ(report.path, "/the/path");
  EXPECT_EQ(report.error_message, "");
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
  ASSERT_TRUE(signalled.command);
  EXPECT_EQ(signalled.command->end, CommandEnd::signalled);
  EXPECT_EQ(signalled.command->value, SIGTERM);
  EXPECT_EQ(signalled.error_message, "sh was ended by signal 15");
  EXPECT_EQ(exited.path + signalled.path, "");
  EXPECT_EQ(exited.error_code, "") << "a command has none";
  ASSERT_TRUE(exited.command);
  EXPECT_EQ(exited.command->end, CommandEnd::exited);
  EXPECT_EQ(exited.command->value, 3);
  EXPECT_EQ(get_by("printf '\\177x\\n'; exit 1").error_message, "sh ended with status 1: ?x");
}

TEST(Command, SaysThatACommandCouldNotBeStarted) {
  const PosixOrphanage orphanage;
  const OperationReport report =
      get_by_command({.line = {.argv = {"/nonexistent/program"}, .environment = {}}, .artifact = "/x"}, orphanage);
  EXPECT_FALSE(report.succeeded);
  ASSERT_TRUE(report.command);
  EXPECT_EQ(report.command->end, CommandEnd::not_started);
  EXPECT_EQ(report.command->value, ENOENT);
  EXPECT_EQ(report.path, "");
  EXPECT_EQ(report.error_message, "/nonexistent/program could not be started: No such file or directory");
}

TEST(Command, IsNotStartedWhereDescriptorsRunOut) {
  const PosixOrphanage orphanage;
  const int failures = sweep_descriptors([&] {
    const OperationReport report = get_by("echo /path", "", 60'000, orphanage);
    if (report.succeeded) {
      EXPECT_EQ(report.path, "/path");
      return true;
    }
    EXPECT_TRUE(report.command && report.command->end == CommandEnd::not_started) << report.error_message;
    return false;
  });
  EXPECT_GE(failures, 7) << "three pipes, an input, and the process";
  expect_no_child();
}

TEST(Command, EndsWhatDoesNotEndWithAllThatItStarted) {
  // The second one leaves the group and the session, so that only its parenthood tells whose it is.
  const OperationReport report = get_by("tail -f /dev/null & setsid tail -f /dev/null & wait", "", 300);
  EXPECT_FALSE(report.succeeded);
  ASSERT_TRUE(report.command);
  EXPECT_EQ(report.command->end, CommandEnd::timed_out);
  EXPECT_EQ(report.command->value, SIGKILL);
  EXPECT_EQ(report.error_message, "sh did not end within 300 ms and was killed");
  expect_no_child();
}

TEST(Command, EndsWhatWritesMegabytes) {
  const OperationReport report = get_by("yes no such model");
  EXPECT_FALSE(report.succeeded);
  ASSERT_TRUE(report.command);
  EXPECT_EQ(report.command->end, CommandEnd::talked_too_much);
  EXPECT_GT(report.command->output_bytes, kCommandOutputBytesMax);
  EXPECT_EQ(report.command->last_output.size(), 600U);
  EXPECT_TRUE(report.error_message.starts_with(
      "sh wrote more than 1048576 bytes to its standard output and error and was killed: "))
      << report.error_message;
  expect_no_child();
}

TEST(Command, MayWriteAsMuchAsIsAllowed) {
  const std::string most = std::to_string(kCommandOutputBytesMax - 3);
  const OperationReport report = get_by("printf abc >&2; head -c " + most + " /dev/zero | tr '\\0' y");
  EXPECT_TRUE(report.succeeded) << report.error_message;
  EXPECT_EQ(report.path, std::string(kCommandOutputBytesMax - 3, 'y'));
  ASSERT_TRUE(report.command);
  EXPECT_EQ(report.command->output_bytes, kCommandOutputBytesMax);
  const OperationReport more = get_by("printf abcd >&2; head -c " + most + " /dev/zero");
  EXPECT_FALSE(more.succeeded);
  ASSERT_TRUE(more.command);
  EXPECT_EQ(more.command->end, CommandEnd::talked_too_much) << "one byte too many, though it had ended";
}

TEST(Command, KeepsTheEndOfWhatItSaid) {
  const OperationReport report = get_by("printf %0700d 7; printf 89 >&2");
  ASSERT_TRUE(report.command);
  EXPECT_EQ(report.command->output_bytes, 702U);
  EXPECT_EQ(report.command->last_output, std::string(597, '0') + "789");
  EXPECT_EQ(get_by("printf short >&2").command.value_or(CommandRecord{}).last_output, "short");
}

TEST(Command, DiesWithWhoRunsIt) {
  const TestDirectory directory;
  const std::string place = directory.path() + "/pid";
  ASSERT_EQ(::mkfifo(place.c_str(), 0600), 0);
  const PosixOrphanage orphanage;
  const pid_t worker = ::fork();
  if (worker == 0) {
    get_by("echo $$ > " + place + "; exec tail -f /dev/null");
    ::_exit(0);
  }
  pid_t command = -1;
  std::ifstream(place) >> command;
  ASSERT_GT(command, 0);
  const int process = static_cast<int>(::syscall(SYS_pidfd_open, command, 0));
  ASSERT_GE(process, 0);
  ::kill(worker, SIGKILL);
  EXPECT_EQ(::waitpid(worker, nullptr, 0), worker);
  pollfd polled{.fd = process, .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&polled, 1, 10'000), 1) << "it outlives who started it";
  ::close(process);
  EXPECT_EQ(orphanage.end_leaked_processes({}), 0U);
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
