// Nothing real is touched: gets in the simulated world go well where the kernel allows memory calls alone.
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>

#include "cache/cache.h"
#include "harness/sim/sim_for_test.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STAMPEDE_IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define STAMPEDE_IS_SANITIZED 1
#endif
#endif

namespace stampede {
namespace {

#ifdef __x86_64__
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#else
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif

// From here on this process may use memory, write to `report`, and exit; anything else kills it (SIGSYS). A clock that
// the vDSO reads without the kernel is caught by the processor (SIGSEGV).
void close_all_doors(int report) {
#ifdef __x86_64__
  if (::prctl(PR_SET_TSC, PR_TSC_SIGSEGV) != 0) ::_exit(90);
#endif
  constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW, kKill = SECCOMP_RET_KILL_PROCESS;
  std::vector<sock_filter> program = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, kKill),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
  };
  for (const int call :
       {SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise, SYS_brk, SYS_futex, SYS_exit_group, SYS_exit}) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1));
    program.push_back(BPF_STMT(BPF_RET | BPF_K, kAllow));
  }
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(SYS_write), 0, 3));
  program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(report), 0, 1));
  program.push_back(BPF_STMT(BPF_RET | BPF_K, kAllow));
  program.push_back(BPF_STMT(BPF_RET | BPF_K, kKill));
  const sock_fprog whole{static_cast<unsigned short>(program.size()), program.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) ::_exit(91);
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole) != 0) ::_exit(92);
}

// Three processes get the same model into an empty cache, with switches, a refused connection and a death.
struct Gets {
  const std::string body = std::string(1024, 'm');
  const modelcache::Sha256Digest digest = modelcache::sha256_of(body);
  const std::string response = "HTTP/1.1 200 OK\r\nContent-Length: 1024\r\n\r\n" + body;
  std::uint32_t succeeded = 0;
  std::uint32_t steps = 0;

  void run() {
    ListedPeers peers;
    for (int i = 0; i < 3; ++i) {
      peers.scripts.push_back({ListedPeers::move(PeerMove::Kind::wait_for_request),
                               ListedPeers::pause(std::chrono::milliseconds(i)), ListedPeers::bytes(response),
                               ListedPeers::move(PeerMove::Kind::finish)});
    }
    SimWorld world;
    world.clear(peers);
    Recorder recorder;
    std::vector<std::uint32_t> order;
    for (std::uint32_t i = 0; i < 60; ++i) order.push_back(i / 3 % 3);
    ListedStrategy strategy(order);
    const std::vector<ProcessFault> faults = {{ProcessFaultKind::kill_before, 2, 20, {}}};
    const std::vector<StageProcess> processes(
        3,
        StageProcess{.umask = 022, .descriptors_max = 0, .user = 1000, .body = [&](modelcache::Os& os) { get(os); }});
    Stage stage;
    stage.processes = processes;
    stage.process_faults = faults;
    steps = static_cast<std::uint32_t>(world.run(stage, strategy, recorder).steps);
  }
  void get(modelcache::Os& os) {
    auto cache = modelcache::Cache::open(os, std::string(kSimCacheDirectory), {}, true);
    if (!cache) return;
    modelcache::GetRequest request;
    request.url = "http://127.0.0.1:8080/m";
    request.sha256 = digest;
    if (cache->get(request)) ++succeeded;
  }
};

TEST(GetsInTheSimulatedWorld, SucceedForAllButWhoIsKilled) {
  Gets gets;
  for (int i = 0; i < 2; ++i) {
    gets.succeeded = 0;
    gets.run();
    EXPECT_EQ(gets.succeeded, 2U);
    EXPECT_GT(gets.steps, 100U);
  }
}

// What a child that closed all doors told, and how it ended.
struct Ending {
  std::array<std::uint32_t, 2> told{};
  bool has_told = false;
  int status = 0;
};

template <class Body>
Ending run_behind_closed_doors(Body body) {
  int pipe[2];
  EXPECT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const std::array<std::uint32_t, 2> told = body([&] { close_all_doors(pipe[1]); });
    if (::write(pipe[1], &told, sizeof told) != static_cast<ssize_t>(sizeof told)) ::_exit(1);
    ::_exit(0);
  }
  ::close(pipe[1]);
  Ending ending;
  ending.has_told = ::read(pipe[0], &ending.told, sizeof ending.told) == static_cast<ssize_t>(sizeof ending.told);
  EXPECT_EQ(::waitpid(child, &ending.status, 0), child);
  ::close(pipe[0]);
  return ending;
}

class NothingReal : public testing::Test {
 protected:
  void SetUp() override {
#ifdef STAMPEDE_IS_SANITIZED
    GTEST_SKIP() << "not applicable: the sanitizers' runtimes make system calls of their own";
#endif
  }
};

TEST_F(NothingReal, IsTouchedByGetsInTheSimulatedWorld) {
  const Ending ending = run_behind_closed_doors([](const auto& close_doors) {
    Gets gets;
    gets.run();  // libraries make their first calls, and the heap is there
    close_doors();
    gets.succeeded = 0;
    gets.run();
    return std::array{gets.succeeded, gets.steps};
  });
  ASSERT_TRUE(WIFEXITED(ending.status)) << "signal " << WTERMSIG(ending.status);
  EXPECT_EQ(WEXITSTATUS(ending.status), 0);
  EXPECT_TRUE(ending.has_told);
  EXPECT_EQ(ending.told[0], 2U);  // one was killed
  EXPECT_GT(ending.told[1], 100U);
}

TEST_F(NothingReal, IsTouchedUnnoticed) {
  const Ending file = run_behind_closed_doors([](const auto& close_doors) {
    close_doors();
    return std::array{static_cast<std::uint32_t>(::open("/", O_RDONLY)), 0U};
  });
  EXPECT_FALSE(file.has_told);
  EXPECT_TRUE(WIFSIGNALED(file.status) && WTERMSIG(file.status) == SIGSYS);
  const Ending clock = run_behind_closed_doors([](const auto& close_doors) {
    (void)std::chrono::steady_clock::now();
    close_doors();
    return std::array{static_cast<std::uint32_t>(std::chrono::steady_clock::now().time_since_epoch().count()), 0U};
  });
  EXPECT_FALSE(clock.has_told);
  EXPECT_TRUE(WIFSIGNALED(clock.status) && (WTERMSIG(clock.status) == SIGSEGV || WTERMSIG(clock.status) == SIGSYS));
  const Ending nothing = run_behind_closed_doors([](const auto& close_doors) {
    close_doors();
    return std::array{7U, 8U};
  });
  EXPECT_TRUE(nothing.has_told);
  EXPECT_EQ(nothing.told, (std::array{7U, 8U}));
}

}  // namespace
}  // namespace stampede
