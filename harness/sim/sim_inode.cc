// A sorted table of names that allocates only when it grows beyond what it ever was.
#include "harness/sim/sim_inode.h"

#include <algorithm>

namespace stampede {

std::size_t NameTable::place_of(std::string_view name) const {
  const Entry* const place =
      std::lower_bound(begin(), end(), name, [](const Entry& entry, std::string_view n) { return entry.name < n; });
  return static_cast<std::size_t>(place - begin());
}

Inode* NameTable::find(std::string_view name) const {
  const std::size_t place = place_of(name);
  return place < count_ && entries_[place].name == name ? entries_[place].inode : nullptr;
}

void NameTable::set(std::string_view name, Inode* inode) {
  const std::size_t place = place_of(name);
  if (place == count_ || entries_[place].name != name) {
    if (count_ == entries_.size()) entries_.emplace_back();
    entries_[count_].name.assign(name);
    const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(place);
    const auto last = entries_.begin() + static_cast<std::ptrdiff_t>(count_);
    std::rotate(first, last, last + 1);
    ++count_;
  }
  entries_[place].inode = inode;
}

void NameTable::erase(std::string_view name) {
  const std::size_t place = place_of(name);
  if (place == count_ || entries_[place].name != name) return;
  const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(place);
  std::rotate(first, first + 1, entries_.begin() + static_cast<std::ptrdiff_t>(count_));
  --count_;
}

void NameTable::copy(const NameTable& other) {
  if (entries_.size() < other.count_) entries_.resize(other.count_);
  for (std::size_t i = 0; i < other.count_; ++i) {
    entries_[i].name.assign(other.entries_[i].name);
    entries_[i].inode = other.entries_[i].inode;
  }
  count_ = other.count_;
}

}  // namespace stampede
