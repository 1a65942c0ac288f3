// The comparison itself, and the simulator's side of it.
#include "harness/run/kernel_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "harness/sim/sim_world.h"
#include "harness/strategy/default_schedule.h"
#include "harness/world/observer.h"
#include "harness/world/peers.h"

namespace stampede {
namespace {

using modelcache::Fd;
using modelcache::Os;

constexpr Fd kNoFd{1'000'000'000};
// Later than the tick of the clock that stamps files.
constexpr std::chrono::milliseconds kBetweenCalls{4};

class Nobody final : public Peers {
 public:
  int connect(ConnectionNumber, std::uint32_t, const modelcache::Address&, std::chrono::nanoseconds) override {
    return ECONNREFUSED;
  }
  void sent(ConnectionNumber, std::span<const std::byte>) override {}
  PeerMove take(ConnectionNumber, std::chrono::nanoseconds) override { return {}; }
  void left(ConnectionNumber, std::chrono::nanoseconds) override {}
};

class Unobserved final : public Observer {
 public:
  void on_step(const Step&, const DiskView&) override {}
  void on_process_end(std::uint32_t, ProcessEnd, const DiskView&) override {}
};

// Whose action is next moves.
class InOrder final : public Strategy {
 public:
  explicit InOrder(const std::uint32_t& next) : next_(next) {}
  void begin() override {}
  std::size_t choose(const Decision& decision) override {
    for (std::size_t i = 0; i < decision.candidates.size(); ++i) {
      if (decision.candidates[i].process == next_) return i;
    }
    return decision.by_default;
  }

 private:
  const std::uint32_t& next_;
};

class SimCallWorld final : public CallWorld {
 public:
  SimCallWorld(bool is_root, bool compares_times) : is_root_(is_root), compares_times_(compares_times) {}

  std::vector<std::string> run(const CallSequence& sequence) override {
    world_.clear(peers_);
    prepare(sequence);
    CallPerformer performer{std::string(kSimCacheDirectory), compares_times_};
    std::vector<std::string> lines;
    perform(sequence, performer, lines);
    as_user(0, 022, [&](Os& os) { performer.describe_tree(os, [](const std::string&, std::uint32_t) {}, lines); });
    return lines;
  }

 private:
  // The simulator's number of a sequence's user.
  [[nodiscard]] std::uint32_t user_of(std::uint32_t user) const { return user == 0 && is_root_ ? 0 : 1000 + user; }

  void as_user(std::uint32_t user, unsigned umask, const std::function<void(Os&)>& body) {
    const StageProcess process{umask, 0, user, body};
    Stage stage;
    stage.processes = {&process, 1};
    DefaultSchedule strategy;
    (void)world_.run(stage, strategy, unobserved_);
  }

  void prepare(const CallSequence& sequence) {
    as_user(user_of(0), 0, [](Os& os) {
      const auto parent = os.open(modelcache::kWorkingDirectory, "/sim", modelcache::OpenMode::root);
      if (!parent || !os.make_directory(*parent, "cache")) std::abort();  // an empty disk lets everybody
    });
    for (const SpecialFile& special : sequence.special) {
      if (special.is_fifo) {
        world_.make_fifo(special.name);
      } else {
        const bool is_absolute = special.target.starts_with('$');
        world_.make_symlink(special.name,
                            is_absolute ? std::string(kSimCacheDirectory) + special.target.substr(1) : special.target);
      }
    }
  }

  void perform(const CallSequence& sequence, CallPerformer& performer, std::vector<std::string>& lines) {
    // Each process opens the directory, then the calls follow in their order.
    std::vector<std::uint32_t> order;
    for (std::uint32_t i = 0; i < sequence.processes; ++i) order.push_back(i);
    for (const KernelCall& call : sequence.calls) order.push_back(call.process);
    for (std::uint32_t i = 0; i < sequence.processes; ++i) order.push_back(i);  // all stay until the last call
    order.push_back(0);
    std::uint32_t next = 0;
    std::size_t done = 0;
    const auto act = [&] { next = order[++done]; };
    std::vector<StageProcess> processes;
    for (std::uint32_t i = 0; i < sequence.processes; ++i) {
      processes.push_back({sequence.umasks[i], sequence.descriptors_max, user_of(sequence.users[i]), [&, i](Os& os) {
                             performer.open_directory(os, i);
                             act();
                             for (const KernelCall& call : sequence.calls) {
                               if (call.process != i) continue;
                               if (compares_times_) {
                                 (void)os.unlock(Fd{-1});  // who was refused a lock sleeps, but not for it
                                 const modelcache::Instant now = os.now();
                                 (void)os.sleep_until(now + kBetweenCalls);
                               }
                               lines.push_back(performer.perform(os, call));
                               act();
                             }
                             (void)os.now();
                             act();
                           }});
    }
    Stage stage;
    stage.processes = processes;
    stage.time_runs_first = true;  // who sleeps between two calls is not overtaken
    InOrder strategy(next);
    (void)world_.run(stage, strategy, unobserved_);
  }

  bool is_root_, compares_times_;
  SimWorld world_;
  Nobody peers_;
  Unobserved unobserved_;
};

std::string text_of(int error) {
  static const std::map<int, std::string_view> names = {
      {EACCES, "EACCES"},   {EBADF, "EBADF"},   {EBUSY, "EBUSY"},
      {EEXIST, "EEXIST"},   {EFBIG, "EFBIG"},   {EINVAL, "EINVAL"},
      {EISDIR, "EISDIR"},   {ELOOP, "ELOOP"},   {EMFILE, "EMFILE"},
      {ENOENT, "ENOENT"},   {EPERM, "EPERM"},   {ESPIPE, "ESPIPE"},
      {ENOTDIR, "ENOTDIR"}, {EROFS, "EROFS"},   {ENOTEMPTY, "ENOTEMPTY"},
      {EXDEV, "EXDEV"},     {EAGAIN, "EAGAIN"}, {ENAMETOOLONG, "ENAMETOOLONG"}};
  const auto found = names.find(error);
  return found == names.end() ? fmt::format("errno {}", error) : std::string(found->second);
}

template <class T>
std::string text_of(const modelcache::OsResult<T>& result) {
  if (!result) return text_of(result.error().value);
  if constexpr (std::is_same_v<T, std::size_t>) {
    return fmt::format("{} bytes", *result);
  } else {
    return "ok";
  }
}

std::string joined(const std::vector<std::string>& names) {
  std::string text = "names";
  for (const std::string& name : names) text += " " + name;
  return text;
}

// Bytes that tell where they were written, and by which length.
std::string written_bytes(const KernelCall& call) {
  std::string bytes(call.size, '?');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>('a' + (call.size + i) % 26);
  return bytes;
}

std::string printable(std::string bytes) {
  std::replace(bytes.begin(), bytes.end(), '\0', '.');
  return bytes;
}

}  // namespace

// -- calls -----------------------------------------------------------------------------------------------------------

std::string CallPerformer::path_of(const std::string& name) const {
  return name.starts_with('$') ? directory_ + name.substr(1) : name;
}

void CallPerformer::open_directory(Os& os, std::uint32_t process) {
  const auto fd = os.open(modelcache::kWorkingDirectory, directory_, modelcache::OpenMode::root);
  if (!fd) {
    fmt::print(stderr, "stampede: open {}: errno {}\n", directory_, fd.error().value);
    std::abort();  // it was made for this
  }
  open_[process] = {*fd};
}

Fd CallPerformer::descriptor(std::uint32_t process, std::uint32_t place) const {
  return place == kNoDescriptor ? kNoFd : open_[process][place % open_[process].size()];
}

void CallPerformer::close_all(Os& os, std::uint32_t process) {
  for (const Fd fd : open_[process]) (void)os.close(fd);
  open_[process].clear();
}

std::string CallPerformer::stat_text(const modelcache::FileStat& stat, bool with_changes) {
  static constexpr std::string_view kTypes[] = {"file", "directory", "symlink", "other"};
  const auto [it, is_new] = seen_.try_emplace(stat.inode, Seen{seen_.size() + 1, stat.mtime, stat.ctime});
  Seen& seen = it->second;
  std::string text = fmt::format("{} #{} mode {:o} links {}", kTypes[static_cast<std::size_t>(stat.type)], seen.number,
                                 stat.mode, stat.links);
  // A symbolic link is as long as its target, and those are absolute paths of different lengths.
  if (stat.type != modelcache::FileType::symlink) text += fmt::format(" size {}", stat.size_bytes);
  if (compares_times_ && with_changes && !is_new) {
    if (seen.mtime != stat.mtime) text += " mtime changed";
    if (seen.ctime != stat.ctime) text += " ctime changed";
    seen.mtime = stat.mtime;
    seen.ctime = stat.ctime;
  }
  return text;
}

std::string CallPerformer::open(Os& os, const KernelCall& call) {
  std::vector<Fd>& descriptors = open_[call.process];
  const Fd directory = descriptor(call.process, call.at);
  std::string text;
  if (descriptors.size() == kDescriptorsKept && directory != descriptors[1]) {
    text = ", closed " + text_of(os.close(descriptors[1]));
    descriptors.erase(descriptors.begin() + 1);
  }
  const auto fd = os.open(directory, path_of(call.name), call.open_mode);
  if (fd) descriptors.push_back(*fd);
  return text_of(fd) + text;
}

std::string CallPerformer::close(Os& os, const KernelCall& call) {
  std::vector<Fd>& descriptors = open_[call.process];
  const Fd fd = descriptor(call.process, call.at);
  // The directory stays open; but every call makes a step, or it would not wait for its turn.
  if (fd == descriptors[0]) return text_of(os.close(kNoFd));
  std::erase(descriptors, fd);
  return text_of(os.close(fd));
}

std::string CallPerformer::perform(Os& os, const KernelCall& call) {
  const Fd fd = descriptor(call.process, call.at), to = descriptor(call.process, call.to_at);
  const std::string name = path_of(call.name), to_name = path_of(call.to_name);
  switch (call.kind) {
    case StepKind::open:
      return open(os, call);
    case StepKind::rename:
      return text_of(os.rename(fd, name, to, to_name, call.rename_mode));
    case StepKind::link:
      return text_of(os.link(fd, name, to, to_name));
    case StepKind::unlink:
      return text_of(os.unlink(fd, name));
    case StepKind::make_directory:
      return text_of(os.make_directory(fd, name));
    case StepKind::stat_name: {
      const auto stat = os.stat_name(fd, name);
      return stat ? stat_text(*stat, true) : text_of(stat);
    }
    case StepKind::stat: {
      const auto stat = os.stat(fd);
      return stat ? stat_text(*stat, true) : text_of(stat);
    }
    case StepKind::list: {
      const auto names = os.list(fd);
      return names ? joined(*names) : text_of(names);
    }
    case StepKind::read: {
      std::string bytes(call.size, '?');
      const auto got = os.read(fd, std::as_writable_bytes(std::span(bytes)), call.offset);
      return got ? text_of(got) + " " + printable(bytes.substr(0, *got)) : text_of(got);
    }
    case StepKind::write: {
      const std::string bytes = written_bytes(call);
      return text_of(os.write(fd, std::as_bytes(std::span(bytes)), call.offset));
    }
    case StepKind::truncate:
      return text_of(os.truncate(fd, call.size));
    case StepKind::sync_file:
      return text_of(os.sync_file(fd));
    case StepKind::sync_directory:
      return text_of(os.sync_directory(fd));
    case StepKind::try_lock:
      return text_of(os.try_lock(fd, call.lock_mode));
    case StepKind::unlock:
      return text_of(os.unlock(fd));
    case StepKind::close:
      return close(os, call);
    default:
      return "no call on files";
  }
}

// -- the tree --------------------------------------------------------------------------------------------------------

void CallPerformer::describe_tree(Os& os, const SetMode& set_mode, std::vector<std::string>& lines) {
  describe_below(os, directory_, "", set_mode, lines);
}

void CallPerformer::describe_below(Os& os, const std::string& path, const std::string& shown, const SetMode& set_mode,
                                   std::vector<std::string>& lines) {
  using modelcache::FileType, modelcache::OpenMode;
  const auto stat = os.stat_name(modelcache::kWorkingDirectory, path);
  lines.push_back(shown + "/: " + (stat ? stat_text(*stat, false) : text_of(stat)));
  if (!stat || (stat->type != FileType::regular && stat->type != FileType::directory)) return;
  const bool is_directory = stat->type == FileType::directory;
  set_mode(path, 0700);
  const auto fd = os.open(modelcache::kWorkingDirectory, path, is_directory ? OpenMode::directory : OpenMode::read);
  if (!fd) {
    lines.back() += ", open: " + text_of(fd);
  } else if (is_directory) {
    const auto names = os.list(*fd);
    for (const std::string& name : names.value_or(std::vector<std::string>{"(list failed)"})) {
      describe_below(os, path + "/" + name, shown + "/" + name, set_mode, lines);
    }
  } else {
    std::string bytes(64, '?');
    const auto got = os.read(*fd, std::as_writable_bytes(std::span(bytes)), 0);
    lines.back() += " " + printable(bytes.substr(0, got.value_or(0)));
  }
  if (fd) (void)os.close(*fd);
  set_mode(path, stat->mode);
}

// -- the comparison --------------------------------------------------------------------------------------------------

std::unique_ptr<CallWorld> make_sim_call_world(bool is_root, bool compares_times) {
  return std::make_unique<SimCallWorld>(is_root, compares_times);
}

std::optional<std::string> disagreement(const CallSequence& sequence, CallWorld& simulator, CallWorld& kernel) {
  const std::vector<std::string> ours = simulator.run(sequence), theirs = kernel.run(sequence);
  if (ours == theirs) return std::nullopt;
  std::string text = fmt::format("umasks {:o} {:o}, users {} {}, descriptors {}\n", sequence.umasks[0],
                                 sequence.umasks[1], sequence.users[0], sequence.users[1], sequence.descriptors_max);
  for (const SpecialFile& special : sequence.special) {
    text += fmt::format("  {} {}\n", special.name, special.is_fifo ? "is a FIFO" : "-> " + special.target);
  }
  for (std::size_t i = 0; i < std::max(ours.size(), theirs.size()); ++i) {
    const std::string what = i < sequence.calls.size() ? describe(sequence.calls[i]) : "the tree at the end";
    const std::string our = i < ours.size() ? ours[i] : "nothing", their = i < theirs.size() ? theirs[i] : "nothing";
    text += fmt::format("  {} = {}\n", what, our);
    if (our == their) continue;
    return text + fmt::format("the simulator says: {}\nthe kernel says:    {}\n", our, their);
  }
  return text;
}

CallSequence shrink(CallSequence sequence, CallWorld& simulator, CallWorld& kernel) {
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (std::size_t i = sequence.calls.size(); i-- > 0;) {
      CallSequence without = sequence;
      without.calls.erase(without.calls.begin() + static_cast<std::ptrdiff_t>(i));
      if (!disagreement(without, simulator, kernel)) continue;
      sequence = std::move(without);
      smaller = true;
    }
  }
  return sequence;
}

}  // namespace stampede
