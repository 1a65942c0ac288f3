// Fibers: what lets many simulated processes stand in the middle of their calls within one thread.
#ifndef STAMPEDE_SIM_SIM_FIBER_H
#define STAMPEDE_SIM_SIM_FIBER_H

#include <memory>

namespace stampede {

// A place where control can be left and come back to: of a fiber, or of the thread's own stack. Owned by one thread.
// The sanitizers are told of every move, and the exceptions in flight stay with their stack.
class SimContext {
 public:
  SimContext();
  ~SimContext();
  SimContext(const SimContext&) = delete;
  SimContext& operator=(const SimContext&) = delete;

  // Leaves `from`, in which the caller runs, for `to`. Returns when somebody comes back to `from`.
  static void go(SimContext& from, SimContext& to);

 private:
  friend class SimFiber;
  struct Place;
  std::unique_ptr<Place> place_;
};

// A stack that runs one body after the other; making a stack is dear, so it is kept. Owned by one thread.
class SimFiber {
 public:
  // What runs on it; returns where to go when it is done. Lets no exception out.
  using Body = SimContext& (*)(void* argument);

  SimFiber();
  // REQUIRES: it runs nothing.
  ~SimFiber();
  SimFiber(const SimFiber&) = delete;
  SimFiber& operator=(const SimFiber&) = delete;

  // Runs `body(argument)` from the next time on that somebody goes to `context()`. REQUIRES: it runs nothing.
  void set_body(Body body, void* argument);
  [[nodiscard]] SimContext& context() { return context_; }
  [[nodiscard]] bool is_running() const { return is_running_; }

 private:
  void serve();

  SimContext context_;
  Body body_ = nullptr;
  void* argument_ = nullptr;
  bool is_running_ = false;
  SimContext* last_ = nullptr;  // where it goes when its stack is given back
};

}  // namespace stampede

#endif  // STAMPEDE_SIM_SIM_FIBER_H
