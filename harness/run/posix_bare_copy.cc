// Sends bytes from one thread to another over TCP, with plain sockets.
#include "harness/run/posix_bare_copy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <span>
#include <thread>
#include <vector>

namespace stampede {
namespace {

using Clock = std::chrono::steady_clock;

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  ~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  [[nodiscard]] int get() const { return descriptor_; }
  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

int new_socket() { return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }

// The kernel's calls take the general form of an address.
sockaddr* general(sockaddr_in& address) { return reinterpret_cast<sockaddr*>(&address); }

void send_all(int listener, std::span<const std::byte> bytes) {
  const Socket connection(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  if (!connection.is_open()) ::shutdown(listener, SHUT_RDWR);  // whoever has connected would wait for ever
  while (connection.is_open() && !bytes.empty()) {
    const ssize_t count = ::send(connection.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

std::size_t receive_all(int connection, std::span<std::byte> into) {
  std::size_t received = 0;
  while (received < into.size()) {
    const ssize_t count = ::recv(connection, into.data() + received, into.size() - received, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    received += static_cast<std::size_t>(count);
  }
  return received;
}

}  // namespace

std::optional<BareTimes> measure_bare_times(const Bytes& bytes, const modelcache::Sha256Digest& sha256) {
  const Socket listener(new_socket());
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (!listener.is_open() || ::bind(listener.get(), general(address), size) != 0 || ::listen(listener.get(), 1) != 0 ||
      ::getsockname(listener.get(), general(address), &size) != 0) {
    return std::nullopt;
  }
  Bytes received(bytes.size());
  std::thread sender([&] { send_all(listener.get(), bytes); });
  const Clock::time_point began = Clock::now();
  const Socket connection(new_socket());
  const bool connected = connection.is_open() && ::connect(connection.get(), general(address), size) == 0;
  if (!connected) ::shutdown(listener.get(), SHUT_RDWR);  // wakes the sender
  const std::size_t count = connected ? receive_all(connection.get(), received) : 0;
  const Clock::time_point copied = Clock::now();
  sender.join();
  const Clock::time_point hash_began = Clock::now();
  const bool is_right = count == bytes.size() && modelcache::sha256_of(received) == sha256;
  const Clock::time_point ended = Clock::now();
  if (!is_right) return std::nullopt;
  return BareTimes{.copy = copied - began, .hash = ended - hash_began};
}

}  // namespace stampede
