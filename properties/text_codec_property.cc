// Claims about what is written and read back: manifests, names, URLs, fault files, workers' texts, live jobs.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "cache/http_url.h"
#include "cache/key.h"
#include "cache/manifest.h"
#include "harness/free/worker_text.h"
#include "harness/plan/fault_file.h"
#include "harness/plan/turn_generator.h"
#include "harness/run/live_job.h"
#include "properties/rapidcheck_choices.h"

namespace stampede {
namespace {

using modelcache::HttpUrl;
using modelcache::Manifest;
using modelcache::ManifestRecord;

modelcache::Sha256Digest draw_digest() { return modelcache::sha256_of(*rc::gen::arbitrary<std::string>()); }

std::int64_t draw_nanoseconds() { return *rc::gen::arbitrary<std::int64_t>(); }

// Printable ASCII, quotes and backslashes among it.
std::string draw_text() { return *rc::gen::container<std::string>(rc::gen::inRange<char>(' ', '~' + 1)); }

std::string draw_url() {
  const std::string path = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("abz019-._~/%25?=&+")));
  const auto port = *rc::gen::inRange(1, 65536);
  return "http://127.0.0.1:" + std::to_string(port) + "/" + path;
}

Manifest draw_manifest() {
  Manifest manifest;
  const auto count = *rc::gen::inRange(0, 6);
  for (int i = 0; i < count; ++i) {
    ManifestRecord record;
    record.sha256 = draw_digest();
    const bool is_by_url = *rc::gen::arbitrary<bool>();
    record.url = is_by_url || *rc::gen::arbitrary<bool>() ? draw_text() : "";
    record.stamp = {.size_bytes = *rc::gen::arbitrary<std::uint64_t>(),
                    .inode = *rc::gen::arbitrary<std::uint64_t>(),
                    .mtime = std::chrono::nanoseconds(draw_nanoseconds()),
                    .ctime = std::chrono::nanoseconds(draw_nanoseconds())};
    record.added_at = std::chrono::sys_seconds(std::chrono::seconds(*rc::gen::inRange<std::int64_t>(0, 1L << 40)));
    const std::string key = is_by_url ? modelcache::key_of_url(record.url) : modelcache::key_of(record.sha256);
    manifest.entries.emplace(key, std::move(record));
  }
  return manifest;
}

RC_GTEST_PROP(ManifestText, GivesEveryManifestBack, ()) {
  const Manifest manifest = draw_manifest();
  const auto read = Manifest::parse(manifest.print());
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == manifest);
}

RC_GTEST_PROP(ManifestText, RefusesTruncationsAndSurvivesChangesOfOneByte, ()) {
  const std::string text = draw_manifest().print();
  const auto end = *rc::gen::inRange<std::size_t>(0, text.size() - 1);  // the last byte is a line's end
  RC_ASSERT(!Manifest::parse(text.substr(0, end)).has_value());
  std::string spoilt = text;
  spoilt[*rc::gen::inRange<std::size_t>(0, text.size())] = *rc::gen::arbitrary<char>();
  const auto read = Manifest::parse(spoilt);
  if (!read) {
    RC_ASSERT(!read.error().message.empty());
    return;
  }
  const auto again = Manifest::parse(read->print());
  RC_ASSERT(again.has_value());
  RC_ASSERT(*again == *read);
}

RC_GTEST_PROP(Names, SayWhoseTheyAre, ()) {
  const auto digest = draw_digest();
  const std::string key = modelcache::key_of(digest);
  RC_ASSERT(modelcache::is_key(key));
  RC_ASSERT(modelcache::digest_in_key(key) == digest);
  const std::string by_url = modelcache::key_of_url(draw_text());
  RC_ASSERT(modelcache::is_key(by_url) && !modelcache::digest_in_key(by_url).has_value());
  const auto number = rc::gen::arbitrary<std::uint64_t>();
  const modelcache::ProcessIdentity owner{.domain = *number, .pid = *number, .start_time = *number};
  const std::string what = *rc::gen::element(key, by_url, std::string("manifest"));
  RC_ASSERT(modelcache::owner_of_temporary(modelcache::temporary_name(what, owner, *number)) == owner);
}

