// The contract of Os on the real system, and what only real processes and sockets can show.
#include "cache/posix_os.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "cache/os_contract_test.h"

namespace modelcache {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Removes its directory after success; after failure it stays, and its path is printed.
class PosixWorld final : public OsWorld {
 public:
  PosixWorld() : os_(make_posix_os()), umask_(::umask(022)) {
    std::string pattern = (std::filesystem::temp_directory_path() / "modelcache-posix-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
    root_ = OpenFile(*os_, *os_->open(kWorkingDirectory, path_, OpenMode::root));
  }
  ~PosixWorld() override {
    ::umask(umask_);
    if (testing::Test::HasFailure()) {
      std::printf("kept: %s\n", path_.c_str());
    } else {
      std::filesystem::remove_all(path_);
    }
  }
  Os& os() override { return *os_; }
  Fd root() override { return root_.fd(); }
  void make_symlink(const std::string& name, const std::string& target) override {
    EXPECT_EQ(::symlink(target.c_str(), (path_ + "/" + name).c_str()), 0);
  }
  void make_fifo(const std::string& name) override { EXPECT_EQ(::mkfifo((path_ + "/" + name).c_str(), 0666), 0); }
  void set_umask(unsigned mask) override { ::umask(mask); }

 private:
  std::unique_ptr<Os> os_;
  mode_t umask_;
  std::string path_;
  OpenFile root_;
};

std::unique_ptr<OsWorld> make_posix_world() { return std::make_unique<PosixWorld>(); }
INSTANTIATE_TEST_SUITE_P(Posix, OsContract, testing::Values(OsWorldFactory(make_posix_world)),
                         [](const auto&) { return "Files"; });

// -- processes -------------------------------------------------------------------------------------------------------

// A child that runs `body`, reports through a pipe, and lives until it is released.
class Child {
 public:
  template <class Body>
  explicit Child(Body body) {
    EXPECT_EQ(::pipe2(report_, O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(release_, O_CLOEXEC), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(release_[1]);
      body(report_[1], release_[0]);
      ::_exit(0);
    }
    ::close(report_[1]);
    ::close(release_[0]);
  }
  ~Child() {
    release();
    reap();
    ::close(report_[0]);
  }
  template <class T>
  T reported() {
    T value{};
    EXPECT_EQ(::read(report_[0], &value, sizeof value), static_cast<ssize_t>(sizeof value));
    return value;
  }
  void release() {
    if (release_[1] >= 0) ::close(release_[1]);
    release_[1] = -1;
  }
  // Ended, not reaped.
  void wait_until_zombie() {
    siginfo_t info{};
    EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT), 0);
  }
  void reap() {
    if (pid_ > 0) {
      EXPECT_EQ(::waitpid(pid_, nullptr, 0), pid_);
    }
    pid_ = -1;
  }

