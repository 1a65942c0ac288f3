// Takes steps on the disk by hand, then tells the judge.
#include "harness/judge/history_for_test.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "cache/key.h"
#include "cache/manifest.h"

namespace stampede {

using modelcache::FileType;
using modelcache::OpenMode;

Plan History::one_get() {
  Plan plan;
  plan.models = {{"m0", 100}};
  plan.processes.resize(2);
  for (PlanProcess& process : plan.processes) process.operations = {{OperationKind::get, 0}};
  return plan;
}

History::History(Plan plan) : own_judge_(std::make_unique<StepJudge>()), judge_(own_judge_.get()) {
  begin(std::move(plan));
}

History::History(Plan plan, StepJudge& judge) : judge_(&judge) { begin(std::move(plan)); }

History::History(Plan plan, const Subject& subject, std::shared_ptr<CommandJudge> judge)
    : subject_(subject), command_judge_(std::move(judge)), judge_(nullptr) {
  begin(std::move(plan));
}

void History::begin(Plan plan) {
  plan_ = std::move(plan);
  for (const PlanModel& model : plan_.models) models_.push_back(generated_model(model.name, model.size_bytes));
  models_.push_back(generated_model("epilogue", 10));
  if (command_judge_) {
    begin_command();
  } else {
    judge_->begin(plan_, models_);
  }
  begin_stage(StageKind::run);
}

// A command that keeps its models where the built-in cache does.
void History::begin_command() {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < models_.size(); ++i) names.push_back(entry(i));
  command_judge_->begin(plan_, models_, subject_, std::move(names));
}

void History::begin_stage(StageKind stage) {
  stage_ = stage;
  process_ = 0;
  own_steps_.clear();
  operations_.clear();
  first_steps_.clear();
  gone_.clear();
  ends_.assign(stage == StageKind::run ? plan_.processes.size() : 1, ProcessEnd::ended);
}

RunRecord& History::record() {
  if (!record_) {
    record_ = std::make_unique<RunRecord>();
    record_->begin(plan_, models_);
  }
  return *record_;
}

History& History::by(std::uint32_t process) {
  process_ = is_shifted_ && stage_ == StageKind::run && process < 2 ? 1 - process : process;
  return *this;
}

History& History::pass(std::chrono::nanoseconds time) {
  now_ += time;
  return *this;
}

void History::take(Step step, Odd odd) {
  step.stage = stage_;
  step.process = process_;
  step.own_step = own_steps_[process_]++;
  step.error = odd.error;
  step.fault = odd.fault;
  now_ += std::chrono::microseconds(1);
  step.at = now_;
  last_kind_ = step.kind;
  ++steps_;
  command_judge_ ? command_judge_->on_step(step, disk_) : judge_->on_step(step, disk_);
  if (record_) record_->take(step, disk_);
}

namespace {

Step step_of(StepKind kind, const std::string& path) {
  Step step;
  step.kind = kind;
  step.path = path;
  return step;
}

}  // namespace

void History::open(const std::string& path, OpenMode mode, Odd odd) {
  Step step = step_of(StepKind::open, path);
  step.mode = static_cast<std::uint32_t>(mode);
  const bool creates = mode == OpenMode::create_new || mode == OpenMode::open_or_create;
  if (odd.error == 0) {
    const unsigned umask = stage_ == StageKind::run ? plan_.processes.at(process_).umask : 022;
    if (creates && disk_.file_at(path) == 0) disk_.make(path, FileType::regular, 0666 & ~umask);
    ++disk_.descriptors;
  }
  take(std::move(step), odd);
}

void History::close(const std::string& path, Odd odd) { close_file(path, disk_.file_at(path), odd); }

void History::close_file(const std::string& path, FileNumber file, Odd odd) {
  Step step = step_of(StepKind::close, path);
  step.file = file;
  --disk_.descriptors;
  take(std::move(step), odd);
}

void History::write(const std::string& path, FileNumber file, const Bytes& bytes, Odd odd) {
  Step step = step_of(StepKind::write, path);
  step.file = file;
  step.size = bytes.size();
  if (odd.error == 0) {
    step.result = bytes.size();
    disk_.set_bytes(file, bytes);
  }
  take(std::move(step), odd);
}

void History::truncate(const std::string& path, FileNumber file, std::size_t size, Odd odd) {
  Step step = step_of(StepKind::truncate, path);
  step.file = file;
  step.size = size;
  if (odd.error == 0) {
    const auto old = disk_.bytes(file);
    Bytes bytes(old.begin(), old.end());
    bytes.resize(size);
    disk_.set_bytes(file, std::move(bytes));
  }
  take(std::move(step), odd);
}

void History::sync_file(const std::string& path, FileNumber file, Odd odd) {
  Step step = step_of(StepKind::sync_file, path);
  step.file = file;
  take(std::move(step), odd);
}

void History::sync_directory(const std::string& path, Odd odd) {
  Step step = step_of(StepKind::sync_directory, path);
  step.file = disk_.file_at(path);
  take(std::move(step), odd);
}

void History::rename(const std::string& from, const std::string& to, Odd odd) {
  Step step = step_of(StepKind::rename, from);
  step.to_path = to;
  if (odd.error == 0) step.replaced = disk_.move(from, to, false);
  take(std::move(step), odd);
}

void History::link(const std::string& from, const std::string& to, Odd odd) {
  Step step = step_of(StepKind::link, from);
  step.to_path = to;
  if (odd.error == 0) disk_.move(from, to, true);
  take(std::move(step), odd);
}

void History::unlink(const std::string& path, Odd odd) {
  if (odd.error == 0) disk_.move(path, "", false);
  take(step_of(StepKind::unlink, path), odd);
}

