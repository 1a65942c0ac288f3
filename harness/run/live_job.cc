// One description of each value serves both directions.
#include "harness/run/live_job.h"

#include <concepts>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <type_traits>
#include <utility>

#include "cache/sha256.h"
#include "harness/faults/scripted_peers.h"
#include "harness/world/world_identity.h"

namespace stampede {
namespace {

class Writer {
 public:
  static constexpr bool kReads = false;
  explicit Writer(std::string& to) : to_(to) {}
  void raw(void* value, std::size_t size) { to_.append(static_cast<const char*>(value), size); }

 private:
  std::string& to_;
};

class Reader {
 public:
  static constexpr bool kReads = true;
  explicit Reader(std::string_view from) : from_(from) {}
  void raw(void* value, std::size_t size) {
    if (size > from_.size()) {
      std::fputs("stampede: a live process's job or report is cut short\n", stderr);
      std::abort();
    }
    std::memcpy(value, from_.data(), size);
    from_.remove_prefix(size);
  }

 private:
  std::string_view from_;
};

template <class Archive, class T>
  requires(std::is_arithmetic_v<T> || std::is_enum_v<T>)
void visit(Archive& archive, T& value) {
  archive.raw(&value, sizeof value);
}
template <class Archive, class Rep, class Period>
void visit(Archive& archive, std::chrono::duration<Rep, Period>& value) {
  Rep count = value.count();
  visit(archive, count);
  value = std::chrono::duration<Rep, Period>(count);
}
template <class Archive>
void visit(Archive& archive, std::string& text) {
  std::size_t size = text.size();
  visit(archive, size);
  if (Archive::kReads) text.resize(size);
  if (size > 0) archive.raw(text.data(), size);
}
template <class Archive>
void visit(Archive& archive, modelcache::Sha256Digest& digest) {
  archive.raw(digest.bytes.data(), digest.bytes.size());
}
template <class Archive, class T>
void visit(Archive& archive, std::optional<T>& value) {
  bool is_there = value.has_value();
  visit(archive, is_there);
  if (Archive::kReads && is_there) value.emplace();
  if (is_there) visit(archive, *value);
}
template <class Archive, class T>
void visit(Archive& archive, std::vector<T>& values) {
  std::size_t count = values.size();
  visit(archive, count);
  if (Archive::kReads) values.resize(count);
  for (T& value : values) visit(archive, value);
}

template <class Archive, class... Values>
void visit_all(Archive& archive, Values&... values) {
  (visit(archive, values), ...);
}

template <class Archive>
void visit(Archive& archive, Operation& operation) {
  visit_all(archive, operation.kind, operation.model);
}
template <class Archive>
void visit(Archive& archive, PlanProcess& process) {
  visit_all(archive, process.operations, process.verify, process.lock_wait, process.only_wait, process.idle_steps);
}
// Without its bytes: a client needs none.
template <class Archive>
void visit(Archive& archive, Model& model) {
  visit_all(archive, model.name, model.sha256);
}
template <class Archive>
void visit(Archive& archive, modelcache::Entry& entry) {
  visit_all(archive, entry.key, entry.path, entry.size_bytes, entry.sha256, entry.url, entry.listed);
}
template <class Archive>
void visit(Archive& archive, modelcache::VerifyReport& report) {
  visit_all(archive, report.entry, report.state, report.detail, report.removed);
}
template <class Archive>
void visit(Archive& archive, modelcache::RecoveryReport& report) {
  visit_all(archive, report.temporaries_removed, report.temporaries_kept, report.entries_adopted,
            report.listings_dropped, report.entries_bad, report.entries_unreadable, report.manifest_rebuilt,
            report.manifest_problem, report.foreign, report.notes);
}
template <class Archive>
void visit(Archive& archive, OperationOutcome& outcome) {
  visit_all(archive, outcome.operation, outcome.error, outcome.message, outcome.path, outcome.claims_hit,
            outcome.claimed_attempts, outcome.lock, outcome.entries, outcome.reports, outcome.recovery);
}

}  // namespace

std::string job_of(const PlanProcess& process, const std::vector<Model>& models) {
  std::string job;
  Writer writer(job);
  PlanProcess own_process = process;
  std::vector<Model> own_models = models;
  visit_all(writer, own_process, own_models);
  return job;
}

OperationOutcome read_outcome(std::string_view report) {
  OperationOutcome outcome;
  Reader reader(report);
  visit(reader, outcome);
  return outcome;
}

LiveJob read_job(std::string_view job) {
  LiveJob read;
  Reader reader(job);
  visit_all(reader, read.process, read.models);
  return read;
}

std::string report_of(const OperationOutcome& outcome) {
  std::string report;
  Writer writer(report);
  OperationOutcome own = outcome;
  visit(writer, own);
  return report;
}

void perform_live_job(const SubjectPlugin& subject, const LiveTask& task) {
  const LiveJob job = read_job(task.job);
  const auto client = subject.make_client({task.os, kWorldCacheDirectory, job.process, job.models, ScriptedPeers::url});
  for (const Operation& operation : job.process.operations) task.report(report_of(client->perform(operation)));
}

int run_subject_zygote(const SubjectPlugin& subject) {
  return run_live_zygote(subject.warm_up, [&subject](const LiveTask& task) { perform_live_job(subject, task); });
}

}  // namespace stampede