 private:
  int report_[2] = {-1, -1};
  int release_[2] = {-1, -1};
  pid_t pid_ = -1;
};

template <class T>
void report(int fd, const T& value) {
  if (::write(fd, &value, sizeof value) != static_cast<ssize_t>(sizeof value)) ::_exit(1);
}
void wait_for_release(int fd) {
  char byte;
  while (::read(fd, &byte, 1) > 0) {
  }
}

TEST(PosixOs, TellsALivingChildFromAZombieAndAReapedOne) {
  const auto os = make_posix_os();
  const ProcessIdentity parent = os->self();  // cached before the fork
  Child child([&](int report_fd, int release_fd) {
    report(report_fd, os->self());
    wait_for_release(release_fd);
  });
  const auto identity = child.reported<ProcessIdentity>();
  EXPECT_EQ(identity.domain, parent.domain);
  EXPECT_NE(identity.pid, parent.pid);
  EXPECT_EQ(os->liveness(identity), Liveness::alive);
  child.release();
  child.wait_until_zombie();
  EXPECT_EQ(os->liveness(identity), Liveness::dead);
  child.reap();
  EXPECT_EQ(os->liveness(identity), Liveness::dead);
  EXPECT_EQ(os->self(), parent);
}

// Returns once the first thread of this process has ended while the others run.
void wait_for_the_end_of_the_first_thread() {
  for (std::string stat; stat.find(") Z ") == std::string::npos; ::sched_yield()) {
    std::getline(std::ifstream("/proc/self/stat"), stat);
  }
}

struct SecondThread {
  Os* os;
  int report_fd, release_fd;
};

TEST(PosixOs, TakesAProcessForAliveWhileOneThreadRuns) {
  const auto os = make_posix_os();
  static SecondThread second;
  Child child([&](int report_fd, int release_fd) {
    second = {os.get(), report_fd, release_fd};
    pthread_t thread;
    const int failed = ::pthread_create(
        &thread, nullptr,
        [](void*) -> void* {
          wait_for_the_end_of_the_first_thread();
          report(second.report_fd, second.os->self());
          wait_for_release(second.release_fd);
          ::_exit(0);
        },
        nullptr);
    if (failed == 0) ::syscall(SYS_exit, 0);  // ends this thread only, without unwinding into the test runner
  });
  const auto identity = child.reported<ProcessIdentity>();
  EXPECT_EQ(os->liveness(identity), Liveness::alive);
  child.release();
  child.reap();
  EXPECT_EQ(os->liveness(identity), Liveness::dead);
}

TEST(PosixOs, ReadsTheStartTimeBehindAnOddProgramName) {
  const auto os = make_posix_os();
  Child child([&](int report_fd, int release_fd) {
    ::pthread_setname_np(::pthread_self(), "a) Z (b 1 2 3");
    report(report_fd, make_posix_os()->self());
    wait_for_release(release_fd);
  });
  const auto identity = child.reported<ProcessIdentity>();
  EXPECT_EQ(os->liveness(identity), Liveness::alive);
  EXPECT_GE(identity.start_time, os->self().start_time);
}

TEST(PosixOs, LosesALockWithItsOwner) {
  PosixWorld world;
  Child child([&](int report_fd, int release_fd) {
    const OpenFile lock(world.os(), *world.os().open(world.root(), "lock", OpenMode::open_or_create));
    report(report_fd, world.os().try_lock(lock.fd(), LockMode::exclusive).has_value());
    wait_for_release(release_fd);
    ::_exit(0);
  });
  EXPECT_TRUE(child.reported<bool>());
  const OpenFile lock(world.os(), *world.os().open(world.root(), "lock", OpenMode::open_or_create));
  EXPECT_FALSE(world.os().try_lock(lock.fd(), LockMode::exclusive).has_value());
  child.release();
  child.reap();
  EXPECT_TRUE(world.os().try_lock(lock.fd(), LockMode::exclusive).has_value());
}

TEST(PosixOs, LeavesNoDescriptorToOtherPrograms) {
  PosixWorld world;
  Os& os = world.os();
  EXPECT_TRUE(os.make_directory(world.root(), "d").has_value());
  for (const OpenMode mode : {OpenMode::create_new, OpenMode::open_or_create, OpenMode::read}) {
    const OpenFile file(os, *os.open(world.root(), "a", mode));
    EXPECT_NE(::fcntl(static_cast<int>(file.fd()), F_GETFD) & FD_CLOEXEC, 0);
  }
  for (const OpenMode mode : {OpenMode::directory, OpenMode::root}) {
    const OpenFile file(os, *os.open(world.root(), "d", mode));
    EXPECT_NE(::fcntl(static_cast<int>(file.fd()), F_GETFD) & FD_CLOEXEC, 0);
  }
}

// -- network ---------------------------------------------------------------------------------------------------------

// A socket of the test on a loopback port that the system chose.
class Listener {
 public:
  explicit Listener(int backlog = 5) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ::ntohs(address.sin_port);
    if (backlog >= 0) {
      EXPECT_EQ(::listen(fd_, backlog), 0);
    }
  }
  ~Listener() { ::close(fd_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  [[nodiscard]] Address address() const { return {"127.0.0.1", port_}; }
  [[nodiscard]] int accept() const { return ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC); }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

template <class T>
int error_of(const OsResult<T>& result) {
  return result ? 0 : result.error().value;
}

struct Network : testing::Test {
  std::unique_ptr<Os> os = make_posix_os();
  std::array<std::byte, 64> buffer{};

  std::string receive(Fd connection, std::chrono::nanoseconds timeout = seconds(10)) {
    const auto got = os->receive(connection, buffer, timeout);
    if (!got) return "errno " + std::to_string(got.error().value);
    return {reinterpret_cast<const char*>(buffer.data()), *got};
  }
};

TEST_F(Network, CarriesBytesBothWaysUntilTheEnd) {
  const Listener listener;
  const OpenFile connection(*os, *os->connect(listener.address(), seconds(10)));
  EXPECT_NE(::fcntl(static_cast<int>(connection.fd()), F_GETFD) & FD_CLOEXEC, 0);
  const int peer = listener.accept();
  EXPECT_EQ(os->send(connection.fd(), std::as_bytes(std::span("ping", 4)), seconds(10)).value_or(SIZE_MAX), 4U);
  char got[8] = {};
  EXPECT_EQ(::recv(peer, got, 4, MSG_WAITALL), 4);
  EXPECT_STREQ(got, "ping");
  EXPECT_EQ(::send(peer, "pong", 4, 0), 4);
  EXPECT_EQ(receive(connection.fd()), "pong");
  ::close(peer);
  EXPECT_EQ(receive(connection.fd()), "");
  EXPECT_EQ(receive(connection.fd()), "");
}

TEST_F(Network, IsRefusedWhereNobodyListens) {
  const Listener bound_only(-1);
  EXPECT_EQ(error_of(os->connect(bound_only.address(), seconds(10))), ECONNREFUSED);
  EXPECT_EQ(error_of(os->connect({"no number", 80}, seconds(10))), EINVAL);
  EXPECT_EQ(error_of(os->connect(bound_only.address(), seconds(0))), ETIMEDOUT);
}

TEST_F(Network, TimesOutWhenNobodyAccepts) {
  const Listener full(0);
  // A backlog of 0 still holds a connection or two; then the kernel lets further ones wait.
  std::vector<OpenFile> queued;
  int error = 0;
  while (error == 0 && queued.size() < 20) {
    auto connection = os->connect(full.address(), milliseconds(20));
    error = error_of(connection);
    if (connection) queued.emplace_back(*os, *connection);
  }
  EXPECT_EQ(error, ETIMEDOUT);
}

TEST_F(Network, TimesOutWhenNothingComes) {
  const Listener listener;
  const OpenFile connection(*os, *os->connect(listener.address(), seconds(10)));
  const int peer = listener.accept();
  const Instant begin = os->now();
  EXPECT_EQ(receive(connection.fd(), milliseconds(5)), "errno " + std::to_string(ETIMEDOUT));
  EXPECT_GE(os->now() - begin, milliseconds(4));
  EXPECT_EQ(receive(connection.fd(), std::chrono::nanoseconds(1)), "errno " + std::to_string(ETIMEDOUT));
  EXPECT_EQ(receive(connection.fd(), seconds(-1)), "errno " + std::to_string(ETIMEDOUT));
  EXPECT_EQ(::send(peer, "late", 4, 0), 4);
  EXPECT_EQ(receive(connection.fd(), seconds(10)), "late");
  // Nobody reads: the buffers fill up.
  const std::string much(1 << 20, 'x');
  OsResult<std::size_t> sent(0U);
  for (int i = 0; i < 1000 && sent; ++i) {
    sent = os->send(connection.fd(), std::as_bytes(std::span(much)), milliseconds(5));
  }
  EXPECT_EQ(error_of(sent), ETIMEDOUT);
  ::close(peer);
}

TEST_F(Network, DoesNotKeepATimeoutForTheNextConnectionOfTheSameNumber) {
  const Listener listener;
  OpenFile first(*os, *os->connect(listener.address(), seconds(10)));
  const int number = static_cast<int>(first.fd());
  EXPECT_EQ(receive(first.fd(), milliseconds(5)), "errno " + std::to_string(ETIMEDOUT));
  EXPECT_TRUE(first.close().has_value());
  const OpenFile second(*os, *os->connect(listener.address(), seconds(10)));
  ASSERT_EQ(static_cast<int>(second.fd()), number);
  EXPECT_EQ(receive(second.fd(), milliseconds(5)), "errno " + std::to_string(ETIMEDOUT));  // not: waits for ever
}

TEST_F(Network, IsToldOfAReset) {
  const Listener listener;
  const OpenFile connection(*os, *os->connect(listener.address(), seconds(10)));
  const int peer = listener.accept();
  const linger at_once{1, 0};
  EXPECT_EQ(::setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
  ::close(peer);
  EXPECT_EQ(receive(connection.fd()), "errno " + std::to_string(ECONNRESET));
  // No SIGPIPE: it would end this test.
  EXPECT_EQ(error_of(os->send(connection.fd(), std::as_bytes(std::span("x", 1)), seconds(10))), EPIPE);
}

TEST_F(Network, ResolvesNumbersToThemselves) {
  EXPECT_EQ(*os->resolve("127.0.0.1", 81), (std::vector<Address>{{"127.0.0.1", 81}}));
  EXPECT_EQ(*os->resolve("::1", 81), (std::vector<Address>{{"::1", 81}}));
  EXPECT_EQ(error_of(os->resolve(std::string_view("a\0b", 3), 81)), EINVAL);
}

}  // namespace
}  // namespace modelcache
