// Begins and ends runs, stages and operations, and looks things up.
#include "harness/judge/run_record.h"

#include <algorithm>

#include "cache/key.h"

namespace stampede {
namespace {

constexpr std::string_view kLockSuffix = ".lock";

bool is_lock_of(const LockFacts& lock, std::string_view key) {
  return lock.name.size() == key.size() + kLockSuffix.size() && lock.name.starts_with(key);
}

bool changes_content(FaultKind kind) {
  return kind == FaultKind::flip_byte || kind == FaultKind::zero_bytes || kind == FaultKind::swap_halves ||
         kind == FaultKind::other_version_same_etag || kind == FaultKind::other_version_new_etag;
}

bool pauses(FaultKind kind) {
  return kind == FaultKind::stall_before_headers || kind == FaultKind::stall_in_body || kind == FaultKind::drip;
}

}  // namespace

void RunRecord::begin(const Plan& plan, const std::vector<Model>& models) {
  plan_ = &plan;
  models_ = &models;
  bool changes = false, is_short = false, is_long = false;
  is_refusing_ = is_pausing_ = false;
  for (const FaultTurn& turn : plan.network.faults) {
    for (const NetworkFault& part : turn.parts) {
      changes = changes || changes_content(part.kind);
      is_short = is_short || part.kind == FaultKind::length_too_short;
      is_long = is_long || part.kind == FaultKind::bytes_after_body;
      is_refusing_ = is_refusing_ || part.kind == FaultKind::refused;
      is_pausing_ = is_pausing_ || pauses(part.kind);
    }
  }
  lies_.clear();
  for (const Model& model : models) {
    const std::uint64_t size = model.bytes->size();
    if (changes) lies_.push_back(size);
    if (is_short && size > 0) lies_.push_back(size - 1);
    if (is_long) lies_.push_back(size + 1);
  }
  may_lie_by_url_ = !lies_.empty();
  may_deny_ = std::any_of(plan.processes.begin(), plan.processes.end(),
                          [](const PlanProcess& process) { return (process.umask & 0700U) != 0; });
  contents_.begin(models, lies_);
  durability_.begin();
  keys_.clear();
  for (const Model& model : models) keys_.push_back(modelcache::key_of(model.sha256));
  stage_ = StageKind::warm_up;
  is_stage_open_ = false;
  is_damage_due_ = !plan.start.damage.empty();
  moment_ = 0;
  now_ = {};
  last_process_ = 0;
  change_ = {};
  do_locks_lie_ = does_manifest_lock_lie_ = had_no_lock_by_url_ = has_given_up_manifest_ = false;
  is_clean_ = true;
  processes_begun_ = 0;
  entries_.clear();
  locks_.clear();
  temporaries_.clear();
  was_published_.clear();
  manifest_file_ = 0;
  is_manifest_good_ = false;
  manifest_named_by_ = 0;
  manifest_named_at_ = manifest_changed_at_ = 0;
  connections_.clear();
  stage_connections_ = 0;
}

void RunRecord::begin_stage(StageKind stage, const DiskView& disk) {
  if (is_stage_open_) end_stage();
  stage_ = stage;
  is_stage_open_ = true;
  processes_begun_ = 0;
  stage_start_ = {.moment = moment_, .time = now_, .own_step = 0};
  stage_connections_ = connections_.size();
  if (stage == StageKind::warm_up || !is_damage_due_) return;
  is_damage_due_ = false;
  apply_damage(disk);
}

// Damage is done between two stages, not by steps, and as if it had been so for long. Entries that it does not touch
// are looked at as well.
void RunRecord::apply_damage(const DiskView& disk) {
  for (EntryFacts& entry : entries_) {
    look_at_entry(entry, disk.file_at("entries/" + entry.key), disk);
  }
  look_at_manifest(disk);
  disk.for_each_name([&](std::string_view path, FileNumber file) {
    if (place_of(path) != Place::temporary || find_temporary(path) != nullptr) return;
    temporaries_.push_back({.path = std::string(path), .file = file, .is_of_stage = false, .made_at = moment_});
  });
  change_ = {};
}

void RunRecord::end_stage() {
  for (TemporaryFacts& temporary : temporaries_) temporary.is_of_stage = false;
  for (LockFacts& lock : locks_) lock.holder.reset();
  is_stage_open_ = false;
}

ProcessFacts& RunRecord::process(std::uint32_t process) {
  while (processes_begun_ <= process) {
    if (processes_begun_ == processes_.size()) processes_.emplace_back();
    ProcessFacts& facts = processes_[processes_begun_++];
    auto early = std::move(facts.early_codes);
    auto failed = std::move(facts.failed);
    auto published = std::move(facts.published);
    auto gave_up = std::move(facts.gave_up);
    auto pauses = std::move(facts.pauses);
    early.clear();
    failed.clear();
    published.clear();
    gave_up.clear();
    pauses.clear();
    facts = {};
    facts.start = stage_start_;
    facts.early_codes = std::move(early);
    facts.failed = std::move(failed);
    facts.published = std::move(published);
    facts.gave_up = std::move(gave_up);
    facts.pauses = std::move(pauses);
  }
  return processes_[process];
}

void RunRecord::begin_outcome(const OperationOutcome& outcome) {
  ProcessFacts& process = this->process(outcome.process);
  last_process_ = outcome.process;
  if (process.operations_ended > 0) return;
  process.codes = {};
  for (const auto& [own_step, codes] : process.early_codes) {
    (own_step < outcome.first_step ? process.opening_codes : process.codes) |= codes;
  }
}

void RunRecord::end_outcome(const OperationOutcome& outcome) {
  ProcessFacts& process = this->process(outcome.process);
  has_given_up_manifest_ = has_given_up_manifest_ || gave_up(process, modelcache::kManifestLockName);
  process.operations_ended = outcome.index + 1;
  process.start = {.moment = moment_, .time = now_, .own_step = process.own_steps};
  process.codes = {};
  process.connects = process.tries = process.swept = 0;
  process.interrupted = 0;
  process.network_wait = kNoWait;
  process.signal_at.reset();
  process.met_failure = process.met_any_failure = false;
  process.is_after_connect = false;
  process.connection.reset();
  process.gave_up.clear();
  process.pauses.clear();
  process.blocked_by.reset();
  process.failed.clear();
  process.published.clear();
}

void RunRecord::end_process(std::uint32_t process) {
  this->process(process).is_alive = false;
  this->process(process).ended_at = moment_;
  for (LockFacts& lock : locks_) {
    if (lock.holder == process) lock.holder.reset();
  }
}

std::size_t RunRecord::process_count(StageKind stage) const {
  return stage == StageKind::run ? plan_->processes.size() : 1;
}

std::size_t RunRecord::operation_count(StageKind stage, std::uint32_t process) const {
  if (stage == StageKind::warm_up) return std::max<std::size_t>(plan_->start.warm.size(), 1);
  if (stage == StageKind::epilogue) return models_->size();
  return process < plan_->processes.size() ? plan_->processes[process].operations.size() : 0;
}

std::optional<Operation> RunRecord::operation_of(StageKind stage, std::uint32_t process, std::uint32_t index) const {
  if (index >= operation_count(stage, process)) return std::nullopt;
  if (stage == StageKind::run) return plan_->processes[process].operations[index];
  // Where nothing is warm, somebody made the directory all the same.
  if (stage == StageKind::warm_up && plan_->start.warm.empty()) return Operation{OperationKind::recover, 0};
  return Operation{OperationKind::get, stage == StageKind::warm_up ? plan_->start.warm[index] : index};
}

std::optional<Operation> RunRecord::operation_of(std::uint32_t process) const {
  return process < processes_begun_ ? operation_of(stage_, process, processes_[process].operations_ended)
                                    : std::nullopt;
}

EntryFacts& RunRecord::entry(std::string_view key) {
  for (EntryFacts& known : entries_) {
    if (known.key == key) return known;
  }
  EntryFacts& added = entries_.emplace_back();
  added.key = key;
  if (const auto digest = modelcache::digest_in_key(key)) {
    for (std::size_t i = 0; i < models_->size() && !added.model; ++i) {
      if ((*models_)[i].sha256 == *digest) added.model = i;
    }
  }
  return added;
}

const EntryFacts* RunRecord::find_entry(std::string_view key) const {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const EntryFacts& entry) { return entry.key == key; });
  return found == entries_.end() ? nullptr : &*found;
}

