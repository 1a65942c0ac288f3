// For tests: strategies that follow a list, a server that says what it is told, and an observer that keeps the steps.
#ifndef STAMPEDE_SIM_SIM_FOR_TEST_H
#define STAMPEDE_SIM_SIM_FOR_TEST_H

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/sim/sim_world.h"
#include "harness/world/observer.h"
#include "harness/world/peers.h"
#include "harness/world/virtual_clock.h"

namespace stampede {

class DefaultStrategy final : public Strategy {
 public:
  void begin() override {}
  std::size_t choose(const Decision& decision) override { return decision.by_default; }
};

// At the i-th decision the i-th process of a list moves; where it cannot, or the list has ended, the default.
// Keeps who could have moved.
class ListedStrategy final : public Strategy {
 public:
  explicit ListedStrategy(std::vector<std::uint32_t> order) : order_(std::move(order)) {}
  std::vector<std::vector<std::uint32_t>> could_move;
  void begin() override {}
  std::size_t choose(const Decision& decision) override {
    could_move.emplace_back();
    for (const Candidate& candidate : decision.candidates) could_move.back().push_back(candidate.process);
    const std::size_t at = could_move.size() - 1;
    if (at >= order_.size()) return decision.by_default;
    const auto found = std::find(could_move.back().begin(), could_move.back().end(), order_[at]);
    if (found == could_move.back().end()) return decision.by_default;
    return static_cast<std::size_t>(found - could_move.back().begin());
  }

 private:
  std::vector<std::uint32_t> order_;
};

// Follows switches as a replay does.
class SwitchStrategy final : public Strategy {
 public:
  explicit SwitchStrategy(std::vector<Switch> switches) : switches_(std::move(switches)) {}
  void begin() override { next_ = 0; }
  std::size_t choose(const Decision& decision) override {
    if (next_ < switches_.size() && switches_[next_].process == decision.last &&
        switches_[next_].step == decision.last_step) {
      for (std::size_t i = 0; i < decision.candidates.size(); ++i) {
        if (decision.candidates[i].process != switches_[next_].to) continue;
        ++next_;
        return i;
      }
    }
    return decision.by_default;
  }

 private:
  std::vector<Switch> switches_;
  std::size_t next_ = 0;
};

// The i-th connection gets the i-th list of moves; where there is none, nobody listens. Keeps what it was told.
class ListedPeers final : public Peers {
 public:
  using Moves = std::vector<PeerMove>;
  static PeerMove bytes(std::string_view text) {
    return {PeerMove::Kind::bytes, std::as_bytes(std::span(text.data(), text.size())), {}};
  }
  static PeerMove pause(std::chrono::nanoseconds time) { return {PeerMove::Kind::pause, {}, time}; }
  static PeerMove move(PeerMove::Kind kind) { return {kind, {}, {}}; }

  std::deque<Moves> scripts;
  std::map<ConnectionNumber, std::string> received;
  std::vector<std::string> taken_at;  // moves: "1 at 5000"
  std::vector<std::string> log;       // "connect 1 of 0 at 5000", "left 1 at 7000"

  int connect(ConnectionNumber connection, std::uint32_t process, const modelcache::Address&,
              std::chrono::nanoseconds now) override {
    log.push_back("connect " + std::to_string(connection) + " of " + std::to_string(process) + " at " +
                  std::to_string(now.count()));
    if (scripts.empty()) return ECONNREFUSED;
    playing_[connection] = {std::move(scripts.front()), 0, false};
    scripts.pop_front();
    return 0;
  }
  void sent(ConnectionNumber connection, std::span<const std::byte> bytes) override {
    received[connection].append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    playing_.at(connection).has_new = true;
  }
  PeerMove take(ConnectionNumber connection, std::chrono::nanoseconds now) override {
    taken_at.push_back(std::to_string(connection) + " at " + std::to_string(now.count()));
    Playing& playing = playing_.at(connection);
    if (playing.next == playing.moves.size()) return move(PeerMove::Kind::silence);
    const PeerMove next = playing.moves[playing.next];
    const bool waits = next.kind == PeerMove::Kind::wait_for_request && !std::exchange(playing.has_new, false);
    if (next.kind == PeerMove::Kind::wait_for_request && !waits) {
      ++playing.next;
      return take(connection, now);
    }
    const bool stays = waits || next.kind == PeerMove::Kind::finish || next.kind == PeerMove::Kind::reset;
    if (!stays) ++playing.next;
    return next;
  }
  void left(ConnectionNumber connection, std::chrono::nanoseconds now) override {
    log.push_back("left " + std::to_string(connection) + " at " + std::to_string(now.count()));
    playing_.erase(connection);
  }

