// Connections whose far side plays moves, and what a client sees of them.
#ifndef STAMPEDE_WORLD_PEER_NETWORK_H
#define STAMPEDE_WORLD_PEER_NETWORK_H

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "harness/plan/step.h"
#include "harness/world/peers.h"
#include "harness/world/transfer.h"
#include "harness/world/virtual_clock.h"

namespace stampede {

struct PeerConnection {
  ConnectionNumber number = 0;
  std::vector<std::span<const std::byte>> pieces;  // sent by the server, one a move
  std::size_t first_piece = 0;                     // of those that were not received
  std::size_t received = 0;                        // bytes of it that were
  enum class Server : std::uint8_t { playing, pausing, waiting, silent, finished, reset };
  Server server = Server::playing;
  std::chrono::nanoseconds pause_end{};  // while pausing
  bool reset_was_seen = false;

  // Whether a receive would return at once.
  [[nodiscard]] bool has_something() const {
    return first_piece < pieces.size() || server == Server::finished || server == Server::reset;
  }
};

// Servers run to quiescence: after each call all their moves up to the next that waits are made. Owned by one world.
class PeerNetwork {
 public:
  void clear(Peers& peers);

  // Each try has a number of its own, from 1 on.
  ConnectionNumber next_number() { return ++attempts_; }
  // 0 or an errno. `connection` is valid until `leave`.
  int connect(ConnectionNumber number, std::uint32_t process, const modelcache::Address& to,
              std::chrono::nanoseconds now, PeerConnection*& connection);
  int send(PeerConnection& connection, std::span<const std::byte> from, Transfer transfer, std::chrono::nanoseconds now,
           std::size_t& moved);
  // REQUIRES: has_something().
  static int receive(PeerConnection& connection, std::span<std::byte> into, Transfer transfer, std::size_t& moved);
  void leave(PeerConnection& connection, std::chrono::nanoseconds now);

  // Makes the moves of servers whose pauses have ended, in the order of those ends.
  void run_to(std::chrono::nanoseconds now) {
    if (first_pause_end_ <= now) run_pauses(now);
  }
  // When the next pause ends; kNever without any.
  [[nodiscard]] std::chrono::nanoseconds first_pause_end() const { return first_pause_end_; }

 private:
  void play(PeerConnection& connection, std::chrono::nanoseconds now);
  void run_pauses(std::chrono::nanoseconds now);
  [[nodiscard]] PeerConnection* first_pausing() const;
  void find_first_pause_end();

  Peers* peers_ = nullptr;
  ConnectionNumber attempts_ = 0;
  std::vector<std::unique_ptr<PeerConnection>> open_, spare_;
  std::chrono::nanoseconds first_pause_end_ = kNever;
};

}  // namespace stampede

#endif  // STAMPEDE_WORLD_PEER_NETWORK_H
