// The world's part of a talk with scripted peers, for tests.
#ifndef STAMPEDE_FAULTS_PEERS_TALK_FOR_TEST_H
#define STAMPEDE_FAULTS_PEERS_TALK_FOR_TEST_H

#include <initializer_list>
#include <string>
#include <string_view>

#include "harness/faults/scripted_peers.h"

namespace stampede {

inline const modelcache::Address kServer{std::string(ScriptedPeers::kHost), ScriptedPeers::kPort};

inline std::string request_for(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
}

inline FaultSequence sequence(std::initializer_list<const char*> turns) {
  FaultSequence faults;
  for (const char* turn : turns) faults.faults.push_back(parse_turn(turn).value());
  return faults;
}

// Plays the world's part for one connection at a time.
class Talk {
 public:
  Talk(ScriptedPeers& peers, ConnectionNumber connection) : peers_(peers), connection_(connection) {}

  int connect(const modelcache::Address& to = kServer, std::uint32_t process = 0) {
    return peers_.connect(connection_, process, to, now_);
  }
  void send(std::string_view bytes) { peers_.sent(connection_, std::as_bytes(std::span(bytes))); }
  // Takes moves, waits out pauses, and stops after a move that nothing follows by itself.
  PeerMove::Kind take_all() {
    for (;;) {
      const PeerMove move = take();
      if (move.kind != PeerMove::Kind::bytes && move.kind != PeerMove::Kind::pause) return move.kind;
    }
  }
  PeerMove take() {
    const PeerMove move = peers_.take(connection_, now_);
    received_.append(reinterpret_cast<const char*>(move.bytes.data()), move.bytes.size());
    now_ += move.time;
    paused_ += move.time;
    return move;
  }
  void leave() { peers_.left(connection_, now_); }

  [[nodiscard]] const std::string& received() const { return received_; }
  [[nodiscard]] std::chrono::nanoseconds paused() const { return paused_; }
  void pass(std::chrono::nanoseconds time) { now_ += time; }

 private:
  ScriptedPeers& peers_;
  ConnectionNumber connection_;
  std::string received_;
  std::chrono::nanoseconds now_{1000};
  std::chrono::nanoseconds paused_{};
};

}  // namespace stampede

#endif  // STAMPEDE_FAULTS_PEERS_TALK_FOR_TEST_H
