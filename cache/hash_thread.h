// SHA-256 on a second thread, while the caller's thread reads.
#ifndef MODELCACHE_HASH_THREAD_H
#define MODELCACHE_HASH_THREAD_H

#include <array>
#include <cstddef>
#include <memory>
#include <semaphore>
#include <span>
#include <thread>

#include "cache/sha256.h"

namespace modelcache {

// Reading a large file from the page cache takes a third of the time that hashing it takes, so doing both at a time is
// what keeps verifying near the speed of the hash. The thread makes no step through the door: all reads stay with the
// caller, in their order. Owned by one thread; the thread behind it ends with the object.
class HashThread {
 public:
  // Null where no thread can be had.
  static std::unique_ptr<HashThread> start();
  ~HashThread();
  HashThread(const HashThread&) = delete;
  HashThread& operator=(const HashThread&) = delete;

  // A buffer to read into; waits until the hash is done with it.
  std::span<std::byte> next();
  // Hashes the first `size` bytes of the last buffer. REQUIRES: size > 0.
  void hand_over(std::size_t size);
  // Waits for all that was handed over. Called at most once.
  Sha256Digest finish();

 private:
  struct Slot {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;  // 0 ends the thread
    std::binary_semaphore empty{1};
    std::binary_semaphore full{0};
  };
  HashThread();
  void run();
  void end();

  Sha256Digest digest_;  // once the thread has ended
  std::array<Slot, 2> slots_;
  std::size_t filling_ = 0;
  std::thread thread_;
};

}  // namespace modelcache

#endif  // MODELCACHE_HASH_THREAD_H