 private:
  struct Playing {
    Moves moves;
    std::size_t next = 0;
    bool has_new = false;
  };
  std::map<ConnectionNumber, Playing> playing_;
};

// Keeps all steps, and each end as "0 killed".
class Recorder final : public Observer {
 public:
  std::vector<Step> steps;
  std::vector<std::string> ends;
  std::function<void(const Step&, const DiskView&)> also = [](const Step&, const DiskView&) {};
  void on_step(const Step& step, const DiskView& disk) override {
    steps.push_back(step);
    also(step, disk);
  }
  void on_process_end(std::uint32_t process, ProcessEnd end, const DiskView&) override {
    static constexpr const char* kNames[] = {"ended", "killed", "abandoned"};
    ends.push_back(std::to_string(process) + " " + kNames[static_cast<int>(end)]);
  }
  // "0.open 1.close": who took which kind.
  [[nodiscard]] std::string kinds() const {
    std::string text;
    for (const Step& step : steps) {
      if (!text.empty()) text += ' ';
      text += std::to_string(step.process) + "." + std::string(name_of(step.kind));
    }
    return text;
  }
};

template <class T>
int error_of(const modelcache::OsResult<T>& result) {
  return result ? 0 : result.error().value;
}

// A world with processes given as functions, run by a test.
class SimTest : public testing::Test {
 protected:
  using Os = modelcache::Os;
  using Fd = modelcache::Fd;
  using Body = std::function<void(Os&)>;

  SimTest() { world_.clear(peers_); }

  StageEnd run(std::vector<Body> bodies, Strategy& strategy) {
    std::vector<StageProcess> processes = processes_;
    processes.resize(bodies.size());
    for (std::size_t i = 0; i < bodies.size(); ++i) processes[i].body = std::move(bodies[i]);
    stage_.processes = processes;
    strategy.begin();
    StageEnd end = world_.run(stage_, strategy, recorder_);
    stage_.processes = {};
    return end;
  }
  StageEnd run(std::vector<Body> bodies) {
    DefaultStrategy strategy;
    return run(std::move(bodies), strategy);
  }
  // The cache directory, made where it is missing.
  static Fd cache(Os& os) {
    (void)os.make_directory(os.open(modelcache::kWorkingDirectory, "/sim", modelcache::OpenMode::root).value(),
                            "cache");
    return os.open(modelcache::kWorkingDirectory, kSimCacheDirectory, modelcache::OpenMode::root).value();
  }
  void make_cache() {
    run({[](Os& os) { cache(os); }});
    recorder_.steps.clear();
    recorder_.ends.clear();
  }
  static Fd open(Os& os, std::string_view name, modelcache::OpenMode mode) {
    return os.open(modelcache::kWorkingDirectory, std::string(kSimCacheDirectory) + "/" + std::string(name), mode)
        .value();
  }
  static int write(Os& os, Fd file, std::string_view text, std::uint64_t offset = 0) {
    return error_of(os.write(file, std::as_bytes(std::span(text.data(), text.size())), offset));
  }
  static std::string receive(Os& os, Fd connection, std::size_t size = 100,
                             std::chrono::nanoseconds timeout = std::chrono::seconds(10)) {
    std::string text(size, '?');
    const auto got = os.receive(connection, std::as_writable_bytes(std::span(text)), timeout);
    return got ? text.substr(0, *got) : "errno " + std::to_string(got.error().value);
  }

  ListedPeers peers_;
  SimWorld world_;
  Recorder recorder_;
  Stage stage_;
  std::vector<StageProcess> processes_;  // what differs from the default, by process
};

}  // namespace stampede

#endif  // STAMPEDE_SIM_SIM_FOR_TEST_H
