// Nothing is made, changed, removed or read outside of the cache directory.
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

class ConfinedToTheDirectory final : public Watcher {
 public:
  using Watcher::Watcher;

  [[nodiscard]] StepKinds kinds() const override {
    return {StepKind::open, StepKind::write,  StepKind::truncate,       StepKind::rename, StepKind::read,
            StepKind::link, StepKind::unlink, StepKind::make_directory, StepKind::list,   StepKind::stat_name};
  }

  void on_step(const Step& step, const DiskView&) override {
    if (step.kind == StepKind::open && opens_a_parent(step)) return;
    const bool has_target = step.kind == StepKind::rename || step.kind == StepKind::link;
    const bool leads_outside = has_target && record().change().to_place == Place::outside;
    judge(!leads_outside && record().change().place != Place::outside, [&] {
      return Complaint{leads_outside ? step.to_path : step.path,
                       process_name(step.process) + " tried to " + std::string(name_of(step.kind)) + " " + step.path +
                           (has_target ? " as " + step.to_path : "") + ", outside of the cache directory"};
    });
  }

 private:
  // A directory above the cache's is opened to make what is missing, and to sync that.
  static bool opens_a_parent(const Step& step) {
    return static_cast<modelcache::OpenMode>(step.mode) == modelcache::OpenMode::root;
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_confined_to_the_directory(RunRecord& record) {
  return std::make_unique<ConfinedToTheDirectory>(record);
}

}  // namespace stampede
