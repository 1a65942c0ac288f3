// What every Os promises about files, locks, time and identity, as one suite for all implementations.
//
// Include it in one *_test.cc of a program, and name the implementations:
//   INSTANTIATE_TEST_SUITE_P(Posix, OsContract, testing::Values(OsWorldFactory(make_posix_world)));
#ifndef MODELCACHE_OS_CONTRACT_TEST_H
#define MODELCACHE_OS_CONTRACT_TEST_H

#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cache/open_file.h"
#include "cache/os.h"

namespace modelcache {

// An Os with an empty directory, and the few things that tests need and the door does not offer. The umask is 022.
class OsWorld {
 public:
  virtual ~OsWorld() = default;
  virtual Os& os() = 0;
  virtual Fd root() = 0;  // open; owned by the world
  virtual void make_symlink(const std::string& name, const std::string& target) = 0;
  virtual void make_fifo(const std::string& name) = 0;
  virtual void set_umask(unsigned mask) = 0;
};
using OsWorldFactory = std::function<std::unique_ptr<OsWorld>()>;

class OsContract : public testing::TestWithParam<OsWorldFactory> {
 protected:
  std::unique_ptr<OsWorld> world_ = GetParam()();
  Os& os_ = world_->os();
  Fd root_ = world_->root();

  template <class T>
  static int error_of(const OsResult<T>& result) {
    return result ? 0 : result.error().value;
  }
  int open_error(std::string_view name, OpenMode mode) {
    const auto fd = os_.open(root_, name, mode);
    if (!fd) return fd.error().value;
    EXPECT_EQ(error_of(os_.close(*fd)), 0);
    return 0;
  }
  OpenFile open(std::string_view name, OpenMode mode) {
    const auto fd = os_.open(root_, name, mode);
    EXPECT_EQ(error_of(fd), 0) << name;
    return fd ? OpenFile(os_, *fd) : OpenFile();
  }
  void write_file(std::string_view name, std::string_view text) {
    const OpenFile file = open(name, OpenMode::open_or_create);
    EXPECT_EQ(error_of(os_.truncate(file.fd(), 0)), 0);
    EXPECT_EQ(os_.write(file.fd(), std::as_bytes(std::span(text)), 0).value_or(SIZE_MAX), text.size());
  }
  std::string read_at(Fd file, std::uint64_t offset, std::size_t size) {
    std::string text(size, '?');
    const auto got = os_.read(file, std::as_writable_bytes(std::span(text)), offset);
    if (!got) return "errno " + std::to_string(got.error().value);
    return text.substr(0, *got);
  }
  std::string read_file(std::string_view name) { return read_at(open(name, OpenMode::read).fd(), 0, 100); }
  std::vector<std::string> names() { return os_.list(root_).value_or(std::vector<std::string>{"list failed"}); }
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(OsContract);

TEST_P(OsContract, OpensOnlyWhatTheModeAllows) {
  EXPECT_EQ(open_error("a", OpenMode::read), ENOENT);
  EXPECT_EQ(open_error("a", OpenMode::read_write), ENOENT);
  EXPECT_EQ(open_error("a", OpenMode::directory), ENOENT);
  EXPECT_EQ(open_error("a", OpenMode::create_new), 0);
  EXPECT_EQ(open_error("a", OpenMode::create_new), EEXIST);
  EXPECT_EQ(open_error("a", OpenMode::open_or_create), 0);
  EXPECT_EQ(open_error("b", OpenMode::open_or_create), 0);
  EXPECT_EQ(open_error("a", OpenMode::read), 0);
  EXPECT_EQ(open_error("a", OpenMode::read_write), 0);
  EXPECT_EQ(open_error("a", OpenMode::directory), ENOTDIR);
  EXPECT_EQ(error_of(os_.make_directory(root_, "d")), 0);
  EXPECT_EQ(open_error("d", OpenMode::directory), 0);
  EXPECT_EQ(open_error("d", OpenMode::root), 0);
  EXPECT_EQ(open_error("d", OpenMode::open_or_create), EISDIR);
  EXPECT_EQ(open_error("d", OpenMode::read_write), EISDIR);
  EXPECT_EQ(open_error(std::string_view("a\0b", 3), OpenMode::read), EINVAL);
  EXPECT_EQ(open_error(std::string(256, 'x'), OpenMode::create_new), ENAMETOOLONG);
}

TEST_P(OsContract, FollowsNoSymbolicLink) {
  write_file("file", "x");
  EXPECT_EQ(error_of(os_.make_directory(root_, "d")), 0);
  world_->make_symlink("to_file", "file");
  world_->make_symlink("to_d", "d");
  world_->make_symlink("to_nothing", "nothing");
  EXPECT_EQ(open_error("to_file", OpenMode::read), ELOOP);
  EXPECT_EQ(open_error("to_file", OpenMode::open_or_create), ELOOP);
  EXPECT_EQ(open_error("to_file", OpenMode::read_write), ELOOP);
  EXPECT_EQ(open_error("to_file", OpenMode::create_new), EEXIST);
  EXPECT_EQ(open_error("to_nothing", OpenMode::open_or_create), ELOOP);
  EXPECT_EQ(open_error("to_nothing", OpenMode::create_new), EEXIST);
  EXPECT_EQ(open_error("to_d", OpenMode::directory), ENOTDIR);
  EXPECT_EQ(open_error("to_d", OpenMode::root), 0);
  EXPECT_EQ(os_.stat_name(root_, "to_file")->type, FileType::symlink);
  EXPECT_EQ(error_of(os_.unlink(root_, "to_file")), 0);
  EXPECT_EQ(read_file("file"), "x");
  EXPECT_EQ(names(), (std::vector<std::string>{"d", "file", "to_d", "to_nothing"}));
}

TEST_P(OsContract, DoesNotBlockOnAFifo) {
  world_->make_fifo("f");
  EXPECT_EQ(open_error("f", OpenMode::read), 0);
  EXPECT_EQ(os_.stat_name(root_, "f")->type, FileType::other);
  EXPECT_EQ(open_error("f", OpenMode::directory), ENOTDIR);
}

TEST_P(OsContract, ReadsWhatWasWrittenWhereItWasWritten) {
  const OpenFile file = open("a", OpenMode::create_new);
  EXPECT_EQ(read_at(file.fd(), 0, 10), "");
  EXPECT_EQ(os_.write(file.fd(), std::as_bytes(std::span("hello", 5)), 3).value_or(SIZE_MAX), 5U);
  EXPECT_EQ(read_at(file.fd(), 0, 100), std::string("\0\0\0hello", 8));
  EXPECT_EQ(read_at(file.fd(), 4, 2), "el");
  EXPECT_EQ(read_at(file.fd(), 8, 10), "");
  EXPECT_EQ(read_at(file.fd(), 1000, 10), "");
  EXPECT_EQ(os_.write(file.fd(), {}, 100).value_or(SIZE_MAX), 0U);
  EXPECT_EQ(os_.stat(file.fd())->size_bytes, 8U);
  EXPECT_EQ(error_of(os_.truncate(file.fd(), 4)), 0);
  EXPECT_EQ(error_of(os_.truncate(file.fd(), 6)), 0);
  EXPECT_EQ(read_at(file.fd(), 0, 100), std::string("\0\0\0h\0\0", 6));
  EXPECT_EQ(error_of(os_.sync_file(file.fd())), 0);
  EXPECT_EQ(error_of(os_.sync_directory(root_)), 0);
}

TEST_P(OsContract, WritesToAnExistingFileAndKeepsTheRest) {
  write_file("a", "hello");
  const OpenFile file = open("a", OpenMode::read_write);
  EXPECT_EQ(os_.write(file.fd(), std::as_bytes(std::span("J", 1)), 0).value_or(SIZE_MAX), 1U);
  EXPECT_EQ(read_at(file.fd(), 0, 10), "Jello");
  EXPECT_EQ(error_of(os_.try_lock(file.fd(), LockMode::exclusive)), 0);
  EXPECT_EQ(names(), std::vector<std::string>{"a"});
}

TEST_P(OsContract, RefusesToWriteThroughAReadOnlyDescriptor) {
  write_file("a", "x");
  const OpenFile file = open("a", OpenMode::read);
  EXPECT_EQ(error_of(os_.write(file.fd(), std::as_bytes(std::span("y", 1)), 0)), EBADF);
  EXPECT_EQ(error_of(os_.truncate(file.fd(), 0)), EINVAL);
  EXPECT_EQ(read_file("a"), "x");
  EXPECT_EQ(read_at(root_, 0, 1), "errno " + std::to_string(EISDIR));
}

TEST_P(OsContract, RenamesInOneInstant) {
  write_file("a", "of a");
  write_file("b", "of b");
  const OpenFile old_b = open("b", OpenMode::read);
  EXPECT_EQ(error_of(os_.rename(root_, "a", root_, "b", RenameMode::no_replace)), EEXIST);
  EXPECT_EQ(read_file("b"), "of b");
  EXPECT_EQ(error_of(os_.rename(root_, "a", root_, "b", RenameMode::replace)), 0);
  EXPECT_EQ(names(), std::vector<std::string>{"b"});
  EXPECT_EQ(read_file("b"), "of a");
  EXPECT_EQ(read_at(old_b.fd(), 0, 10), "of b");
  EXPECT_EQ(os_.stat(old_b.fd())->links, 0U);
  EXPECT_EQ(error_of(os_.rename(root_, "b", root_, "c", RenameMode::no_replace)), 0);
  EXPECT_EQ(error_of(os_.rename(root_, "b", root_, "c", RenameMode::replace)), ENOENT);
  EXPECT_EQ(error_of(os_.make_directory(root_, "d")), 0);
  EXPECT_EQ(error_of(os_.rename(root_, "c", root_, "d", RenameMode::replace)), EISDIR);
  EXPECT_EQ(error_of(os_.rename(root_, "d", root_, "c", RenameMode::replace)), ENOTDIR);
  const OpenFile d = open("d", OpenMode::directory);
  EXPECT_EQ(error_of(os_.rename(root_, "c", d.fd(), "e", RenameMode::no_replace)), 0);
  EXPECT_EQ(os_.list(d.fd()).value_or(std::vector<std::string>()), std::vector<std::string>{"e"});
}

TEST_P(OsContract, DoesNothingWhenANameIsRenamedToAnotherOfTheSameFile) {
  write_file("a", "x");
  EXPECT_EQ(error_of(os_.link(root_, "a", root_, "b")), 0);
  EXPECT_EQ(error_of(os_.rename(root_, "a", root_, "b", RenameMode::replace)), 0);
  EXPECT_EQ(error_of(os_.rename(root_, "a", root_, "b", RenameMode::no_replace)), EEXIST);
  EXPECT_EQ(names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(os_.stat_name(root_, "b")->links, 2U);
}

TEST_P(OsContract, RenamesDirectoriesOntoEmptyOnesAlone) {
  for (const char* name : {"from", "empty", "full"}) EXPECT_EQ(error_of(os_.make_directory(root_, name)), 0);
  const OpenFile from = open("from", OpenMode::directory);
  const OpenFile empty = open("empty", OpenMode::directory);
  const OpenFile full = open("full", OpenMode::directory);
  EXPECT_EQ(error_of(os_.make_directory(full.fd(), "below")), 0);
  EXPECT_EQ(error_of(os_.rename(root_, "from", root_, "full", RenameMode::replace)), ENOTEMPTY);
  EXPECT_EQ(error_of(os_.rename(root_, "full", full.fd(), "below", RenameMode::replace)), EINVAL);
  EXPECT_EQ(error_of(os_.rename(full.fd(), "below", root_, "full", RenameMode::replace)), ENOTEMPTY);
  EXPECT_EQ(error_of(os_.rename(root_, "from", root_, "empty", RenameMode::replace)), 0);
  EXPECT_EQ(names(), (std::vector<std::string>{"empty", "full"}));
  EXPECT_EQ(os_.stat(from.fd())->inode, os_.stat_name(root_, "empty")->inode);
  // Whoever has the replaced one open finds nothing in it, and makes nothing.
  EXPECT_EQ(os_.list(empty.fd()).value_or(std::vector<std::string>{"list failed"}), std::vector<std::string>());
  EXPECT_EQ(error_of(os_.open(empty.fd(), "a", OpenMode::create_new)), ENOENT);
  EXPECT_EQ(error_of(os_.make_directory(empty.fd(), "a")), ENOENT);
  EXPECT_EQ(error_of(os_.rename(root_, "full", empty.fd(), "a", RenameMode::replace)), ENOENT);
}

TEST_P(OsContract, LinksAndUnlinksNames) {
  write_file("a", "x");
  write_file("taken", "y");
  EXPECT_EQ(error_of(os_.link(root_, "a", root_, "b")), 0);
  EXPECT_EQ(error_of(os_.link(root_, "a", root_, "taken")), EEXIST);
  EXPECT_EQ(error_of(os_.link(root_, "missing", root_, "c")), ENOENT);
  EXPECT_EQ(os_.stat_name(root_, "a")->links, 2U);
  EXPECT_EQ(os_.stat_name(root_, "a")->inode, os_.stat_name(root_, "b")->inode);
  const OpenFile file = open("a", OpenMode::read);
  EXPECT_EQ(error_of(os_.unlink(root_, "a")), 0);
  EXPECT_EQ(error_of(os_.unlink(root_, "a")), ENOENT);
  EXPECT_EQ(error_of(os_.unlink(root_, "b")), 0);
  EXPECT_EQ(read_at(file.fd(), 0, 10), "x");
  EXPECT_EQ(error_of(os_.make_directory(root_, "d")), 0);
  EXPECT_EQ(error_of(os_.unlink(root_, "d")), EISDIR);
  EXPECT_EQ(error_of(os_.link(root_, "d", root_, "e")), EPERM);
}

TEST_P(OsContract, RefusesWhatIsNoName) {
  write_file("a", "x");
  const std::string_view nul("a\0b", 3);
  for (const std::string_view name : {std::string_view("."), std::string_view("..")}) {
    EXPECT_EQ(open_error(name, OpenMode::create_new), EEXIST);
    EXPECT_EQ(open_error(name, OpenMode::open_or_create), EISDIR);
    EXPECT_EQ(error_of(os_.make_directory(root_, name)), EEXIST);
    EXPECT_EQ(error_of(os_.unlink(root_, name)), EISDIR);
    EXPECT_EQ(error_of(os_.link(root_, "a", root_, name)), EEXIST);
    EXPECT_EQ(error_of(os_.rename(root_, name, root_, "b", RenameMode::replace)), EBUSY);
    EXPECT_EQ(error_of(os_.rename(root_, "a", root_, name, RenameMode::replace)), EBUSY);
    EXPECT_EQ(error_of(os_.rename(root_, "a", root_, name, RenameMode::no_replace)), EEXIST);
  }
  EXPECT_EQ(open_error("", OpenMode::open_or_create), ENOENT);
  EXPECT_EQ(error_of(os_.link(root_, "missing", root_, nul)), EINVAL);
  EXPECT_EQ(error_of(os_.rename(root_, "missing", root_, nul, RenameMode::replace)), EINVAL);
  EXPECT_EQ(error_of(os_.rename(root_, "a", root_, std::string(256, 'x'), RenameMode::replace)), ENAMETOOLONG);
  EXPECT_EQ(names(), std::vector<std::string>{"a"});
}

TEST_P(OsContract, FollowsAPathThatTheUserGave) {
  EXPECT_EQ(error_of(os_.make_directory(root_, "d")), 0);
  const OpenFile d = open("d", OpenMode::directory);
  EXPECT_EQ(error_of(os_.make_directory(d.fd(), "e")), 0);
  write_file("file", "x");
  world_->make_symlink("link", "d/e/..");
  world_->make_symlink("loop", "loop");
  for (const char* path : {"d", "d/", "./d", "d/e/..", "link", "link/", "link/.", "d//e/../../link"}) {
    const auto fd = os_.open(root_, path, OpenMode::root);
    EXPECT_EQ(error_of(fd), 0) << path;
    if (!fd) continue;
    const OpenFile opened(os_, *fd);
    EXPECT_EQ(os_.stat(opened.fd())->inode, os_.stat(d.fd())->inode) << path;
  }
  EXPECT_EQ(open_error("missing/d", OpenMode::root), ENOENT);
  EXPECT_EQ(open_error("file", OpenMode::root), ENOTDIR);
  EXPECT_EQ(open_error("file/d", OpenMode::root), ENOTDIR);
  EXPECT_EQ(open_error("loop", OpenMode::root), ELOOP);
  EXPECT_EQ(open_error("loop/d", OpenMode::root), ELOOP);
}

TEST_P(OsContract, RefusesPlacesThatAreNoDirectory) {
  const OpenFile file = open("a", OpenMode::create_new);
  EXPECT_EQ(error_of(os_.open(file.fd(), "x", OpenMode::create_new)), ENOTDIR);
  EXPECT_EQ(error_of(os_.stat_name(file.fd(), "x")), ENOTDIR);
  EXPECT_EQ(error_of(os_.rename(root_, "a", file.fd(), "b", RenameMode::replace)), ENOTDIR);
  EXPECT_EQ(error_of(os_.make_directory(file.fd(), "x")), ENOTDIR);
}

TEST_P(OsContract, TellsWhatAFileIs) {
  write_file("a", "hello");
  const OpenFile file = open("a", OpenMode::read);
  const FileStat by_file = *os_.stat(file.fd());
  const FileStat by_name = *os_.stat_name(root_, "a");
  EXPECT_EQ(by_file.type, FileType::regular);
  EXPECT_EQ(by_file.size_bytes, 5U);
  EXPECT_EQ(by_file.links, 1U);
  EXPECT_EQ(by_file.inode, by_name.inode);
  EXPECT_EQ(by_file.device, by_name.device);
  EXPECT_EQ(by_file.mtime, by_name.mtime);
  EXPECT_EQ(by_file.ctime, by_name.ctime);
  EXPECT_EQ(os_.stat(root_)->type, FileType::directory);
  EXPECT_EQ(error_of(os_.stat_name(root_, "missing")), ENOENT);
  write_file("b", "");
  EXPECT_NE(os_.stat_name(root_, "b")->inode, by_file.inode);
}

TEST_P(OsContract, StampsWhatChanged) {
  write_file("a", "hello");
  const OpenFile file = open("a", OpenMode::read_write);
  // After `change`, which comes at a time of its own: "m", "c" of the file and "d" of the directory.
  const auto changed_by = [&](const std::function<void()>& change) {
    const FileStat before = *os_.stat(file.fd()), dir_before = *os_.stat(root_);
    const Instant now = os_.now();
    EXPECT_EQ(error_of(os_.sleep_until(now + std::chrono::milliseconds(20))), 0);  // coarse clocks tick every 10 ms
    change();
    const FileStat after = *os_.stat(file.fd()), dir_after = *os_.stat(root_);
    return std::string(after.mtime > before.mtime ? "m" : "") + (after.ctime > before.ctime ? "c" : "") +
           (dir_after.mtime > dir_before.mtime && dir_after.ctime > dir_before.ctime ? "d" : "");
  };
  EXPECT_EQ(changed_by([&] { (void)os_.write(file.fd(), std::as_bytes(std::span("J", 1)), 0); }), "mc");
  EXPECT_EQ(changed_by([&] { (void)os_.write(file.fd(), {}, 0); }), "");
  EXPECT_EQ(changed_by([&] { (void)os_.truncate(file.fd(), 2); }), "mc");
  EXPECT_EQ(changed_by([&] { (void)os_.link(root_, "a", root_, "b"); }), "cd");
  EXPECT_EQ(changed_by([&] { (void)os_.rename(root_, "a", root_, "c", RenameMode::replace); }), "cd");
  EXPECT_EQ(changed_by([&] { (void)os_.rename(root_, "b", root_, "c", RenameMode::replace); }), "");  // one file
  EXPECT_EQ(changed_by([&] { (void)os_.unlink(root_, "b"); }), "cd");
  EXPECT_EQ(changed_by([&] { read_file("c"), names(), (void)os_.sync_file(file.fd()); }), "");
}

TEST_P(OsContract, ObeysTheUmask) {
  for (const unsigned mask : {0U, 002U, 022U, 077U}) {
    world_->set_umask(mask);
    const std::string suffix = std::to_string(mask);
    EXPECT_EQ(open_error("new" + suffix, OpenMode::create_new), 0);
    EXPECT_EQ(open_error("lock" + suffix, OpenMode::open_or_create), 0);
    EXPECT_EQ(error_of(os_.make_directory(root_, "d" + suffix)), 0);
    EXPECT_EQ(os_.stat_name(root_, "new" + suffix)->mode, 0666U & ~mask);
    EXPECT_EQ(os_.stat_name(root_, "lock" + suffix)->mode, 0666U & ~mask);
    EXPECT_EQ(os_.stat_name(root_, "d" + suffix)->mode, 0777U & ~mask);
  }
}

TEST_P(OsContract, ListsNamesSortedAndAgain) {
  for (const char* name : {"b", "B", "a.tmp", ".hidden", "\xc3\xa9", "a"}) write_file(name, "");
  EXPECT_EQ(error_of(os_.make_directory(root_, "d")), 0);
  EXPECT_EQ(error_of(os_.make_directory(root_, "d")), EEXIST);
  const std::vector<std::string> expected = {".hidden", "B", "a", "a.tmp", "b", "d", "\xc3\xa9"};
  EXPECT_EQ(names(), expected);
  EXPECT_EQ(names(), expected);
  EXPECT_EQ(error_of(os_.unlink(root_, "a")), 0);
  EXPECT_EQ(names().size(), expected.size() - 1);
  EXPECT_EQ(error_of(os_.list(open("b", OpenMode::read).fd())), ENOTDIR);
}

TEST_P(OsContract, GivesALockToOneOpenFileAndTakesItBackAtClose) {
  OpenFile first = open("lock", OpenMode::open_or_create);
  const OpenFile second = open("lock", OpenMode::open_or_create);
  const OpenFile third = open("lock", OpenMode::read);
  EXPECT_EQ(error_of(os_.try_lock(first.fd(), LockMode::exclusive)), 0);
  EXPECT_EQ(error_of(os_.try_lock(first.fd(), LockMode::exclusive)), 0);
  EXPECT_EQ(error_of(os_.try_lock(second.fd(), LockMode::exclusive)), EWOULDBLOCK);
  EXPECT_EQ(error_of(os_.try_lock(second.fd(), LockMode::shared)), EWOULDBLOCK);
  EXPECT_EQ(error_of(first.close()), 0);
  EXPECT_EQ(error_of(os_.try_lock(second.fd(), LockMode::shared)), 0);
  EXPECT_EQ(error_of(os_.try_lock(third.fd(), LockMode::shared)), 0);
  EXPECT_EQ(error_of(os_.try_lock(third.fd(), LockMode::exclusive)), EWOULDBLOCK);
  EXPECT_EQ(error_of(os_.unlock(second.fd())), 0);
  EXPECT_EQ(error_of(os_.try_lock(third.fd(), LockMode::exclusive)), 0);
  EXPECT_EQ(error_of(os_.unlock(third.fd())), 0);
  EXPECT_EQ(error_of(os_.unlock(third.fd())), 0);
}

TEST_P(OsContract, LosesALockThatItCannotConvert) {
  const OpenFile first = open("lock", OpenMode::open_or_create);
  const OpenFile second = open("lock", OpenMode::open_or_create);
  EXPECT_EQ(error_of(os_.try_lock(first.fd(), LockMode::shared)), 0);
  EXPECT_EQ(error_of(os_.try_lock(second.fd(), LockMode::shared)), 0);
  EXPECT_EQ(error_of(os_.try_lock(first.fd(), LockMode::exclusive)), EWOULDBLOCK);
  EXPECT_EQ(error_of(os_.try_lock(second.fd(), LockMode::exclusive)), 0);
}

TEST_P(OsContract, LocksTheFileRatherThanItsName) {
  const OpenFile old_file = open("lock", OpenMode::open_or_create);
  EXPECT_EQ(error_of(os_.try_lock(old_file.fd(), LockMode::exclusive)), 0);
  EXPECT_EQ(error_of(os_.rename(root_, "lock", root_, "moved", RenameMode::replace)), 0);
  EXPECT_EQ(error_of(os_.try_lock(open("moved", OpenMode::read).fd(), LockMode::shared)), EWOULDBLOCK);
  EXPECT_EQ(error_of(os_.try_lock(open("lock", OpenMode::open_or_create).fd(), LockMode::exclusive)), 0);
}

TEST_P(OsContract, RefusesAClosedDescriptor) {
  OpenFile file = open("a", OpenMode::create_new);
  const Fd fd = file.fd();
  EXPECT_EQ(error_of(file.close()), 0);
  EXPECT_EQ(error_of(os_.close(fd)), EBADF);
  EXPECT_EQ(error_of(os_.stat(fd)), EBADF);
  EXPECT_EQ(error_of(os_.sync_file(fd)), EBADF);
  EXPECT_EQ(read_at(fd, 0, 1), "errno " + std::to_string(EBADF));
}

TEST_P(OsContract, HasAClockThatWaits) {
  const Instant begin = os_.now();
  EXPECT_EQ(error_of(os_.sleep_until(begin - std::chrono::seconds(1))), 0);
  EXPECT_EQ(error_of(os_.sleep_until(begin + std::chrono::milliseconds(2))), 0);
  EXPECT_GE(os_.now(), begin + std::chrono::milliseconds(2));
}

TEST_P(OsContract, KnowsItselfAndNothingOfOtherDomains) {
  const ProcessIdentity self = os_.self();
  EXPECT_EQ(os_.self(), self);
  EXPECT_EQ(os_.liveness(self), Liveness::alive);
  EXPECT_EQ(os_.liveness({self.domain + 1, self.pid, self.start_time}), Liveness::unknown);
  EXPECT_EQ(os_.liveness({self.domain, 0, 0}), Liveness::unknown);
  EXPECT_EQ(os_.liveness({self.domain, UINT64_MAX, 0}), Liveness::unknown);
  EXPECT_EQ(os_.liveness({self.domain, self.pid, self.start_time + 1}), Liveness::dead);  // the number was used again
  EXPECT_EQ(os_.liveness({self.domain, self.pid, 0}), Liveness::alive);
  EXPECT_NE(os_.random(), os_.random());
}

}  // namespace modelcache

#endif  // MODELCACHE_OS_CONTRACT_TEST_H
