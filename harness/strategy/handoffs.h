// Which steps of different processes met at one object, as features that a search can collect.
#ifndef STAMPEDE_STRATEGY_HANDOFFS_H
#define STAMPEDE_STRATEGY_HANDOFFS_H

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "harness/strategy/strategy.h"

namespace stampede {

// What an object of the cache's directory is there for: two entries are alike to a search, an entry and a lock are not.
enum class ObjectRole : std::uint8_t { entry, temporary, manifest, entry_lock, manifest_lock, folder, other };
inline constexpr std::size_t kObjectRoles = 7;
ObjectRole role_of(std::string_view path);  // of the built-in cache's layout

inline constexpr std::size_t kHandoffs = kObjectRoles * kStepKinds * kStepKinds;
// A number below kHandoffs for: an object of that role was touched by `before`, then, by another process, by `after`.
std::size_t handoff_number(ObjectRole role, StepKind before, StepKind after);

// Lets another strategy choose, and tells of every handoff (the pairs of Wolff et al., ASPLOS 2024, and of Xu et al.,
// S&P 2020). Sees what is about to be done, and not what comes of it. `inner` must outlive it.
class HandoffWatch final : public Strategy {
 public:
  using OnHandoff = std::function<void(std::size_t number)>;
  HandoffWatch(Strategy& inner, OnHandoff on_handoff) : inner_(inner), on_handoff_(std::move(on_handoff)) {}
  void begin() override;
  std::size_t choose(const Decision& decision) override;

 private:
  struct Touch {
    std::uint32_t process = 0;
    StepKind kind = StepKind::open;
  };
  void touch(const std::string& path, Touch touch);

  Strategy& inner_;
  OnHandoff on_handoff_;
  std::map<std::string, Touch> last_;  // by path
};

}  // namespace stampede

#endif  // STAMPEDE_STRATEGY_HANDOFFS_H
