// Follows names, bytes, locks, descriptors and failures through the steps.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "cache/key.h"
#include "harness/judge/run_record.h"
#include "harness/judge/writing_steps.h"
#include "harness/world/world_identity.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::LockMode;

// Of the cache directory.
constexpr std::string_view kParent = kWorldCacheDirectory.substr(0, kWorldCacheDirectory.rfind('/'));

// After an error of these, bytes or names may not be what the process thinks. A close says something only of what was
// opened to write: a temporary, as a rule.
bool is_telling(const Step& step, Place place, bool writes_in_place) {
  if (step.kind == StepKind::close) return writes_in_place || place == Place::temporary;
  return step.kind == StepKind::write || step.kind == StepKind::truncate || step.kind == StepKind::sync_file ||
         step.kind == StepKind::sync_directory;
}

bool is_network(StepKind kind) {
  return kind == StepKind::connect || kind == StepKind::send || kind == StepKind::receive;
}

bool is_everyday(int error) {
  return error == ENOENT || error == EEXIST || error == EWOULDBLOCK || error == EINTR || error == ECONNREFUSED ||
         error == ECONNRESET || error == EPIPE || error == ETIMEDOUT;
}

bool has_no_locks(int error) { return error == ENOLCK || error == EOPNOTSUPP || error == ENOTSUP || error == ENOSYS; }

}  // namespace

void RunRecord::take(const Step& step, const DiskView& disk) {
  enter(step.stage, disk);
  ++moment_;
  now_ = step.at;
  last_process_ = step.process;
  change_ = {};
  change_.place = place_of(step.path);
  if (!step.to_path.empty()) change_.to_place = place_of(step.to_path);
  ProcessFacts& process = this->process(step.process);
  if (!process.has_begun) process.start.time = step.at;
  process.has_begun = true;
  process.own_steps = step.own_step + 1;
  process.previous_at = std::exchange(process.last_at, step.at);
  if (process.signal_at) take_signal(step, process);
  if (is_writing(step)) process.last_write = process.own_steps;
  if (step.error != 0 || step.fault != StepFault::none) take_problem(step, process);
  switch (step.kind) {
    case StepKind::close:  // whatever it returns
      return take_close(step, process);
    case StepKind::connect:
      return take_connect(step, process);
    case StepKind::try_lock:
      process.is_after_connect = false;
      break;
    default:
      break;
  }
  if (step.error != 0) return;
  switch (step.kind) {
    case StepKind::open:
      return take_open(step, disk, process);
    case StepKind::rename:
    case StepKind::link:
      return take_move(step, disk, process);
    case StepKind::unlink:
      return take_unlink(step, disk);
    case StepKind::write:
    case StepKind::truncate:
      return take_content(step, disk);
    case StepKind::sync_file:
      return durability_.sync(step.file);
    case StepKind::sync_directory:
      return take_sync(step, process);
    case StepKind::make_directory:
      if (step.path.empty()) durability_.is_root_named = false;
      if (step.path == modelcache::kEntriesName) durability_.is_entries_named = false;
      return;
    case StepKind::sleep_until:
      return take_sleep(step, process);
    case StepKind::try_lock:
      return take_lock(step, process);
    case StepKind::unlock:
      return release(step.path, step.process);
    default:
      return;
  }
}

// How long a network call that was interrupted has lasted since its first signal.
void RunRecord::take_signal(const Step& step, ProcessFacts& process) {
  if (step.kind == StepKind::sleep_until) return process.signal_at.reset();
  process.network_wait = std::max(process.network_wait, step.at - *process.signal_at);
  if (is_network(step.kind) && step.error != EINTR) process.signal_at.reset();
}

void RunRecord::take_problem(const Step& step, ProcessFacts& process) {
  if (step.fault == StepFault::does_nothing) take_lie(step);
  if (step.error == 0) return;
  // A call that was interrupted is made again; a close never is.
  const bool is_passing = step.error == EINTR && step.kind != StepKind::close;
  if (is_passing) {
    if (step.fault == StepFault::error) ++process.interrupted;
    if (is_network(step.kind) && !process.signal_at) process.signal_at = step.at;
    return;
  }
  if (step.kind == StepKind::sync_file) durability_.fail_sync(step.file);
  if (step.kind == StepKind::unlink && step.error != ENOENT && change_.place == Place::temporary) {
    ++process.unremoved;
  }
  if (step.fault == StepFault::error || !is_everyday(step.error)) process.met_any_failure = true;
  if (is_telling(step, change_.place, process.writes_in_place))
    process.failed.push_back({step.kind, step.file, step.own_step});
  if (!is_writing(step) && (step.fault == StepFault::error || !is_everyday(step.error))) process.met_failure = true;
  if (step.fault == StepFault::none) {
    take_natural(step, process);
    return;
  }
  is_clean_ = false;
  if (step.kind == StepKind::try_lock && has_no_locks(step.error)) take_lie(step);
  const ErrorCodes codes{code_of_errno(step.error)};
  process.codes |= codes;
  if (process.operations_ended == 0) process.early_codes.emplace_back(step.own_step, codes);
}

