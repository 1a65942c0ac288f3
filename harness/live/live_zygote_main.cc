// The zygote's own process: installs the filter once, then forks a process for each slot that it is asked for.
#include <dirent.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "harness/live/descriptor_message.h"
#include "harness/live/huge_text.h"
#include "harness/live/marked_os.h"
#include "harness/live/zygote_wire.h"

namespace stampede {
namespace {

// A fork takes one thread along, and with it the locks that the others hold.
bool has_one_thread() {
  DIR* const threads = ::opendir("/proc/self/task");
  if (threads == nullptr) return false;
  int count = 0;
  while (const dirent* const entry = ::readdir(threads)) count += entry->d_name[0] == '.' ? 0 : 1;
  ::closedir(threads);
  return count == 1;
}

bool send_reply(const ZygoteReply& reply, int descriptor) { return send_message(kZygoteSocketFd, reply, descriptor); }

// Who is woken with a shorter slice than who runs takes over at once (EEVDF, Linux 6.12; ignored before). So a process
// that is answered moves even where others keep the core busy: it runs for microseconds, and would wait for
// milliseconds.
void ask_for_short_slices() {
  struct {
    std::uint32_t size, policy;
    std::uint64_t flags;
    std::int32_t nice;
    std::uint32_t priority;
    std::uint64_t runtime, deadline, period;
  } attributes{};
  attributes.size = sizeof attributes;
  attributes.runtime = 100'000;  // ns, the least that the kernel takes
  (void)::syscall(SYS_sched_setattr, 0, &attributes, 0);
}

// close(2) is stopped by the filter, and the supervisor may not listen now.
void close_unseen(int fd) {
  const auto number = static_cast<unsigned>(fd);
  (void)::syscall(SYS_close_range, number, number, 0);
}

// A fork whose parent is ours (CLONE_PARENT), so that the supervisor can watch and reap it. As glibc's fork does, it
// lets the kernel write the new thread's number where glibc keeps it.
pid_t fork_sibling() {
  static const std::uint64_t thread_number_place = [] {
    int* place = nullptr;
    return ::prctl(PR_GET_TID_ADDRESS, &place) == 0 ? reinterpret_cast<std::uint64_t>(place) : 0;
  }();
  clone_args arguments{};
  arguments.flags = CLONE_PARENT;  // the exit signal is that of the zygote itself, SIGCHLD
  if (thread_number_place != 0) {
    arguments.flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
    arguments.child_tid = thread_number_place;
  }
  return static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
}

// The zygote keeps the listener too: were the supervisor's the last, processes would run on with ENOSYS between its
// death and theirs.
struct ZygoteState {
  pid_t supervisor = -1;
  int listener = -1;
  ProcessSlots& slots;
  const LiveBody& body;
};

[[noreturn]] void be_process(const LiveFork& fork, const ZygoteState& zygote) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != zygote.supervisor) ::_exit(127);
  close_unseen(kZygoteSocketFd);
  close_unseen(zygote.listener);
  ::umask(static_cast<mode_t>(fork.umask));
  MarkedOs os;
  zygote.body(
      {zygote.slots.job(fork.slot), os, [&](std::string_view report) { zygote.slots.add_report(fork.slot, report); }});
  ::_exit(0);
}

// Returns errno, with the pids of the processes that were forked before it failed.
int fork_all(const ForkRequest& request, ZygoteReply& reply, const ZygoteState& zygote) {
  for (std::uint32_t i = 0; i < request.count; ++i) {
    const pid_t pid = fork_sibling();
    if (pid == 0) be_process(request.forks[i], zygote);
    if (pid < 0) return errno;
    reply.pids[reply.count++] = pid;
  }
  return 0;
}

}  // namespace

int run_live_zygote(void (*warm_up)(), const LiveBody& body) {
  const pid_t supervisor = ::getppid();
  auto slots = ProcessSlots::map(OwnedFd(kZygoteSlotsFd));
  if (!slots) return 2;  // not started by a supervisor
  slots->close_descriptor();
  warm_up();
  move_text_to_huge_pages();
  if (!has_one_thread()) {
    send_reply({.error = ENOTSUP, .failed = 2}, -1);
    return 3;
  }
  ask_for_short_slices();
  const auto listener = install_call_filter();
  if (!listener) {
    send_reply({.error = errno, .failed = 1}, -1);
    return 3;
  }
  if (!send_reply({}, *listener)) return 2;
  ForkRequest request;
  while (::read(kZygoteSocketFd, &request, sizeof request) > 0) {  // recv(2) would be stopped
    ZygoteReply reply;
    reply.error = fork_all(request, reply, {supervisor, *listener, *slots, body});
    if (!send_reply(reply, -1)) break;
  }
  // The supervisor is dying, and its death kills us in a moment. The listener stays open until then.
  constexpr int kMilliseconds = 2000;
  (void)::poll(nullptr, 0, kMilliseconds);
  return 0;
}

}  // namespace stampede
