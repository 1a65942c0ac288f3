// For tests: what processes of the live world do, by the name of their job, and a world in a directory of its own.
#ifndef STAMPEDE_LIVE_LIVE_FOR_TEST_H
#define STAMPEDE_LIVE_LIVE_FOR_TEST_H

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "harness/live/live_skip_for_test.h"
#include "harness/live/live_world.h"
#include "harness/live/live_zygote.h"
#include "harness/strategy/default_schedule.h"

namespace stampede {

using LiveJob = void (*)(const LiveTask&);

inline modelcache::Fd top(modelcache::Os& os) {
  return os.open(modelcache::kWorkingDirectory, "/sim", modelcache::OpenMode::root).value();
}

inline void write_file(const LiveTask& task) {
  modelcache::Os& os = task.os;
  const modelcache::Fd directory = top(os);
  const modelcache::Fd file = os.open(directory, "file", modelcache::OpenMode::create_new).value();
  (void)os.write(file, std::as_bytes(std::span("12345678", 8)), 0);
  task.report("written");
  const auto closed = os.close(file);
  task.report(closed ? "closed" : "errno " + std::to_string(closed.error().value));
}

// The first close fails and closes all the same, so that the second open file gets the lock.
inline void lock_close_lock(const LiveTask& task) {
  modelcache::Os& os = task.os;
  const modelcache::Fd directory = top(os);
  for (int i = 0; i < 2; ++i) {
    const modelcache::Fd file = os.open(directory, "a", modelcache::OpenMode::open_or_create).value();
    task.report(os.try_lock(file, modelcache::LockMode::exclusive) ? "locked" : "refused");
    task.report(os.close(file) ? "closed" : "failed");
  }
}

// Its descriptors, all of them.
inline void count_descriptors(const LiveTask& task) {
  int count = 0;
  for (int fd = 0; fd < 256; ++fd) count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  task.report(std::to_string(count));
}

inline void lock_until_free(modelcache::Os& os, modelcache::Fd file) {
  while (!os.try_lock(file, modelcache::LockMode::exclusive)) {
    (void)os.sleep_until(os.now() + std::chrono::milliseconds(1));
  }
}

inline void take_both_locks(modelcache::Os& os, const char* first, const char* second) {
  const modelcache::Fd directory = top(os);
  const modelcache::Fd a = os.open(directory, first, modelcache::OpenMode::open_or_create).value();
  const modelcache::Fd b = os.open(directory, second, modelcache::OpenMode::open_or_create).value();
  lock_until_free(os, a);
  lock_until_free(os, b);
}

inline void wait_for_a_pipe() {
  int ends[2];
  char byte = 0;
  if (::pipe(ends) == 0) (void)!::read(ends[0], &byte, 1);
}

inline void open_again_and_again(const LiveTask& task) {
  const modelcache::Fd directory = top(task.os);
  for (int i = 0; i < 4000; ++i) {
    const auto file = task.os.open(directory, "a", modelcache::OpenMode::open_or_create);
    if (!file || !task.os.close(*file)) return;
  }
  task.report("done");
}

inline const std::map<std::string_view, LiveJob>& live_jobs() {
  static const std::map<std::string_view, LiveJob> jobs{
      {"nothing", [](const LiveTask&) {}},
      {"write", write_file},
      {"descriptors", count_descriptors},
      {"lock, close, lock", lock_close_lock},
      {"lock a, then b", [](const LiveTask& task) { take_both_locks(task.os, "a", "b"); }},
      {"lock b, then a", [](const LiveTask& task) { take_both_locks(task.os, "b", "a"); }},
      {"lock a",
       [](const LiveTask& task) {
         lock_until_free(task.os, task.os.open(top(task.os), "a", modelcache::OpenMode::open_or_create).value());
         for (int i = 0; i < 5; ++i) (void)task.os.random();
       }},
      {"look for ever",
       [](const LiveTask& task) {
         for (;;) (void)task.os.wall_time();
       }},
      {"open again and again", open_again_and_again},
      {"abort", [](const LiveTask& task) { task.report("so far"), std::abort(); }},
      {"end with 7", [](const LiveTask& task) { (void)task.os.random(), ::_exit(7); }},
      {"wait for a pipe", [](const LiveTask&) { wait_for_a_pipe(); }},
      {"compute for ever",
       [](const LiveTask&) {
         for (volatile int i = 0;;) {
           i = 1 - i;
         }
       }},
      {"let a thread look", [](const LiveTask& task) { std::thread([&] { (void)task.os.now(); }).join(); }},
      {"let a child look",
       [](const LiveTask& task) {
         if (::fork() == 0) (void)task.os.now();
         wait_for_a_pipe();
       }},
  };
  return jobs;
}

inline void perform_test_job(const LiveTask& task) { live_jobs().at(task.job)(task); }

// Where files cost nothing, if there is such a place.
inline std::string live_scratch_template() {
  const std::filesystem::path memory = "/dev/shm";
  std::error_code error;
  const bool is_there = std::filesystem::is_directory(memory, error);
  return (is_there ? memory : std::filesystem::temp_directory_path()).string() + "/stampede-live-XXXXXX";
}

struct NoPeers final : Peers {
  int connect(ConnectionNumber, std::uint32_t, const modelcache::Address&, std::chrono::nanoseconds) override {
    return ECONNREFUSED;
  }
  void sent(ConnectionNumber, std::span<const std::byte>) override {}
  PeerMove take(ConnectionNumber, std::chrono::nanoseconds) override { return {}; }
  void left(ConnectionNumber, std::chrono::nanoseconds) override {}
};

// Keeps kinds of steps, and ends.
struct LiveRecorder final : Observer {
  std::vector<std::string> steps, ends;
  void on_step(const Step& step, const DiskView&) override {
    steps.push_back(std::to_string(step.process) + "." + std::string(name_of(step.kind)));
  }
  void on_process_end(std::uint32_t process, ProcessEnd end, const DiskView&) override {
    static constexpr const char* kNames[] = {"ended", "killed", "abandoned"};
    ends.push_back(std::to_string(process) + " " + kNames[static_cast<int>(end)]);
  }
};

class LiveTest : public testing::Test {
 protected:
  LiveTest() : directory_(live_scratch_template()) { EXPECT_NE(::mkdtemp(directory_.data()), nullptr); }
  ~LiveTest() override {
    world_.reset();
    std::filesystem::remove_all(directory_);
  }
  void SetUp() override {
    start();
    if (!world_) GTEST_SKIP() << "no live world here: " << not_live_here(why_not_);
  }
  void start(std::chrono::milliseconds patience = std::chrono::seconds(10)) {
    world_.reset();
    auto world =
        LiveWorld::start({.zygote = {"/proc/self/exe", "live-zygote"}, .directory = directory_, .patience = patience});
    if (world) {
      world_ = std::move(*world);
      EXPECT_TRUE(world_->clear(peers_).has_value());
    } else {
      why_not_ = world.error().message();
    }
  }

  StageEnd run(const std::vector<std::string>& jobs, Stage stage = {}) {
    std::vector<StageProcess> processes;
    for (const std::string& job : jobs) processes.push_back({.job = job});
    stage.processes = processes;
    stage.on_report = [this](std::uint32_t process, const StageReport& report) {
      reports_.push_back(std::to_string(process) + "." + std::to_string(report.own_steps) + " " +
                         std::string(report.text));
    };
    DefaultSchedule strategy;
    return world_->run(stage, strategy, recorder_);
  }

  NoPeers peers_;
  LiveRecorder recorder_;
  std::vector<std::string> reports_;
  std::string directory_, why_not_;
  std::unique_ptr<LiveWorld> world_;
};

}  // namespace stampede

#endif  // STAMPEDE_LIVE_LIVE_FOR_TEST_H
