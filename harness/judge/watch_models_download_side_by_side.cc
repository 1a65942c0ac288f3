// Who wants one model does not wait for who is at another.
#include "cache/key.h"
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

class ModelsDownloadSideBySide final : public Watcher {
 public:
  using Watcher::Watcher;

  [[nodiscard]] StepKinds kinds() const override { return {StepKind::try_lock, StepKind::connect}; }

  void on_step(const Step& step, const DiskView&) override {
    const auto operation = record().operation_of(step.process);
    if (!operation || !names_model(operation->kind)) return;
    if (step.kind == StepKind::connect) return judge_connect(step, *operation);
    const Place place = record().change().place;
    if (place == Place::temporary) return;
    const bool is_own =
        place == Place::lock && (is_of_manifest(last_name(step.path)) || is_of_entry(last_name(step.path), *operation));
    judge(is_own, [&] {
      return Complaint{record().object_of(step.path), process_name(step.process) + " tries to lock " + step.path +
                                                          ", which others need who want another model"};
    });
  }

 private:
  void judge_connect(const Step& step, const Operation& operation) {
    for (const LockFacts& lock : record().locks()) {
      if (lock.holder != step.process) continue;
      judge(is_of_entry(lock.name, operation), [&] {
        return Complaint{record().object_of("locks/" + lock.name),
                         process_name(step.process) + " asks the network, and keeps locks/" + lock.name +
                             ", which others need who want another model"};
      });
    }
  }
  static bool is_of_manifest(std::string_view name) { return name == modelcache::kManifestLockName; }
  // By URL the key is known to the process alone.
  bool is_of_entry(std::string_view name, const Operation& operation) const {
    if (operation.kind == OperationKind::get_by_url) return name.starts_with("url-");
    const std::string& key = record().key_of(operation.model);
    return name.starts_with(key) && name.substr(key.size()) == ".lock";
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_models_download_side_by_side(RunRecord& record) {
  return std::make_unique<ModelsDownloadSideBySide>(record);
}

}  // namespace stampede