// Whatever the text is: a name that is read is one that would be made.
RC_GTEST_PROP(Names, AreTakenFromNothingElse, ()) {
  std::string name = modelcache::temporary_name(modelcache::key_of(draw_digest()), {1, 2, 3}, 4);
  name[*rc::gen::inRange<std::size_t>(0, name.size())] = *rc::gen::arbitrary<char>();
  const std::string key = modelcache::key_of(draw_digest());
  std::string spoilt = key;
  spoilt[*rc::gen::inRange<std::size_t>(0, spoilt.size())] = *rc::gen::arbitrary<char>();
  (void)modelcache::owner_of_temporary(name);
  const auto digest = modelcache::digest_in_key(spoilt);
  RC_ASSERT(!digest || modelcache::key_of(*digest) == spoilt);
  RC_ASSERT(!modelcache::is_key(*rc::gen::arbitrary<std::string>()));
}

RC_GTEST_PROP(Urls, AreNormalisedOnceAndForAll, ()) {
  const auto url = HttpUrl::parse(draw_url());
  RC_PRE(url.has_value());  // a percent sign may stand before no number
  const auto again = HttpUrl::parse(url->text);
  RC_ASSERT(again.has_value());
  RC_ASSERT(again->text == url->text);
  RC_ASSERT(again->target == url->target && again->host == url->host && again->port == url->port);
  RC_ASSERT(url->resolve(url->text).has_value());
}

RC_GTEST_PROP(Urls, OfAnyBytesAreReadOrRefused, (const std::string& text)) {
  for (const std::string& each : {text, "http://" + text, "http://127.0.0.1/" + text}) {
    const auto url = HttpUrl::parse(each);
    RC_ASSERT(url.has_value() || !url.error().detail.empty());
    const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    RC_ASSERT(!url || std::none_of(url->target.begin(), url->target.end(), control));
  }
}