// Failures that come of the world's state rather than of a fault: they explain something only where the plan made that
// state.
void RunRecord::take_natural(const Step& step, ProcessFacts& process) {
  if (!is_everyday(step.error)) is_clean_ = false;
  if (step.kind == StepKind::try_lock && step.error == EWOULDBLOCK) take_refusal(step, process);
  if (stage_ != StageKind::run) return;
  const bool is_limited = step.process < plan_->processes.size() && plan_->processes[step.process].descriptors_max != 0;
  ErrorCodes codes;
  if ((step.error == EMFILE || step.error == ENFILE) && is_limited) codes |= {ErrorCode::exhausted};
  if (step.error == EROFS && plan_->start.read_only) codes |= {ErrorCode::read_only};
  if ((step.error == EACCES || step.error == EPERM) && may_deny_) codes |= {ErrorCode::denied};
  if (step.error == ECONNREFUSED && is_refusing_) codes |= {ErrorCode::refused};
  if (step.error == ETIMEDOUT && is_pausing_) codes |= {ErrorCode::timed_out};
  process.codes |= codes;
  if (process.operations_ended == 0 && !codes.empty()) process.early_codes.emplace_back(step.own_step, codes);
}

void RunRecord::take_connect(const Step& step, ProcessFacts& process) {
  const auto operation = operation_of(step.process);
  if (operation && operation->kind == OperationKind::get && !holds(step.process, keys_[operation->model])) {
    entry(keys_[operation->model]).had_no_lock = true;
  }
  if (operation && operation->kind == OperationKind::get_by_url && !had_no_lock_by_url_) {
    had_no_lock_by_url_ = std::none_of(locks_.begin(), locks_.end(), [&](const LockFacts& lock) {
      return lock.holder == step.process && lock.name.starts_with("url-");
    });
  }
  process.is_after_connect = true;
  process.connection.reset();
  ++process.tries;
  if (step.fault == StepFault::none) ++process.connects;
  if (step.error != 0) return;
  ++process.opened;
  ++process.open_files;
  process.connection = connections_.size();
  connections_.push_back({step.process, process.operations_ended, moment_});
}

void RunRecord::take_lie(const Step& step) {
  do_locks_lie_ = true;
  const Place place = change_.place;
  if (place == Place::lock) lock(last_name(step.path)).lies = true;
  if (last_name(step.path) == modelcache::kManifestLockName) does_manifest_lock_lie_ = true;
  if (place != Place::temporary) return;
  if (TemporaryFacts* const temporary = find_temporary(step.path)) temporary->lies = true;
}

void RunRecord::take_refusal(const Step& step, ProcessFacts& process) {
  const Place place = change_.place;
  if (place == Place::lock) {
    process.blocked_by = static_cast<std::size_t>(&lock(last_name(step.path)) - locks_.data());
  }
  if (place != Place::temporary) return;
  if (TemporaryFacts* const temporary = find_temporary(step.path)) temporary->refused_at = moment_;
}

void RunRecord::take_close(const Step& step, ProcessFacts& process) {
  ++process.closed;
  const Place place = step.connection == 0 ? change_.place : Place::unknown;
  const bool is_directory = place == Place::root || place == Place::directory || place == Place::outside;
  std::uint32_t& open = is_directory ? process.open_directories : process.open_files;
  if (open > 0) --open;
  if (place != Place::lock) return;
  release(step.path, step.process);
  if (process.blocked_by && locks_[*process.blocked_by].name == last_name(step.path)) {
    process.gave_up.push_back(*process.blocked_by);
  }
}

void RunRecord::take_sync(const Step& step, ProcessFacts& process) {
  switch (change_.place) {
    case Place::root:
      durability_.is_entries_named = durability_.is_manifest_named = true;
      return;
    case Place::outside:
      if (step.path == kParent) durability_.is_root_named = true;
      return;
    case Place::directory:
      if (step.path != modelcache::kEntriesName) return;
      process.entries_synced_at = moment_;
      for (EntryFacts& entry : entries_) entry.is_name_durable = true;
      return;
    default:
      return;
  }
}

// A sleep after a connection and before a try for a lock is one between downloads.
void RunRecord::take_sleep(const Step& step, ProcessFacts& process) {
  if (process.is_after_connect) process.pauses.push_back({step.until - process.previous_at, process.connection});
}

void RunRecord::take_lock(const Step& step, ProcessFacts& process) {
  if (change_.place != Place::lock) return;
  LockFacts& lock = this->lock(last_name(step.path));
  change_.lock = static_cast<std::size_t>(&lock - locks_.data());
  const bool is_shared = static_cast<LockMode>(step.mode) == LockMode::shared;
  const bool excludes = !is_shared || !lock.is_shared;
  if (lock.holder && *lock.holder != step.process && excludes) change_.other_holder = lock.holder;
  lock.holder = step.process;
  lock.is_shared = is_shared;
  if (process.blocked_by == change_.lock) process.blocked_by.reset();
}

void RunRecord::release(std::string_view path, std::uint32_t process) {
  if (change_.place != Place::lock) return;
  LockFacts& lock = this->lock(last_name(path));
  if (lock.holder == process) lock.holder.reset();
}

}  // namespace stampede
