// Puts the parts of the free world together for one run.
#include "harness/run/free_run.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "harness/faults/lying_server.h"
#include "harness/free/census.h"
#include "harness/free/posix_scratch_directory.h"
#include "harness/free/worker_text.h"
#include "harness/run/subject_commands.h"

namespace stampede {
namespace {

using modelcache::fail;
using modelcache::Result;

// The plan with one more model that only the epilogue asks for. A hit writes nothing, so a clean process that had hits
// alone could not show that leftovers go away: this one is surely a miss, in every directory.
FreePlan with_last_model(FreePlan plan) {
  std::string name = "for-the-epilogue";
  const auto is_taken = [&](const Model& model) { return model.name == name; };
  while (std::any_of(plan.models.begin(), plan.models.end(), is_taken)) name += "+";
  constexpr std::uint64_t kBytes = 100;
  plan.models.push_back(generated_model(name, kBytes));
  return plan;
}

// REQUIRES: a plan with a last model.
class FreeRun {
 public:
  FreeRun(const FreePlan& plan, const FreeOptions& options, const std::string& scratch)
      : plan_(plan), options_(options), scratch_(scratch) {}

  // A command finds its directories made, as a user's are.
  Result<void> make_directories() const {
    if (!options_.subject.command) return {};
    std::vector<std::string> paths = command_directories(scratch_);
    for (std::size_t i = 0; i < plan_.directories; ++i) paths.push_back(directory(i));
    std::error_code error;
    for (const std::string& path : paths) {
      if (std::filesystem::create_directories(path, error); error) {
        return fail(modelcache::ErrorCode::io, "make directory", path, error.message());
      }
    }
    return {};
  }

  Result<void> start_server() {
    LyingServerOptions options;
    options.ports.assign(plan_.processes.size(), 0);
    options.models = plan_.models;
    Result<std::unique_ptr<LyingServer>> server = LyingServer::start(std::move(options));
    if (!server) return fail(server.error());
    server_ = std::move(*server);
    return {};
  }

  void run(RunFacts& facts) {
    if (plan_.starts_warm) {
      facts.warm_up.emplace();
      perform({everything(plan_.models.size() - 1)}, {}, {}, *facts.warm_up, facts.interrupted);
      if (facts.interrupted) return;
    }
    server_->restart(plan_.faults);
    perform(plan_.processes, plan_.refused_models, plan_.kills, facts.run, facts.interrupted);
    if (facts.interrupted) return;
    // What was refused is offered now: what they are is what they were.
    server_->restart(FaultSequence{});
    facts.epilogue.emplace();
    perform({everything(plan_.models.size())}, {}, {}, *facts.epilogue, facts.interrupted);
    if (facts.interrupted) facts.epilogue.reset();
  }

  void stop() { server_->stop(); }

 private:
  [[nodiscard]] std::string directory(std::size_t index) const { return scratch_ + "/" + std::to_string(index); }

  // The first `models` in every directory.
  [[nodiscard]] PlannedProcess everything(std::size_t models) const {
    PlannedProcess process;
    for (std::size_t directory = 0; directory < plan_.directories; ++directory) {
      for (std::size_t model = 0; model < models; ++model) {
        process.operations.push_back(PlannedOperation{.model = model, .directory = directory});
      }
    }
    return process;
  }

  [[nodiscard]] WorkerCommand command_of(const PlannedProcess& process, std::size_t listener,
                                         const std::set<std::size_t>& refused) {
    WorkerSpecification specification;
    specification.reads_back = options_.reads_back;
    specification.counts_descriptors = options_.counts_descriptors;
    for (std::size_t i = 0; i < process.operations.size(); ++i) {
      const PlannedOperation& planned = process.operations[i];
      const Model& model = plan_.models[planned.model];
      const std::string url =
          refused.contains(planned.model) ? server_->refused_url(model) : server_->url(listener, model);
      WorkerOperation operation{
          .url = url + query_of(i), .sha256 = model.sha256, .directory = directory(planned.directory)};
      if (options_.subject.command) {
        operation.command = command_for(options_.subject, operation, CommandPlace{scratch_, ++commands_, i});
      }
      specification.operations.push_back(std::move(operation));
    }
    return WorkerCommand{.arguments = {"stampede", "worker"}, .specification = print(specification)};
  }

