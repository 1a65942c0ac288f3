// Moves between stacks: who runs when, that exceptions stay where they are, and that a stack is used again.
#include "harness/sim/sim_fiber.h"

#include <gtest/gtest.h>

#include <array>
#include <exception>
#include <string>

namespace stampede {
namespace {

struct Player {
  SimContext* home = nullptr;
  SimFiber fiber;
  SimContext* next = nullptr;  // to whom it goes in the middle
  std::string* log = nullptr;
  char name = '?';

  static SimContext& play(void* self) {
    auto& player = *static_cast<Player*>(self);
    *player.log += player.name;
    SimContext::go(player.fiber.context(), *player.next);
    *player.log += static_cast<char>(player.name - 'a' + 'A');
    return *player.home;
  }
};

TEST(SimFiber, GoesFromOneToTheOtherAndBackAndIsUsedAgain) {
  SimContext home;
  std::string log;
  Player a, b;
  a.home = b.home = &home;
  a.log = b.log = &log;
  a.name = 'a';
  b.name = 'b';
  for (int round = 0; round < 3; ++round) {
    a.next = &b.fiber.context();
    b.next = &a.fiber.context();
    a.fiber.set_body(&Player::play, &a);
    b.fiber.set_body(&Player::play, &b);
    SimContext::go(home, a.fiber.context());
    log += '-';
    EXPECT_FALSE(a.fiber.is_running());
    EXPECT_TRUE(b.fiber.is_running());
    SimContext::go(home, b.fiber.context());
    EXPECT_FALSE(b.fiber.is_running());
  }
  EXPECT_EQ(log, "abA-BabA-BabA-B");
}

struct Thrower {
  SimContext* home = nullptr;
  SimFiber fiber;
  std::string caught;

  // Goes home while an exception is being handled, and once more while one unwinds the stack.
  static SimContext& run(void* self) {
    auto& thrower = *static_cast<Thrower*>(self);
    struct Leaver {
      Thrower& thrower;
      ~Leaver() {
        SimContext::go(thrower.fiber.context(), *thrower.home);
        thrower.caught += std::to_string(std::uncaught_exceptions());
      }
    };
    try {
      const Leaver leaver{thrower};
      throw thrower.caught.size();
    } catch (std::size_t) {
      SimContext::go(thrower.fiber.context(), *thrower.home);
      thrower.caught += std::current_exception() == nullptr ? "lost" : "kept";
    }
    return *thrower.home;
  }
};

TEST(SimFiber, KeepsItsExceptionsApart) {
  SimContext home;
  std::array<Thrower, 2> throwers;
  for (Thrower& thrower : throwers) {
    thrower.home = &home;
    thrower.fiber.set_body(&Thrower::run, &thrower);
  }
  for (int round = 0; round < 3; ++round) {
    for (Thrower& thrower : throwers) {
      SimContext::go(home, thrower.fiber.context());
      EXPECT_EQ(std::uncaught_exceptions(), 0);
      EXPECT_EQ(std::current_exception(), nullptr);
    }
  }
  for (const Thrower& thrower : throwers) {
    EXPECT_EQ(thrower.caught, "1kept");
    EXPECT_FALSE(thrower.fiber.is_running());
  }
}

TEST(SimFiberDeathTest, IsNotGivenBackWhileSomethingRunsOnIt) {
  EXPECT_DEATH(
      {
        SimFiber fiber;
        fiber.set_body(nullptr, nullptr);
      },
      "something runs on it");
}

}  // namespace
}  // namespace stampede
