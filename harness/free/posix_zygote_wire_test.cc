// Requests arrive with their descriptors, and what is none is not taken for one.
#include "harness/free/posix_zygote_wire.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "harness/free/posix_descriptor.h"

namespace stampede {
namespace {

struct Ends {
  PosixDescriptor ours, theirs;
};

Ends make_ends() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  return {lifted(ends[0]), lifted(ends[1])};
}

ino_t file_number(int descriptor) {
  struct stat found{};
  EXPECT_EQ(::fstat(descriptor, &found), 0);
  return found.st_ino;
}

TEST(ZygoteWire, CarriesDescriptors) {
  const Ends ends = make_ends();
  const PosixDescriptor files[] = {file_with("0"), file_with("1"), file_with("2"), file_with("3")};
  const WorkerDescriptors sent{files[0].get(), files[1].get(), files[2].get(), files[3].get()};
  ASSERT_TRUE(send_request(ends.ours.get(), ForkKind::worker, &sent));
  const auto request = receive_request(ends.theirs.get());
  ASSERT_TRUE(request);
  EXPECT_EQ(request->kind, ForkKind::worker);
  ASSERT_TRUE(request->descriptors);
  const int received[] = {request->descriptors->specification, request->descriptors->output,
                          request->descriptors->barrier, request->descriptors->report};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NE(received[i], files[i].get());
    EXPECT_EQ(file_number(received[i]), file_number(files[i].get())) << i;
    EXPECT_EQ(::fcntl(received[i], F_GETFD), FD_CLOEXEC) << i;
    ::close(received[i]);
  }
}

TEST(ZygoteWire, CarriesNoneWhereNoneAreGiven) {
  const Ends ends = make_ends();
  for (const ForkKind kind : {ForkKind::exit, ForkKind::worker}) {
    ASSERT_TRUE(send_request(ends.ours.get(), kind, nullptr));
    const auto request = receive_request(ends.theirs.get());
    ASSERT_TRUE(request);
    EXPECT_EQ(request->kind, kind);
    EXPECT_FALSE(request->descriptors);
  }
}

TEST(ZygoteWire, KnowsThatTheOtherEndIsGone) {
  Ends ends = make_ends();
  ends.theirs.close();
  EXPECT_FALSE(receive_request(ends.ours.get()));
  EXPECT_FALSE(send_request(ends.ours.get(), ForkKind::exit, nullptr));
  EXPECT_EQ(errno, EPIPE) << "an error, and no signal";
  EXPECT_FALSE(receive_request(-1));
}

// The zygote of the program itself, asked by hand.
class Zygote {
 public:
  explicit Zygote(Ends ends) : socket_(std::move(ends.ours)) {
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::dup2(ends.theirs.get(), kZygoteDescriptor);
    ::execl(STAMPEDE_PROGRAM, "stampede", "zygote", nullptr);
    ::_exit(126);
  }
  Zygote(const Zygote&) = delete;
  Zygote& operator=(const Zygote&) = delete;
  ~Zygote() {
    if (pid_ > 0 && ::kill(pid_, SIGKILL) == 0) ::waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] pid_t pid() const { return pid_; }
  std::int32_t ask(ForkKind kind) {
    EXPECT_TRUE(send_request(socket_.get(), kind, nullptr));
    return answer();
  }
  std::int32_t answer() {
    ZygoteAnswer answer;
    EXPECT_EQ(::read(socket_.get(), &answer, sizeof(answer)), ssize_t{sizeof(answer)});
    return answer.value;
  }
  int end() {
    socket_.close();
    int status = -1;
    EXPECT_EQ(::waitpid(pid_, &status, 0), pid_);
    pid_ = -1;
    return status;
  }

 private:
  PosixDescriptor socket_;
  pid_t pid_ = -1;
};

TEST(ZygoteProcess, SaysWhoItIsAndRefusesAWorkerWithoutDescriptors) {
  Zygote zygote(make_ends());
  EXPECT_EQ(zygote.answer(), zygote.pid());
  EXPECT_EQ(zygote.ask(ForkKind::worker), -EBADMSG);
  const pid_t forked = zygote.ask(ForkKind::exit);
  ASSERT_GT(forked, 0);
  int status = -1;
  ASSERT_EQ(::waitpid(forked, &status, 0), forked) << "a child of ours";
  EXPECT_EQ(status, 0);
  const int end = zygote.end();
  EXPECT_TRUE(WIFEXITED(end));
  EXPECT_EQ(WEXITSTATUS(end), 0) << "nobody asks any more";
}

TEST(ZygoteProcess, EndsWhereNobodyStartedIt) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(kZygoteDescriptor);
    ::execl(STAMPEDE_PROGRAM, "stampede", "zygote", nullptr);
    ::_exit(126);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 2);
}

}  // namespace
}  // namespace stampede
