// Sockets with Boost.Asio: one context, acceptors, and a wire for each client.
#include "harness/faults/listeners.h"

#include <fmt/format.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <utility>

namespace stampede {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

constexpr int kBacklog = 1024;
// After an accept that failed for want of descriptors: long enough not to spin.
constexpr std::chrono::milliseconds kAcceptRetry{10};

class TcpWire final : public Wire, public std::enable_shared_from_this<TcpWire> {
  // Keeps the wire until the call has come back.
  auto reporting(Moved moved) {
    return [self = shared_from_this(), moved = std::move(moved)](error_code error, std::size_t count) {
      moved(static_cast<bool>(error), count);
    };
  }

 public:
  explicit TcpWire(tcp::socket socket) : socket_(std::move(socket)), timer_(socket_.get_executor()) {
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
  }

  void read(std::span<char> into, Moved moved) override {
    socket_.async_read_some(asio::buffer(into.data(), into.size()), reporting(std::move(moved)));
  }

  void write(std::string_view bytes, Moved moved) override {
    socket_.async_write_some(asio::buffer(bytes.data(), bytes.size()), reporting(std::move(moved)));
  }

  void wait(std::chrono::milliseconds time, std::function<void()> passed) override {
    timer_.expires_after(time);
    timer_.async_wait([self = shared_from_this(), passed = std::move(passed)](error_code error) {
      if (!error) passed();
    });
  }

  void finish(bool) override {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
  }

  void reset() override {
    error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    close();
  }

  void close() override {
    timer_.cancel();
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  tcp::socket socket_;
  asio::steady_timer timer_;
};

bool is_exhausted(error_code error) {
  return error == asio::error::no_descriptors || error == asio::error::no_memory ||
         error == asio::error::no_buffer_space || error == boost::system::errc::too_many_files_open_in_system;
}

tl::unexpected<modelcache::Error> failed_listener(const tcp::endpoint& endpoint, error_code error) {
  ErrorCode code = ErrorCode::io;
  if (error == asio::error::access_denied) code = ErrorCode::denied;
  if (error == boost::system::errc::address_not_available) code = ErrorCode::invalid_argument;
  if (is_exhausted(error)) code = ErrorCode::exhausted;
  const std::string place = fmt::format("{}:{}", endpoint.address().to_string(), endpoint.port());
  return fail(code, "listen on", place, error.message());
}

Result<tcp::endpoint> endpoint_of(const std::string& address, std::uint16_t port) {
  error_code error;
  const asio::ip::address numeric = asio::ip::make_address(address, error);
  if (error) return fail(ErrorCode::invalid_argument, "start server", address, "expected a numeric address");
  return tcp::endpoint(numeric, port);
}

}  // namespace

class Listeners::Impl {
 public:
  explicit Impl(OnClient on_client)
      : work_(context_.get_executor()), refusing_(context_), on_client_(std::move(on_client)) {}

  Result<std::uint16_t> open(const std::string& address, std::uint16_t wanted, std::size_t listener) {
    const Result<tcp::endpoint> endpoint = endpoint_of(address, wanted);
    if (!endpoint) return fail(endpoint.error());
    Port port{.acceptor = tcp::acceptor(context_), .retry = asio::steady_timer(context_), .listener = listener};
    error_code error;
    std::uint16_t number = 0;
    port.acceptor.open(endpoint->protocol(), error);
    if (!error && wanted != 0) port.acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) port.acceptor.bind(*endpoint, error);
    if (!error) port.acceptor.listen(kBacklog, error);
    if (!error) port.acceptor.non_blocking(true, error);
    if (!error) number = port.acceptor.local_endpoint(error).port();
    if (error) return failed_listener(*endpoint, error);
    ports_.push_back(std::move(port));
    return number;
  }

  Result<std::uint16_t> reserve_refusing(const std::string& address) {
    const Result<tcp::endpoint> endpoint = endpoint_of(address, 0);
    if (!endpoint) return fail(endpoint.error());
    error_code error;
    std::uint16_t number = 0;
    refusing_.open(endpoint->protocol(), error);
    if (!error) refusing_.bind(*endpoint, error);
    if (!error) number = refusing_.local_endpoint(error).port();
    if (error) return failed_listener(*endpoint, error);
    return number;
  }

  void run() {
    for (Port& port : ports_) accept(port);
    context_.run();
  }

  void release() { work_.reset(); }

  void post(std::function<void()> action) { asio::post(context_, std::move(action)); }

  void accept_waiting() {
    for (Port& port : ports_) {
      for (;;) {
        error_code error;
        tcp::socket socket(context_);
        port.acceptor.accept(socket, error);
        if (error) break;
        admit(port, std::move(socket));
      }
    }
  }

  void stop_accepting() {
    is_stopping_ = true;
    error_code ignored;
    for (Port& port : ports_) {
      port.acceptor.close(ignored);
      port.retry.cancel();
    }
  }

 private:
  struct Port {
    tcp::acceptor acceptor;
    asio::steady_timer retry;
    std::size_t listener = 0;
  };

  void accept(Port& port) {
    port.acceptor.async_accept([this, &port](error_code error, tcp::socket socket) {
      if (is_stopping_) return;
      if (!error) admit(port, std::move(socket));
      if (is_exhausted(error)) {
        accept_later(port);
      } else {
        accept(port);
      }
    });
  }

  void accept_later(Port& port) {
    port.retry.expires_after(kAcceptRetry);
    port.retry.async_wait([this, &port](error_code) {
      if (!is_stopping_) accept(port);
    });
  }

  void admit(const Port& port, tcp::socket socket) {
    on_client_(port.listener, std::make_shared<TcpWire>(std::move(socket)));
  }

  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::deque<Port> ports_;  // complete before `run`; handlers keep references
  tcp::socket refusing_;
  OnClient on_client_;
  bool is_stopping_ = false;
};

Listeners::Listeners(OnClient on_client) : impl_(std::make_unique<Impl>(std::move(on_client))) {}

Listeners::~Listeners() = default;

Result<std::uint16_t> Listeners::open(const std::string& address, std::uint16_t port, std::size_t listener) {
  return impl_->open(address, port, listener);
}

Result<std::uint16_t> Listeners::reserve_refusing(const std::string& address) {
  return impl_->reserve_refusing(address);
}

void Listeners::run() { impl_->run(); }

void Listeners::release() { impl_->release(); }

void Listeners::post(std::function<void()> action) { impl_->post(std::move(action)); }

void Listeners::accept_waiting() { impl_->accept_waiting(); }

void Listeners::stop_accepting() { impl_->stop_accepting(); }

std::string other_address_of(const std::string& address) {
  error_code error;
  const asio::ip::address numeric = asio::ip::make_address(address, error);
  if (error || !numeric.is_v4() || !numeric.is_loopback()) return address;
  return address == "127.0.0.2" ? "127.0.0.3" : "127.0.0.2";
}

}  // namespace stampede
