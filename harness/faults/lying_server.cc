// Plays response scripts to TCP clients with Boost.Asio: one context, one thread, one Connection object a client.
#include "harness/faults/lying_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <map>
#include <mutex>
#include <set>
#include <string_view>
#include <thread>
#include <utility>

#include "harness/faults/request_head.h"
#include "harness/faults/response_script.h"
#include "harness/faults/sent_body.h"

namespace stampede {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

// One write: small enough that many bodies progress side by side, large enough to cost little.
constexpr std::size_t kPieceBytes = 256 * 1024;
constexpr int kBacklog = 1024;
// What a client may send after its answer until the server stops listening to it.
constexpr std::size_t kDiscardedBytesMax = 1024 * 1024;
// After an accept that failed for want of descriptors: long enough not to spin.
constexpr std::chrono::milliseconds kAcceptRetry{10};

const Model kNoModel{.name = "", .bytes = std::make_shared<const Bytes>(), .sha256 = {}};

// What a connection needs of its server. Outlives every connection.
struct Played {
  std::map<std::string, Model, std::less<>> models;
  std::size_t request_header_bytes_max = 0;
  std::function<void(const LedgerEntry&)> on_end;
  std::function<ResponseScript(const NetworkFault&, const Model&)> script_of;
  std::chrono::steady_clock::time_point started_at;
};

// One client, from acceptance until its socket is closed. Kept alive by its pending operations and by the server's set.
// The script's end (`end`) is what the ledger tells; the socket may stay open after it, until the client leaves.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(const Played& played, tcp::socket socket, std::shared_ptr<LedgerEntry> entry,
             std::function<void(const std::shared_ptr<Connection>&)> on_closed)
      : played_(played),
        socket_(std::move(socket)),
        timer_(socket_.get_executor()),
        entry_(std::move(entry)),
        on_closed_(std::move(on_closed)) {}

  void start() {
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    ResponseScript script = played_.script_of(entry_->fault, kNoModel);
    if (script.reads_request) {
      read_request();
    } else {
      play(std::move(script));
    }
  }

  void stop() {
    end(Ending::server_stopped);
    close();
  }

 private:
  enum class Phase { reading, sending, waiting, closing };

  void read_request() {
    socket_.async_read_some(asio::buffer(incoming_), [self = shared_from_this()](error_code error, std::size_t count) {
      if (!self->is_closed_) self->on_request_bytes(error, count);
    });
  }

  void on_request_bytes(error_code error, std::size_t count) {
    if (error) {
      end(Ending::no_request);
      close();
      return;
    }
    request_.append(incoming_.data(), count);
    const HeadEnd head = find_head_end(request_, played_.request_header_bytes_max);
    if (head.state == HeadState::incomplete) {
      read_request();
    } else if (head.state == HeadState::complete) {
      answer(parse_request_head(std::string_view(request_).substr(0, head.size)));
    } else {
      refuse(400);
    }
  }

  void answer(const RequestHead& request) {
    entry_->requested = true;
    entry_->target = request.target;
    const auto found = played_.models.find(request.name);
    if (request.refusal != 0) {
      refuse(request.refusal);
    } else if (found == played_.models.end()) {
      refuse(404);
    } else {
      model_ = &found->second;
      entry_->model = model_->name;
      sent_body_.emplace(model_->bytes->size());
      play(played_.script_of(entry_->fault, *model_));
    }
  }

  void refuse(int status) {
    normal_ending_ = Ending::bad_request;
    play(compile_refusal(status));
  }

  void play(ResponseScript script) {
    phase_ = Phase::sending;
    script_ = std::move(script);
    next_step_ = script_.steps.begin();
    play_next();
  }

  void play_next() {
    phase_ = Phase::sending;
    std::visit([this](const auto& step) { perform(step); }, *next_step_++);
  }

  void perform(const SendHead& head) {
    send(head.bytes.data(), head.bytes.size(), [this, &head](std::size_t count, bool is_last) {
      entry_->head_bytes_sent += count;
      if (!is_last) return;
      entry_->status = script_.status;
      if (sent_body_) sent_body_->sent_head(head.bytes);
    });
  }

  void perform(const SendText& text) {
    send(text.bytes.data(), text.bytes.size(), [this](std::size_t count, bool) {
      entry_->body_bytes_sent += count;
      if (sent_body_) sent_body_->sent_other(count);
    });
  }

  void perform(const SendBody& body) {
    const std::byte* const begin = model_->bytes->data() + body.begin;
    send(begin, body.end - body.begin, [this, at = body.begin](std::size_t count, bool) mutable {
      entry_->body_bytes_sent += count;
      sent_body_->sent_model(at, count);
      at += count;
    });
  }

  void perform(const Pause& pause) {
    timer_.expires_after(pause.time);
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (!error && !self->is_closed_) self->play_next();
    });
    watch(Phase::waiting);
  }

  void perform(const NeverAnswer&) { watch(Phase::waiting); }

  // A close with unread bytes in the socket would send RST instead of FIN (RFC 1122, 4.2.2.13), so the socket is read
  // until the client closes too.
  void perform(const CloseConnection&) {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    if (sent_body_) sent_body_->sent_fin();
    end(normal_ending_);
    watch(Phase::closing);
  }

  void perform(const ResetConnection&) {
    error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    end(Ending::reset);
    close();
  }

  // Sends `size` bytes piece by piece, tells `account(count, is_last)` of each, and goes on with the script.
  // REQUIRES: the bytes outlive the connection.
  template <class Account>
  void send(const void* data, std::size_t size, Account account) {
    const std::size_t piece = std::min(size, kPieceBytes);
    socket_.async_write_some(asio::buffer(data, piece),
                             [self = shared_from_this(), data, size, account = std::move(account)](
                                 error_code error, std::size_t count) mutable {
                               if (self->is_closed_) return;
                               if (error) {
                                 self->end(Ending::peer_left);
                                 self->close();
                                 return;
                               }
                               account(count, count == size);
                               if (count == size) {
                                 self->play_next();
                               } else {
                                 self->send(static_cast<const char*>(data) + count, size - count, std::move(account));
                               }
                             });
  }

  // Reads and discards until the client leaves; `phase` says what its leaving then means.
  void watch(Phase phase) {
    phase_ = phase;
    if (has_peer_left_) {
      on_peer_left();
    } else if (!is_watching_) {
      read_and_discard();
    }
  }

  void read_and_discard() {
    is_watching_ = true;
    socket_.async_read_some(asio::buffer(incoming_), [self = shared_from_this()](error_code error, std::size_t count) {
      self->is_watching_ = false;
      if (self->is_closed_) return;
      self->discarded_bytes_ += count;
      if (error) {
        self->has_peer_left_ = true;
        self->on_peer_left();
      } else if (self->phase_ == Phase::closing && self->discarded_bytes_ > kDiscardedBytesMax) {
        self->close();
      } else {
        self->read_and_discard();
      }
    });
  }

  // A client may close its sending side and still read: while sending, only a failed write says that it has left.
  void on_peer_left() {
    if (phase_ == Phase::sending) return;
    end(Ending::peer_left);
    close();
  }

  // Idempotent: the first ending counts.
  void end(Ending ending) {
    if (entry_->ending != Ending::open) return;
    entry_->ending = ending;
    entry_->full_body_sent = sent_body_ && sent_body_->is_full();
    entry_->ended_at = std::chrono::steady_clock::now() - played_.started_at;
    if (played_.on_end) played_.on_end(*entry_);
  }

  void close() {
    if (is_closed_) return;
    is_closed_ = true;
    timer_.cancel();
    error_code ignored;
    socket_.close(ignored);
    on_closed_(shared_from_this());
  }

  const Played& played_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  std::shared_ptr<LedgerEntry> entry_;  // shared with the ledger, which a restart may drop first
  std::function<void(const std::shared_ptr<Connection>&)> on_closed_;
  Phase phase_ = Phase::reading;
  std::array<char, 4096> incoming_{};
  std::string request_;
  const Model* model_ = nullptr;
  std::optional<SentBody> sent_body_;
  ResponseScript script_;
  std::vector<ScriptStep>::const_iterator next_step_;
  Ending normal_ending_ = Ending::finished;
  std::size_t discarded_bytes_ = 0;
  bool is_watching_ = false;
  bool has_peer_left_ = false;
  bool is_closed_ = false;
};

}  // namespace

