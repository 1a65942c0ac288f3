// One client's connection as bytes: what a script is played on, with or without TLS.
#ifndef STAMPEDE_FAULTS_WIRE_H
#define STAMPEDE_FAULTS_WIRE_H

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

namespace stampede {

// Owned by the server's thread, on which all calls come back; they may do so before the call that asked returned. At
// most one `read`, one `write` and one `wait` are under way at a time. After `close` a read or a write that is under
// way may still come back.
class Wire {
 public:
  // `failed`: nothing more goes in this direction (the peer has closed or reset, or `close` was called).
  using Moved = std::function<void(bool failed, std::size_t count)>;

  virtual ~Wire() = default;
  // Some bytes, as they come. REQUIRES: `into` lives until `moved` is called.
  virtual void read(std::span<char> into, Moved moved) = 0;
  // Some bytes of those given. REQUIRES: they live until `moved` is called.
  virtual void write(std::string_view bytes, Moved moved) = 0;
  // Calls back after `time`, not at all after `close`.
  virtual void wait(std::chrono::milliseconds time, std::function<void()> passed) = 0;
  // FIN after what was written; under TLS with a close_notify before it, unless the response is cut there.
  virtual void finish(bool is_cut) = 0;
  // RST now.
  virtual void reset() = 0;
  // Gives the socket back. Idempotent.
  virtual void close() = 0;
};

}  // namespace stampede

#endif  // STAMPEDE_FAULTS_WIRE_H
