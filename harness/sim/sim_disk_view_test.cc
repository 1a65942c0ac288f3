// What judges see of the disk, and what of it would survive a power loss.
#include "harness/sim/sim_disk_view.h"

#include "harness/sim/sim_for_test.h"

namespace stampede {
namespace {

using modelcache::OpenMode;
using modelcache::RenameMode;

class SimDiskViewTest : public SimTest {
 protected:
  using Names = std::vector<std::string>;
  [[nodiscard]] Names names() const {
    Names names;
    world_.disk().for_each_name([&](std::string_view path, FileNumber) { names.emplace_back(path); });
    return names;
  }
  // "a=bytes" for what survives.
  [[nodiscard]] Names durable() const {
    Names names;
    world_.durable().for_each_durable_name([&](std::string_view path, FileNumber file) {
      const auto bytes = world_.durable().durable_bytes(file);
      names.push_back(std::string(path) + "=" + std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    });
    return names;
  }
  void make_durable_cache() {
    run({[](Os& os) {
      cache(os);
      EXPECT_EQ(error_of(os.sync_directory(os.open(modelcache::kWorkingDirectory, "/sim", OpenMode::root).value())), 0);
    }});
  }
};

TEST_F(SimDiskViewTest, FindsNamesInOrder) {
  EXPECT_EQ(world_.disk().file_at(""), 0U);
  EXPECT_EQ(names(), Names{});
  run({[](Os& os) {
    const Fd root = cache(os);
    for (const char* name : {"b", "a.x", "a"}) EXPECT_EQ(error_of(os.make_directory(root, name)), 0);
    for (const char* name : {"a/z", "a/y", "c"}) EXPECT_EQ(error_of(os.open(root, name, OpenMode::create_new)), 0);
    EXPECT_EQ(error_of(os.link(root, "c", root, "b/hard")), 0);
  }});
  world_.make_symlink("l", "a");
  const DiskView& disk = world_.disk();
  EXPECT_EQ(names(), (Names{"a", "a/y", "a/z", "a.x", "b", "b/hard", "c", "l"}));
  EXPECT_NE(disk.file_at(""), 0U);
  EXPECT_EQ(disk.file_at("/sim/cache"), disk.file_at(""));
  EXPECT_EQ(disk.file_at("c"), disk.file_at("b/hard"));
  EXPECT_EQ(disk.file_at("l/y"), 0U);  // links are not followed
  EXPECT_EQ(disk.file_at("c/y"), 0U);
  EXPECT_EQ(disk.file_at("none/y"), 0U);
  EXPECT_EQ(disk.stat(disk.file_at("c")), (StepStat{modelcache::FileType::regular, 0644, 2, 0}));
  EXPECT_EQ(disk.stat(disk.file_at("l")).type, modelcache::FileType::symlink);
}

TEST_F(SimDiskViewTest, CountsVersionsOfBytesAlone) {
  std::vector<std::uint64_t> versions;
  recorder_.also = [&](const Step& step, const DiskView& disk) {
    if (step.file != 0 && step.path == "a") versions.push_back(disk.version(step.file));
  };
  run({[](Os& os) {
    const Fd root = cache(os);
    const Fd a = os.open(root, "a", OpenMode::create_new).value();
    EXPECT_EQ(write(os, a, "hello"), 0);
    EXPECT_EQ(error_of(os.sync_file(a)), 0);
    EXPECT_EQ(error_of(os.truncate(a, 5)), 0);
    EXPECT_EQ(error_of(os.truncate(a, 2)), 0);
    EXPECT_EQ(error_of(os.rename(root, "a", root, "b", RenameMode::replace)), 0);
  }});
  EXPECT_EQ(versions, (std::vector<std::uint64_t>{0, 1, 1, 1, 2, 2}));
}

TEST_F(SimDiskViewTest, KeepsNothingThatWasNotSynced) {
  run({[](Os& os) { cache(os); }});
  EXPECT_EQ(durable(), Names{});
  make_durable_cache();
  run({[](Os& os) {
    const Fd root = cache(os);
    const Fd a = os.open(root, "a", OpenMode::create_new).value();
    EXPECT_EQ(write(os, a, "hello"), 0);
    EXPECT_EQ(error_of(os.sync_file(a)), 0);
  }});
  EXPECT_EQ(durable(), Names{});  // bytes without a name
  run({[](Os& os) { EXPECT_EQ(error_of(os.sync_directory(cache(os))), 0); }});
  EXPECT_EQ(durable(), Names{"a=hello"});
  run({[](Os& os) {
    const Fd root = cache(os);
    const Fd a = os.open(root, "a", OpenMode::read_write).value();
    EXPECT_EQ(write(os, a, "J"), 0);
    EXPECT_EQ(error_of(os.open(root, "b", OpenMode::create_new)), 0);
  }});
  EXPECT_EQ(durable(), Names{"a=hello"});
  EXPECT_EQ(names(), (Names{"a", "b"}));
  run({[](Os& os) {
    EXPECT_EQ(error_of(os.sync_directory(cache(os))), 0);
    EXPECT_EQ(error_of(os.sync_file(open(os, "a", OpenMode::read))), 0);
  }});
  EXPECT_EQ(durable(), (Names{"a=Jello", "b="}));
}

TEST_F(SimDiskViewTest, KeepsTheOldNamesUntilTheDirectoryIsSynced) {
  make_durable_cache();
  run({[](Os& os) {
    const Fd root = cache(os);
    for (const char* name : {"old", "new", "gone"}) {
      const Fd file = os.open(root, name, OpenMode::create_new).value();
      EXPECT_EQ(write(os, file, name), 0);
      EXPECT_EQ(error_of(os.sync_file(file)), 0);
    }
    EXPECT_EQ(error_of(os.make_directory(root, "d")), 0);
    EXPECT_EQ(error_of(os.sync_directory(root)), 0);
    EXPECT_EQ(error_of(os.rename(root, "new", root, "old", RenameMode::replace)), 0);
    EXPECT_EQ(error_of(os.unlink(root, "gone")), 0);
  }});
  // Closed, and without a name: its bytes are kept for the name that survives.
  EXPECT_EQ(durable(), (Names{"d=", "gone=gone", "new=new", "old=old"}));
  EXPECT_EQ(names(), (Names{"d", "old"}));
  run({[](Os& os) { EXPECT_EQ(error_of(os.rename(cache(os), "old", cache(os), "d/moved", RenameMode::replace)), 0); }});
  run({[](Os& os) { EXPECT_EQ(error_of(os.sync_directory(open(os, "d", OpenMode::directory))), 0); }});
  EXPECT_EQ(durable(), (Names{"d=", "d/moved=new", "gone=gone", "new=new", "old=old"}));
  run({[](Os& os) { EXPECT_EQ(error_of(os.sync_directory(cache(os))), 0); }});
  EXPECT_EQ(durable(), (Names{"d=", "d/moved=new"}));
}

TEST_F(SimDiskViewTest, TakesWhatWasDoneByHandForDurable) {
  make_durable_cache();
  const std::string text = "by hand";
  world_.write_file("a", std::as_bytes(std::span(text)));
  EXPECT_EQ(durable(), Names{"a=by hand"});
  world_.remove_name("a");
  EXPECT_EQ(durable(), Names{});
}

}  // namespace
}  // namespace stampede