const EntryFacts* RunRecord::entry_of_model(std::size_t model) const {
  const auto& digest = (*models_)[model].sha256;
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const EntryFacts& entry) {
    return entry.model && (*models_)[*entry.model].sha256 == digest;
  });
  return found == entries_.end() ? nullptr : &*found;
}

LockFacts& RunRecord::lock(std::string_view name) {
  for (LockFacts& known : locks_) {
    if (known.name == name) return known;
  }
  LockFacts& added = locks_.emplace_back();
  added.name = name;
  return added;
}

const LockFacts* RunRecord::find_lock(std::string_view name) const {
  const auto found =
      std::find_if(locks_.begin(), locks_.end(), [&](const LockFacts& lock) { return lock.name == name; });
  return found == locks_.end() ? nullptr : &*found;
}

bool RunRecord::holds(std::uint32_t process, std::string_view key) const {
  return std::any_of(locks_.begin(), locks_.end(),
                     [&](const LockFacts& lock) { return lock.holder == process && is_lock_of(lock, key); });
}

bool RunRecord::does_lock_lie(const EntryFacts& entry) const {
  return do_locks_lie_ && std::any_of(locks_.begin(), locks_.end(),
                                      [&](const LockFacts& lock) { return lock.lies && is_lock_of(lock, entry.key); });
}

bool RunRecord::is_unguarded(const EntryFacts& entry) const {
  return entry.had_no_lock || (had_no_lock_by_url_ && entry.key.starts_with("url-")) || does_lock_lie(entry);
}

bool RunRecord::gave_up(const ProcessFacts& process, std::string_view lock_name) const {
  return std::any_of(process.gave_up.begin(), process.gave_up.end(),
                     [&](std::size_t place) { return locks_[place].name == lock_name; });
}

bool RunRecord::gave_up(const ProcessFacts& process, const EntryFacts& entry) const {
  return std::any_of(process.gave_up.begin(), process.gave_up.end(),
                     [&](std::size_t place) { return is_lock_of(locks_[place], entry.key); });
}

std::string RunRecord::object_of(std::string_view path) const {
  std::string_view name = last_name(path);
  const std::size_t end = name.find('.');
  const auto digest = modelcache::digest_in_key(name.substr(0, end));
  for (const Model& model : *models_) {
    if (digest && model.sha256 == *digest) return model.name;
  }
  // The rest of a temporary's name differs from run to run.
  if (place_of(path) == Place::temporary) return "tmp/" + std::string(name.substr(0, end));
  return path.empty() ? "the directory" : std::string(path);
}

}  // namespace stampede
