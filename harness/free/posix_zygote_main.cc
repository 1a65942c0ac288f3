// The zygote's own process: warms up once, then forks a worker for each request.
#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string_view>

#include "cache/http_url.h"
#include "cache/sha256.h"
#include "harness/free/posix_zygote_wire.h"

namespace stampede {
namespace {

// What every worker would otherwise do for itself: OpenSSL loads its algorithms, libraries their tables. Nothing that
// must differ between processes (random state, locks, their own number) may be made here.
void warm_up() {
  static_cast<void>(modelcache::sha256_of(std::string_view("warm")));
  static_cast<void>(modelcache::HttpUrl::parse("http://127.0.0.1:1/warm"));
}

// A fork takes one thread along, and with it the locks that the others hold.
bool has_one_thread() {
  std::error_code error;
  std::filesystem::directory_iterator threads("/proc/self/task", error);
  return !error && std::distance(begin(threads), end(threads)) == 1;
}

// A fork whose parent is ours (CLONE_PARENT), so that the harness itself can watch and reap it; a grandchild could only
// be reaped by us. As glibc's fork does, it lets the kernel write the new thread's number where glibc keeps it; without
// CONFIG_CHECKPOINT_RESTORE that place is unknown, and only the number in messages of aborting programs is stale.
pid_t fork_sibling() {
  static const std::uint64_t thread_number_place = [] {
    int* place = nullptr;
    const bool is_known = ::prctl(PR_GET_TID_ADDRESS, &place) == 0;
    return is_known ? reinterpret_cast<std::uint64_t>(place) : 0;
  }();
  clone_args arguments{};
  arguments.flags = CLONE_PARENT;  // the exit signal is that of the zygote itself, SIGCHLD
  if (thread_number_place != 0) {
    arguments.flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
    arguments.child_tid = thread_number_place;
  }
  return static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof(arguments)));
}

[[noreturn]] void be_worker(const ZygoteRequest& request, pid_t parent, int (*run)()) {
  if (request.kind == ForkKind::exit) ::_exit(0);
  detach_from(parent);
  if (!place_descriptors(*request.descriptors)) ::_exit(127);
  const int status = run();
  std::fflush(nullptr);
  // No destructors of static objects: they belong to the zygote, and a copy of it has nothing to tidy up.
  ::_exit(status);
}

void close_all(const WorkerDescriptors& descriptors) {
  for (const int descriptor :
       {descriptors.specification, descriptors.output, descriptors.barrier, descriptors.report}) {
    ::close(descriptor);
  }
}

bool send_answer(std::int32_t value) {
  const ZygoteAnswer answer{.value = value};
  return ::write(kZygoteDescriptor, &answer, sizeof(answer)) == sizeof(answer);
}

}  // namespace

int run_zygote(int (*run)()) {
  warm_up();
  if (!has_one_thread()) {
    std::fputs("zygote: this build runs threads of its own, so it cannot be forked\n", stderr);
    send_answer(-ENOTSUP);
    return 3;
  }
  const pid_t parent = ::getppid();
  if (!send_answer(::getpid())) return 2;  // not started by the harness
  while (const std::optional<ZygoteRequest> request = receive_request(kZygoteDescriptor)) {
    const bool is_whole = request->kind == ForkKind::exit || request->descriptors.has_value();
    const pid_t pid = is_whole ? fork_sibling() : -1;
    if (pid == 0) be_worker(*request, parent, run);
    const int error = is_whole ? errno : EBADMSG;  // descriptors were lost: too many open files here
    if (request->descriptors) close_all(*request->descriptors);
    if (!send_answer(pid > 0 ? pid : -error)) break;
  }
  return 0;
}

}  // namespace stampede
