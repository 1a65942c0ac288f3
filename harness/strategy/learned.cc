// Notes who touched what, and counts the steps on what more than one touched.
#include "harness/strategy/learned.h"

#include <algorithm>
#include <bit>
#include <tuple>

#include "harness/strategy/shared_step.h"

namespace stampede {
namespace {

bool is_less(const Learned::Object& left, ObjectKind kind, std::string_view path) {
  return std::tuple(left.kind, std::string_view(left.path)) < std::tuple(kind, path);
}

}  // namespace

bool Learned::is_shared(const PendingStep& step) const {
  if (!stampede::is_shared(step)) return false;
  if (private_objects.empty()) return true;
  const AccessList accesses = accesses_of(step);
  return accesses.begin() == accesses.end() || std::any_of(accesses.begin(), accesses.end(), [&](const Access& access) {
           const auto found = std::lower_bound(
               private_objects.begin(), private_objects.end(), access,
               [](const Object& object, const Access& wanted) { return is_less(object, wanted.kind, wanted.path); });
           return found == private_objects.end() || found->kind != access.kind || found->path != access.path;
         });
}

void Learning::begin() {
  strategy_->begin();
  runs_.emplace_back();
}

std::size_t Learning::choose(const Decision& decision) {
  const std::size_t index = strategy_->choose(decision);
  const Candidate& chosen = decision.candidates[index];
  if (!is_shared(*chosen.pending)) return index;
  const std::uint64_t bit = std::uint64_t{1} << (chosen.process % 64);
  Taken taken{chosen.process, {}};
  for (const Access& access : accesses_of(*chosen.pending)) {
    taken.objects.push_back(place_of(access));
    Seen& object = objects_[taken.objects.back()];
    object.touched_by |= bit;
    if (access.writes) object.written_by |= bit;
    object.was_tried = object.was_tried || chosen.pending->kind == StepKind::try_lock;
  }
  runs_.back().push_back(std::move(taken));
  return index;
}

std::size_t Learning::place_of(const Access& access) {
  for (std::size_t i = 0; i < objects_.size(); ++i) {
    if (objects_[i].kind == access.kind && objects_[i].path == access.path) return i;
  }
  objects_.push_back({access.kind, std::string(access.path)});
  return objects_.size() - 1;
}

// Who connects gets the next turn: that others did not in these runs says nothing about the next.
bool Learning::is_private(const Seen& object) {
  if (object.kind == ObjectKind::server) return false;
  if (object.kind == ObjectKind::lock && !object.was_tried) return true;
  return std::popcount(object.touched_by) < 2 || object.written_by == 0;
}

Learned Learning::finish(bool finds_private_objects) const {
  Learned learned;
  const auto counts = [&](const Taken& taken) {
    return !finds_private_objects || taken.objects.empty() ||
           std::any_of(taken.objects.begin(), taken.objects.end(),
                       [&](std::size_t place) { return !is_private(objects_[place]); });
  };
  for (const std::vector<Taken>& run : runs_) {
    std::vector<std::uint32_t> own;
    std::uint32_t all = 0;
    for (const Taken& taken : run) {
      if (!counts(taken)) continue;
      ++all;
      if (own.size() <= taken.process) own.resize(taken.process + 1);
      ++own[taken.process];
    }
    learned.shared_steps = std::max(learned.shared_steps, all);
    learned.own_shared_steps.resize(std::max(learned.own_shared_steps.size(), own.size()));
    for (std::size_t i = 0; i < own.size(); ++i) {
      learned.own_shared_steps[i] = std::max(learned.own_shared_steps[i], own[i]);
    }
  }
  if (!finds_private_objects) return learned;
  for (const Seen& object : objects_) {
    if (is_private(object)) learned.private_objects.push_back({object.kind, object.path});
  }
  std::sort(
      learned.private_objects.begin(), learned.private_objects.end(),
      [](const Learned::Object& left, const Learned::Object& right) { return is_less(left, right.kind, right.path); });
  return learned;
}

}  // namespace stampede
