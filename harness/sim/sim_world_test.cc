// The simulated world as a whole: what steps say, what is left behind, and that the same inputs give the same run.
#include <set>

#include "harness/sim/sim_for_test.h"

namespace stampede {
namespace {

using modelcache::FileType;
using modelcache::LockMode;
using modelcache::OpenMode;
using modelcache::RenameMode;

class SimWorldTest : public SimTest {
 protected:
  // All that a trace has of a step.
  static std::string describe(const Step& step) {
    std::string text =
        std::to_string(step.process) + "." + std::to_string(step.own_step) + " " + std::string(name_of(step.kind)) +
        " '" + step.path + "' '" + step.to_path + "' #" + std::to_string(step.file) + " ~" +
        std::to_string(step.replaced) + " @" + std::to_string(step.offset) + "+" + std::to_string(step.size) +
        " mode " + std::to_string(step.mode) + " = " + std::to_string(step.error) + "/" + std::to_string(step.result);
    for (const std::string& name : step.names) text += " " + name;
    return text;
  }
  [[nodiscard]] std::vector<std::string> trace() const {
    std::vector<std::string> lines;
    for (const Step& step : recorder_.steps) {
      lines.push_back(describe(step) + " at " + std::to_string(step.at.count()));
    }
    return lines;
  }
};

TEST_F(SimWorldTest, SaysInStepsWhatWasDoneToWhat) {
  run({[](Os& os) {
    const Fd parent = os.open(modelcache::kWorkingDirectory, "/sim", OpenMode::root).value();
    EXPECT_EQ(error_of(os.make_directory(parent, "cache")), 0);
    const Fd root = os.open(modelcache::kWorkingDirectory, kSimCacheDirectory, OpenMode::root).value();
    EXPECT_EQ(error_of(os.make_directory(root, "entries")), 0);
    const Fd entries = os.open(root, "entries", OpenMode::directory).value();
    const Fd file = os.open(entries, "a", OpenMode::create_new).value();
    EXPECT_EQ(write(os, file, "hello"), 0);
    const Fd other = os.open(root, "b", OpenMode::create_new).value();
    EXPECT_EQ(error_of(os.rename(root, "b", entries, "a", RenameMode::replace)), 0);
    EXPECT_EQ(os.stat_name(entries, "a")->size_bytes, 0U);
    EXPECT_EQ(error_of(os.open(entries, "none", OpenMode::read)), ENOENT);
    EXPECT_EQ(os.list(root).value(), std::vector<std::string>{"entries"});
    EXPECT_EQ(error_of(os.unlink(entries, "a")), 0);
    EXPECT_EQ(error_of(os.close(other)), 0);
    EXPECT_EQ(error_of(os.close(file)), 0);
  }});
  std::vector<std::string> lines;
  for (const Step& step : recorder_.steps) lines.push_back(describe(step));
  EXPECT_EQ(lines, (std::vector<std::string>{
                       "0.0 open '/sim' '' #1 ~0 @0+0 mode 5 = 0/0",
                       "0.1 make_directory '' '' #2 ~0 @0+0 mode 0 = 0/0",
                       "0.2 open '' '' #2 ~0 @0+0 mode 5 = 0/0",
                       "0.3 make_directory 'entries' '' #3 ~0 @0+0 mode 0 = 0/0",
                       "0.4 open 'entries' '' #3 ~0 @0+0 mode 4 = 0/0",
                       "0.5 open 'entries/a' '' #4 ~0 @0+0 mode 2 = 0/0",
                       "0.6 write 'entries/a' '' #4 ~0 @0+5 mode 0 = 0/5",
                       "0.7 open 'b' '' #5 ~0 @0+0 mode 2 = 0/0",
                       "0.8 rename 'b' 'entries/a' #5 ~4 @0+0 mode 0 = 0/0",
                       "0.9 stat_name 'entries/a' '' #5 ~0 @0+0 mode 0 = 0/0",
                       "0.10 open 'entries/none' '' #0 ~0 @0+0 mode 0 = 2/0",
                       "0.11 list '' '' #2 ~0 @0+0 mode 0 = 0/0 entries",
                       "0.12 unlink 'entries/a' '' #5 ~0 @0+0 mode 0 = 0/0",
                       "0.13 close 'b' '' #5 ~0 @0+0 mode 0 = 0/0",
                       "0.14 close 'entries/a' '' #4 ~0 @0+0 mode 0 = 0/0",
                   }));
  EXPECT_EQ(recorder_.steps[9].stat, (StepStat{FileType::regular, 0644, 1, 0}));
}

TEST_F(SimWorldTest, GivesTheSameRunForTheSameInputs) {
  const std::vector<DiskFault> disk = {{StepKind::write, {}, "", 3, 1, DiskEffect::short_transfer, 0}};
  const std::vector<ProcessFault> faults = {{ProcessFaultKind::kill_after, 1, 9, {}}};
  const auto body = [](Os& os) {
    const Fd root = cache(os);
    for (int i = 0; i < 5; ++i) {
      const std::string name = "f" + std::to_string(os.random() % 4);
      const auto file = os.open(root, name, OpenMode::open_or_create);
      if (!file) continue;
      if (error_of(os.try_lock(*file, LockMode::exclusive)) != 0)
        (void)os.sleep_until(os.now() + std::chrono::milliseconds(3));
      (void)write(os, *file, std::to_string(os.self().pid));
      (void)os.rename(root, name, root, "g", RenameMode::replace);
      (void)os.stat(*file);
      (void)os.list(root);
      if (i % 2 == 0) (void)os.close(*file);
    }
  };
  std::vector<std::vector<std::string>> traces;
  for (int round = 0; round < 3; ++round) {
    SimWorld fresh;
    SimWorld& world = round == 1 ? fresh : world_;  // memory that was used before changes nothing
    world.clear(peers_);
    recorder_ = {};
    ListedStrategy strategy({2, 1, 0, 0, 1, 2, 2, 1, 0, 1, 2, 0, 1, 0, 1, 2, 2, 1, 0, 0, 0, 1, 2, 1, 0, 1, 2});
    const std::vector<StageProcess> processes(
        3, StageProcess{.umask = 022, .descriptors_max = 0, .user = 1000, .body = body});
    Stage stage;
    stage.processes = processes;
    stage.disk = disk;
    stage.process_faults = faults;
    const StageEnd end = world.run(stage, strategy, recorder_);
    EXPECT_EQ(end.ends[1], ProcessEnd::killed);
    EXPECT_GT(end.switches.size(), 3U);
    traces.push_back(trace());
  }
  EXPECT_GT(traces[0].size(), 60U);
  EXPECT_EQ(traces[0], traces[1]);
  EXPECT_EQ(traces[0], traces[2]);
}

TEST_F(SimWorldTest, ClosesWhatAProcessLeftOpenWithoutSteps) {
  make_cache();
  peers_.scripts.push_back({ListedPeers::bytes("hello")});
  std::uint64_t open_at_the_end = 0;
  recorder_.also = [&](const Step&, const DiskView& disk) { open_at_the_end = disk.open_descriptors(); };
  run({[](Os& os) {
    EXPECT_EQ(error_of(os.try_lock(open(os, "lock", OpenMode::open_or_create), LockMode::exclusive)), 0);
    (void)os.connect({"127.0.0.1", 80}, std::chrono::seconds(1));
  }});
  EXPECT_EQ(open_at_the_end, 2U);
  EXPECT_EQ(world_.disk().open_descriptors(), 0U);
  EXPECT_EQ(recorder_.kinds(), "0.open 0.try_lock 0.connect");
  EXPECT_EQ(peers_.log.back().substr(0, 6), "left 1");
  run({[](Os& os) {
    EXPECT_EQ(error_of(os.try_lock(open(os, "lock", OpenMode::open_or_create), LockMode::exclusive)), 0);
  }});
}

TEST_F(SimWorldTest, NumbersProcessesOverAllStages) {
  std::set<std::uint64_t> pids, values;
  const auto body = [&](Os& os) {
    pids.insert(os.self().pid);
    values.insert(os.random());
    values.insert(os.random());
    EXPECT_EQ(os.liveness(os.self()), modelcache::Liveness::alive);
    EXPECT_EQ(os.liveness(world_.dead_process()), modelcache::Liveness::dead);
  };
  for (const StageKind stage : {StageKind::warm_up, StageKind::run, StageKind::epilogue}) {
    stage_.stage = stage;
    run({body, body});
  }
  EXPECT_EQ(pids.size(), 6U);
  EXPECT_EQ(values.size(), 12U);
  EXPECT_FALSE(values.contains(0));
  const auto last = world_.identity(1);
  run({[&](Os& os) { EXPECT_EQ(os.liveness(last), modelcache::Liveness::dead); }});
}

TEST_F(SimWorldTest, LimitsDescriptors) {
  make_cache();
  processes_ = {StageProcess{.umask = 022, .descriptors_max = 2, .user = 1000, .body = {}}};
  run({[](Os& os) {
    const Fd root = cache(os);  // and its parent
    EXPECT_EQ(error_of(os.open(root, "a", OpenMode::create_new)), EMFILE);
    EXPECT_EQ(error_of(os.list(root)), EMFILE);
    EXPECT_EQ(error_of(os.connect({"127.0.0.1", 80}, std::chrono::seconds(1))), EMFILE);
    EXPECT_EQ(error_of(os.open(root, "", OpenMode::read)), ENOENT);
    EXPECT_EQ(error_of(os.close(Fd{3})), 0);
    EXPECT_EQ(os.open(root, "a", OpenMode::create_new).value(), Fd{3});  // the lowest that is free
  }});
  EXPECT_TRUE(peers_.log.empty());
}

TEST_F(SimWorldTest, ChecksPermissionsByUser) {
  processes_ = {StageProcess{.umask = 0277, .descriptors_max = 0, .user = 1000, .body = {}},
                StageProcess{.umask = 022, .descriptors_max = 0, .user = 1001, .body = {}},
                StageProcess{.umask = 022, .descriptors_max = 0, .user = 0, .body = {}}};
  run({[](Os& os) {
         (void)os.make_directory(os.open(modelcache::kWorkingDirectory, "/sim", OpenMode::root).value(), "cache");
       },
       [](Os& os) {
         EXPECT_EQ(error_of(os.open(modelcache::kWorkingDirectory, kSimCacheDirectory, OpenMode::root)), EACCES);
         EXPECT_EQ(error_of(os.stat_name(modelcache::kWorkingDirectory, "/sim/cache/x")), EACCES);
       },
       [](Os& os) {
         const Fd root = os.open(modelcache::kWorkingDirectory, kSimCacheDirectory, OpenMode::root).value();
         EXPECT_EQ(error_of(os.open(root, "a", OpenMode::create_new)), 0);
       }});
  run({[](Os& os) {
    const Fd root = os.open(modelcache::kWorkingDirectory, kSimCacheDirectory, OpenMode::root).value();
    EXPECT_EQ(error_of(os.open(root, "b", OpenMode::create_new)), EACCES);  // 0500
    EXPECT_EQ(error_of(os.open(root, "a", OpenMode::read)), 0);
    EXPECT_EQ(error_of(os.open(root, "a", OpenMode::read_write)), EACCES);  // root's, 0644
    EXPECT_EQ(error_of(os.unlink(root, "a")), EACCES);
    EXPECT_EQ(error_of(os.unlink(root, "b")), ENOENT);
  }});
}

TEST_F(SimWorldTest, KeepsTheBytesOfAnOpenFileWithoutAName) {
  make_cache();
  std::vector<std::size_t> sizes;
  FileNumber file = 0;
  recorder_.also = [&](const Step& step, const DiskView& disk) {
    if (step.kind == StepKind::open && step.path == "a") file = step.file;
    if (file != 0) sizes.push_back(disk.bytes(file).size());
  };
  run({[](Os& os) {
    const Fd root = cache(os);
    const Fd a = os.open(root, "a", OpenMode::create_new).value();
    EXPECT_EQ(write(os, a, "hello"), 0);
    EXPECT_EQ(error_of(os.unlink(root, "a")), 0);
    EXPECT_EQ(os.stat(a)->links, 0U);
    EXPECT_EQ(error_of(os.close(a)), 0);
    (void)os.now();
  }});
  EXPECT_EQ(sizes, (std::vector<std::size_t>{0, 5, 5, 5, 5, 0}));  // until the step after the last descriptor closed
}

TEST_F(SimWorldTest, IsChangedByHandBetweenStages) {
  make_cache();
  const std::string text = "damaged";
  world_.write_file("a", std::as_bytes(std::span(text)));
  world_.make_symlink("l", "a");
  const FileNumber file = world_.disk().file_at("a");
  const std::uint64_t version = world_.disk().version(file);
  run({[](Os& os) {
    const Fd a = open(os, "a", OpenMode::read_write);
    EXPECT_EQ(os.stat(a)->mode, 0644U);
    EXPECT_EQ(os.stat(a)->size_bytes, 7U);
    EXPECT_EQ(error_of(os.open(cache(os), "l", OpenMode::read)), ELOOP);
  }});
  world_.write_file("a", {});
  EXPECT_EQ(world_.disk().file_at("a"), file);
  EXPECT_GT(world_.disk().version(file), version);
  world_.remove_name("a");
  EXPECT_EQ(world_.disk().file_at("a"), 0U);
}

using SimWorldDeathTest = SimWorldTest;

TEST_F(SimWorldDeathTest, AbortsADeadProcessThatNeverEnds) {
  const std::vector<ProcessFault> faults = {{ProcessFaultKind::kill_before, 0, 2, {}}};
  stage_.process_faults = faults;
  EXPECT_DEATH(run({[](Os& os) {
                 for (;;) (void)os.wall_time();
               }}),
               "process 0 went on for 100000 calls after its death");
}

}  // namespace
}  // namespace stampede
