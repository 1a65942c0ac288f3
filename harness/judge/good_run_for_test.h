// Facts of a run of the free world in which all is well, made by hand.
#ifndef STAMPEDE_JUDGE_GOOD_RUN_FOR_TEST_H
#define STAMPEDE_JUDGE_GOOD_RUN_FOR_TEST_H

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "cache/key.h"
#include "cache/manifest.h"
#include "harness/judge/judge.h"

namespace stampede {

// Two models, one directory, two processes that get both: the first downloads, the second hits.
class GoodRun {
 public:
  GoodRun() {
    facts.plan.models = {generated_model("a", 100), generated_model("b", 2000)};
    const PlannedProcess both{.operations = {PlannedOperation{.model = 0}, PlannedOperation{.model = 1}}};
    facts.plan.processes = {both, both};
    facts.run = stage({both, both});
    for (std::size_t model = 0; model < 2; ++model) {
      add_get(facts.run, 0, model, false);
      add_get(facts.run, 1, model, true);
    }
    facts.epilogue = stage({both});
    for (std::size_t model = 0; model < 2; ++model) add_get(*facts.epilogue, 0, model, true);
    facts.descriptors_before = facts.descriptors_after = 7;
  }

  RunFacts facts;

  OperationReport& report(std::size_t process, std::size_t operation) {
    return facts.run.processes.at(process).report->at(operation);
  }
  FoundName& found(std::string_view path) { return found_in(facts.run.censuses.at(0), path); }
  std::string entry(std::size_t model) const { return "entries/" + key_of(facts.plan.models.at(model).sha256); }
  LedgerEntry& request(std::size_t model) { return facts.run.ledger.at(model); }

  // Process 0 fails to get model 0 because of `fault`, and process 1 after it gets it.
  void fail_first(FaultKind kind, const std::string& code) {
    LedgerEntry failed = request(0);
    failed.fault = NetworkFault{.kind = kind};
    failed.full_body_sent = false;
    OperationReport failure;
    failure.error_code = code;
    failure.error_message = "injected";
    facts.run.processes[0].report->at(0) = failure;
    request(0).listener = 1;
    facts.run.processes[1].report->at(0).claims_hit = false;
    facts.run.ledger.push_back(failed);
  }

 private:
  static FoundName& found_in(Census& census, std::string_view path) {
    return *std::find_if(census.names.begin(), census.names.end(), [&](const auto& name) { return name.path == path; });
  }

  StageFacts stage(std::vector<PlannedProcess> planned) const {
    StageFacts result;
    result.planned = std::move(planned);
    for (std::size_t i = 0; i < result.planned.size(); ++i) {
      ProcessRecord record;
      record.reason = ExitReason::exited;
      record.reaped = true;
      record.report.emplace();
      result.processes.push_back(record);
    }
    Census census{.directory = "/d", .names = {}, .manifest = {}, .problems = {}};
    modelcache::Manifest manifest;
    census.names.push_back({.path = "entries", .type = NameType::directory, .mode = 0755});
    for (const Model& model : facts.plan.models) {
      const std::string key = modelcache::key_of(model.sha256);
      census.names.push_back(
          {.path = "entries/" + key, .size_bytes = model.bytes->size(), .mode = 0644, .sha256 = model.sha256});
      census.names.push_back({.path = "locks/" + modelcache::lock_name(key), .mode = 0644});
      modelcache::ManifestRecord record;
      record.sha256 = model.sha256;
      record.stamp.size_bytes = model.bytes->size();
      manifest.entries[key] = record;
    }
    census.names.push_back({.path = "locks", .type = NameType::directory, .mode = 0755});
    census.names.push_back({.path = "manifest.json", .mode = 0644});
    census.names.push_back({.path = "tmp", .type = NameType::directory, .mode = 0755});
    census.manifest = manifest.print();
    result.censuses = {census};
    return result;
  }

  void add_get(StageFacts& stage, std::size_t process, std::size_t model, bool is_hit) const {
    const Model& asked = facts.plan.models[model];
    OperationReport report;
    report.succeeded = true;
    report.path = "/d/" + entry(model);
    report.claims_hit = is_hit;
    report.claimed_attempts = is_hit ? 0 : 1;
    report.read_back = asked.sha256;
    stage.processes[process].report->push_back(report);
    if (is_hit) return;
    LedgerEntry request;
    request.connection = stage.ledger.size();
    request.listener = static_cast<std::uint32_t>(process);
    request.requested = true;
    request.target = "/" + asked.name + query_of(model);
    request.model = asked.name;
    request.status = 200;
    request.body_bytes_sent = asked.bytes->size();
    request.full_body_sent = true;
    request.ending = Ending::finished;
    stage.ledger.push_back(request);
  }
};

// "one_download: a in directory 0: 2 requests were answered well", of all that were found.
inline std::vector<std::string> lines_of(const std::vector<Violation>& violations) {
  std::vector<std::string> lines;
  for (const Violation& violation : violations) lines.push_back(violation.invariant + ": " + violation.what);
  return lines;
}

}  // namespace stampede

#endif  // STAMPEDE_JUDGE_GOOD_RUN_FOR_TEST_H
