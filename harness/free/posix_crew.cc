// The loop that starts a crew, opens its barrier, listens to it and ends it.
#include "harness/free/posix_crew.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "harness/free/posix_leaks.h"
#include "harness/free/posix_worker_process.h"
#include "harness/free/tracker.h"

namespace stampede {
namespace {

using Clock = std::chrono::steady_clock;

// How often `victims` is asked while nothing else happens.
constexpr std::chrono::milliseconds kVictimsInterval{2};

class Crew {
 public:
  explicit Crew(const CrewOptions& options)
      : options_(options), epoll_(lifted(::epoll_create1(EPOLL_CLOEXEC))), barrier_(make_pipe()) {
    watch(options_.interrupt_descriptor, kInterrupt, Source::interrupt);
  }

  CrewResult run(const std::vector<WorkerCommand>& commands) {
    result_.began_at = machine_now();
    workers_.reserve(commands.size());
    for (const WorkerCommand& command : commands) {
      start(command);
      if (result_.interrupted || is_interrupted()) break;
    }
    barrier_.read.close();
    work([this] { return all([](const PosixWorkerProcess& worker) { return worker.is_ready_or_gone(); }); });
    result_.released_at = machine_now();
    barrier_.write.close();
    work([this] { return all(is_gone); });
    result_.ended_at = machine_now();
    std::set<pid_t> pids;
    for (const PosixWorkerProcess& worker : workers_) {
      if (worker.is_started()) pids.insert(worker.pid());
    }
    result_.leaked_processes = orphanage_.end_leaked_processes(pids);
    for (PosixWorkerProcess& worker : workers_) worker.reap();
    for (PosixWorkerProcess& worker : workers_) result_.members.push_back(worker.take_member());
    result_.members.resize(commands.size());
    return std::move(result_);
  }

 private:
  enum class Source : std::uint32_t { exit, report, output, interrupt };
  static constexpr std::uint32_t kInterrupt = ~0U;

  static bool is_gone(const PosixWorkerProcess& worker) { return !worker.is_started() || worker.has_exited(); }

  bool all(bool (*predicate)(const PosixWorkerProcess&)) const {
    return std::all_of(workers_.begin(), workers_.end(), predicate);
  }

  void watch(int descriptor, std::uint32_t worker, Source source) {
    if (descriptor < 0) return;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = std::uint64_t{worker} << 32U | static_cast<std::uint32_t>(source);
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event);
  }

  void forget(int descriptor) { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, nullptr); }

  void start(const WorkerCommand& command) {
    const auto index = static_cast<std::uint32_t>(workers_.size());
    const PosixWorkerProcess& worker = workers_.emplace_back(command, options_, barrier_.read.get());
    if (!worker.is_started()) return;
    watch(worker.exit_descriptor(), index, Source::exit);
    watch(worker.report_descriptor(), index, Source::report);
    watch(worker.output_descriptor(), index, Source::output);
  }

  // Listens until `done`. Whoever is then not where it should be in time is killed.
  template <class Done>
  void work(Done done) {
    auto deadline = Clock::now() + options_.timeout;
    bool killed = false;
    while (!done()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
      if (left.count() <= 0) {
        // The killed are waited for without a limit: the kernel ends them, and an exit that is not seen would be a
        // leak.
        kill_all(ExitReason::hang, !killed);
        killed = true;
        deadline = Clock::now() + options_.timeout;
        continue;
      }
      constexpr std::int64_t kLongest = 60'000;
      listen(static_cast<int>(
          std::min<std::int64_t>(left.count(), options_.victims ? kVictimsInterval.count() : kLongest)));
      if (options_.victims) kill_victims();
    }
  }

  void kill_all(ExitReason reason, bool is_first_time) {
    for (PosixWorkerProcess& worker : workers_) {
      const bool waits_at_barrier = barrier_.write.is_open() && worker.is_ready_or_gone();
      if (is_gone(worker) || !is_first_time || waits_at_barrier) continue;
      worker.kill(reason);
    }
  }

  void kill_victims() {
    const auto waiting = std::count_if(workers_.begin(), workers_.end(), [](const PosixWorkerProcess& worker) {
      return worker.is_waiting() && !is_gone(worker);
    });
    for (const std::size_t victim : options_.victims(static_cast<std::size_t>(waiting))) {
      if (victim < workers_.size()) workers_[victim].kill(ExitReason::killed_by_plan);
    }
  }

  void listen(int milliseconds) {
    std::array<epoll_event, 256> events{};
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), milliseconds);
    for (int i = 0; i < count; ++i) {
      const std::uint64_t tag = events.at(static_cast<std::size_t>(i)).data.u64;
      react(static_cast<std::uint32_t>(tag >> 32U), static_cast<Source>(tag & 0xffffffffU));
    }
  }

  void react(std::uint32_t index, Source source) {
    if (source == Source::interrupt) return interrupt();
    PosixWorkerProcess& worker = workers_[index];
    switch (source) {
      case Source::exit:  // takes the rest of the pipes, which stay open: closing could end what it left behind
        worker.note_exit();
        forget(worker.exit_descriptor());
        forget(worker.report_descriptor());
        forget(worker.output_descriptor());
        break;
      case Source::report:
        if (!worker.read_report()) forget(worker.report_descriptor());
        break;
      case Source::output:
        if (!worker.read_output()) forget(worker.output_descriptor());
        break;
      case Source::interrupt:
        break;
    }
  }

  bool is_interrupted() {
    if (options_.interrupt_descriptor >= 0) listen(0);
    return result_.interrupted;
  }

  void interrupt() {
    result_.interrupted = true;
    forget(options_.interrupt_descriptor);
    for (PosixWorkerProcess& worker : workers_) {
      if (!is_gone(worker)) worker.kill(ExitReason::interrupted);
    }
  }

  const CrewOptions& options_;
  PosixOrphanage orphanage_;
  PosixDescriptor epoll_;
  PosixPipe barrier_;
  std::vector<PosixWorkerProcess> workers_;
  CrewResult result_;
};

}  // namespace

CrewResult run_crew(const std::vector<WorkerCommand>& commands, const CrewOptions& options) {
  return Crew(options).run(commands);
}

}  // namespace stampede
