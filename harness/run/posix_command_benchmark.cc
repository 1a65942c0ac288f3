// Times stages, and spawns commands (posix_spawn(3), getrusage(2)).
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "harness/faults/scripted_peers.h"
#include "harness/run/command_benchmark.h"
#include "harness/run/subject_commands.h"
#include "harness/world/world_identity.h"

namespace stampede {
namespace {

using modelcache::fail;
using modelcache::Result;

double cpu_seconds() {
  double sum = 0;
  for (const auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    (void)::getrusage(who, &usage);
    for (const timeval& time : {usage.ru_utime, usage.ru_stime}) {
      sum += static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    }
  }
  return sum;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

// Whether it ended well.
bool run_to_its_end(CommandLine& line, const std::string& directory) {
  std::vector<char*> arguments = pointers(line.argv), environment = pointers(line.environment);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    ::posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY, 0);
  }
  ::posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());
  pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environment.data());
  ::posix_spawn_file_actions_destroy(&actions);
  int status = -1;
  while (error == 0 && ::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return error == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

Stopwatch::Stopwatch() : start_(std::chrono::steady_clock::now()), cpu_start_(cpu_seconds()) {}

SpentTime Stopwatch::spent() const {
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(), cpu_seconds() - cpu_start_};
}

class CommandBench::TimedWorld final : public PlanWorldOver<PlanWorld> {
 public:
  TimedWorld(std::unique_ptr<PlanWorld> world, SpentTime& epilogues)
      : PlanWorldOver(std::move(world)), epilogues_(epilogues) {}

  [[nodiscard]] const Subject* command_subject() const override { return world_->command_subject(); }
  Result<void> clear(Peers& peers) override { return world_->clear(peers); }
  StageEnd run(const PlanStage& stage, const std::vector<Model>& models, Strategy& strategy, Observer& observer,
               const OnOutcome& on_outcome) override {
    const Stopwatch watch;
    StageEnd end = world_->run(stage, models, strategy, observer, on_outcome);
    if (stage.stage != StageKind::epilogue) return end;
    const SpentTime spent = watch.spent();
    epilogues_.seconds += spent.seconds;
    epilogues_.cpu_seconds += spent.cpu_seconds;
    return end;
  }

 private:
  SpentTime& epilogues_;
};

Result<std::unique_ptr<CommandBench>> CommandBench::start(const Subject& subject,
                                                          const std::vector<std::string>& zygote) {
  auto scratch = LiveScratch::make();
  if (!scratch) return fail(std::move(scratch.error()));
  std::unique_ptr<CommandBench> bench(new CommandBench(subject, std::move(*scratch)));
  auto world = make_command_plan_world(subject, zygote, -1, bench->scratch_.path());
  if (!world) return fail(std::move(world.error()));
  bench->world_ = std::make_unique<TimedWorld>(std::move(*world), bench->epilogues_);
  return bench;
}

SpentTime CommandBench::take_epilogues() { return std::exchange(epilogues_, {}); }

std::optional<SpentTime> CommandBench::run_bare(const Model& model, std::size_t count) const {
  const std::string& root = scratch_.path();
  const WorkerOperation asked{
      .url = ScriptedPeers::url(model), .sha256 = model.sha256, .directory = root + std::string(kWorldCacheDirectory)};
  CommandGet get = command_for(subject_, asked, {.scratch = root, .number = 0, .operation = 0});
  const Stopwatch watch;
  for (std::size_t i = 0; i < count; ++i) {
    if (!run_to_its_end(get.line, root)) return std::nullopt;
  }
  return watch.spent();
}

}  // namespace stampede
