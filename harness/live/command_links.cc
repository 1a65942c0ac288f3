// Sockets on loopback.
#include "harness/live/command_links.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "harness/live/poll_one.h"
#include "harness/live/without_signals.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

Result<void> CommandLinks::listen() {
  constexpr int kBacklog = 64;
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  listener_ = OwnedFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const bool listens = listener_.is_open() &&
                       ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                       ::listen(listener_.get(), kBacklog) == 0 &&
                       ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0;
  if (!listens) return fail(ErrorCode::io, "listen", "127.0.0.1", std::strerror(errno));
  port_ = ntohs(address.sin_port);
  return {};
}

int CommandLinks::connect(int fd, std::uint64_t inode, ConnectionNumber number, std::uint32_t process,
                          const modelcache::Address& to) {
  int family = 0;
  socklen_t size = sizeof family;
  if (::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) != 0) return errno;
  if (family != AF_INET) return ENETUNREACH;  // the server has no other addresses
  if (links_.contains(inode)) return EISCONN;
  PeerConnection* connection = nullptr;
  if (const int error = network_.connect(number, process, to, clock_.now(), connection)) return error;
  const sockaddr_in address = loopback(port_);
  const WithoutSignals whole;
  const int error = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
  Link link;
  link.connection = connection;
  // The kernel has made the connection by now, or is about to.
  if (error == 0 || error == EINPROGRESS) {
    link.server = OwnedFd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  }
  if (!link.server.is_open()) {
    network_.leave(*connection, clock_.now());
    return error != 0 ? error : EMFILE;
  }
  const int yes = 1;
  (void)::setsockopt(link.server.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  tell(link);
  links_.emplace(inode, std::move(link));
  return error;
}

PeerConnection* CommandLinks::connection(std::uint64_t inode) {
  const auto found = links_.find(inode);
  return found == links_.end() ? nullptr : found->second.connection;
}

bool CommandLinks::is_told(std::uint64_t inode) const {
  const auto found = links_.find(inode);
  return found != links_.end() && found->second.tells;
}

// Where it has not arrived yet, whoever polls the socket awaits it.
void CommandLinks::tell(Link& link) {
  if (link.tells || !link.connection->has_something()) return;
  const char byte = 0;
  link.tells = ::send(link.server.get(), &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

int CommandLinks::send(std::uint64_t inode, std::span<const std::byte> from, Transfer transfer, std::size_t& moved) {
  Link& link = links_.at(inode);
  const int error = network_.send(*link.connection, from, transfer, clock_.now(), moved);
  tell(link);
  return error;
}

int CommandLinks::receive(std::uint64_t inode, int fd, std::span<std::byte> into, Transfer transfer, bool only_looks,
                          std::size_t& moved) {
  Link& link = links_.at(inode);
  PeerConnection& connection = *link.connection;
  moved = 0;
  if (into.empty()) return 0;
  if (!connection.has_something()) return EAGAIN;
  if (only_looks) {
    if (connection.first_piece == connection.pieces.size()) {
      return connection.server == PeerConnection::Server::reset && !connection.reset_was_seen ? ECONNRESET : 0;
    }
    const auto left = connection.pieces[connection.first_piece].subspan(connection.received);
    moved = std::min({left.size(), into.size(), kReceiveBytesMax});
    std::memcpy(into.data(), left.data(), moved);
    return 0;
  }
  const int error = PeerNetwork::receive(connection, into, transfer, moved);
  if (link.tells && !connection.has_something()) {
    char byte = 0;
    (void)poll_one(fd, POLLIN, kDeliveryMilliseconds);
    link.tells = ::recv(fd, &byte, 1, MSG_DONTWAIT) != 1;
  }
  return error;
}

void CommandLinks::settle() {
  network_.run_to(clock_.now());
  for (auto at = links_.begin(); at != links_.end();) {
    char byte = 0;
    const ssize_t count = ::recv(at->second.server.get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    const bool is_left = count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
    if (is_left) {
      network_.leave(*at->second.connection, clock_.now());
      at = links_.erase(at);
    } else {
      tell((at++)->second);
    }
  }
}

}  // namespace stampede