FaultSequence draw_sequence() {
  NumberChoices choices(*rc::gen::container<std::vector<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(0, 1 << 20)));
  const std::vector<PlanModel> models = {{"m0", 1024}, {"m1", 70'000}};
  FaultSequence sequence;
  const auto count = *rc::gen::inRange(0, 5);
  for (int i = 0; i < count; ++i) {
    FaultTurn turn = draw_turn(choices, models);
    // A server that listens cannot refuse, and a model's turns come after its request.
    const bool is_refused = has_part(turn, FaultKind::refused);
    if (!is_refused && !is_before_request(turn)) sequence.faults.push_back(std::move(turn));
  }
  sequence.repeats = *rc::gen::arbitrary<bool>();
  sequence.every = *rc::gen::inRange<std::uint64_t>(1, 4);
  return sequence;
}

std::string json_of(const FaultSequence& sequence) {
  std::string turns;
  for (const FaultTurn& turn : sequence.faults) turns += (turns.empty() ? "\"" : ", \"") + print(turn) + "\"";
  return "\"turns\": [" + turns + "], \"repeat\": " + (sequence.repeats ? "true" : "false") +
         ", \"every\": " + std::to_string(sequence.every);
}

RC_GTEST_PROP(FaultFiles, GiveEveryTurnBack, ()) {
  const FaultSequence all = draw_sequence(), of_model = draw_sequence();
  const std::string text = "{\"faults\": 1, " + json_of(all) + ", \"models\": {\"m\": {" + json_of(of_model) + "}}}";
  const auto read = parse_fault_file(text, "faults.json");
  if (!read) RC_FAIL(read.error().message() + "\n" + text);
  RC_ASSERT(read->connections == all);
  RC_ASSERT(read->models.size() == 1U && read->models.begin()->second == of_model);
  const auto end = *rc::gen::inRange<std::size_t>(0, text.size());
  const auto cut = parse_fault_file(text.substr(0, end), "cut.json");
  RC_ASSERT(!cut.has_value() && !cut.error().detail.empty());
}

RC_GTEST_PROP(WorkerTexts, ComeBackAsTheyWere, ()) {
  WorkerSpecification specification;
  specification.operations.push_back({.url = draw_text(), .sha256 = draw_digest(), .directory = draw_text()});
  specification.attempts_max = *rc::gen::inRange(1U, 100U);
  specification.verify = *rc::gen::element(modelcache::VerifyPolicy::when_changed, modelcache::VerifyPolicy::always,
                                           modelcache::VerifyPolicy::never);
  specification.reads_back = *rc::gen::arbitrary<bool>();
  const std::string text = print(specification);
  const auto read = parse_specification(text);
  RC_ASSERT(read.has_value());
  RC_ASSERT(print(*read) == text);
  RC_ASSERT(read->operations.at(0).url == specification.operations.at(0).url);
  RC_ASSERT(read->operations.at(0).sha256 == specification.operations.at(0).sha256);
  RC_ASSERT(read->attempts_max == specification.attempts_max && read->verify == specification.verify);
  OperationReport report;
  report.succeeded = *rc::gen::arbitrary<bool>();
  // What is said of a failure is not said of a success.
  (report.succeeded ? report.path : report.error_message) = draw_text();
  if (report.succeeded) report.notes = {*rc::gen::arbitrary<std::string>()};  // any bytes: they are a subject's
  report.ended_at = MachineTime(*rc::gen::inRange<std::int64_t>(0, 1L << 60));
  WorkerReport whole;
  whole.operations = {report};
  whole.peak_memory_bytes = *rc::gen::arbitrary<std::uint64_t>();
  const std::string line = print(whole);
  const auto back = parse_report(line);
  RC_ASSERT(back.has_value());
  RC_ASSERT(print(*back) == line);
  RC_ASSERT(back->operations.at(0).error_message == report.error_message);
  RC_ASSERT(back->operations.at(0).path == report.path);
  RC_ASSERT(back->operations.at(0).ended_at == report.ended_at);
  RC_ASSERT(back->peak_memory_bytes == whole.peak_memory_bytes);
  const auto end = *rc::gen::inRange<std::size_t>(0, line.size() - 1);
  RC_ASSERT(!parse_report(line.substr(0, end)).has_value());
}

RC_GTEST_PROP(LiveJobs, ComeBackAsTheyWere, ()) {
  const Plan plan = *plans();
  std::vector<Model> models;
  for (const PlanModel& model : plan.models) models.push_back(generated_model(model.name, 16));
  for (const PlanProcess& process : plan.processes) {
    const LiveJob job = read_job(job_of(process, models));
    // Umask and limits are the supervisor's to set.
    PlanProcess told = process;
    told.umask = PlanProcess{}.umask;
    told.descriptors_max = 0;
    RC_ASSERT(job.process == told);
    RC_ASSERT(job.models.size() == models.size());
    for (std::size_t i = 0; i < models.size(); ++i) {
      RC_ASSERT(job.models[i].name == models[i].name && job.models[i].sha256 == models[i].sha256);
    }
  }
}

RC_GTEST_PROP(LiveJobs, TellWhatBecameOfThem, ()) {
  OperationOutcome outcome;
  outcome.operation = {static_cast<OperationKind>(*rc::gen::inRange<std::size_t>(0, kOperationKinds)), 3};
  if (*rc::gen::arbitrary<bool>()) outcome.error = modelcache::ErrorCode::lock_timeout;
  outcome.message = *rc::gen::arbitrary<std::string>();
  outcome.path = draw_text();
  outcome.claims_hit = *rc::gen::arbitrary<bool>();
  outcome.claimed_attempts = *rc::gen::arbitrary<unsigned>();
  const auto entries = *rc::gen::inRange<std::size_t>(0, 3);
  for (std::size_t i = 0; i < entries; ++i) {
    outcome.entries.push_back({.key = modelcache::key_of(draw_digest()),
                               .path = draw_text(),
                               .size_bytes = *rc::gen::arbitrary<std::uint64_t>(),
                               .sha256 = draw_digest(),
                               .url = draw_text(),
                               .listed = *rc::gen::arbitrary<bool>()});
    outcome.reports.push_back({.entry = outcome.entries.back(), .detail = draw_text(), .removed = true});
  }
  if (*rc::gen::arbitrary<bool>()) {
    outcome.recovery.emplace();
    outcome.recovery->entries_adopted = *rc::gen::arbitrary<std::uint64_t>();
    outcome.recovery->notes = {draw_text()};
  }
  const std::string report = report_of(outcome);
  const OperationOutcome back = read_outcome(report);
  RC_ASSERT(report_of(back) == report);
  RC_ASSERT(back.operation == outcome.operation && back.error == outcome.error && back.message == outcome.message);
  RC_ASSERT(back.path == outcome.path && back.claims_hit == outcome.claims_hit);
  RC_ASSERT(back.claimed_attempts == outcome.claimed_attempts && back.entries.size() == entries);
  for (std::size_t i = 0; i < entries; ++i) {
    RC_ASSERT(back.entries[i].key == outcome.entries[i].key && back.entries[i].url == outcome.entries[i].url);
    RC_ASSERT(back.entries[i].sha256 == outcome.entries[i].sha256);
    RC_ASSERT(back.reports[i].removed && back.reports[i].detail == outcome.reports[i].detail);
  }
  RC_ASSERT(back.recovery.has_value() == outcome.recovery.has_value());
  if (!back.recovery) return;
  RC_ASSERT(back.recovery->entries_adopted == outcome.recovery->entries_adopted);
  RC_ASSERT(back.recovery->notes == outcome.recovery->notes);
}

}  // namespace
}  // namespace stampede
