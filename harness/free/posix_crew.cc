// The loop that starts a crew, opens its barrier, listens to it and ends it.
#include "harness/free/posix_crew.h"

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include "harness/free/posix_worker_process.h"

namespace stampede {
namespace {

using Clock = std::chrono::steady_clock;

MachineTime machine_now() { return Clock::now().time_since_epoch(); }

class Crew {
 public:
  explicit Crew(const CrewOptions& options) : options_(options), barrier_(make_pipe()) {}

  CrewResult run(const std::vector<WorkerCommand>& commands) {
    result_.began_at = machine_now();
    workers_.reserve(commands.size());
    for (const WorkerCommand& command : commands) {
      workers_.emplace_back(command, options_, barrier_.read.get());
      if (is_interrupted(0)) break;
    }
    const bool all_started = workers_.size() == commands.size();
    barrier_.read.close();
    work([this] { return all([](const PosixWorkerProcess& worker) { return worker.is_ready_or_gone(); }); });
    result_.released_at = machine_now();
    barrier_.write.close();
    work([this] { return all([](const PosixWorkerProcess& worker) { return is_gone(worker); }); });
    result_.ended_at = machine_now();
    result_.leaked_processes = end_leaked_processes();
    for (PosixWorkerProcess& worker : workers_) worker.reap();
    for (PosixWorkerProcess& worker : workers_) result_.members.push_back(worker.take_member());
    if (!all_started) result_.members.resize(commands.size());
    return std::move(result_);
  }

 private:
  static bool is_gone(const PosixWorkerProcess& worker) { return !worker.is_started() || worker.has_exited(); }

  bool all(bool (*predicate)(const PosixWorkerProcess&)) const {
    return std::all_of(workers_.begin(), workers_.end(), predicate);
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
      wait_and_read(static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
    }
  }

  void kill_all(ExitReason reason, bool is_first_time) {
    for (PosixWorkerProcess& worker : workers_) {
      const bool waits_at_barrier = barrier_.write.is_open() && worker.is_ready_or_gone();
      if (is_gone(worker) || !is_first_time || waits_at_barrier) continue;
      worker.kill(reason);
    }
  }

  void wait_and_read(int milliseconds) {
    std::vector<pollfd> polled;
    std::vector<std::pair<std::size_t, void (PosixWorkerProcess::*)()>> actions;
    const auto add = [&](int descriptor, std::size_t worker, void (PosixWorkerProcess::*action)()) {
      if (descriptor < 0) return;
      polled.push_back(pollfd{.fd = descriptor, .events = POLLIN, .revents = 0});
      actions.emplace_back(worker, action);
    };
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      add(workers_[i].report_descriptor(), i, &PosixWorkerProcess::read_report);
      add(workers_[i].output_descriptor(), i, &PosixWorkerProcess::read_output);
      if (workers_[i].is_started()) add(workers_[i].exit_descriptor(), i, &PosixWorkerProcess::note_exit);
    }
    const bool listens = options_.interrupt_descriptor >= 0 && !result_.interrupted;
    if (listens) polled.push_back(pollfd{.fd = options_.interrupt_descriptor, .events = POLLIN, .revents = 0});
    if (::poll(polled.data(), polled.size(), milliseconds) <= 0) return;
    for (std::size_t i = 0; i < actions.size(); ++i) {
      if (polled[i].revents != 0) (workers_[actions[i].first].*actions[i].second)();
    }
    if (listens && polled.back().revents != 0) interrupt();
  }

  bool is_interrupted(int milliseconds) {
    if (options_.interrupt_descriptor < 0) return false;
    pollfd polled{.fd = options_.interrupt_descriptor, .events = POLLIN, .revents = 0};
    if (::poll(&polled, 1, milliseconds) <= 0) return false;
    interrupt();
    return true;
  }

  void interrupt() {
    result_.interrupted = true;
    for (PosixWorkerProcess& worker : workers_) {
      if (!is_gone(worker)) worker.kill(ExitReason::interrupted);
    }
  }

  // Processes of the workers' groups that are none of the workers. The groups' numbers are still theirs, since the
  // workers are not reaped yet.
  std::uint64_t end_leaked_processes() {
    std::set<long> groups;
    for (const PosixWorkerProcess& worker : workers_) {
      if (worker.is_started()) groups.insert(worker.pid());
    }
    std::uint64_t leaked = 0;
    std::error_code error;
    for (std::filesystem::directory_iterator it("/proc", error), end; !error && it != end; it.increment(error)) {
      const std::string name = it->path().filename();
      if (name.find_first_not_of("0123456789") != std::string::npos) continue;
      if (groups.contains(std::stol(name))) continue;
      std::ifstream file(it->path() / "stat");
      std::string text;
      std::getline(file, text);
      const std::size_t after_name = text.rfind(')');  // the name itself may hold anything
      if (after_name == std::string::npos) continue;
      std::istringstream fields(text.substr(after_name + 1));
      std::string state;
      long parent = 0;
      long group = 0;
      if (fields >> state >> parent >> group && state != "Z" && groups.contains(group)) ++leaked;
    }
    if (leaked > 0) {
      for (const long group : groups) ::kill(static_cast<pid_t>(-group), SIGKILL);
    }
    return leaked;
  }

  const CrewOptions& options_;
  PosixPipe barrier_;
  std::vector<PosixWorkerProcess> workers_;
  CrewResult result_;
};

}  // namespace

CrewResult run_crew(const std::vector<WorkerCommand>& commands, const CrewOptions& options) {
  return Crew(options).run(commands);
}

std::uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

}  // namespace stampede
