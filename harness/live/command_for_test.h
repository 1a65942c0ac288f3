// A live world of commands for tests: shell lines as planned processes, and what they came to.
#ifndef STAMPEDE_LIVE_COMMAND_FOR_TEST_H
#define STAMPEDE_LIVE_COMMAND_FOR_TEST_H

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "harness/live/command_world.h"
#include "harness/live/live_skip_for_test.h"
#include "harness/strategy/default_schedule.h"

namespace stampede {

// What makes the test program a zygote: `main` in command_world_test.cc.
inline constexpr const char* kCommandZygoteWord = "command-zygote";
inline constexpr const char* kWithoutNumbersWord = "command-zygote-without-numbers";

struct NobodyThere final : Peers {
  int connect(ConnectionNumber, std::uint32_t, const modelcache::Address&, std::chrono::nanoseconds) override {
    return ECONNREFUSED;
  }
  void sent(ConnectionNumber, std::span<const std::byte>) override {}
  PeerMove take(ConnectionNumber, std::chrono::nanoseconds) override { return {}; }
  void left(ConnectionNumber, std::chrono::nanoseconds) override {}
};

// Keeps steps as "0.open a -> 2" and ends.
struct CommandRecorder final : Observer {
  std::vector<std::string> steps, ends;
  std::string text;
  void on_step(const Step& step, const DiskView&) override {
    std::ostringstream line;
    line << step.process << "." << name_of(step.kind) << " " << step.path;
    if (!step.to_path.empty()) line << " " << step.to_path;
    if (step.error != 0) line << " !" << step.error;
    steps.push_back(line.str());
    text +=
        line.str() + " " + step.program + " " + std::to_string(step.file) + " " + std::to_string(step.result) + "\n";
  }
  void on_process_end(std::uint32_t process, ProcessEnd end, const DiskView&) override {
    static constexpr const char* kNames[] = {"ended", "killed", "abandoned"};
    ends.push_back(std::to_string(process) + " " + kNames[static_cast<int>(end)]);
  }
};

// How `body` ended, which never returns from a fork of this test.
template <class Body>
int in_a_child(const Body& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    body();
    ::_exit(9);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

class CommandWorldTest : public testing::Test {
 protected:
  static constexpr std::chrono::milliseconds kPatience = std::chrono::seconds(10);

  void SetUp() override {
    start();
    if (!world_) GTEST_SKIP() << "no live world here: " << not_live_here(why_not_);
  }
  void start(std::chrono::milliseconds patience = kPatience, std::vector<std::string> zygote = {}) {
    world_.reset();
    if (zygote.empty()) zygote = {"/proc/self/exe", kCommandZygoteWord};
    auto world = CommandWorld::start({.zygote = std::move(zygote), .directory = directory_, .patience = patience});
    if (!world) {
      why_not_ = world.error().message();
      return;
    }
    world_ = std::move(*world);
    world_->set_private_directories({"out"});
    clear();
  }
  void clear() {
    ASSERT_TRUE(world_->clear(*peers_).has_value());
    recorder_ = {};
    statuses_.clear();
    outputs_.clear();
  }

  [[nodiscard]] std::string cache() const { return world_->root() + "/sim/cache"; }
  [[nodiscard]] StageCommand command(std::vector<std::string> arguments, std::size_t number) const {
    return {.arguments = std::move(arguments),
            .environment = {"PATH=/usr/bin:/bin", "CACHE=" + cache(), "LC_ALL=C.UTF-8"},
            .directory = world_->root(),
            .output = world_->root() + "/out/" + std::to_string(number)};
  }

  // Each line by a shell, in a cache directory that is there.
  StageEnd run_shells(const std::vector<std::string>& lines, Stage stage = {}) {
    std::vector<std::vector<std::string>> commands;
    for (const std::string& line : lines) commands.push_back({"sh", "-c", line});
    return run(commands, std::move(stage));
  }
  StageEnd run(const std::vector<std::vector<std::string>>& commands, Stage stage = {}) {
    std::filesystem::create_directories(cache());
    std::vector<StageProcess> processes;
    for (std::size_t i = 0; i < commands.size(); ++i) processes.push_back({.commands = {command(commands[i], i)}});
    stage.processes = processes;
    statuses_.assign(commands.size(), -1);
    outputs_.assign(commands.size(), "");
    stage.on_report = [&](std::uint32_t process, const StageReport& report) {
      const int status = report.status;
      statuses_[process] = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      std::stringstream text;
      text << std::ifstream(processes[process].commands[0].output).rdbuf();
      outputs_[process] = text.str();
    };
    return world_->run(stage, strategy_ ? *strategy_ : by_default_, recorder_);
  }

  NobodyThere nobody_;
  Peers* peers_ = &nobody_;
  DefaultSchedule by_default_;
  Strategy* strategy_ = nullptr;
  CommandRecorder recorder_;
  std::vector<int> statuses_;
  std::vector<std::string> outputs_;
  std::string directory_;  // empty: the world's own
  std::string why_not_;
  std::unique_ptr<CommandWorld> world_;
};

}  // namespace stampede

#endif  // STAMPEDE_LIVE_COMMAND_FOR_TEST_H
