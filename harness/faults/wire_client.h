// A blocking TCP client for tests that look at the server's bytes as they are on the wire.
#ifndef STAMPEDE_FAULTS_WIRE_CLIENT_H
#define STAMPEDE_FAULTS_WIRE_CLIENT_H

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace stampede {

// What came until the connection's end.
struct WireReply {
  std::string bytes;
  bool is_reset = false;  // RST; otherwise FIN
};

// Owned by one thread. Closes when destroyed.
class WireClient {
 public:
  explicit WireClient(std::uint16_t port) : WireClient("127.0.0.1", port) {}
  WireClient(const char* address, std::uint16_t port);
  ~WireClient();
  WireClient(WireClient&&) noexcept;

  [[nodiscard]] bool is_connected() const;
  [[nodiscard]] bool is_refused() const;
  // False where the server had reset the connection already.
  bool send(std::string_view bytes);
  bool send_get(std::string_view target);
  // Exactly `count` bytes, fewer where the connection ends before.
  std::string receive(std::size_t count);
  WireReply receive_all();
  void shutdown_send();
  void close();

 private:
  struct Socket;
  std::unique_ptr<Socket> socket_;
};

// Connects, asks for `target`, takes all that comes.
WireReply get(std::uint16_t port, std::string_view target);

// True where the port is taken on the loopback.
bool is_port_taken(std::uint16_t port);

}  // namespace stampede

#endif  // STAMPEDE_FAULTS_WIRE_CLIENT_H
