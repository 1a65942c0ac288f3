// Boost.Context behind a small door, with what the sanitizers and the exception runtime must know.
#include "harness/sim/sim_fiber.h"

#include <cxxabi.h>

#include <array>
#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#define STAMPEDE_FIBERS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define STAMPEDE_FIBERS_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define STAMPEDE_FIBERS_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define STAMPEDE_FIBERS_TSAN 1
#endif
#endif

#ifdef STAMPEDE_FIBERS_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef STAMPEDE_FIBERS_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace stampede {
namespace {

// Untouched pages of a stack cost address space only. Sanitizers enlarge frames several times.
#if defined(STAMPEDE_FIBERS_ASAN) || defined(STAMPEDE_FIBERS_TSAN)
constexpr std::size_t kStackBytes = std::size_t{2} << 20;
#else
constexpr std::size_t kStackBytes = std::size_t{512} << 10;
#endif

// The caught and the uncaught exceptions of a stack (Itanium C++ ABI, 2.2.2): a pointer and a count.
using ExceptionState = std::array<std::byte, sizeof(void*) * 2>;

}  // namespace

struct SimContext::Place {
  boost::context::fiber handle;  // valid while control is elsewhere
  ExceptionState exceptions{};
  const void* stack_bottom = nullptr;
  std::size_t stack_bytes = 0;
  void* fake_stack = nullptr;  // ASan's
  void* tsan_fiber = nullptr;
  SimContext* came_from = nullptr;  // who left for this place last

  void leave_for(Place& to, [[maybe_unused]] bool for_good) {
    auto* const globals = abi::__cxa_get_globals();
    std::memcpy(exceptions.data(), globals, exceptions.size());
    std::memcpy(static_cast<void*>(globals), to.exceptions.data(), exceptions.size());
#ifdef STAMPEDE_FIBERS_ASAN
    __sanitizer_start_switch_fiber(for_good ? nullptr : &fake_stack, to.stack_bottom, to.stack_bytes);
#endif
#ifdef STAMPEDE_FIBERS_TSAN
    tsan_fiber = __tsan_get_current_fiber();  // a context may be left on another stack than before
    __tsan_switch_to_fiber(to.tsan_fiber, 0);
#endif
  }

  void arrive() {
#ifdef STAMPEDE_FIBERS_ASAN
    const void* bottom = nullptr;
    std::size_t bytes = 0;
    __sanitizer_finish_switch_fiber(fake_stack, &bottom, &bytes);
    // Of a thread's own stack nothing is known before it was left once.
    came_from->place_->stack_bottom = bottom;
    came_from->place_->stack_bytes = bytes;
#endif
  }
};

SimContext::SimContext() : place_(std::make_unique<Place>()) {}
SimContext::~SimContext() = default;

void SimContext::go(SimContext& from, SimContext& to) {
  Place& here = *from.place_;
  Place& there = *to.place_;
  there.came_from = &from;
  here.leave_for(there, false);
  (void)std::move(there.handle).resume_with([&here](boost::context::fiber&& left) {
    here.handle = std::move(left);
    return boost::context::fiber();
  });
  here.arrive();
}

SimFiber::SimFiber() {
  SimContext::Place& place = *context_.place_;
  boost::context::protected_fixedsize_stack allocator(kStackBytes);
  const boost::context::stack_context stack = allocator.allocate();
  place.stack_bytes = stack.size;
  place.stack_bottom = static_cast<const std::byte*>(stack.sp) - stack.size;
#ifdef STAMPEDE_FIBERS_TSAN
  place.tsan_fiber = __tsan_create_fiber(0);
#endif
  place.handle = boost::context::fiber(std::allocator_arg, boost::context::preallocated(stack.sp, stack.size, stack),
                                       allocator, [this](boost::context::fiber&&) {
                                         context_.place_->arrive();
                                         serve();
                                         SimContext::Place& last = *last_->place_;
                                         last.came_from = &context_;
                                         context_.place_->leave_for(last, true);
                                         return std::move(last.handle);
                                       });
}

SimFiber::~SimFiber() {
  if (is_running_) {
    std::fputs("stampede: a fiber is given back while something runs on it\n", stderr);
    std::abort();
  }
  SimContext here;
  last_ = &here;
  body_ = nullptr;
  SimContext::go(here, context_);
#ifdef STAMPEDE_FIBERS_TSAN
  __tsan_destroy_fiber(context_.place_->tsan_fiber);
#endif
}

void SimFiber::set_body(Body body, void* argument) {
  body_ = body;
  argument_ = argument;
  is_running_ = true;
}

void SimFiber::serve() {
  while (body_ != nullptr) {
    SimContext& next = body_(argument_);
    is_running_ = false;
    SimContext::go(context_, next);
  }
}

}  // namespace stampede
