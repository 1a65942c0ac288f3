// After the last process there is nothing but the cache.
#include <algorithm>

#include "harness/judge/watchers.h"

namespace stampede {
namespace {

class NothingLeftOver final : public Watcher {
 public:
  using Watcher::Watcher;

  void on_process_end(std::uint32_t process, ProcessEnd end, const DiskView&) override {
    if (end != ProcessEnd::ended) return;
    const ProcessFacts& facts = record().process(process);
    judge(facts.opened == facts.closed, [&] {
      return Complaint{process_name(process), process_name(process) + " opened " + std::to_string(facts.opened) +
                                                  " descriptors and closed " + std::to_string(facts.closed)};
    });
  }

  // A process that was killed, or whose removal failed, may leave a temporary; the epilogue's miss takes it away.
  void on_stage_end(const StageRecord& stage) override {
    judge(stage.disk.open_descriptors() == 0, [&] {
      return Complaint{"descriptors", std::to_string(stage.disk.open_descriptors()) + " descriptors are open at rest"};
    });
    const bool all_ended = std::all_of(stage.end.ends.begin(), stage.end.ends.end(),
                                       [](ProcessEnd end) { return end == ProcessEnd::ended; });
    const bool must_be_empty = stage.stage == StageKind::epilogue ||
                               (all_ended && record().is_clean() && record().plan().start.damage.empty());
    stage.disk.for_each_name([&](std::string_view path, FileNumber) {
      const Place place = place_of(path);
      if (place == Place::temporary && is_name_of_a_cache(path) && !must_be_empty) return;
      const bool is_legal =
          place == Place::set_aside ? may_be_set_aside() : place != Place::temporary && is_name_of_a_cache(path);
      judge(is_legal, [&] { return Complaint{record().object_of(path), std::string(path) + " is left over"}; });
    });
  }

 private:
  bool may_be_set_aside() const {
    const auto& damage = record().plan().start.damage;
    return std::any_of(damage.begin(), damage.end(),
                       [](const Damage& one) { return one.kind == DamageKind::manifest_garbage; });
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_nothing_left_over(RunRecord& record) {
  return std::make_unique<NothingLeftOver>(record);
}

}  // namespace stampede
