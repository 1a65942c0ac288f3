// SHA-256 on a second thread, while the caller's thread reads.
#ifndef MODELCACHE_HASH_THREAD_H
#define MODELCACHE_HASH_THREAD_H

#include <array>
#include <cstddef>
#include <memory>
#include <semaphore>
#include <span>
#include <thread>
#include <vector>

#include "cache/sha256.h"

namespace modelcache {

// Reading a large file from the page cache takes a third of the time that hashing it takes, so doing both at a time is
// what keeps verifying near the speed of the hash. The thread makes no step through the door: all reads stay with the
// caller, in their order. Owned by one thread; the thread behind it ends with the object.
class HashThread {
 public:
  // Goes on with `hash`. Null where no thread can be had; `hash` is then untouched.
  static std::unique_ptr<HashThread> start(Sha256& hash);
  ~HashThread();
  HashThread(const HashThread&) = delete;
  HashThread& operator=(const HashThread&) = delete;

  // A buffer to read into; waits until the hash is done with it.
  std::span<std::byte> next();
  // Hashes the first `size` bytes of the last buffer. REQUIRES: size > 0.
  void hand_over(std::size_t size);
  // Waits for all that was handed over, and gives the hash back.
  Sha256 finish();

 private:
  struct Slot {
    std::vector<std::byte> bytes;
    std::size_t size = 0;  // 0 ends the thread
    std::binary_semaphore empty{1};
    std::binary_semaphore full{0};
  };
  explicit HashThread(Sha256 hash);
  void run();
  void end();

  Sha256 hash_;
  std::array<Slot, 2> slots_;
  std::size_t filling_ = 0;
  std::thread thread_;
};

}  // namespace modelcache

#endif  // MODELCACHE_HASH_THREAD_H
