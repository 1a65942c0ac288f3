// An Os for tests whose network plays scripts in virtual time; files, where a test needs them, are another Os's.
#ifndef MODELCACHE_SCRIPTED_OS_H
#define MODELCACHE_SCRIPTED_OS_H

#include <algorithm>
#include <cerrno>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "cache/os.h"

namespace modelcache {

// What a server does on one connection, in order. After the last event it is silent: a receive times out.
struct Conversation {
  struct Bytes {
    std::string text;
  };
  struct Pause {
    std::chrono::nanoseconds length;
  };
  struct Close {};
  struct Fail {
    Errno error;
  };
  using Event = std::variant<Bytes, Pause, Close, Fail>;
  std::optional<Errno> connect_error = {};
  std::optional<Errno> send_error = {};
  std::vector<Event> events = {};
};

inline Conversation answers(std::string text) {
  return {.events = {Conversation::Bytes{std::move(text)}, Conversation::Close{}}};
}

// Owned by one thread. The i-th connect gets the i-th conversation; where there is none, nobody listens (ECONNREFUSED).
// Each call is one step of 1 us. Calls on files go to `files`, or fail with ENOSYS where there is none; syncs are steps
// and no more, since no test here cuts the power, and hundreds of them would wait for the disk.
class ScriptedOs final : public Os {
 public:
  explicit ScriptedOs(Os* files = nullptr) : files_(files) {}

  // -- the script
  // ------------------------------------------------------------------------------------------------------
  std::deque<Conversation> conversations;
  std::map<std::string, std::vector<Address>, std::less<>> hosts;  // numeric hosts need no entry
  std::size_t send_bytes_max = SIZE_MAX;                           // in one call
  std::size_t receive_bytes_max = SIZE_MAX;
  std::optional<std::size_t> fail_step;  // counted from 0
  Errno fail_with{};
  std::map<std::string, Errno, std::less<>> refused_opens;  // by name
  std::optional<Errno> read_write_error;                    // of every open with that mode
  std::optional<Errno> lock_error;                          // of every try_lock
  bool locks_need_writing = false;  // as over NFS: EBADF for an exclusive lock on a file that is open to read
  std::function<void(std::size_t)> before_step = [](std::size_t) {};

  // -- what happened
  // ---------------------------------------------------------------------------------------------------
  std::vector<std::string> steps;     // method names
  std::vector<std::string> requests;  // what was sent on the i-th connection that opened
  std::vector<Address> connected_to;  // every try
  bool failed_a_step = false;
  [[nodiscard]] std::size_t open_connections() const { return connections_.size(); }
  [[nodiscard]] Instant time() const { return time_; }  // no step
  [[nodiscard]] std::size_t count(std::string_view step) const {
    return static_cast<std::size_t>(std::count(steps.begin(), steps.end(), step));
  }

  // -- network
  // ---------------------------------------------------------------------------------------------------------
  OsResult<std::vector<Address>> resolve(std::string_view host, std::uint16_t port) override {
    if (auto failed = step("resolve")) return *failed;
    if (const auto it = hosts.find(host); it != hosts.end()) return it->second;
    if (host.find_first_not_of("0123456789.:abcdef") != std::string_view::npos) return error(ENOENT);
    return std::vector<Address>{{std::string(host), port}};
  }

  OsResult<Fd> connect(const Address& to, std::chrono::nanoseconds timeout) override {
    connected_to.push_back(to);
    if (auto failed = step("connect")) return *failed;
    if (conversations.empty()) return error(ECONNREFUSED);
    Conversation next = std::move(conversations.front());
    conversations.pop_front();
    if (next.connect_error) {
      if (next.connect_error->value == ETIMEDOUT) time_ += timeout;
      return tl::unexpected(*next.connect_error);
    }
    const Fd fd{next_fd_++};
    connections_[fd] = {std::move(next), requests.size(), 0};
    requests.emplace_back();
    return fd;
  }

  OsResult<std::size_t> send(Fd connection, std::span<const std::byte> from, std::chrono::nanoseconds) override {
    if (auto failed = step("send")) return *failed;
    Connection& c = connections_.at(connection);
    if (c.script.send_error) return tl::unexpected(*c.script.send_error);
    const auto sent = from.first(std::min(from.size(), send_bytes_max));
    requests[c.request].append(reinterpret_cast<const char*>(sent.data()), sent.size());
    return sent.size();
  }

  OsResult<std::size_t> receive(Fd connection, std::span<std::byte> into, std::chrono::nanoseconds timeout) override {
    if (auto failed = step("receive")) return *failed;
    Connection& c = connections_.at(connection);
    for (;; ++c.event) {
      if (c.event == c.script.events.size()) return timed_out(timeout);
      auto& event = c.script.events[c.event];
      if (std::holds_alternative<Conversation::Close>(event)) return 0U;
      if (const auto* reset = std::get_if<Conversation::Fail>(&event)) return tl::unexpected(reset->error);
      if (auto* pause = std::get_if<Conversation::Pause>(&event)) {
        if (pause->length >= timeout) {
          pause->length -= timeout;
          return timed_out(timeout);
        }
        time_ += pause->length;
        timeout -= pause->length;
        continue;
      }
      std::string& text = std::get<Conversation::Bytes>(event).text;
      if (text.empty()) continue;
      const std::size_t size = std::min({text.size(), into.size(), receive_bytes_max});
      std::transform(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size), into.begin(),
                     [](char byte) { return static_cast<std::byte>(byte); });
      text.erase(0, size);
      return size;
    }
  }