class LyingServer::Impl {
 public:
  explicit Impl(LyingServerOptions options)
      : work_(context_.get_executor()), refused_(context_), address_(options.address), faults_(options.faults) {
    played_.request_header_bytes_max = options.requests_header_bytes_max;
    played_.on_end = std::move(options.on_end);
    played_.script_of = std::move(options.script_of);
    played_.started_at = std::chrono::steady_clock::now();
  }

  Result<void> add_models(const std::vector<Model>& models) {
    for (const Model& model : models) {
      if (!is_model_name(model.name)) {
        return fail(ErrorCode::invalid_argument, "start server", model.name, "expected a relative path as model name");
      }
      if (!played_.models.try_emplace(model.name, model).second) {
        return fail(ErrorCode::invalid_argument, "start server", model.name, "two models have this name");
      }
    }
    return {};
  }

  Result<void> listen(const std::vector<std::uint16_t>& ports) {
    error_code error;
    const asio::ip::address address = asio::ip::make_address(address_, error);
    if (error) return fail(ErrorCode::invalid_argument, "start server", address_, "expected a numeric address");
    for (const std::uint16_t port : ports) {
      const Result<void> opened = open_listener(tcp::endpoint(address, port));
      if (!opened) return opened;
    }
    // Bound and never listening: connections to it are refused, and nobody else gets it.
    const tcp::endpoint any(address, 0);
    refused_.open(any.protocol(), error);
    if (!error) refused_.bind(any, error);
    if (!error) refused_port_ = refused_.local_endpoint(error).port();
    if (error) return failed_listener(any, error);
    return {};
  }

