// The server's life: it starts its thread, admits clients, keeps the ledger, drains and stops.
#include "harness/faults/lying_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "harness/faults/connection.h"
#include "harness/faults/listeners.h"
#include "harness/faults/throwaway_authority.h"
#include "harness/faults/tls_wire.h"

namespace stampede {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

namespace {

// REQUIRES: `address` is numeric.
std::string origin_of(bool is_https, std::string_view address, std::uint16_t port) {
  const bool is_v6 = address.find(':') != std::string_view::npos;
  return fmt::format("http{}://{}{}{}:{}", is_https ? "s" : "", is_v6 ? "[" : "", address, is_v6 ? "]" : "", port);
}

Result<void> check_sequence(const FaultSequence& sequence, bool is_of_model) {
  for (const FaultTurn& turn : sequence.faults) {
    const auto refuse = [&](std::string_view why) {
      return fail(ErrorCode::invalid_argument, "start server", print(turn), why);
    };
    if (has_part(turn, FaultKind::refused)) return refuse("not a turn of a port that listens");
    if (is_of_model && is_before_request(turn)) {
      return refuse("comes before the request, so it cannot be a model's; expected it among the connections' turns");
    }
    if (auto checked = check(turn); !checked) return checked;
  }
  return {};
}

bool leads_elsewhere(const FaultSequence& sequence) {
  return std::any_of(sequence.faults.begin(), sequence.faults.end(),
                     [](const FaultTurn& turn) { return has_part(turn, FaultKind::redirect_other_host); });
}

}  // namespace

class LyingServer::Impl {
 public:
  explicit Impl(LyingServerOptions options)
      : listeners_([this](std::size_t listener, std::shared_ptr<Wire> wire) { admit(listener, std::move(wire)); }),
        address_(std::move(options.address)),
        is_https_(options.is_https),
        faults_(std::move(options.faults)) {
    repertoire_.model_faults = std::move(options.model_faults);
    repertoire_.request_header_bytes_max = options.requests_header_bytes_max;
    repertoire_.on_end = std::move(options.on_end);
    repertoire_.script_of = std::move(options.script_of);
  }

  Result<void> add_models(const std::vector<Model>& models) {
    for (const Model& model : models) {
      if (!is_model_name(model.name)) {
        return fail(ErrorCode::invalid_argument, "start server", model.name, "expected a relative path as model name");
      }
      if (!repertoire_.models.try_emplace(model.name, model).second) {
        return fail(ErrorCode::invalid_argument, "start server", model.name, "two models have this name");
      }
    }
    return {};
  }

  Result<void> check_faults() {
    Result<void> checked = check_sequence(faults_, false);
    has_other_host_ = leads_elsewhere(faults_);
    for (const auto& [name, sequence] : repertoire_.model_faults) {
      if (!repertoire_.models.contains(name)) {
        return fail(ErrorCode::invalid_argument, "start server", name, "has faults and is no model");
      }
      if (checked) checked = check_sequence(sequence, true);
      has_other_host_ = has_other_host_ || leads_elsewhere(sequence);
    }
    return checked;
  }

  Result<void> prepare_tls() {
    if (!is_https_) return {};
    const Result<TlsIdentity> identity = make_tls_identity({address_, other_address_of(address_)});
    if (!identity) return fail(identity.error());
    Result<std::unique_ptr<TlsServer>> tls = TlsServer::make(*identity);
    if (!tls) return fail(tls.error());
    tls_ = std::move(*tls);
    authority_ = identity->authority;
    return {};
  }

  Result<void> listen(const std::vector<std::uint16_t>& ports) {
    for (std::size_t i = 0; i < ports.size(); ++i) {
      const Result<std::uint16_t> port = listeners_.open(address_, ports[i], i);
      if (!port) return fail(port.error());
      ports_.push_back(*port);
      if (!has_other_host_) continue;
      const std::string other = other_address_of(address_);
      const Result<std::uint16_t> other_port = listeners_.open(other, 0, i);
      if (!other_port) return fail(other_port.error());
      repertoire_.other_origins.push_back(origin_of(is_https_, other, *other_port));
    }
    const Result<std::uint16_t> refused = listeners_.reserve_refusing(address_);
    if (!refused) return fail(refused.error());
    refused_port_ = *refused;
    return {};
  }

  void run() {
    thread_ = std::thread([this] { listeners_.run(); });
  }

