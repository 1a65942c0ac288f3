// The live world and the simulated one take the same steps, with the same results, for the same plan.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "cache/cache.h"
#include "cache/sha256.h"
#include "harness/faults/scripted_peers.h"
#include "harness/live/live_world.h"
#include "harness/live/live_zygote.h"
#include "harness/plan/model.h"
#include "harness/sim/sim_world.h"
#include "harness/strategy/random_walk.h"

namespace stampede {
namespace {

// A job: one get a line, URL and digest.
void perform(std::string_view job, modelcache::Os& os, const std::function<void(std::string_view)>& report) {
  std::istringstream lines{std::string(job)};
  auto cache = modelcache::Cache::open(os, std::string(kSimCacheDirectory), {}, true);
  if (!cache) return report(cache.error().message());
  for (std::string url, digest; lines >> url >> digest;) {
    const auto got = cache->get({.url = url, .sha256 = *modelcache::Sha256Digest::parse(digest)});
    report(got ? got->entry.path : got.error().message());
  }
}

void warm_up() { (void)modelcache::sha256_of(std::string_view("warm")); }
void live_body(const LiveTask& task) { perform(task.job, task.os, task.report); }

std::string line_of(const Step& step) {
  std::ostringstream line;
  line << step.process << '.' << step.own_step << ' ' << name_of(step.kind) << " '" << step.path << '\'';
  if (!step.to_path.empty()) line << " to '" << step.to_path << '\'';
  line << " file " << step.file << " connection " << step.connection << " offset " << step.offset << " size "
       << step.size << " mode " << step.mode << " -> error " << step.error << " result " << step.result << " replaced "
       << step.replaced << " fault " << static_cast<int>(step.fault) << " at " << step.at.count();
  if (step.stat) {
    line << " stat " << static_cast<int>(step.stat->type) << ' ' << std::oct << step.stat->mode << std::dec << ' '
         << step.stat->links << ' ' << step.stat->size_bytes;
  }
  for (const std::string& name : step.names) line << ' ' << name;
  return line.str();
}

struct Recorder final : Observer {
  std::vector<std::string> lines;
  void on_step(const Step& step, const DiskView& disk) override {
    lines.push_back(line_of(step) + " open " + std::to_string(disk.open_descriptors()));
  }
  void on_process_end(std::uint32_t process, ProcessEnd end, const DiskView&) override {
    lines.push_back(std::to_string(process) + " end " + std::to_string(static_cast<int>(end)));
  }
};

struct DefaultStrategy final : Strategy {
  void begin() override {}
  std::size_t choose(const Decision& decision) override { return decision.by_default; }
};

class LiveSim : public testing::Test {
 protected:
  LiveSim() : directory_(std::filesystem::temp_directory_path().string() + "/stampede-live-XXXXXX") {
    if (std::filesystem::exists("/dev/shm")) directory_ = "/dev/shm/stampede-live-XXXXXX";
    EXPECT_NE(::mkdtemp(directory_.data()), nullptr);
    auto world = LiveWorld::start(
        {.zygote = {std::filesystem::read_symlink("/proc/self/exe"), "live-zygote"}, .directory = directory_});
    if (!world) {
      ADD_FAILURE() << world.error().message();
    } else {
      live_ = std::move(*world);
    }
  }
  ~LiveSim() override {
    live_.reset();
    std::filesystem::remove_all(directory_);
  }

  static std::string job(const Model& model) { return ScriptedPeers::url(model) + " " + model.sha256.hex() + "\n"; }

  std::string directory_;
  std::unique_ptr<LiveWorld> live_;
};

TEST_F(LiveSim, TakesTheSameStepsForOneGet) {
  const std::vector<Model> models{generated_model("m0", 1024)};
  ScriptedPeers peers;
  peers.offer(models);
  DefaultStrategy strategy;

  peers.restart({});
  SimWorld sim;
  sim.clear(peers);
  Recorder sim_steps;
  const std::vector<SimProcess> sim_processes{
      {.body = [&](modelcache::Os& os) { perform(job(models[0]), os, [](std::string_view) {}); }}};
  const StageEnd sim_end = sim.run({.processes = sim_processes}, strategy, sim_steps);

  peers.restart({});
  ASSERT_TRUE(live_->clear(peers));
  Recorder live_steps;
  const std::vector<LiveProcess> live_processes{{.job = job(models[0])}};
  std::vector<std::string> reports;
  const auto live_end = live_->run({.processes = live_processes,
                                    .on_report = [&](std::uint32_t, std::uint32_t, std::string_view report) {
                                      reports.emplace_back(report);
                                    }},
                                   strategy, live_steps);
  ASSERT_TRUE(live_end) << live_end.error().message();
  EXPECT_EQ(live_end->uncontrolled, "");
  EXPECT_THAT(live_end->crashes, testing::IsEmpty());
  EXPECT_THAT(reports, testing::ElementsAre(std::string(kSimCacheDirectory) + "/entries/sha256-" + models[0].sha256.hex()));
  EXPECT_EQ(sim_end.steps, live_end->steps);
  EXPECT_EQ(live_steps.lines, sim_steps.lines);
  for (std::size_t i = 0; i < std::max(sim_steps.lines.size(), live_steps.lines.size()); ++i) {
    const std::string s = i < sim_steps.lines.size() ? sim_steps.lines[i] : "-";
    const std::string l = i < live_steps.lines.size() ? live_steps.lines[i] : "-";
    if (s != l) { std::cout << "sim  " << s << "\nlive " << l << "\n"; break; }
  }
}

}  // namespace
}  // namespace stampede

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "live-zygote") {
    return stampede::run_live_zygote(stampede::warm_up, stampede::live_body);
  }
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