  // -- time and chance
  // -------------------------------------------------------------------------------------------------
  Instant now() override {
    (void)step("now");
    return time_;
  }
  WallTime wall_time() override {
    (void)step("wall_time");
    return WallTime(time_.time_since_epoch());
  }
  OsResult<void> sleep_until(Instant until) override {
    if (auto failed = step("sleep_until")) return *failed;
    time_ = std::max(time_, until);
    return {};
  }
  std::uint64_t random() override {
    (void)step("random");
    return random_ = random_ * 6364136223846793005ULL + 1442695040888963407ULL;  // Knuth's LCG: only has to differ
  }
  ProcessIdentity self() override {
    (void)step("self");
    return files_ ? files_->self() : ProcessIdentity{1, 1, 1};
  }
  Liveness liveness(const ProcessIdentity& process) override {
    (void)step("liveness");
    return files_ ? files_->liveness(process) : Liveness::unknown;
  }

  // -- files
  // -----------------------------------------------------------------------------------------------------------
  OsResult<Fd> open(Fd dir, std::string_view name, OpenMode mode) override {
    if (auto failed = file_step("open")) return *failed;
    if (const auto it = refused_opens.find(name); it != refused_opens.end()) return tl::unexpected(it->second);
    if (mode == OpenMode::read_write && read_write_error) return tl::unexpected(*read_write_error);
    const auto fd = files_->open(dir, name, mode);
    if (fd && mode == OpenMode::read) read_only_.insert(*fd);
    return fd;
  }
  OsResult<std::size_t> read(Fd file, std::span<std::byte> into, std::uint64_t offset) override {
    if (auto failed = file_step("read")) return *failed;
    return files_->read(file, into, offset);
  }
  OsResult<std::size_t> write(Fd file, std::span<const std::byte> from, std::uint64_t offset) override {
    if (auto failed = file_step("write")) return *failed;
    return files_->write(file, from, offset);
  }
  OsResult<void> truncate(Fd file, std::uint64_t size_bytes) override {
    if (auto failed = file_step("truncate")) return *failed;
    return files_->truncate(file, size_bytes);
  }
  OsResult<void> sync_file(Fd file) override {
    if (auto failed = file_step("sync_file")) return *failed;
    (void)file;
    return {};
  }
  OsResult<void> sync_directory(Fd dir) override {
    if (auto failed = file_step("sync_directory")) return *failed;
    (void)dir;
    return {};
  }
  OsResult<void> rename(Fd from_dir, std::string_view from, Fd to_dir, std::string_view to, RenameMode mode) override {
    if (auto failed = file_step("rename")) return *failed;
    return files_->rename(from_dir, from, to_dir, to, mode);
  }
  OsResult<void> link(Fd from_dir, std::string_view from, Fd to_dir, std::string_view to) override {
    if (auto failed = file_step("link")) return *failed;
    return files_->link(from_dir, from, to_dir, to);
  }
  OsResult<void> unlink(Fd dir, std::string_view name) override {
    if (auto failed = file_step("unlink")) return *failed;
    return files_->unlink(dir, name);
  }
  OsResult<FileStat> stat(Fd file) override {
    if (auto failed = file_step("stat")) return *failed;
    return files_->stat(file);
  }
  OsResult<FileStat> stat_name(Fd dir, std::string_view name) override {
    if (auto failed = file_step("stat_name")) return *failed;
    return files_->stat_name(dir, name);
  }
  OsResult<std::vector<std::string>> list(Fd dir) override {
    if (auto failed = file_step("list")) return *failed;
    return files_->list(dir);
  }
  OsResult<void> make_directory(Fd dir, std::string_view name) override {
    if (auto failed = file_step("make_directory")) return *failed;
    return files_->make_directory(dir, name);
  }
  OsResult<void> try_lock(Fd file, LockMode mode) override {
    if (auto failed = file_step("try_lock")) return *failed;
    if (lock_error) return tl::unexpected(*lock_error);
    if (locks_need_writing && mode == LockMode::exclusive && read_only_.contains(file)) return error(EBADF);
    return files_->try_lock(file, mode);
  }
  OsResult<void> unlock(Fd file) override {
    if (auto failed = file_step("unlock")) return *failed;
    return files_->unlock(file);
  }
  // A close that fails has closed.
  OsResult<void> close(Fd fd) override {
    const auto failed = step("close");
    read_only_.erase(fd);
    if (connections_.erase(fd) == 0 && files_) {
      if (auto closed = files_->close(fd); !closed) return closed;
    }
    if (failed) return *failed;
    return {};
  }

 private:
  struct Connection {
    Conversation script;
    std::size_t request = 0;
    std::size_t event = 0;
  };
  using Failure = std::optional<tl::unexpected<Errno>>;

  static tl::unexpected<Errno> error(int value) { return tl::unexpected(Errno{value}); }

  Failure step(std::string name) {
    before_step(steps.size());
    time_ += std::chrono::microseconds(1);
    const bool fails = fail_step == steps.size();
    steps.push_back(std::move(name));
    if (!fails) return std::nullopt;
    failed_a_step = true;
    return tl::unexpected(fail_with);
  }
  Failure file_step(std::string name) {
    if (auto failed = step(std::move(name))) return failed;
    if (!files_) return error(ENOSYS);
    return std::nullopt;
  }
  tl::unexpected<Errno> timed_out(std::chrono::nanoseconds timeout) {
    time_ += timeout;
    return error(ETIMEDOUT);
  }

  Os* files_;
  Instant time_{std::chrono::hours(1)};
  std::uint64_t random_ = 1;
  int next_fd_ = 1'000'000;  // apart from the descriptors of `files_`
  std::map<Fd, Connection> connections_;
  std::set<Fd> read_only_;
};

}  // namespace modelcache

#endif  // MODELCACHE_SCRIPTED_OS_H
