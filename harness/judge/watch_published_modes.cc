// What is published can be shared as far as the umask allows.
#include <algorithm>

#include "harness/judge/octal.h"
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

constexpr unsigned kUmaskOfCleanProcesses = 022;

class PublishedModes final : public Watcher {
 public:
  using Watcher::Watcher;

  [[nodiscard]] StepKinds kinds() const override {
    return {StepKind::rename, StepKind::link, StepKind::make_directory};
  }

  void on_step(const Step& step, const DiskView& disk) override {
    if (step.error != 0) return;
    const bool is_directory = step.kind == StepKind::make_directory;
    if (!is_directory && !record().change().gave_name) return;
    const std::string& path = is_directory ? step.path : step.to_path;
    const FileNumber file = disk.file_at(path);
    if (file == 0) return;
    const unsigned expected = (is_directory ? 0777U : 0666U) & ~umask_of(step.process);
    judge_mode(path, disk.stat(file), [&](unsigned mode) { return mode == expected; });
  }

  // Lock files and whatever else is there: by some process of the run.
  void on_stage_end(const StageRecord& stage) override {
    stage.disk.for_each_name([&](std::string_view path, FileNumber file) {
      const Place place = place_of(path);
      if (place == Place::temporary || (is_made_by_plan(place) && stage.stage == StageKind::run)) return;
      const StepStat stat = stage.disk.stat(file);
      const bool is_directory = stat.type == modelcache::FileType::directory;
      if (!is_directory && stat.type != modelcache::FileType::regular) return;
      judge_mode(path, stat, [&](unsigned mode) { return is_of_some_umask(is_directory ? 0777U : 0666U, mode); });
    });
  }

 private:
  template <class Allows>
  void judge_mode(std::string_view path, const StepStat& stat, Allows allows) {
    // A set-group-ID bit is inherited from the directory above (inode(7)).
    const unsigned mode = stat.type == modelcache::FileType::directory ? stat.mode & ~02000U : stat.mode;
    judge(allows(mode),
          [&] { return Complaint{record().object_of(path), std::string(path) + " has mode " + octal(stat.mode)}; });
  }

  unsigned umask_of(std::uint32_t process) const {
    const bool is_planned = record().stage() == StageKind::run && process < record().plan().processes.size();
    return is_planned ? record().plan().processes[process].umask : kUmaskOfCleanProcesses;
  }
  bool is_of_some_umask(unsigned all, unsigned mode) const {
    const auto& processes = record().plan().processes;
    return mode == (all & ~kUmaskOfCleanProcesses) ||
           std::any_of(processes.begin(), processes.end(),
                       [&](const PlanProcess& process) { return mode == (all & ~process.umask); });
  }
  // The plan's damage makes the manifest anew, where there was none.
  bool is_made_by_plan(Place place) const {
    if (place != Place::manifest && place != Place::set_aside) return false;
    const auto& damage = record().plan().start.damage;
    return std::any_of(damage.begin(), damage.end(),
                       [](const Damage& one) { return one.kind == DamageKind::manifest_garbage; });
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_published_modes(RunRecord& record) { return std::make_unique<PublishedModes>(record); }

}  // namespace stampede
