// Faults of the plan: deaths at every kind of step, stops, clock steps, and each effect on the disk.
#include "harness/sim/sim_for_test.h"

namespace stampede {
namespace {

using modelcache::Instant;
using modelcache::LockMode;
using modelcache::OpenMode;
using modelcache::RenameMode;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = PeerMove::Kind;

class SimFaultsTest : public SimTest {
 protected:
  std::vector<DiskFault> disk_;
  std::vector<ProcessFault> faults_;

  StageEnd run_with_faults(std::vector<Body> bodies, Strategy& strategy) {
    stage_.disk = disk_;
    stage_.process_faults = faults_;
    StageEnd end = run(std::move(bodies), strategy);
    stage_.disk = {};
    stage_.process_faults = {};
    return end;
  }
  StageEnd run_with_faults(std::vector<Body> bodies) {
    DefaultStrategy strategy;
    return run_with_faults(std::move(bodies), strategy);
  }
  std::string tree() const {
    std::string text;
    world_.disk().for_each_name([&](std::string_view path, FileNumber) { text += std::string(path) + " "; });
    return text;
  }
};

// One call of each kind, on two files, a directory and a connection.
void call_everything(modelcache::Os& os) {
  const auto path = [](std::string_view name) { return std::string(kSimCacheDirectory) + "/" + std::string(name); };
  const auto root = modelcache::kWorkingDirectory;
  std::array<std::byte, 8> bytes{};
  const auto dir = os.open(root, kSimCacheDirectory, OpenMode::root).value_or(modelcache::Fd{-1});
  const auto file = os.open(dir, "a", OpenMode::create_new).value_or(modelcache::Fd{-1});
  (void)os.write(file, bytes, 0);
  (void)os.read(file, bytes, 0);
  (void)os.truncate(file, 4);
  (void)os.sync_file(file);
  (void)os.sync_directory(dir);
  (void)os.try_lock(file, LockMode::exclusive);
  (void)os.unlock(file);
  (void)os.try_lock(file, LockMode::shared);
  (void)os.link(dir, "a", dir, "b");
  (void)os.rename(dir, "b", dir, "c", RenameMode::replace);
  (void)os.unlink(dir, "c");
  (void)os.stat(file);
  (void)os.stat_name(root, path("a"));
  (void)os.list(dir);
  (void)os.make_directory(dir, "d");
  (void)os.resolve("127.0.0.1", 80);
  const auto connection = os.connect({"127.0.0.1", 80}, seconds(1)).value_or(modelcache::Fd{-1});
  (void)os.send(connection, bytes, seconds(1));
  (void)os.receive(connection, bytes, seconds(1));
  (void)os.wall_time();
  (void)os.sleep_until(os.now() + milliseconds(1));
  (void)os.random();
  (void)os.liveness(os.self());
  (void)os.close(connection);
  (void)os.close(file);
}

TEST_F(SimFaultsTest, KillsBeforeAndAfterEveryKindOfStep) {
  std::vector<StepKind> kinds;
  std::array<bool, kStepKinds> seen{};
  for (int before = 1; before >= 0; --before) {
    for (std::uint32_t at = 0;; ++at) {
      world_.clear(peers_ = {});
      peers_.scripts.push_back({ListedPeers::bytes("hello")});
      make_cache();
      bool came_to_its_end = false;
      faults_ = {{before ? ProcessFaultKind::kill_before : ProcessFaultKind::kill_after, 0, at, {}}};
      const StageEnd end = run_with_faults({[&](Os& os) {
        call_everything(os);
        came_to_its_end = true;
      }});
      EXPECT_TRUE(came_to_its_end);
      if (end.ends[0] == ProcessEnd::ended) {
        kinds.clear();
        for (const Step& step : recorder_.steps) kinds.push_back(step.kind);
        EXPECT_EQ(at, kinds.size());  // all points were seen
        break;
      }
      const std::uint32_t taken = before ? at : at + 1;
      EXPECT_EQ(end.own_steps[0], taken);
      EXPECT_EQ(recorder_.steps.size(), taken);
      EXPECT_EQ(recorder_.ends, std::vector<std::string>{"0 killed"});
      EXPECT_EQ(world_.process_faults_met()[before ? 0 : 1], 1U);
      EXPECT_EQ(world_.disk().open_descriptors(), 0U);
      EXPECT_EQ(world_.disk().file_at("d") != 0, taken > 16) << at;
      EXPECT_TRUE(world_.has_died(0));
      if (!peers_.log.empty()) {
        EXPECT_EQ(peers_.log.size(), 2U);
      }
    }
  }
  for (const StepKind kind : kinds) seen[static_cast<std::size_t>(kind)] = true;
  EXPECT_EQ(std::count(seen.begin(), seen.end(), true), static_cast<std::ptrdiff_t>(kStepKinds));
}

TEST_F(SimFaultsTest, AKilledProcessLosesItsLocksAtOnceAndIsKnownToBeDead) {
  make_cache();
  faults_ = {{ProcessFaultKind::kill_after, 0, 1, {}}};
  int locked = -1;
  modelcache::Liveness before = modelcache::Liveness::unknown, after = before;
  ListedStrategy strategy({0, 1, 1, 0});
  const StageEnd end =
      run_with_faults({[](Os& os) {
                         const Fd file = open(os, "lock", OpenMode::open_or_create);
                         EXPECT_EQ(error_of(os.try_lock(file, LockMode::exclusive)), EIO);  // taken, and told to nobody
                         EXPECT_EQ(error_of(os.write(file, std::as_bytes(std::span("x", 1)), 0)), EIO);
                       },
                       [&](Os& os) {
                         const Fd file = open(os, "lock", OpenMode::open_or_create);
                         before = os.liveness(world_.identity(0));
                         locked = error_of(os.try_lock(file, LockMode::exclusive));
                         after = os.liveness(world_.identity(0));
                       }},
                      strategy);
  EXPECT_EQ(locked, 0);
  EXPECT_EQ(before, modelcache::Liveness::alive);
  EXPECT_EQ(after, modelcache::Liveness::dead);
  EXPECT_EQ(end.ends, (std::vector<ProcessEnd>{ProcessEnd::killed, ProcessEnd::ended}));
  EXPECT_EQ(recorder_.kinds(), "0.open 1.open 1.liveness 0.try_lock 1.try_lock 1.liveness");
}

TEST_F(SimFaultsTest, StopsAProcessWhileOthersMove) {
  faults_ = {{ProcessFaultKind::stop, 0, 1, milliseconds(5)}, {ProcessFaultKind::stop, 0, 1, milliseconds(5)}};
  std::vector<Instant> times;
  const StageEnd end = run_with_faults({[&](Os& os) {
                                          times.push_back(os.now());
                                          times.push_back(os.now());
                                        },
                                        [](Os& os) {
                                          (void)os.wall_time();
                                          (void)os.wall_time();
                                        }});
  EXPECT_EQ(recorder_.kinds(), "0.now 1.wall_time 1.wall_time 0.now");
  EXPECT_EQ(times[1] - times[0], milliseconds(10) + kStepTime);
  EXPECT_EQ(world_.process_faults_met()[2], 2U);
  EXPECT_TRUE(end.switches.empty());
}

TEST_F(SimFaultsTest, StepsTheWallClockAlone) {
  faults_ = {{ProcessFaultKind::clock_step, 0, 2, -seconds(3600)}};
  make_cache();
  std::vector<modelcache::WallTime> walls;
  std::vector<Instant> times;
  run_with_faults({[&](Os& os) {
    for (int i = 0; i < 2; ++i) {
      walls.push_back(os.wall_time());
      times.push_back(os.now());
    }
    const Fd file = open(os, "a", OpenMode::create_new);
    const auto mtime = os.stat(file)->mtime;
    EXPECT_LE(mtime, walls[1].time_since_epoch());
    EXPECT_GT(mtime, walls[1].time_since_epoch() - milliseconds(4) - kStepTime * 10);
    EXPECT_EQ(mtime % milliseconds(4), std::chrono::nanoseconds(0));
  }});
  EXPECT_EQ(walls[1] - walls[0], 2 * kStepTime - seconds(3600));
  EXPECT_EQ(times[1] - times[0], 2 * kStepTime);
}

TEST_F(SimFaultsTest, FailsTheNthMatchingStepWithoutEffect) {
  make_cache();
  disk_ = {{StepKind::write, {}, "a", 1, 2, DiskEffect::error, ENOSPC}};
  run_with_faults({[](Os& os) {
    const Fd a = open(os, "a", OpenMode::create_new);
    const Fd b = open(os, "b", OpenMode::create_new);
    std::vector<int> errors;
    for (int i = 0; i < 4; ++i) {
      EXPECT_EQ(write(os, b, "b"), 0);
      errors.push_back(write(os, a, "a", os.stat(a)->size_bytes));
    }
    EXPECT_EQ(errors, (std::vector<int>{0, ENOSPC, ENOSPC, 0}));
    EXPECT_EQ(os.stat(a)->size_bytes, 2U);
  }});
  EXPECT_EQ(std::count_if(recorder_.steps.begin(), recorder_.steps.end(),
                          [](const Step& step) { return step.fault == StepFault::error && step.error == ENOSPC; }),
            2);
}

TEST_F(SimFaultsTest, MeetsTheNamedProcessAloneAndAllThatFollow) {
  make_cache();
  disk_ = {{StepKind::sync_directory, 1, "", 1, 0, DiskEffect::error, EIO}};
  std::string log;
  const auto body = [&](Os& os) {
    const Fd dir = os.open(modelcache::kWorkingDirectory, kSimCacheDirectory, OpenMode::root).value();
    for (int i = 0; i < 4; ++i) log += error_of(os.sync_directory(dir)) == 0 ? '+' : '-';
  };
  run_with_faults({body, body});
  EXPECT_EQ(log, "+++++---");
}

TEST_F(SimFaultsTest, LetsTheFirstOfTwoDecideWhileBothCount) {
  make_cache();
  disk_ = {{StepKind::unlink, {}, "", 1, 1, DiskEffect::error, EACCES},
           {StepKind::unlink, {}, "", 1, 2, DiskEffect::error, EROFS}};
  run_with_faults({[](Os& os) {
    const Fd dir = os.open(modelcache::kWorkingDirectory, kSimCacheDirectory, OpenMode::root).value();
    for (const int expected : {ENOENT, EACCES, EROFS, ENOENT}) EXPECT_EQ(error_of(os.unlink(dir, "a")), expected);
  }});
}

TEST_F(SimFaultsTest, ClosesAlthoughCloseFails) {
  make_cache();
  disk_ = {{StepKind::close, {}, "", 0, 1, DiskEffect::error, EIO}};
  run_with_faults({[](Os& os) {
    const Fd file = open(os, "a", OpenMode::create_new);
    EXPECT_EQ(error_of(os.try_lock(file, LockMode::exclusive)), 0);
    EXPECT_EQ(error_of(os.close(file)), EIO);
    EXPECT_EQ(error_of(os.close(file)), EBADF);
    EXPECT_EQ(error_of(os.try_lock(open(os, "a", OpenMode::read), LockMode::exclusive)), 0);
  }});
}

TEST_F(SimFaultsTest, MovesHalfOfTheBytesAndOneAtLeast) {
  make_cache();
  for (const StepKind kind : {StepKind::read, StepKind::write, StepKind::send, StepKind::receive}) {
    disk_.push_back({kind, {}, "", 0, 2, DiskEffect::short_transfer, 0});
  }
  peers_.scripts.push_back({ListedPeers::bytes("hello!"), ListedPeers::bytes("a"), ListedPeers::move(Kind::finish)});
  run_with_faults({[](Os& os) {
    const Fd file = open(os, "a", OpenMode::create_new);
    const std::string text = "0123456789";
    const auto bytes = std::as_bytes(std::span(text));
    EXPECT_EQ(os.write(file, bytes, 0).value(), 5U);
    EXPECT_EQ(os.write(file, bytes.first(1), 5).value(), 1U);
    EXPECT_EQ(os.write(file, bytes, 6).value(), 10U);
    std::array<std::byte, 100> into{};
    EXPECT_EQ(os.read(file, into, 0).value(), 8U);  // of 16
    EXPECT_EQ(os.read(file, into, 16).value(), 0U);
    const Fd connection = os.connect({"127.0.0.1", 80}, seconds(1)).value();
    EXPECT_EQ(os.send(connection, bytes, seconds(1)).value(), 5U);
    EXPECT_EQ(receive(os, connection), "hel");
    EXPECT_EQ(receive(os, connection), "l");
    EXPECT_EQ(receive(os, connection), "o!");
    EXPECT_EQ(receive(os, connection), "a");
    EXPECT_EQ(receive(os, connection), "");
  }});
  EXPECT_EQ(peers_.received[1], "01234");
  EXPECT_EQ(std::count_if(recorder_.steps.begin(), recorder_.steps.end(),
                          [](const Step& step) { return step.fault == StepFault::short_transfer; }),
            6);  // the read at the end of the file moved nothing that could be halved
}

TEST_F(SimFaultsTest, PretendsToLock) {
  make_cache();
  disk_ = {{StepKind::try_lock, {}, "lock", 0, 0, DiskEffect::does_nothing, 0}};
  run_with_faults({[](Os& os) {
    for (int i = 0; i < 3; ++i) {
      const Fd file = open(os, "lock", OpenMode::open_or_create);
      EXPECT_EQ(error_of(os.try_lock(file, LockMode::exclusive)), 0);
      EXPECT_EQ(error_of(os.unlock(file)), 0);
    }
    const Fd real = open(os, "real", OpenMode::open_or_create);
    EXPECT_EQ(error_of(os.try_lock(real, LockMode::exclusive)), 0);
    EXPECT_EQ(error_of(os.try_lock(open(os, "real", OpenMode::read), LockMode::exclusive)), EWOULDBLOCK);
  }});
  EXPECT_EQ(recorder_.steps[1].fault, StepFault::does_nothing);
}

TEST_F(SimFaultsTest, CountsAConnectThatAFaultRefused) {
  disk_ = {{StepKind::connect, {}, "", 0, 1, DiskEffect::error, EMFILE}};
  peers_.scripts.push_back({ListedPeers::bytes("hello")});
  run_with_faults({[](Os& os) {
    EXPECT_EQ(error_of(os.connect({"127.0.0.1", 80}, seconds(1))), EMFILE);
    EXPECT_EQ(receive(os, os.connect({"127.0.0.1", 80}, seconds(1)).value()), "hello");
  }});
  EXPECT_EQ(recorder_.steps[0].connection, 1U);
  EXPECT_EQ(recorder_.steps[1].connection, 2U);
  EXPECT_EQ(peers_.log[0], "connect 2 of 0 at 2000");
}

TEST_F(SimFaultsTest, MakesAReadOnlyDiskRefuseWhatWrites) {
  make_cache();
  run({[](Os& os) {
    EXPECT_EQ(write(os, open(os, "a", OpenMode::create_new), "x"), 0);
    EXPECT_EQ(error_of(os.make_directory(cache(os), "d")), 0);
  }});
  world_.set_read_only(true);
  run({[](Os& os) {
    const Fd dir = os.open(modelcache::kWorkingDirectory, kSimCacheDirectory, OpenMode::root).value();
    EXPECT_EQ(error_of(os.open(dir, "a", OpenMode::read)), 0);
    EXPECT_EQ(error_of(os.open(dir, "a", OpenMode::read_write)), EROFS);
    EXPECT_EQ(error_of(os.open(dir, "a", OpenMode::open_or_create)), EROFS);
    EXPECT_EQ(error_of(os.open(dir, "a", OpenMode::create_new)), EEXIST);
    EXPECT_EQ(error_of(os.open(dir, "b", OpenMode::create_new)), EROFS);
    EXPECT_EQ(error_of(os.open(dir, "b", OpenMode::open_or_create)), EROFS);
    EXPECT_EQ(error_of(os.open(dir, "b", OpenMode::read)), ENOENT);
    EXPECT_EQ(error_of(os.open(dir, "d", OpenMode::read_write)), EISDIR);
    EXPECT_EQ(error_of(os.make_directory(dir, "d")), EEXIST);
    EXPECT_EQ(error_of(os.make_directory(dir, "e")), EROFS);
    EXPECT_EQ(error_of(os.unlink(dir, "a")), EROFS);
    EXPECT_EQ(error_of(os.unlink(dir, "b")), EROFS);
    EXPECT_EQ(error_of(os.rename(dir, "b", dir, "c", RenameMode::replace)), EROFS);
    EXPECT_EQ(error_of(os.link(dir, "a", dir, "c")), EROFS);
    EXPECT_EQ(error_of(os.link(dir, "a", dir, "d")), EEXIST);
    EXPECT_EQ(error_of(os.link(dir, "b", dir, "c")), ENOENT);
    EXPECT_EQ(error_of(os.try_lock(os.open(dir, "a", OpenMode::read).value(), LockMode::exclusive)), 0);
  }});
  EXPECT_EQ(tree(), "a d ");
}

}  // namespace
}  // namespace stampede
