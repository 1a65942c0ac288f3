// Plans in the live world of commands: each get is a command of the subject.
#include <sys/stat.h>
#include <sys/wait.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "harness/faults/scripted_peers.h"
#include "harness/live/command_world.h"
#include "harness/run/plan_world.h"
#include "harness/run/subject_commands.h"
#include "harness/world/world_identity.h"

namespace stampede {
namespace {

constexpr std::size_t kMessageBytesMax = 300;

class CommandPlanWorld final : public PlanWorldOver<CommandWorld> {
 public:
  CommandPlanWorld(Subject subject, std::unique_ptr<CommandWorld> world)
      : PlanWorldOver(std::move(world)),
        subject_(std::move(subject)),
        cache_(world_->root() + std::string(kWorldCacheDirectory)) {
    std::vector<std::string> names{std::string(kOutputs)};
    for (const std::string& directory : command_directories("")) names.push_back(directory.substr(1));
    world_->set_private_directories(std::move(names));
  }

  modelcache::Result<void> clear(Peers& peers) override {
    if (auto cleared = world_->clear(peers); !cleared) return cleared;
    (void)::mkdir(cache_.c_str(), 0755);  // its owner's umask is everybody's
    commands_ = 0;
    return {};
  }

  StageEnd run(const PlanStage& stage, const std::vector<Model>& models, Strategy& strategy, Observer& observer,
               const OnOutcome& on_outcome) override {
    std::vector<StageProcess> processes;
    std::vector<std::vector<CommandGet>> gets;
    for (const PlanProcess& planned : stage.processes) {
      StageProcess& process = processes.emplace_back();
      process.umask = planned.umask;
      gets.emplace_back();
      for (const Operation& operation : planned.operations) {
        gets.back().push_back(get_of(models.at(operation.model), process.commands.size()));
        process.commands.push_back(command_of(gets.back().back()));
      }
    }
    Stage live{.stage = stage.stage,
               .processes = processes,
               .disk = stage.disk,
               .process_faults = stage.process_faults,
               .time_runs_first = stage.time_runs_first};
    std::vector<std::string> deaths;
    live.on_report = [&](std::uint32_t process, const StageReport& report) {
      const auto [command, status] = std::pair(report.command, report.status);
      OperationOutcome outcome =
          outcome_of(gets[process][command], processes[process].commands[command].output, status);
      outcome.operation = stage.processes[process].operations[command];
      outcome.actors = report.actors;
      if (WIFSIGNALED(status)) deaths.push_back("process " + std::to_string(process) + ": " + outcome.message);
      on_outcome(process, std::move(outcome));
    };
    StageEnd end = world_->run(live, strategy, observer);
    end.crashes.insert(end.crashes.end(), deaths.begin(), deaths.end());
    if (!world_->has_process_numbers()) {
      end.why_others_differ = "nobody may make a namespace of process numbers here, so each run has others";
    }
    return end;
  }

  [[nodiscard]] const Subject* command_subject() const override { return &subject_; }

 private:
  static constexpr std::string_view kOutputs = "printed";

  CommandGet get_of(const Model& model, std::size_t operation) {
    const WorkerOperation asked{.url = ScriptedPeers::url(model), .sha256 = model.sha256, .directory = cache_};
    return command_for(subject_, asked, {.scratch = world_->root(), .number = commands_++, .operation = operation});
  }
  StageCommand command_of(const CommandGet& get) {
    return {.arguments = get.line.argv,
            .environment = get.line.environment,
            .directory = world_->root(),
            .output = world_->root() + "/" + std::string(kOutputs) + "/" + std::to_string(commands_)};
  }

  // Paths as the judge has them. Where the world's directory lies is no part of a run.
  [[nodiscard]] std::string without_root(std::string text) const {
    for (auto at = text.find(world_->root()); at != std::string::npos; at = text.find(world_->root(), at)) {
      text.erase(at, world_->root().size());
    }
    return text;
  }

  OperationOutcome outcome_of(const CommandGet& get, const std::string& output_file, int status) const {
    std::stringstream stream;
    stream << std::ifstream(output_file).rdbuf();
    const std::string output = stream.str();
    OperationOutcome outcome;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
      const std::string named = get.artifact.empty() ? last_line(output) : get.artifact;
      std::string path = without_root(std::filesystem::path(named).lexically_normal().string());
      const std::string below = std::string(kWorldCacheDirectory) + "/";
      outcome.path = path.starts_with(below) ? path.substr(below.size()) : path;
      return outcome;
    }
    outcome.error = modelcache::ErrorCode::io;
    outcome.message =
        get.line.argv.front() + (WIFSIGNALED(status) ? " was ended by signal " + std::to_string(WTERMSIG(status))
                                                     : " ended with status " + std::to_string(WEXITSTATUS(status)));
    const std::string last = without_root(last_line(output)).substr(0, kMessageBytesMax);
    if (!last.empty()) outcome.message += ": " + last;
    return outcome;
  }

  Subject subject_;
  std::string cache_;
  std::size_t commands_ = 0;  // of the run so far
};

}  // namespace

modelcache::Result<std::unique_ptr<PlanWorld>> make_command_plan_world(const Subject& subject,
                                                                       std::vector<std::string> zygote, int core,
                                                                       const std::string& directory) {
  auto world = CommandWorld::start({.zygote = std::move(zygote), .directory = directory, .core = core});
  if (!world) return modelcache::fail(std::move(world.error()));
  return std::unique_ptr<PlanWorld>(std::make_unique<CommandPlanWorld>(subject, std::move(*world)));
}

}  // namespace stampede
