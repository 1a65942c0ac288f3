// A table of steps and the objects that they touch.
#include "harness/strategy/step_access.h"

#include <algorithm>

#include "cache/os.h"

namespace stampede {
namespace {

// "entries" of "entries/a"; "" of "entries", and of what lies elsewhere the directory above.
std::string_view folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {};
  return path.substr(0, std::max<std::size_t>(slash, path.starts_with('/') && slash == 0 ? 1 : 0));
}

bool may_create(const PendingStep& step) {
  const auto mode = static_cast<modelcache::OpenMode>(step.mode);
  return mode == modelcache::OpenMode::create_new || mode == modelcache::OpenMode::open_or_create;
}

// A name appears, goes, or leads to another file.
void add_name(std::string_view path, AccessList& list) {
  list.add(ObjectKind::name, path, true);
  list.add(ObjectKind::listing, folder_of(path), true);
}

bool is_below(std::string_view path, std::string_view folder) {
  if (folder.empty()) return !path.empty() && !path.starts_with('/');
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

bool do_conflict(const Access& left, const Access& right, const PathAliases& aliases) {
  if (left.kind == right.kind) {
    const bool is_written = left.writes || right.writes;
    if (is_written && (left.path == right.path || aliases.are_same(left.path, right.path))) return true;
  }
  const auto is_over = [](const Access& upper, const Access& lower) {
    return upper.kind == ObjectKind::name && upper.writes && lower.kind != ObjectKind::server &&
           is_below(lower.path, upper.path);
  };
  return is_over(left, right) || is_over(right, left);
}

}  // namespace

AccessList accesses_of(const PendingStep& step) {
  AccessList list;
  switch (step.kind) {
    case StepKind::open:
      if (may_create(step)) {
        add_name(step.path, list);
      } else {
        list.add(ObjectKind::name, step.path, false);
      }
      break;
    case StepKind::read:
    case StepKind::stat:
    case StepKind::sync_file:
      list.add(ObjectKind::bytes, step.path, false);
      break;
    case StepKind::write:
    case StepKind::truncate:
      list.add(ObjectKind::bytes, step.path, true);
      break;
    case StepKind::stat_name:
      list.add(ObjectKind::name, step.path, false);
      list.add(ObjectKind::bytes, step.path, false);
      break;
    case StepKind::rename:  // who loses the new name loses a link
      add_name(step.path, list);
      add_name(step.to_path, list);
      list.add(ObjectKind::bytes, step.to_path, true);
      break;
    case StepKind::link:
      list.add(ObjectKind::name, step.path, false);
      list.add(ObjectKind::bytes, step.path, true);
      add_name(step.to_path, list);
      break;
    case StepKind::unlink:
      add_name(step.path, list);
      list.add(ObjectKind::bytes, step.path, true);
      break;
    case StepKind::make_directory:
      add_name(step.path, list);
      break;
    case StepKind::list:
    case StepKind::sync_directory:
      list.add(ObjectKind::listing, step.path, false);
      break;
    case StepKind::try_lock:
    case StepKind::unlock:
      list.add(ObjectKind::lock, step.path, true);
      break;
    case StepKind::close:
      if (step.connection == 0) list.add(ObjectKind::lock, step.path, true);
      break;
    case StepKind::connect:
    case StepKind::send:
      list.add(ObjectKind::server, {}, true);
      break;
    case StepKind::resolve:
    case StepKind::receive:
    case StepKind::now:
    case StepKind::wall_time:
    case StepKind::sleep_until:
    case StepKind::random:
    case StepKind::self:
    case StepKind::liveness:
      break;
  }
  return list;
}

std::size_t PathAliases::class_of(const std::string& path) {
  for (const auto& [known, number] : known_) {
    if (known == path) return number;
  }
  known_.emplace_back(path, known_.size());
  return known_.back().second;
}

void PathAliases::note(const PendingStep& step) {
  if (step.kind != StepKind::rename && step.kind != StepKind::link) return;
  const std::size_t from = class_of(step.path);
  const std::size_t into = class_of(step.to_path);
  for (auto& [path, number] : known_) {
    if (number == from) number = into;
  }
}

bool PathAliases::are_same(std::string_view left, std::string_view right) const {
  if (left == right) return true;
  const auto find = [&](std::string_view path) {
    return std::find_if(known_.begin(), known_.end(), [&](const auto& known) { return known.first == path; });
  };
  const auto one = find(left);
  if (one == known_.end()) return false;
  const auto other = find(right);
  return other != known_.end() && one->second == other->second;
}

bool concerns_locks(const PendingStep& step) {
  return step.kind == StepKind::try_lock || step.kind == StepKind::unlock || step.kind == StepKind::sleep_until ||
         (step.kind == StepKind::close && step.connection == 0);
}

bool may_conflict(const PendingStep& left, const PendingStep& right, const PathAliases& aliases) {
  if (left.kind == StepKind::liveness || right.kind == StepKind::liveness) return true;
  const bool is_left_asleep = left.kind == StepKind::sleep_until;
  const bool is_right_asleep = right.kind == StepKind::sleep_until;
  if (is_left_asleep || is_right_asleep) {
    return is_left_asleep != is_right_asleep && concerns_locks(is_left_asleep ? right : left);
  }
  const AccessList ours = accesses_of(left);
  const AccessList theirs = accesses_of(right);
  return std::any_of(ours.begin(), ours.end(), [&](const Access& one) {
    return std::any_of(theirs.begin(), theirs.end(),
                       [&](const Access& other) { return do_conflict(one, other, aliases); });
  });
}

}  // namespace stampede