void History::make_directory(const std::string& path, Odd odd) {
  const unsigned umask = stage_ == StageKind::run ? plan_.processes.at(process_).umask : 022;
  if (odd.error == 0) disk_.make(path, FileType::directory, 0777 & ~umask);
  take(step_of(StepKind::make_directory, path), odd);
}

void History::try_lock(const std::string& path, Odd odd) {
  Step step = step_of(StepKind::try_lock, path);
  step.file = disk_.file_at(path);
  step.mode = static_cast<std::uint32_t>(modelcache::LockMode::exclusive);
  take(std::move(step), odd);
}

void History::unlock(const std::string& path) { take(step_of(StepKind::unlock, path), {}); }

void History::connect(const char* turn, bool is_full, Odd odd) {
  Step step = step_of(StepKind::connect, "");
  if (odd.error == 0) {
    LedgerEntry entry;
    entry.connection = ledger_.size();
    entry.listener = process_;
    entry.fault = parse_turn(turn).value();
    entry.requested = true;
    const std::size_t count = operations_[process_];
    entry.model = stage_ == StageKind::run
                      ? plan_.models.at(plan_.processes.at(process_).operations.at(count).model).name
                      : models_.at(count).name;
    entry.status = 200;
    for (const NetworkFault& part : entry.fault.parts) {
      if (part.kind == FaultKind::redirect_relative || part.kind == FaultKind::redirect_loop) entry.status = 307;
    }
    entry.full_body_sent = is_full;
    entry.ending = Ending::finished;
    ledger_.push_back(std::move(entry));
    step.connection = static_cast<ConnectionNumber>(ledger_.size());
    ++disk_.descriptors;
    take(std::move(step), odd);
    --disk_.descriptors;
    Step closing = step_of(StepKind::close, "");
    closing.connection = static_cast<ConnectionNumber>(ledger_.size());
    take(std::move(closing), {});
    return;
  }
  take(std::move(step), odd);
}

void History::pause(std::chrono::nanoseconds time) {
  Step step = step_of(StepKind::sleep_until, "");
  step.until = now_ + time;
  now_ += time;
  take(std::move(step), {});
}

void History::make_cache() {
  if (disk_.file_at("") == 0) {
    make_directory("");
    sync_directory("/sim");
  }
  if (disk_.file_at("locks") == 0) {
    for (const char* path : {"entries", "tmp"}) {
      if (disk_.file_at(path) == 0) make_directory(path);
    }
    sync_directory("");
    make_directory("locks");
    sync_directory("");
  }
  first_steps_[process_] = own_steps_[process_];
}

std::string History::key(std::size_t model) const { return modelcache::key_of(models_.at(model).sha256); }

std::string History::temporary(std::string_view what) {
  const modelcache::ProcessIdentity owner{.domain = 1, .pid = 100 + process_, .start_time = 1};
  return "tmp/" + modelcache::temporary_name(what, owner, ++temporaries_);
}

void History::look(std::size_t model) {
  const bool is_there = disk_.file_at(entry(model)) != 0;
  open(entry(model), OpenMode::read, is_there ? Odd{} : is_told(ENOENT));
  if (is_there) close(entry(model));
}

void History::lock(std::size_t model) {
  open(lock_path(model), OpenMode::open_or_create);
  try_lock(lock_path(model));
}

void History::release(std::size_t model) {
  unlock(lock_path(model));
  close(lock_path(model));
}

std::string History::stage(std::size_t model) {
  std::string path = temporary(key(model));
  open(path, OpenMode::create_new);
  const FileNumber file = disk_.file_at(path);
  write(path, file, *models_.at(model).bytes);
  sync_file(path, file);
  return path;
}

void History::publish(const std::string& temporary, std::size_t model) {
  rename(temporary, entry(model));
  close(temporary);
  sync_directory("entries");
}

void History::list_again() {
  records_ = 0;
  list();
}

std::string History::stage_list() {
  modelcache::Manifest manifest;
  disk_.for_each_name([&](std::string_view path, FileNumber file) {
    if (!path.starts_with("entries/")) return;
    modelcache::ManifestRecord record;
    record.sha256 = modelcache::sha256_of(disk_.bytes(file));
    record.stamp.size_bytes = disk_.bytes(file).size();
    record.stamp.inode = ++records_;
    manifest.entries.emplace(path.substr(8), record);
  });
  const std::string path = temporary("manifest");
  open(path, OpenMode::create_new);
  const std::string text = manifest.print();
  const auto bytes = std::as_bytes(std::span(text));
  const FileNumber file = disk_.file_at(path);
  write(path, file, Bytes(bytes.begin(), bytes.end()));
  sync_file(path, file);
  return path;
}

void History::list() {
  const std::string lock = "locks/manifest.lock";
  open(lock, OpenMode::open_or_create);
  try_lock(lock);
  const std::string path = stage_list();
  rename(path, "manifest.json");
  close(path);
  sync_directory("");
  unlock(lock);
  close(lock);
}

void History::hit(std::size_t model) {
  look(model);
  succeeds(true);
}

void History::miss_unlisted(std::size_t model) {
  look(model);
  lock(model);
  look(model);
  connect();
  publish(stage(model), model);
  release(model);
}

void History::miss(std::size_t model) {
  miss_unlisted(model);
  list();
  succeeds(false);
}

void History::share_one_download() {
  by(0).make_cache();
  look(0);
  lock(0);
  by(1).look(0);
  open(lock_path(0), OpenMode::open_or_create);
  try_lock(lock_path(0), is_told(EWOULDBLOCK));
  by(0).look(0);
  connect();
  publish(stage(0), 0);
  list();
  release(0);
  succeeds(false);
  by(1).try_lock(lock_path(0));
  look(0);
  release(0);
  succeeds(true);
}

}  // namespace stampede
