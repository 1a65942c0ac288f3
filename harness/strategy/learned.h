// What runs of a plan tell about it before it is searched: how many steps matter to others, and which do not.
#ifndef STAMPEDE_STRATEGY_LEARNED_H
#define STAMPEDE_STRATEGY_LEARNED_H

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/strategy/step_access.h"
#include "harness/strategy/strategy.h"

namespace stampede {

// Plain data. The steps that count are those that are shared (shared_step.h), less those on objects of which learning
// runs have shown that no two processes meet there.
class Learned {
 public:
  // k of PCT: the most shared steps of all processes together in any learning run. 1 at least.
  std::uint32_t shared_steps = 1;
  // Of each process, the most in any learning run.
  std::vector<std::uint32_t> own_shared_steps;

  [[nodiscard]] bool is_shared(const PendingStep& step) const;

  // Nobody else touched it, or all only read it; a lock that nobody tried. Sorted.
  struct Object {
    ObjectKind kind = ObjectKind::name;
    std::string path;
  };
  std::vector<Object> private_objects;
};

// Lets another strategy choose, and takes notes. Made for one plan; runs it as often as one likes.
class Learning final : public Strategy {
 public:
  // Who chooses in the runs to come; it must outlive them.
  void follow(Strategy& strategy) { strategy_ = &strategy; }
  void begin() override;
  std::size_t choose(const Decision& decision) override;

  // Of all runs so far. Where `finds_private_objects`, what no two processes met on is private from then on: with few
  // runs that is rash, since in another order they might. Otherwise the table of shared_step.h decides alone.
  [[nodiscard]] Learned finish(bool finds_private_objects) const;

 private:
  struct Seen {
    ObjectKind kind = ObjectKind::name;
    std::string path;
    std::uint64_t touched_by = 0, written_by = 0;  // a bit a process
    bool was_tried = false;                        // lock
  };
  // A shared step, with its objects by place in `objects_`.
  struct Taken {
    std::uint32_t process = 0;
    std::vector<std::size_t> objects;
  };
  std::size_t place_of(const Access& access);
  [[nodiscard]] static bool is_private(const Seen& object);

  Strategy* strategy_ = nullptr;
  std::vector<Seen> objects_;
  std::vector<std::vector<Taken>> runs_;
};

}  // namespace stampede

#endif  // STAMPEDE_STRATEGY_LEARNED_H
