// Follows names, bytes, locks, descriptors and failures through the steps.
#include <algorithm>
#include <cerrno>

#include "cache/key.h"
#include "harness/judge/run_record.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::LockMode;
using modelcache::OpenMode;

bool may_create(const Step& step) {
  const auto mode = static_cast<OpenMode>(step.mode);
  return mode == OpenMode::create_new || mode == OpenMode::open_or_create;
}

// Whether a step writes, or would if it could. The directory itself is made when the cache is opened, whatever for.
bool is_writing(const Step& step) {
  switch (step.kind) {
    case StepKind::make_directory:
      return !step.path.empty();
    case StepKind::write:
    case StepKind::truncate:
    case StepKind::rename:
    case StepKind::link:
    case StepKind::unlink:
      return true;
    case StepKind::open:
      return may_create(step) || static_cast<OpenMode>(step.mode) == OpenMode::read_write;
    default:
      return false;
  }
}

// After an error of these, bytes or names may not be what the process thinks. A close says something only of what was
// opened to write: a temporary, as a rule.
bool is_telling(const Step& step, bool writes_in_place) {
  if (step.kind == StepKind::close) return writes_in_place || place_of(step.path) == Place::temporary;
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
  ProcessFacts& process = this->process(step.process);
  if (!process.has_begun) process.start.time = step.at;
  process.has_begun = true;
  process.own_steps = step.own_step + 1;
  process.is_interrupted = step.error == EINTR && step.fault == StepFault::error;
  if (is_writing(step)) process.last_write = process.own_steps;
  if (step.error != 0 || step.fault != StepFault::none) take_problem(step, process);
  switch (step.kind) {
    case StepKind::close:  // whatever it returns
      ++process.closed;
      if (place_of(step.path) == Place::lock) release(step.path, step.process);
      return;
    case StepKind::connect:
      return take_connect(step, process);
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
    case StepKind::sync_directory:
      std::erase_if(process.failed, [&](const FailedStep& failed) {
        return failed.kind == StepKind::sync_directory && failed.file == step.file;
      });
      return;
    case StepKind::try_lock:
      return take_lock(step, process);
    case StepKind::unlock:
      return release(step.path, step.process);
    default:
      return;
  }
}

void RunRecord::take_problem(const Step& step, ProcessFacts& process) {
  if (step.fault == StepFault::does_nothing) do_locks_lie_ = true;
  if (step.error == 0) return;
  // A call that was interrupted is made again; a close never is.
  const bool is_passing = step.error == EINTR && step.kind != StepKind::close;
  if (is_passing) {
    process.is_network_interrupted = process.is_network_interrupted || is_network(step.kind);
    return;
  }
  if (is_telling(step, process.writes_in_place)) process.failed.push_back({step.kind, step.file, step.own_step});
  if (!is_writing(step) && (step.fault == StepFault::error || !is_everyday(step.error))) process.met_failure = true;
  if (step.fault == StepFault::none) {
    take_natural(step, process);
    return;
  }
  is_clean_ = false;
  if (step.kind == StepKind::try_lock && has_no_locks(step.error)) do_locks_lie_ = true;
  const ErrorCodes codes{code_of_errno(step.error)};
  process.codes |= codes;
  if (process.operations_ended == 0) process.early_codes.emplace_back(step.own_step, codes);
}

// Failures that come of the world's state rather than of a fault: they explain something only where the plan made that
// state.
void RunRecord::take_natural(const Step& step, ProcessFacts& process) {
  if (!is_everyday(step.error)) is_clean_ = false;
  if (step.kind == StepKind::try_lock && step.error == EWOULDBLOCK && place_of(step.path) == Place::lock) {
    process.blocked_by = static_cast<std::size_t>(&lock(last_name(step.path)) - locks_.data());
  }
  if (stage_ != Stage::run) return;
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
  if (operation && operation->kind == OperationKind::get && !has_gone_without_lock_) {
    has_gone_without_lock_ = !holds(step.process, modelcache::key_of((*models_)[operation->model].sha256));
  }
  ++process.tries;
  if (step.fault == StepFault::none) ++process.connects;
  if (step.error != 0) return;
  ++process.opened;
  connections_.push_back({step.process, process.operations_ended, moment_});
}

void RunRecord::take_open(const Step& step, const DiskView& disk, ProcessFacts& process) {
  ++process.opened;
  if (!is_writing(step)) return;
  const Place place = place_of(step.path);
  if (place == Place::entry || place == Place::manifest) process.writes_in_place = true;
  if (!may_create(step)) return;
  switch (place) {
    case Place::temporary:
      if (static_cast<OpenMode>(step.mode) == OpenMode::create_new) {
        temporaries_.push_back({step.path, disk.file_at(step.path), step.process, true});
      }
      return;
    case Place::entry:
      return name_entry(step.path, disk);
    case Place::manifest:
      return look_at_manifest(disk);
    default:
      return;
  }
}

