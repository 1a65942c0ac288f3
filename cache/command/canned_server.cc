// Serves canned answers with Boost.Asio on a port of the kernel's choice.
#include "cache/command/canned_server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace modelcache {

using boost::asio::ip::tcp;

CannedAnswer whole_answer(const std::string& body) {
  return {"HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body};
}

class CannedServer::Impl {
 public:
  explicit Impl(std::vector<CannedAnswer> answers)
      : answers_(std::move(answers)),
        acceptor_(context_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)),
        port_(acceptor_.local_endpoint().port()) {
    accept();
    thread_ = std::thread([this] { context_.run(); });
  }
  ~Impl() {
    context_.stop();
    thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  std::size_t connections() {
    const std::lock_guard lock(mutex_);
    return accepted_;
  }
  void wait_for_answers(std::size_t count) {
    std::unique_lock lock(mutex_);
    answered_changed_.wait(lock, [&] { return answered_ >= count; });
  }

 private:
  void accept() {
    acceptor_.async_accept([this](boost::system::error_code error, tcp::socket peer) {
      if (error) return;
      serve(std::move(peer));
      accept();
    });
  }

  // Blocks the thread for one short exchange: the clients of these tests come one after the other.
  void serve(tcp::socket peer) {
    std::size_t turn = 0;
    {
      const std::lock_guard lock(mutex_);
      turn = accepted_++;
    }
    if (turn >= answers_.size()) return;
    const auto& answer = answers_[turn];
    boost::asio::streambuf request;
    boost::system::error_code error;
    (void)boost::asio::read_until(peer, request, "\r\n\r\n", error);
    (void)boost::asio::write(peer, boost::asio::buffer(answer.bytes), error);
    if (answer.keeps_open) silent_.push_back(std::move(peer));
    const std::lock_guard lock(mutex_);
    ++answered_;
    answered_changed_.notify_all();
  }

  const std::vector<CannedAnswer> answers_;
  boost::asio::io_context context_;
  tcp::acceptor acceptor_;
  const std::uint16_t port_;
  std::vector<tcp::socket> silent_;
  std::mutex mutex_;
  std::condition_variable answered_changed_;
  std::size_t accepted_ = 0;
  std::size_t answered_ = 0;
  std::thread thread_;
};

CannedServer::CannedServer(std::vector<CannedAnswer> answers) : impl_(std::make_unique<Impl>(std::move(answers))) {}
CannedServer::~CannedServer() = default;

std::string CannedServer::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(impl_->port()) + path;
}
std::size_t CannedServer::connections() const { return impl_->connections(); }
void CannedServer::wait_for_answers(std::size_t count) { impl_->wait_for_answers(count); }

}  // namespace modelcache