  void run() {
    for (std::size_t i = 0; i < listeners_.size(); ++i) accept(i);
    thread_ = std::thread([this] { context_.run(); });
  }

  void stop() {
    const std::lock_guard lock(lifecycle_);
    if (is_stopped_) return;
    is_stopped_ = true;
    if (!thread_.joinable()) return;
    asio::post(context_, [this] {
      is_stopping_ = true;
      error_code ignored;
      for (Listener& listener : listeners_) {
        listener.acceptor.close(ignored);
        listener.retry.cancel();
      }
      const std::set<std::shared_ptr<Connection>> open = open_;
      for (const std::shared_ptr<Connection>& connection : open) connection->stop();
      // Whoever drains waits for connections that are open: the closed ones release it.
      work_.reset();
    });
    thread_.join();
  }

  // Calls `action` on the server's thread and waits for it; calls it here once that thread is gone.
  void on_thread(const std::function<void()>& action) {
    const std::lock_guard lock(lifecycle_);
    if (is_stopped_) {
      action();
      return;
    }
    const auto done = std::make_shared<std::promise<void>>();
    asio::post(context_, [&action, done] {
      action();
      done->set_value();
    });
    done->get_future().wait();
  }

  void restart(FaultSequence faults) {
    on_thread([&] {
      faults_ = std::move(faults);
      entries_.clear();
    });
  }

  Ledger ledger() {
    Ledger copy;
    on_thread([&] {
      for (const std::shared_ptr<LedgerEntry>& entry : entries_) copy.push_back(*entry);
    });
    return copy;
  }

  void drain() {
    const auto drained = std::make_shared<std::promise<void>>();
    on_thread([&] {
      drainers_.push_back(drained);
      check_drained();
    });
    drained->get_future().wait();
  }

  [[nodiscard]] std::uint16_t port(std::size_t listener) const { return listeners_.at(listener).port; }
  [[nodiscard]] std::uint16_t refused_port() const { return refused_port_; }

  [[nodiscard]] std::string url(std::uint16_t port, std::string_view name) const {
    const bool is_v6 = address_.find(':') != std::string::npos;
    return fmt::format("http://{}{}{}:{}{}", is_v6 ? "[" : "", address_, is_v6 ? "]" : "", port, target_of(name));
  }

 private:
  struct Listener {
    tcp::acceptor acceptor;
    asio::steady_timer retry;
    std::uint16_t port = 0;
  };

