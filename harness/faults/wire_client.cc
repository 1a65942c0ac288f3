// Blocking sockets with Boost.Asio for tests.
#include "harness/faults/wire_client.h"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

namespace stampede {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

}  // namespace

struct WireClient::Socket {
  asio::io_context context;
  tcp::socket socket{context};
  error_code connected;
  bool is_reset = false;  // a send was the first to hear of it
};

WireClient::WireClient(const char* address, std::uint16_t port) : socket_(std::make_unique<Socket>()) {
  socket_->socket.connect(tcp::endpoint(asio::ip::make_address(address), port), socket_->connected);
}

WireClient::~WireClient() = default;
WireClient::WireClient(WireClient&&) noexcept = default;

bool WireClient::is_connected() const { return !socket_->connected; }

bool WireClient::is_refused() const { return socket_->connected == asio::error::connection_refused; }

bool WireClient::send(std::string_view bytes) {
  error_code error;
  asio::write(socket_->socket, asio::buffer(bytes), error);
  if (error == asio::error::connection_reset || error == asio::error::broken_pipe) socket_->is_reset = true;
  return !error;
}

bool WireClient::send_get(std::string_view target) {
  return send("GET " + std::string(target) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
}

std::string WireClient::receive(std::size_t count) {
  std::string bytes(count, '\0');
  error_code error;
  bytes.resize(asio::read(socket_->socket, asio::buffer(bytes), error));
  return bytes;
}

WireReply WireClient::receive_all() {
  WireReply reply;
  std::array<char, 65536> piece;
  for (;;) {
    error_code error;
    const std::size_t count = socket_->socket.read_some(asio::buffer(piece), error);
    reply.bytes.append(piece.data(), count);
    if (!error) continue;
    // The kernel tells of a reset once: to the connect, a send or a receive.
    reply.is_reset = socket_->is_reset || error != asio::error::eof;
    return reply;
  }
}

void WireClient::shutdown_send() {
  error_code ignored;
  socket_->socket.shutdown(tcp::socket::shutdown_send, ignored);
}

void WireClient::close() {
  error_code ignored;
  socket_->socket.close(ignored);
}

WireReply get(std::uint16_t port, std::string_view target) {
  WireClient client(port);
  // A connection that was reset already is no reason to miss what came before the reset.
  client.send_get(target);
  return client.receive_all();
}

bool is_port_taken(std::uint16_t port) {
  asio::io_context context;
  tcp::socket socket(context);
  error_code error;
  socket.open(tcp::v4(), error);
  if (!error) socket.bind(tcp::endpoint(asio::ip::address_v4::loopback(), port), error);
  return error == asio::error::address_in_use;
}

}  // namespace stampede
