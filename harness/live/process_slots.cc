// An anonymous file, mapped by both sides.
#include "harness/live/process_slots.h"

#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace stampede {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

struct ProcessSlots::Slot {
  std::uint32_t job_bytes;
  std::uint32_t taken_bytes;  // of the reports; the supervisor's
  std::atomic<std::uint32_t> report_bytes;
  char job[kJobBytesMax];
  char reports[kReportBytesMax];  // each behind its size, in four bytes
};
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

Result<ProcessSlots> ProcessSlots::make() {
  OwnedFd fd(::memfd_create("stampede-slots", MFD_CLOEXEC));
  if (!fd.is_open() || ::ftruncate(fd.get(), sizeof(Slot) * kSlots) != 0) {
    return fail(ErrorCode::exhausted, "share memory", "", std::strerror(errno));
  }
  return map(std::move(fd));
}

Result<ProcessSlots> ProcessSlots::map(OwnedFd descriptor) {
  void* const memory = ::mmap(nullptr, sizeof(Slot) * kSlots, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor.get(), 0);
  if (memory == MAP_FAILED) return fail(ErrorCode::exhausted, "share memory", "", std::strerror(errno));
  return ProcessSlots(std::move(descriptor), static_cast<Slot*>(memory));
}

ProcessSlots::ProcessSlots(ProcessSlots&& other) noexcept
    : fd_(std::move(other.fd_)), slots_(std::exchange(other.slots_, nullptr)) {}

ProcessSlots::~ProcessSlots() {
  if (slots_ != nullptr) ::munmap(slots_, sizeof(Slot) * kSlots);
}

bool ProcessSlots::set_job(std::size_t slot, std::string_view job) {
  if (job.size() > kJobBytesMax) return false;
  Slot& to = slots_[slot];
  std::memcpy(to.job, job.data(), job.size());
  to.job_bytes = static_cast<std::uint32_t>(job.size());
  to.taken_bytes = 0;
  to.report_bytes.store(0, std::memory_order_release);
  return true;
}

std::string_view ProcessSlots::job(std::size_t slot) const { return {slots_[slot].job, slots_[slot].job_bytes}; }

void ProcessSlots::add_report(std::size_t slot, std::string_view report) {
  Slot& to = slots_[slot];
  const std::uint32_t begin = to.report_bytes.load(std::memory_order_relaxed);
  const auto size = static_cast<std::uint32_t>(report.size());
  if (report.size() > kReportBytesMax || begin + sizeof size + size > kReportBytesMax) {
    std::fputs("stampede: a live process says more than its slot holds\n", stderr);
    std::abort();
  }
  std::memcpy(to.reports + begin, &size, sizeof size);
  std::memcpy(to.reports + begin + sizeof size, report.data(), size);
  to.report_bytes.store(begin + static_cast<std::uint32_t>(sizeof size) + size, std::memory_order_release);
}

std::optional<std::string_view> ProcessSlots::take_report(std::size_t slot) {
  Slot& from = slots_[slot];
  const std::uint32_t end = from.report_bytes.load(std::memory_order_acquire);
  if (from.taken_bytes >= end) return std::nullopt;
  std::uint32_t size = 0;
  std::memcpy(&size, from.reports + from.taken_bytes, sizeof size);
  const char* const text = from.reports + from.taken_bytes + sizeof size;
  from.taken_bytes += static_cast<std::uint32_t>(sizeof size) + size;
  return std::string_view(text, size);
}

}  // namespace stampede
