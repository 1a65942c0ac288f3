// Follows switches, and says where they cannot be followed.
#include "harness/strategy/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace stampede {
namespace {

std::string text_of(const Switch& due) {
  return fmt::format("process {} to move before step {} of process {}", due.to, due.step, due.process);
}

std::string text_of(std::span<const Candidate> candidates) {
  std::string text;
  for (const Candidate& candidate : candidates) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", candidate.process);
  }
  return text;
}

}  // namespace

Replay::Replay(const Schedule& schedule, Mode mode) : mode_(mode) {
  for (const Switch& one : schedule.switches) due_.push_back(Due{one, due_.size()});
  std::sort(due_.begin(), due_.end(), [](const Due& left, const Due& right) {
    return std::tie(left.what.process, left.what.step, left.place) <
           std::tie(right.what.process, right.what.step, right.place);
  });
  for (std::size_t i = 0; i < due_.size(); ++i) {
    while (first_.size() <= due_[i].what.process) first_.push_back(i);
  }
  first_.push_back(due_.size());
  begin();
}

void Replay::begin() {
  for (Due& due : due_) due.is_used = false;
  next_.assign(first_.begin(), first_.end());
  used_ = 0;
  decisions_ = 0;
  difference_.clear();
}

std::size_t Replay::choose(const Decision& decision) {
  ++decisions_;
  if (decision.last + 1 >= first_.size() || !difference_.empty()) return decision.by_default;
  const std::size_t end = first_[decision.last + 1];
  std::size_t& next = next_[decision.last];
  while (next < end && due_[next].what.step < decision.last_step) ++next;
  if (next == end || due_[next].what.step != decision.last_step) return decision.by_default;
  Due& due = due_[next++];
  for (std::size_t i = 0; i < decision.candidates.size(); ++i) {
    if (decision.candidates[i].process != due.what.to) continue;
    due.is_used = true;
    ++used_;
    return i;
  }
  if (mode_ == Mode::strict) note_difference(due.what, decision);
  return decision.by_default;
}

void Replay::note_difference(const Switch& due, const Decision& decision) {
  difference_ = fmt::format("step {}: expected {}, got process {} unable to move ({} can)", decisions_ - 1,
                            text_of(due), due.to, text_of(decision.candidates));
}

std::string Replay::divergence() const {
  if (mode_ == Mode::lenient || !difference_.empty() || unused() == 0) return difference_;
  const Due* first = nullptr;
  for (const Due& due : due_) {
    if (!due.is_used && (first == nullptr || due.place < first->place)) first = &due;
  }
  return fmt::format("step {}: expected {}, got the end of the run", decisions_, text_of(first->what));
}

}  // namespace stampede