  void perform(const std::vector<PlannedProcess>& processes, const std::set<std::size_t>& refused,
               std::vector<PlannedKill> kills, StageFacts& stage, bool& interrupted) {
    stage.planned = processes;
    std::vector<WorkerCommand> commands;
    for (std::size_t i = 0; i < processes.size(); ++i) commands.push_back(command_of(processes[i], i, refused));
    CrewOptions crew_options;
    crew_options.program = options_.program;
    crew_options.zygote = options_.zygote;
    if (!kills.empty()) {
      crew_options.victims = [&](std::size_t waiting) {
        return kills.empty() ? std::vector<std::size_t>{} : take_victims(kills, server_->ledger(), waiting);
      };
    }
    crew_options.timeout = options_.worker_timeout;
    crew_options.interrupt_descriptor = options_.interrupt_descriptor;
    CrewResult crew = run_crew(commands, crew_options);
    interrupted = crew.interrupted;
    for (CrewMember& member : crew.members) stage.processes.push_back(record_of(std::move(member)));
    stage.leaked_processes = crew.leaked_processes;
    stage.began_at = crew.began_at;
    stage.released_at = crew.released_at;
    stage.ended_at = crew.ended_at;
    server_->drain();
    stage.ledger = server_->ledger();
    if (interrupted) return;
    for (std::size_t i = 0; i < plan_.directories; ++i) {
      stage.censuses.push_back(take_census(directory(i), options_.subject.command ? Hashes::all : Hashes::entries));
    }
  }

  const FreePlan& plan_;
  const FreeOptions& options_;
  const std::string scratch_;
  std::unique_ptr<LyingServer> server_;
  std::size_t commands_ = 0;  // made so far, of all stages
};

}  // namespace

ProcessRecord record_of(CrewMember member) {
  ProcessRecord record = std::move(member.record);
  if (!record.problem.empty()) return record;
  Result<WorkerReport> report = parse_report(member.report);
  if (!report) {
    record.problem = report.error().message();
    return record;
  }
  record.report = std::move(report->operations);
  record.measures = std::move(report->measures);
  record.ready_at = report->ready_at;
  record.measures.times["start"] = {record.ready_at - record.started_at};
  record.peak_memory_bytes = report->peak_memory_bytes;
  record.descriptors_before = report->descriptors_before;
  record.descriptors_after = report->descriptors_after;
  return record;
}

std::vector<std::size_t> take_victims(std::vector<PlannedKill>& kills, const Ledger& ledger, std::size_t waiting) {
  std::vector<std::size_t> victims;
  std::erase_if(kills, [&](const PlannedKill& kill) {
    const bool is_due = kill.connection < ledger.size() && ledger[kill.connection].requested && waiting >= kill.waiting;
    if (is_due) victims.push_back(ledger[kill.connection].listener);
    return is_due;
  });
  return victims;
}

Result<FreeOutcome> run_free(const FreePlan& plan, const FreeOptions& options) {
  FreeOutcome outcome;
  outcome.facts.plan = with_last_model(plan);
  outcome.facts.subject = options.subject;
  outcome.facts.entry_names = entry_names(options.subject, outcome.facts.plan.models);
  outcome.facts.umask = read_umask();
  outcome.facts.reads_back = options.reads_back;
  outcome.facts.descriptors_before = count_open_descriptors();
  Result<PosixScratchDirectory> scratch = PosixScratchDirectory::make(options.scratch_parent);
  if (!scratch) return fail(scratch.error());
  {
    FreeRun run(outcome.facts.plan, options, scratch->path());
    if (auto made = run.make_directories(); !made) return fail(made.error());
    if (auto started = run.start_server(); !started) return fail(started.error());
    run.run(outcome.facts);
    run.stop();
  }
  outcome.facts.descriptors_after = count_open_descriptors();
  outcome.verdict = judge(outcome.facts);
  if (!outcome.verdict.holds()) outcome.kept_directory = scratch->keep();
  return outcome;
}

}  // namespace stampede
