// Waits for a lock by trying and sleeping, so that waiting is visible as steps and has a deadline.
#include "cache/entry_lock.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "cache/file_io.h"
#include "cache/key.h"
#include "cache/os_error.h"

namespace modelcache {
namespace {

constexpr std::chrono::milliseconds kSleepFirst{1};
constexpr std::chrono::milliseconds kSleepMax{25};
// The holder's line has one length, so that a newer one covers an older one without a truncation in between.
constexpr std::size_t kHolderBytes = 32;

bool has_no_locks(Errno error) {
  return error == Errno{ENOLCK} || error == Errno{EOPNOTSUPP} || error == Errno{ENOTSUP} || error == Errno{ENOSYS};
}

std::string describe_self(Os& os) {
  std::string line = "process " + std::to_string(os.self().pid);
  line.resize(kHolderBytes - 1, ' ');
  return line + '\n';
}

constexpr const char* kUnknownHolder = "an unknown process";

// A hint: what cannot be read is not worth an error.
std::string read_holder(Os& os, Fd file) {
  std::array<std::byte, kHolderBytes> bytes{};
  const auto count = os.read(file, bytes, 0);
  if (!count) return kUnknownHolder;
  std::string text(reinterpret_cast<const char*>(bytes.data()), *count);
  std::erase_if(text, [](char c) { return c < ' ' || c > '~'; });
  text.erase(text.find_last_not_of(' ') + 1);
  return text.empty() ? kUnknownHolder : text;
}

}  // namespace

Result<EntryLock> EntryLock::wait(Os& os, const Directory& directory, std::string_view name, const LockWait& wait) {
  const auto place = directory.place(kLocksName, name);
  const auto fd = os.open(directory.locks(), name, OpenMode::open_or_create);
  if (!fd) return fail(fd.error(), "open lock file", place);
  EntryLock lock(os, OpenFile(os, *fd));
  auto pause = kSleepFirst;
  for (bool first = true;; first = false) {
    const auto taken = os.try_lock(*fd, LockMode::exclusive);
    if (taken || has_no_locks(taken.error())) {
      lock.state_ = taken ? State::held : State::unavailable;
      const auto line = describe_self(os);
      if (auto written = write_all(os, *fd, std::as_bytes(std::span(line)), 0, place); !written) {
        return fail(std::move(written.error()));
      }
      return lock;
    }
    if (taken.error() != Errno{EWOULDBLOCK}) return fail(taken.error(), "lock", place);
    const auto now = os.now();
    if (first || now >= wait.until) {
      lock.holder_ = read_holder(os, *fd);
      if (first && wait.on_wait) wait.on_wait(place, lock.holder_);
    }
    if (now >= wait.until) return lock;
    // In whole: the last try is made when the deadline has passed, never before.
    const auto slept = os.sleep_until(std::min(wait.until, now + pause));
    if (!slept) return fail(slept.error(), "wait for lock", place);
    pause = std::min(pause * 2, kSleepMax);
  }
}

void EntryLock::release() {
  if (!file_.is_open()) return;
  if (state_ == State::held) (void)os_->unlock(file_.fd());
  (void)file_.close();
}

}  // namespace modelcache
