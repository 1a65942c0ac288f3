// Nothing is made, changed or removed outside of the cache directory.
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

class ConfinedToTheDirectory final : public Watcher {
 public:
  using Watcher::Watcher;

  [[nodiscard]] StepKinds kinds() const override {
    return {StepKind::open, StepKind::write,  StepKind::truncate,      StepKind::rename,
            StepKind::link, StepKind::unlink, StepKind::make_directory};
  }

  void on_step(const Step& step, const DiskView&) override {
    if (step.kind == StepKind::open && !may_change(step)) return;
    const bool has_target = step.kind == StepKind::rename || step.kind == StepKind::link;
    const bool is_outside =
        place_of(step.path) == Place::outside || (has_target && place_of(step.to_path) == Place::outside);
    judge(!is_outside, [&] {
      return Complaint{has_target ? step.to_path : step.path,
                       process_name(step.process) + " tried to " + std::string(name_of(step.kind)) + " " + step.path +
                           (has_target ? " as " + step.to_path : "") + ", outside of the cache directory"};
    });
  }

 private:
  static bool may_change(const Step& step) {
    switch (static_cast<modelcache::OpenMode>(step.mode)) {
      case modelcache::OpenMode::read_write:
      case modelcache::OpenMode::create_new:
      case modelcache::OpenMode::open_or_create:
        return true;
      default:
        return false;
    }
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_confined_to_the_directory(RunRecord& record) {
  return std::make_unique<ConfinedToTheDirectory>(record);
}

}  // namespace stampede
