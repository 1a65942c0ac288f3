// Connections of executed programs: real sockets that tell when there is something, beside moves of the scripted
// server.
#ifndef STAMPEDE_LIVE_COMMAND_LINKS_H
#define STAMPEDE_LIVE_COMMAND_LINKS_H

#include <cstdint>
#include <map>
#include <span>

#include "cache/os.h"
#include "cache/result.h"
#include "harness/live/owned_fd.h"
#include "harness/world/peer_network.h"
#include "harness/world/virtual_clock.h"

namespace stampede {

// Loopback delivers within the call, but for where the kernel leaves that to a thread of its own; then it is awaited.
inline constexpr int kDeliveryMilliseconds = 1000;

// A program's socket is connected to a listener of the world, so that poll, epoll, getpeername and all options work as
// everywhere. What it sends and receives does not go over it, but over the PeerNetwork, by the rules of every
// controlled world; one byte lies in the socket exactly as long as a receive would return at once.
// Owned by one world. Methods that return an `int` return 0 or an errno.
class CommandLinks {
 public:
  CommandLinks(PeerNetwork& network, VirtualClock& clock) : network_(network), clock_(clock) {}

  // Listens on a port of 127.0.0.1. ERRORS: io.
  modelcache::Result<void> listen();
  // All connections of before are closed.
  void clear() { links_.clear(); }

  // Connects the socket `fd`, which a process has too. EINPROGRESS where it does not block.
  int connect(int fd, std::uint64_t inode, ConnectionNumber number, std::uint32_t process,
              const modelcache::Address& to);
  // Null where the socket is none of these.
  [[nodiscard]] PeerConnection* connection(std::uint64_t inode);
  int send(std::uint64_t inode, std::span<const std::byte> from, Transfer transfer, std::size_t& moved);
  // Whether the kernel says to a poll of the socket that something came, or is about to.
  [[nodiscard]] bool is_told(std::uint64_t inode) const;
  // `fd` has the socket open. `only_looks`: what was received stays.
  int receive(std::uint64_t inode, int fd, std::span<std::byte> into, Transfer transfer, bool only_looks,
              std::size_t& moved);

  // The servers make their moves up to now; sockets tell; who was left by all processes is forgotten.
  void settle();
  [[nodiscard]] std::uint64_t open_count() const { return links_.size(); }

 private:
  struct Link {
    PeerConnection* connection = nullptr;
    OwnedFd server;
    bool tells = false;  // the byte lies in the client's socket
  };
  void tell(Link& link);

  PeerNetwork& network_;
  VirtualClock& clock_;
  OwnedFd listener_;
  std::uint16_t port_ = 0;
  std::map<std::uint64_t, Link> links_;  // by the inode of the client's socket
};

}  // namespace stampede

#endif  // STAMPEDE_LIVE_COMMAND_LINKS_H
