// Steps as lines for people, and hashes that are the same in every build.
#include "harness/run/trace.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <string>
#include <vector>

namespace stampede {
namespace {

Step step_of(StepKind kind, const std::function<void(Step&)>& fill) {
  Step step;
  step.kind = kind;
  step.path = "tmp/a";
  fill(step);
  return step;
}

StepStat stat_of(modelcache::FileType type) { return {.type = type, .mode = 0640, .links = 2, .size_bytes = 30}; }

TEST(Trace, DescribesEachStepInALine) {
  const auto nothing = [](Step&) {};
  const auto mode = [](std::uint32_t number) { return [number](Step& step) { step.mode = number; }; };
  const auto error = [](int number) { return [number](Step& step) { step.error = number; }; };
  const auto looked = [](modelcache::FileType type) { return [type](Step& step) { step.stat = stat_of(type); }; };
  const struct {
    StepKind kind;
    std::function<void(Step&)> fill;
    std::string text;
  } cases[] = {
      {StepKind::open, [](Step& step) { step.file = 4; }, "open tmp/a (read) -> #4"},
      {StepKind::open, mode(1), "open tmp/a (read_write) -> #0"},
      {StepKind::open, mode(2), "open tmp/a (create_new) -> #0"},
      {StepKind::open, mode(3), "open tmp/a (open_or_create) -> #0"},
      {StepKind::open, mode(4), "open tmp/a (directory) -> #0"},
      {StepKind::open, mode(5), "open tmp/a (root) -> #0"},
      {StepKind::open, mode(6), "open tmp/a (?) -> #0"},
      {StepKind::open, [](Step& step) { step.path = "", step.error = ENOENT; }, "open . (read) -> ENOENT"},
      {StepKind::read, [](Step& step) { step.size = 20, step.offset = 3, step.result = 7; }, "read tmp/a 20 at 3 -> 7"},
      {StepKind::write, [](Step& step) { step.size = 20, step.offset = 3, step.result = 0; },
       "write tmp/a 20 at 3 -> 0"},
      {StepKind::truncate, [](Step& step) { step.size = 9; }, "truncate tmp/a to 9"},
      {StepKind::sync_file, nothing, "sync_file tmp/a"},
      {StepKind::rename, [](Step& step) { step.to_path = "entries/b", step.replaced = 5; },
       "rename tmp/a to entries/b (replace), replaced #5"},
      {StepKind::rename, [](Step& step) { step.to_path = "b", step.mode = 1, step.error = EEXIST; },
       "rename tmp/a to b (no_replace) -> EEXIST"},
      {StepKind::rename, mode(2), "rename tmp/a to . (?)"},
      {StepKind::link, [](Step& step) { step.to_path = "b"; }, "link tmp/a to b"},
      {StepKind::unlink, [](Step& step) { step.to_path = "b"; }, "unlink tmp/a"},
      {StepKind::stat, looked(modelcache::FileType::regular), "stat tmp/a -> file 640, 2 links, 30 B"},
      {StepKind::stat_name, looked(modelcache::FileType::directory), "stat_name tmp/a -> directory 640, 2 links, 30 B"},
      {StepKind::stat, looked(modelcache::FileType::symlink), "stat tmp/a -> symlink 640, 2 links, 30 B"},
      {StepKind::stat, looked(modelcache::FileType::other), "stat tmp/a -> other 640, 2 links, 30 B"},
      {StepKind::stat, nothing, "stat tmp/a"},
      {StepKind::list, [](Step& step) { step.names = {"x", "y"}; }, "list tmp/a -> 2 names"},
      {StepKind::try_lock, mode(0), "try_lock tmp/a (shared)"},
      {StepKind::try_lock, [](Step& step) { step.mode = 1, step.error = EWOULDBLOCK; },
       "try_lock tmp/a (exclusive) -> EWOULDBLOCK"},
      {StepKind::try_lock, mode(2), "try_lock tmp/a (?)"},
      {StepKind::close, nothing, "close tmp/a"},
      {StepKind::close, [](Step& step) { step.connection = 2; }, "close connection 2"},
      {StepKind::resolve, nothing, "resolve"},
      {StepKind::connect, [](Step& step) { step.connection = 3; }, "connect -> connection 3"},
      {StepKind::connect, error(ECONNREFUSED), "connect -> ECONNREFUSED"},
      {StepKind::send, [](Step& step) { step.connection = 3, step.result = 8; }, "send connection 3 -> 8"},
      {StepKind::receive, [](Step& step) { step.connection = 3, step.error = ECONNRESET; },
       "receive connection 3 -> ECONNRESET"},
      {StepKind::now, nothing, "now"},
      {StepKind::now, [](Step& step) { step.program = "curl"; }, "curl: now"},
      {StepKind::unlink, error(ENOTDIR), "unlink tmp/a -> ENOTDIR"},
      {StepKind::unlink, error(EISDIR), "unlink tmp/a -> EISDIR"},
      {StepKind::unlink, error(ELOOP), "unlink tmp/a -> ELOOP"},
      {StepKind::unlink, error(EBADF), "unlink tmp/a -> EBADF"},
      {StepKind::unlink, error(ENOTEMPTY), "unlink tmp/a -> ENOTEMPTY"},
      {StepKind::unlink, error(ENAMETOOLONG), "unlink tmp/a -> ENAMETOOLONG"},
      {StepKind::unlink, error(ETIMEDOUT), "unlink tmp/a -> ETIMEDOUT"},
      {StepKind::unlink, error(EPIPE), "unlink tmp/a -> EPIPE"},
      {StepKind::unlink, error(ENXIO), "unlink tmp/a -> ENXIO"},
      {StepKind::unlink, error(EPERM), "unlink tmp/a -> EPERM"},
      {StepKind::unlink, error(ENOSPC), "unlink tmp/a -> ENOSPC"},
      {StepKind::unlink, error(E2BIG), "unlink tmp/a -> errno 7"},
  };
  for (const auto& each : cases) EXPECT_EQ(describe(step_of(each.kind, each.fill), true), each.text);
}

// 22 characters of a part stay, of 23 the first 13 and the last 7.
TEST(Trace, ShortensTheLongPartsOfAPath) {
  const auto text = [](const std::string& path, bool is_short) {
    return describe(step_of(StepKind::unlink, [&](Step& step) { step.path = path; }), is_short);
  };
  EXPECT_EQ(text("tmp/1234567890123456789012", true), "unlink tmp/1234567890123456789012");
  EXPECT_EQ(text("tmp/12345678901234567890123", true), "unlink tmp/1234567890123..7890123");
  EXPECT_EQ(text("12345678901234567890123/a/", true), "unlink 1234567890123..7890123/a/");
  EXPECT_EQ(text("tmp/12345678901234567890123", false), "unlink tmp/12345678901234567890123");
}

// Stored plans have hashes: where these values change, theirs mean something else, and are to be renewed.
TEST(Trace, HasTheSameHashInEveryBuild) {
  Step step = step_of(StepKind::rename, [](Step& each) {
    each.to_path = "entries/b";
    each.stat = stat_of(modelcache::FileType::regular);
    each.names = {"x", "yz"};
    each.process = 1, each.own_step = 2, each.error = ENOENT, each.replaced = 3;
  });
  OperationOutcome operation;
  operation.message = "m";
  operation.entries = {{.key = "k", .path = "p", .size_bytes = 5, .sha256 = {}, .url = "u"}};
  operation.reports = {{.entry = {.key = "k", .path = "p", .sha256 = {}, .url = "u"}, .detail = "d"}};
  operation.recovery.emplace();
  LedgerEntry entry;
  entry.target = "/m";
  TraceHash hash;
  std::vector<std::string> values;
  const auto note = [&] { values.push_back(hash_text(hash.value())); };
  note();
  hash.add(step), note();
  hash.add(operation), note();
  hash.add(entry), note();
  hash.add_end(1, 2), note();
  hash.add_number(7), note();
  hash.clear(), note();
  hash.add(step), note();
  const std::vector<std::string> expected = {"0000000000000000", "3cb2ece79a27f3b3", "92a8309940a851f6",
                                             "1ecd1d92e88f9bf9", "04676be14193cfff", "596d5c53fc09337e",
                                             "0000000000000000", "3cb2ece79a27f3b3"};
  EXPECT_EQ(values, expected);
  EXPECT_EQ(hash_text(0xabc), "0000000000000abc");
}

// 258 is process 1 and end 2: an end is not mixed up with another process's.
TEST(Trace, HashesWhoEndedAndHow) {
  const auto value_of = [](std::uint32_t process, std::uint8_t end) {
    TraceHash hash;
    hash.add_end(process, end);
    return hash.value();
  };
  TraceHash number;
  number.add_number(258);
  EXPECT_EQ(value_of(1, 2), number.value());
  EXPECT_NE(value_of(1, 2), value_of(2, 1));
}

TEST(Trace, HashesItemsInTheirOrder) {
  TraceHash one, other, first;
  one.add_number(1), one.add_number(2);
  other.add_number(2), other.add_number(1);
  first.add_number(2);
  EXPECT_NE(one.value(), other.value());
  EXPECT_NE(one.value(), first.value());
}

}  // namespace
}  // namespace stampede
