// Two buffers go back and forth between the reader and the hash.
#include "cache/hash_thread.h"

#include <system_error>
#include <utility>

namespace modelcache {
namespace {

// Waking a thread on another core takes up to 50 us, so a buffer's hash must take much longer (600 us); both buffers
// stay in a third-level cache.
constexpr std::size_t kSlotBytes = std::size_t{1024} * 1024;

}  // namespace

HashThread::HashThread(Sha256 hash) : hash_(std::move(hash)) {
  for (Slot& slot : slots_) slot.bytes.resize(kSlotBytes);
}

std::unique_ptr<HashThread> HashThread::start(Sha256& hash) {
  std::unique_ptr<HashThread> started(new HashThread(std::move(hash)));
  try {
    started->thread_ = std::thread([thread = started.get()] { thread->run(); });
  } catch (const std::system_error&) {  // EAGAIN: too many threads
    hash = std::move(started->hash_);
    return nullptr;
  }
  return started;
}

HashThread::~HashThread() { end(); }

void HashThread::run() {
  for (std::size_t i = 0;; i = 1 - i) {
    Slot& slot = slots_[i];
    slot.full.acquire();
    if (slot.size == 0) return;
    hash_.update(std::span(slot.bytes).first(slot.size));
    slot.empty.release();
  }
}

std::span<std::byte> HashThread::next() {
  Slot& slot = slots_[filling_];
  slot.empty.acquire();
  slot.empty.release();  // stays ours: the thread takes it only after hand_over
  return slot.bytes;
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

Sha256 HashThread::finish() {
  end();
  return std::move(hash_);
}

}  // namespace modelcache