void RunRecord::take_move(const Step& step, const DiskView& disk, ProcessFacts& process) {
  const Place from = place_of(step.path);
  const Place to = place_of(step.to_path);
  if (step.kind == StepKind::rename) {
    if (from == Place::temporary) lose_temporary(step.path, step.process);
    if (from == Place::entry) lose_entry(step.path, disk);
  }
  if (to == Place::entry) {
    name_entry(step.to_path, disk);
    change_.gave_name = true;
    publish(change_.entry->file, process);
    if (was_published_.size() <= change_.entry->file) was_published_.resize(change_.entry->file + 1);
    was_published_[change_.entry->file] = true;
  }
  if (to == Place::manifest || (from == Place::manifest && step.kind == StepKind::rename)) {
    look_at_manifest(disk);
    change_.gave_name = to == Place::manifest;
    if (to == Place::manifest) publish(manifest_file_, process);
  }
}

void RunRecord::publish(FileNumber file, ProcessFacts& process) { process.published.push_back(file); }

void RunRecord::take_unlink(const Step& step, const DiskView& disk) {
  switch (place_of(step.path)) {
    case Place::temporary:
      return lose_temporary(step.path, step.process);
    case Place::entry:
      return lose_entry(step.path, disk);
    case Place::manifest:
      return look_at_manifest(disk);
    default:
      return;
  }
}

void RunRecord::take_content(const Step& step, const DiskView& disk) {
  if (step.kind == StepKind::write && step.result == 0) return;
  if (step.file == manifest_file_ && manifest_file_ != 0) look_at_manifest(disk);
  if (step.file >= was_published_.size() || !was_published_[step.file]) return;
  change_.is_published = true;
  for (EntryFacts& entry : entries_) {
    if (entry.file == step.file) look_at_entry(entry, step.file, disk);
  }
}

void RunRecord::take_lock(const Step& step, ProcessFacts& process) {
  if (place_of(step.path) != Place::lock) return;
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
  if (place_of(path) != Place::lock) return;
  LockFacts& lock = this->lock(last_name(path));
  if (lock.holder == process) lock.holder.reset();
}

void RunRecord::name_entry(std::string_view path, const DiskView& disk) {
  look_at_entry(entry(last_name(path)), disk.file_at(path), disk);
}

void RunRecord::lose_entry(std::string_view path, const DiskView& disk) {
  name_entry(path, disk);
  change_.lost = change_.entry;
  change_.lost_was_good = change_.entry_was_good;
}

void RunRecord::look_at_entry(EntryFacts& entry, FileNumber file, const DiskView& disk) {
  change_.entry = &entry;
  change_.entry_had = entry.file;
  change_.entry_was_good = entry.good.now();
  const std::uint64_t version = file == 0 ? 0 : disk.version(file);
  if (file == entry.file && version == entry.version) return;
  entry.file = file;
  entry.version = version;
  const bool is_good = file != 0 && contents_.is_entry_complete(entry.key, file, disk);
  if (entry.good.now() && !is_good) ++entry.losses;
  entry.present.set(file != 0, moment_);
  entry.good.set(is_good, moment_);
  entry.listed.set(false, moment_);
  entry.stale_record = entry.record;
}

// What is listed is so since its record came; a record that was there before the file changed says nothing of it.
void RunRecord::look_at_manifest(const DiskView& disk) {
  change_.is_manifest = true;
  manifest_file_ = disk.file_at(modelcache::kManifestName);
  const ReadManifest* const read = manifest_.read(disk);
  for (EntryFacts& entry : entries_) {
    const auto* const records = read != nullptr && read->is_good ? &read->manifest.entries : nullptr;
    const bool is_known = records != nullptr && records->find(entry.key) != records->end();
    bool is_listed = false;
    if (is_known) {
      const modelcache::ManifestRecord& record = records->find(entry.key)->second;
      is_listed = entry.file != 0 && record.stamp.size_bytes == disk.stat(entry.file).size_bytes &&
                  record.sha256 == contents_.digest_of(entry.file, disk) && entry.stale_record != record.stamp;
      entry.record = record.stamp;
    } else {
      entry.record.reset();
    }
    entry.listed.set(is_listed, moment_);
  }
}

void RunRecord::lose_temporary(std::string_view path, std::uint32_t by) {
  const auto found = std::find_if(temporaries_.begin(), temporaries_.end(),
                                  [&](const TemporaryFacts& temporary) { return temporary.path == path; });
  if (found == temporaries_.end()) {  // the plan's own damage
    ++process(by).swept;
    return;
  }
  const bool is_own = found->is_of_stage && found->owner == by;
  if (!is_own) ++process(by).swept;
  if (!is_own && found->is_of_stage && process(found->owner).is_alive) change_.robbed = found->owner;
  touch(found->file);
  std::swap(*found, temporaries_.back());
  temporaries_.pop_back();
}

// One of its names went: its change time did not stay, so no record is of it as it is now.
void RunRecord::touch(FileNumber file) {
  for (EntryFacts& entry : entries_) {
    if (file == 0 || entry.file != file) continue;
    entry.listed.set(false, moment_);
    entry.stale_record = entry.record;
  }
}

}  // namespace stampede
