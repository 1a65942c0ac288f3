// Two buffers go back and forth between the reader and the hash.
#include "cache/hash_thread.h"

#include <chrono>
#include <system_error>

#include "cache/posix_processor.h"

namespace modelcache {
namespace {

// Waking a thread on another core takes up to 50 us, so a buffer's hash must take much longer (600 us); both buffers
// stay in a third-level cache.
constexpr std::size_t kSlotBytes = std::size_t{1024} * 1024;
// The reader waits in turns that are shorter than the time for which a virtual processor stays awake when it has
// nothing to do (200 us, Linux's guest_halt_poll_ns). Once it sleeps, the scheduler counts it as busy and wakes the
// reader on the hash's own processor: each read then interrupts the hash, and nothing is gained by two threads.
constexpr std::chrono::microseconds kTurn{100};

}  // namespace

HashThread::HashThread() {
  // Not cleared: the reader is the first to touch the pages.
  for (Slot& slot : slots_) slot.bytes = std::make_unique_for_overwrite<std::byte[]>(kSlotBytes);
}

std::unique_ptr<HashThread> HashThread::start() {
  std::unique_ptr<HashThread> started(new HashThread());
  try {
    // A new thread often begins on the processor of its maker, and is not moved away for as long as it hashes.
    started->thread_ = std::thread([thread = started.get(), readers = present_processor()] {
      leave_processor(readers);
      thread->run();
    });
  } catch (const std::system_error&) {  // EAGAIN: too many threads
    return nullptr;
  }
  return started;
}

HashThread::~HashThread() { end(); }

void HashThread::run() {
  Sha256 hash;  // here, since OpenSSL's first one in a process takes a millisecond, while the reader already reads
  for (std::size_t i = 0;; i = 1 - i) {
    Slot& slot = slots_[i];
    slot.full.acquire();
    if (slot.size == 0) break;
    hash.update(std::span(slot.bytes.get(), slot.size));
    slot.empty.release();
  }
  digest_ = hash.finish();
}

std::span<std::byte> HashThread::next() {
  Slot& slot = slots_[filling_];
  while (!slot.empty.try_acquire_for(kTurn)) continue;
  slot.empty.release();  // stays ours: the thread takes it only after hand_over
  return {slot.bytes.get(), kSlotBytes};
}

void HashThread::hand_over(std::size_t size) {
  Slot& slot = slots_[filling_];
  slot.empty.acquire();
  slot.size = size;
  slot.full.release();
  filling_ = 1 - filling_;
}

void HashThread::end() {
  if (!thread_.joinable()) return;
  hand_over(0);
  thread_.join();
}

Sha256Digest HashThread::finish() {
  end();
  return digest_;
}

}  // namespace modelcache
