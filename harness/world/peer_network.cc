// Connections over Peers, with the errors of a TCP socket on the client's side.
#include "harness/world/peer_network.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace stampede {

using Server = PeerConnection::Server;
using std::chrono::nanoseconds;

void PeerNetwork::clear(Peers& peers) {
  peers_ = &peers;
  attempts_ = 0;
  first_pause_end_ = kNever;
  for (auto& connection : open_) spare_.push_back(std::move(connection));
  open_.clear();
}

int PeerNetwork::connect(ConnectionNumber number, std::uint32_t process, const modelcache::Address& to, nanoseconds now,
                         PeerConnection*& connection) {
  if (const int error = peers_->connect(number, process, to, now)) return error;
  if (spare_.empty()) spare_.push_back(std::make_unique<PeerConnection>());
  open_.push_back(std::move(spare_.back()));
  spare_.pop_back();
  connection = open_.back().get();
  connection->number = number;
  connection->pieces.clear();
  connection->first_piece = connection->received = 0;
  connection->server = Server::playing;
  connection->reset_was_seen = false;
  play(*connection, now);
  return 0;
}

void PeerNetwork::play(PeerConnection& connection, nanoseconds now) {
  connection.server = Server::playing;
  while (connection.server == Server::playing) {
    const PeerMove move = peers_->take(connection.number, now);
    switch (move.kind) {
      case PeerMove::Kind::bytes:
        connection.pieces.push_back(move.bytes);
        break;
      case PeerMove::Kind::pause:
        if (move.time <= nanoseconds::zero()) break;
        connection.server = Server::pausing;
        connection.pause_end = later_by(now, move.time);
        first_pause_end_ = std::min(first_pause_end_, connection.pause_end);
        break;
      case PeerMove::Kind::finish:
        connection.server = Server::finished;
        break;
      case PeerMove::Kind::reset:
        connection.server = Server::reset;
        break;
      case PeerMove::Kind::silence:
        connection.server = Server::silent;
        break;
      case PeerMove::Kind::wait_for_request:
        connection.server = Server::waiting;
        break;
    }
  }
}

PeerConnection* PeerNetwork::first_pausing() const {
  PeerConnection* first = nullptr;
  for (const auto& connection : open_) {
    if (connection->server != Server::pausing) continue;
    if (first == nullptr ||
        std::pair(connection->pause_end, connection->number) < std::pair(first->pause_end, first->number)) {
      first = connection.get();
    }
  }
  return first;
}

void PeerNetwork::find_first_pause_end() {
  const PeerConnection* const first = first_pausing();
  first_pause_end_ = first == nullptr ? kNever : first->pause_end;
}

void PeerNetwork::run_pauses(nanoseconds now) {
  while (first_pause_end_ <= now) {
    PeerConnection* const first = first_pausing();
    if (first == nullptr) break;
    play(*first, first->pause_end);
    find_first_pause_end();
  }
}

int PeerNetwork::send(PeerConnection& connection, std::span<const std::byte> from, Transfer transfer, nanoseconds now,
                      std::size_t& moved) {
  if (connection.server == Server::reset) {
    return std::exchange(connection.reset_was_seen, true) ? EPIPE : ECONNRESET;
  }
  moved = moved_of(from.size(), transfer);
  if (moved == 0) return 0;
  peers_->sent(connection.number, from.first(moved));
  if (connection.server == Server::waiting) play(connection, now);
  return 0;
}

int PeerNetwork::receive(PeerConnection& connection, std::span<std::byte> into, Transfer transfer, std::size_t& moved) {
  moved = 0;
  if (into.empty()) return 0;
  if (connection.first_piece == connection.pieces.size()) {
    if (connection.server != Server::reset || std::exchange(connection.reset_was_seen, true)) return 0;
    return ECONNRESET;
  }
  const auto left = connection.pieces[connection.first_piece].subspan(connection.received);
  moved = moved_of(std::min({left.size(), into.size(), kReceiveBytesMax}), transfer);
  std::memcpy(into.data(), left.data(), moved);
  connection.received += moved;
  if (moved == left.size()) {
    connection.received = 0;
    if (++connection.first_piece == connection.pieces.size()) {
      connection.pieces.clear();
      connection.first_piece = 0;
    }
  }
  return 0;
}

void PeerNetwork::leave(PeerConnection& connection, nanoseconds now) {
  peers_->left(connection.number, now);
  const auto place =
      std::find_if(open_.begin(), open_.end(), [&](const auto& open) { return open.get() == &connection; });
  const bool was_pausing = connection.server == Server::pausing;
  spare_.push_back(std::move(*place));
  open_.erase(place);
  if (was_pausing) find_first_pause_end();
}

}  // namespace stampede
