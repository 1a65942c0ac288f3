// Builds the graph of dependencies, and walks it one process at a time.
#include "harness/run/causal_order.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "cache/os.h"
#include "harness/strategy/shared_step.h"

namespace stampede {
namespace {

bool starts_below(std::string_view path, std::string_view folder) {
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

bool creates(const Step& step) {
  return step.kind == StepKind::open && (step.mode == static_cast<std::uint32_t>(modelcache::OpenMode::create_new) ||
                                         step.mode == static_cast<std::uint32_t>(modelcache::OpenMode::open_or_create));
}

bool changes_names(const Step& step) {
  return step.kind == StepKind::rename || step.kind == StepKind::link || step.kind == StepKind::unlink ||
         step.kind == StepKind::make_directory || creates(step);
}

bool changes(const Step& step) {
  switch (step.kind) {
    case StepKind::write:
    case StepKind::truncate:
    case StepKind::try_lock:
    case StepKind::unlock:
    case StepKind::connect:
      return true;
    case StepKind::close:  // drops a lock
      return starts_below(step.path, "locks") || starts_below(step.path, "tmp");
    default:
      return changes_names(step);
  }
}

// Nobody else can see it or change what it sees. Files under tmp/ are not among them: a broken cache shares them.
bool is_of_its_own(const Step& step) {
  switch (step.kind) {
    case StepKind::resolve:
    case StepKind::send:
    case StepKind::receive:
    case StepKind::now:
    case StepKind::wall_time:
    case StepKind::sleep_until:
    case StepKind::random:
    case StepKind::self:
    case StepKind::liveness:
      return true;
    case StepKind::close:
      return step.connection != 0;
    default:
      return false;
  }
}

bool lists(const Step& list, const Step& other) {
  if (list.kind != StepKind::list || !changes_names(other)) return false;
  const auto is_in = [&](std::string_view path) {
    return !path.empty() && (list.path.empty() ? path.find('/') == path.npos : starts_below(path, list.path));
  };
  return is_in(other.path) || is_in(other.to_path);
}

bool share_name(const Step& one, const Step& other) {
  const auto has = [](const Step& step, const std::string& name) {
    return step.path == name || (!step.to_path.empty() && step.to_path == name);
  };
  return has(other, one.path) || (!one.to_path.empty() && has(other, one.to_path));
}

// Who was refused a lock sleeps until it is free: to wake up depends on who releases it. The steps with the lock's path
// at such sleeps.
std::vector<Step> with_waits(std::span<const Step> steps) {
  std::vector<Step> all(steps.begin(), steps.end());
  std::map<std::uint32_t, std::string> refused;
  for (Step& step : all) {
    if (step.kind == StepKind::try_lock) refused[step.process] = step.error == 0 ? "" : step.path;
    if (step.kind == StepKind::sleep_until) step.path = refused[step.process];
  }
  return all;
}

bool wakes(const Step& release, const Step& sleep) {
  return sleep.kind == StepKind::sleep_until && !sleep.path.empty() && sleep.path == release.path &&
         (release.kind == StepKind::unlock || release.kind == StepKind::close);
}

constexpr std::size_t kNobody = static_cast<std::size_t>(-1);

// Positions of steps, by process, in the order of each; those that are left.
class Graph {
 public:
  Graph(const Plan& plan, std::span<const Step> steps, const std::vector<std::uint32_t>& killed, bool only_causes)
      : plan_(plan), steps_(with_waits(steps)), is_needed_(steps.size(), !only_causes), is_death_(steps.size(), false) {
    for (const std::uint32_t process : killed) mark_death(process);
    if (only_causes && !steps.empty()) mark_causes();
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (!is_needed_[i]) continue;
      if (queues_.size() <= steps[i].process) queues_.resize(steps[i].process + 1);
      queues_[steps[i].process].push_back(i);
    }
  }

  // The order that begins with that process; empty where it cannot.
  [[nodiscard]] std::vector<std::size_t> order_from(std::size_t first) const {
    std::vector<bool> is_done(steps_.size(), false);
    std::vector<std::size_t> next(queues_.size(), 0), order;
    for (std::size_t process = first; process != kNobody; process = furthest(is_done, next)) {
      const std::size_t before = order.size();
      while (next[process] < queues_[process].size() && is_ready(queues_[process][next[process]], is_done)) {
        const std::size_t at = queues_[process][next[process]++];
        is_done[at] = true;
        order.push_back(at);
      }
      if (order.size() == before) return {};
    }
    return order;
  }
  [[nodiscard]] std::size_t processes() const { return queues_.size(); }

 private:
  void mark_death(std::uint32_t process) {
    for (std::size_t i = steps_.size(); i-- > 0;) {
      if (steps_[i].process != process) continue;
      is_death_[i] = true;
      return;
    }
  }

  // Of the steps at these positions, also by what the plan does to them.
  [[nodiscard]] bool must_stay_in_order(std::size_t one, std::size_t other) const {
    const Step &first = steps_[one], &second = steps_[other];
    if (first.process == second.process || is_death_[one] || conflict(first, second)) return true;
    return std::any_of(plan_.disk.begin(), plan_.disk.end(), [&](const DiskFault& fault) {
      return !fault.process && fault.step == first.kind && fault.step == second.kind &&
             first.path.starts_with(fault.path) && second.path.starts_with(fault.path);
    });
  }

  void mark_causes() {
    is_needed_.back() = true;
    for (std::size_t i = steps_.size() - 1; i-- > 0;) {
      for (std::size_t later = i + 1; later < steps_.size() && !is_needed_[i]; ++later) {
        if (!is_needed_[later]) continue;
        is_needed_[i] = must_stay_in_order(i, later);
      }
    }
  }

  [[nodiscard]] bool is_ready(std::size_t at, const std::vector<bool>& is_done) const {
    for (std::size_t i = 0; i < at; ++i) {
      if (is_needed_[i] && !is_done[i] && must_stay_in_order(i, at)) return false;
    }
    return true;
  }

  // Who can take the most steps without a move; nobody, when all is done.
  [[nodiscard]] std::size_t furthest(const std::vector<bool>& is_done, const std::vector<std::size_t>& next) const {
    std::size_t best = kNobody, most = 0;
    for (std::size_t process = 0; process < queues_.size(); ++process) {
      std::vector<bool> done = is_done;
      std::size_t count = 0;
      for (std::size_t i = next[process]; i < queues_[process].size() && is_ready(queues_[process][i], done); ++i) {
        done[queues_[process][i]] = true;
        ++count;
      }
      if (count > most) best = process, most = count;
    }
    return best;
  }

  const Plan& plan_;
  std::vector<Step> steps_;
  std::vector<bool> is_needed_, is_death_;
  std::vector<std::vector<std::size_t>> queues_;
};

}  // namespace

bool conflict(const Step& one, const Step& other) {
  if (one.process == other.process) return false;
  if (wakes(one, other) || wakes(other, one)) return true;
  if (is_of_its_own(one) || is_of_its_own(other)) return false;
  if (one.kind == StepKind::connect || other.kind == StepKind::connect) return one.kind == other.kind;
  if (!changes(one) && !changes(other)) return false;
  const bool is_same_file = one.file != 0 && one.file == other.file;
  return is_same_file || share_name(one, other) || lists(one, other) || lists(other, one);
}

bool shares_private_files(std::span<const Step> steps) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (is_shared(steps[i]) || is_of_its_own(steps[i])) continue;
    for (std::size_t j = 0; j < steps.size(); ++j) {
      if (conflict(steps[i], steps[j])) return true;
    }
  }
  return false;
}

std::vector<Switch> moves_of(std::span<const Step> steps, std::span<const std::size_t> order) {
  std::vector<Switch> moves;
  Switch at{0, 0, 0};
  for (const std::size_t index : order) {
    const ActorStep step = actor_step(steps[index]);
    at.to = step.actor;
    if (at.to != at.process) moves.push_back(at);
    at = {step.actor, step.own_step + 1, 0};
  }
  return moves;
}

std::vector<Switch> fewest_moves(const Plan& plan, std::span<const Step> steps,
                                 const std::vector<std::uint32_t>& killed, bool only_causes) {
  const Graph graph(plan, steps, killed, only_causes);
  std::optional<std::vector<Switch>> best;
  for (std::size_t first = 0; first < graph.processes(); ++first) {
    const std::vector<std::size_t> order = graph.order_from(first);
    if (order.empty()) continue;
    std::vector<Switch> moves = moves_of(steps, order);
    if (!best || moves.size() < best->size()) best = std::move(moves);
  }
  return best.value_or(std::vector<Switch>{});
}

}  // namespace stampede