  Result<void> open_listener(const tcp::endpoint& endpoint) {
    Listener listener{.acceptor = tcp::acceptor(context_), .retry = asio::steady_timer(context_)};
    error_code error;
    listener.acceptor.open(endpoint.protocol(), error);
    if (!error && endpoint.port() != 0) listener.acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) listener.acceptor.bind(endpoint, error);
    if (!error) listener.acceptor.listen(kBacklog, error);
    if (!error) listener.acceptor.non_blocking(true, error);
    if (!error) listener.port = listener.acceptor.local_endpoint(error).port();
    if (error) return failed_listener(endpoint, error);
    listeners_.push_back(std::move(listener));
    return {};
  }

  static tl::unexpected<modelcache::Error> failed_listener(const tcp::endpoint& endpoint, error_code error) {
    ErrorCode code = ErrorCode::io;
    if (error == asio::error::access_denied) code = ErrorCode::denied;
    if (error == boost::system::errc::address_not_available) code = ErrorCode::invalid_argument;
    if (is_exhausted(error)) code = ErrorCode::exhausted;
    const std::string place = fmt::format("{}:{}", endpoint.address().to_string(), endpoint.port());
    return fail(code, "listen on", place, error.message());
  }

  static bool is_exhausted(error_code error) {
    return error == asio::error::no_descriptors || error == asio::error::no_memory ||
           error == asio::error::no_buffer_space || error == boost::system::errc::too_many_files_open_in_system;
  }

  void accept(std::size_t index) {
    listeners_[index].acceptor.async_accept([this, index](error_code error, tcp::socket socket) {
      if (is_stopping_) return;
      if (!error) admit(index, std::move(socket));
      if (is_exhausted(error)) {
        accept_later(index);
      } else {
        accept(index);
      }
    });
  }

  void accept_later(std::size_t index) {
    listeners_[index].retry.expires_after(kAcceptRetry);
    listeners_[index].retry.async_wait([this, index](error_code) {
      if (!is_stopping_) accept(index);
    });
  }

  void admit(std::size_t index, tcp::socket socket) {
    auto entry = std::make_shared<LedgerEntry>();
    entry->connection = entries_.size();
    entry->listener = static_cast<std::uint32_t>(index);
    entry->fault = faults_.at(entry->connection);
    entry->accepted_at = std::chrono::steady_clock::now() - played_.started_at;
    entries_.push_back(entry);
    auto connection = std::make_shared<Connection>(played_, std::move(socket), std::move(entry),
                                                   [this](const std::shared_ptr<Connection>& closed) {
                                                     open_.erase(closed);
                                                     // Posted, since `check_drained` may admit others: their number
                                                     // must not become the depth of the stack.
                                                     if (!drainers_.empty())
                                                       asio::post(context_, [this] { check_drained(); });
                                                   });
    open_.insert(connection);
    connection->start();
  }

  // Takes what already waits in the kernel's queues, whose clients may be gone: it belongs to the ledger as well.
  void accept_waiting() {
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
      for (;;) {
        error_code error;
        tcp::socket socket(context_);
        listeners_[i].acceptor.accept(socket, error);
        if (error) break;
        admit(i, std::move(socket));
      }
    }
  }

  void check_drained() {
    if (drainers_.empty()) return;
    if (!is_stopping_) accept_waiting();
    if (open_.empty()) release_drainers();
  }

  void release_drainers() {
    for (const auto& drainer : drainers_) drainer->set_value();
    drainers_.clear();
  }

  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::vector<Listener> listeners_;  // complete before the thread starts
  tcp::socket refused_;
  std::string address_;
  std::uint16_t refused_port_ = 0;
  std::thread thread_;

  std::mutex lifecycle_;     // one at a time: stop, or something to do on the thread
  bool is_stopped_ = false;  // under `lifecycle_`

  // Of the server's thread, while it runs.
  Played played_;
  FaultSequence faults_;
  std::vector<std::shared_ptr<LedgerEntry>> entries_;
  std::set<std::shared_ptr<Connection>> open_;
  std::vector<std::shared_ptr<std::promise<void>>> drainers_;
  bool is_stopping_ = false;
};

Result<std::unique_ptr<LyingServer>> LyingServer::start(LyingServerOptions options) {
  const std::vector<std::uint16_t> ports = options.ports;
  std::vector<Model> models = std::move(options.models);
  for (const NetworkFault& fault : options.faults.faults) {
    if (fault.kind == FaultKind::refused) {
      return fail(ErrorCode::invalid_argument, "start server", print(fault), "not a turn of a port that listens");
    }
  }
  // The context and the thread throw where this machine has no more descriptors or threads.
  try {
    auto impl = std::make_unique<Impl>(std::move(options));
    Result<void> ready = impl->add_models(std::move(models));
    if (ready) ready = impl->listen(ports);
    if (!ready) return fail(ready.error());
    impl->run();
    return std::unique_ptr<LyingServer>(new LyingServer(std::move(impl)));
  } catch (const std::exception& error) {
    return fail(ErrorCode::exhausted, "start server", "", error.what());
  }
}

LyingServer::LyingServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

LyingServer::~LyingServer() { stop(); }

std::uint16_t LyingServer::port(std::size_t listener) const { return impl_->port(listener); }

std::string LyingServer::base_url(std::size_t listener) const { return impl_->url(impl_->port(listener), ""); }

std::string LyingServer::url(std::size_t listener, const Model& model) const {
  return impl_->url(impl_->port(listener), model.name);
}

std::string LyingServer::refused_url(const Model& model) const { return impl_->url(impl_->refused_port(), model.name); }

void LyingServer::restart(FaultSequence faults) { impl_->restart(std::move(faults)); }

Ledger LyingServer::ledger() const { return impl_->ledger(); }

void LyingServer::drain() { impl_->drain(); }

void LyingServer::stop() { impl_->stop(); }

}  // namespace stampede