  void stop() {
    const std::lock_guard lock(lifecycle_);
    if (is_stopped_) return;
    is_stopped_ = true;
    if (!thread_.joinable()) return;
    listeners_.post([this] {
      is_stopping_ = true;
      listeners_.stop_accepting();
      const std::set<std::shared_ptr<Connection>> open = open_;
      for (const std::shared_ptr<Connection>& connection : open) connection->stop();
      // Whoever drains waits for connections that are open: the closed ones release it.
      listeners_.release();
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
    listeners_.post([&action, done] {
      action();
      done->set_value();
    });
    done->get_future().wait();
  }

  void restart(FaultSequence faults) {
    on_thread([&] {
      faults_ = std::move(faults);
      repertoire_.model_faults.clear();
      repertoire_.requests.clear();
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

  [[nodiscard]] std::uint16_t port(std::size_t listener) const { return ports_.at(listener); }
  [[nodiscard]] const std::string& authority() const { return authority_; }
  [[nodiscard]] std::uint16_t refused_port() const { return refused_port_; }

  [[nodiscard]] std::string other_origin(std::size_t listener) const {
    return has_other_host_ ? repertoire_.other_origins.at(listener) : std::string();
  }

  [[nodiscard]] std::string url(std::uint16_t port, std::string_view name) const {
    return origin_of(is_https_, address_, port) + target_of(name);
  }

 private:
  void admit(std::size_t listener, std::shared_ptr<Wire> wire) {
    if (tls_) wire = tls_->wrap(std::move(wire));
    auto entry = std::make_shared<LedgerEntry>();
    entry->connection = entries_.size();
    entry->listener = static_cast<std::uint32_t>(listener);
    entry->fault = faults_.at(entry->connection);
    entry->accepted_at = std::chrono::steady_clock::now() - epoch_;
    entries_.push_back(entry);
    auto connection = std::make_shared<Connection>(repertoire_, epoch_, std::move(wire), std::move(entry),
                                                   [this](const std::shared_ptr<Connection>& closed) {
                                                     open_.erase(closed);
                                                     // Posted, since `check_drained` may admit others: their number
                                                     // must not become the depth of the stack.
                                                     if (!drainers_.empty())
                                                       listeners_.post([this] { check_drained(); });
                                                   });
    open_.insert(connection);
    connection->start();
  }

  void check_drained() {
    if (drainers_.empty()) return;
    // What waits in the kernel's queues belongs to the ledger as well.
    if (!is_stopping_) listeners_.accept_waiting();
    if (open_.empty()) release_drainers();
  }

  void release_drainers() {
    for (const auto& drainer : drainers_) drainer->set_value();
    drainers_.clear();
  }

  Listeners listeners_;
  std::string address_;
  bool is_https_;
  std::unique_ptr<TlsServer> tls_;
  std::string authority_;
  std::vector<std::uint16_t> ports_;
  std::uint16_t refused_port_ = 0;
  bool has_other_host_ = false;
  std::thread thread_;

  std::mutex lifecycle_;     // one at a time: stop, or something to do on the thread
  bool is_stopped_ = false;  // under `lifecycle_`

  const std::chrono::steady_clock::time_point epoch_ = std::chrono::steady_clock::now();
  // Of the server's thread, while it runs.
  Repertoire repertoire_;
  FaultSequence faults_;
  std::vector<std::shared_ptr<LedgerEntry>> entries_;
  std::set<std::shared_ptr<Connection>> open_;
  std::vector<std::shared_ptr<std::promise<void>>> drainers_;
  bool is_stopping_ = false;
};

Result<std::unique_ptr<LyingServer>> LyingServer::start(LyingServerOptions options) {
  const std::vector<std::uint16_t> ports = options.ports;
  const std::vector<Model> models = std::move(options.models);
  // The context and the thread throw where this machine has no more descriptors or threads.
  try {
    auto impl = std::make_unique<Impl>(std::move(options));
    Result<void> ready = impl->add_models(models);
    if (ready) ready = impl->check_faults();
    if (ready) ready = impl->listen(ports);
    if (ready) ready = impl->prepare_tls();
    if (!ready) return fail(ready.error());
    impl->run();
    return std::unique_ptr<LyingServer>(new LyingServer(std::move(impl)));
  } catch (const std::exception& error) {
    return fail(ErrorCode::exhausted, "start server", "", error.what());
  }
}

LyingServer::LyingServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

LyingServer::~LyingServer() { stop(); }

const std::string& LyingServer::authority() const { return impl_->authority(); }

std::uint16_t LyingServer::port(std::size_t listener) const { return impl_->port(listener); }

std::string LyingServer::base_url(std::size_t listener) const { return impl_->url(impl_->port(listener), ""); }

std::string LyingServer::url(std::size_t listener, const Model& model) const {
  return impl_->url(impl_->port(listener), model.name);
}

std::string LyingServer::other_origin(std::size_t listener) const { return impl_->other_origin(listener); }

std::string LyingServer::refused_url(const Model& model) const { return impl_->url(impl_->refused_port(), model.name); }

void LyingServer::restart(FaultSequence faults) { impl_->restart(std::move(faults)); }

Ledger LyingServer::ledger() const { return impl_->ledger(); }

void LyingServer::drain() { impl_->drain(); }

void LyingServer::stop() { impl_->stop(); }

}  // namespace stampede
