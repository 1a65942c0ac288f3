// The far side of connections, for a world that controls time itself: what the server does next on each of them.
#ifndef STAMPEDE_WORLD_PEERS_H
#define STAMPEDE_WORLD_PEERS_H

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "cache/os.h"
#include "harness/plan/step.h"

namespace stampede {

struct PeerMove {
  enum class Kind : std::uint8_t {
    bytes,             // sends one piece
    pause,             // does nothing for `time`, then goes on
    finish,            // FIN; still reads what comes
    reset,             // RST, after the bytes before it
    silence,           // nothing more until the client leaves
    wait_for_request,  // nothing until the client has sent more
  };
  Kind kind = Kind::silence;
  std::span<const std::byte> bytes = {};  // valid as long as the connection; with `bytes`, never empty
  std::chrono::nanoseconds time{};        // with `pause`
};

// Owned by one thread. A world takes all moves of a connection up to the next that waits, before anybody takes a step:
// the server runs to quiescence. `now` is virtual time.
class Peers {
 public:
  virtual ~Peers() = default;
  // A connect step; `connection` is new. 0 where it succeeds, else the errno (ECONNREFUSED).
  virtual int connect(ConnectionNumber connection, std::uint32_t process, const modelcache::Address& to,
                      std::chrono::nanoseconds now) = 0;
  // Bytes from the client. REQUIRES for these: `connect` returned 0, and `left` was not called.
  virtual void sent(ConnectionNumber connection, std::span<const std::byte> bytes) = 0;
  // Takes the next move, which counts as made. After `finish`, `reset` and `silence` it returns the same again; after
  // `wait_for_request` it may go on once `sent` was called.
  virtual PeerMove take(ConnectionNumber connection, std::chrono::nanoseconds now) = 0;
  // The client closed, or died.
  virtual void left(ConnectionNumber connection, std::chrono::nanoseconds now) = 0;
};

}  // namespace stampede

#endif  // STAMPEDE_WORLD_PEERS_H
