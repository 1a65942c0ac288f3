// Memory that the supervisor shares with its processes: what each has to do, and what it says about it.
#ifndef STAMPEDE_LIVE_PROCESS_SLOTS_H
#define STAMPEDE_LIVE_PROCESS_SLOTS_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "cache/result.h"
#include "harness/live/owned_fd.h"

namespace stampede {

// One slot a process of a stage. Writing a report makes no system call, so it is no step and cannot be stopped.
// The supervisor writes jobs before it starts processes and reads reports while they are stopped; a process writes the
// reports of its own slot: nobody needs a lock.
class ProcessSlots {
 public:
  static constexpr std::size_t kSlots = 64;
  static constexpr std::size_t kJobBytesMax = std::size_t{192} * 1024;
  static constexpr std::size_t kReportBytesMax = std::size_t{256} * 1024;  // of one process in one stage

  // ERRORS: exhausted.
  static modelcache::Result<ProcessSlots> make();
  // What `descriptor` of another process's object has open; takes it over. ERRORS: exhausted.
  static modelcache::Result<ProcessSlots> map(OwnedFd descriptor);
  ProcessSlots(ProcessSlots&& other) noexcept;
  ProcessSlots& operator=(ProcessSlots&&) = delete;
  ~ProcessSlots();

  [[nodiscard]] int descriptor() const { return fd_.get(); }
  // The memory stays.
  void close_descriptor() { fd_.reset(); }

  // Forgets the reports of before. False where the job is too large.
  bool set_job(std::size_t slot, std::string_view job);
  [[nodiscard]] std::string_view job(std::size_t slot) const;
  // Aborts where the slot is full: a report that is lost would be a wrong verdict.
  void add_report(std::size_t slot, std::string_view report);
  // The next report that was not taken yet; valid until the next `set_job`.
  std::optional<std::string_view> take_report(std::size_t slot);

 private:
  struct Slot;
  ProcessSlots(OwnedFd fd, Slot* slots) : fd_(std::move(fd)), slots_(slots) {}

  OwnedFd fd_;
  Slot* slots_ = nullptr;
};

}  // namespace stampede

#endif  // STAMPEDE_LIVE_PROCESS_SLOTS_H
