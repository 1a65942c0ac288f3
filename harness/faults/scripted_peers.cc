// Turns the steps of exchanges into moves, and virtual time into the ledger's.
#include "harness/faults/scripted_peers.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <variant>

#include "harness/faults/exchange.h"
#include "harness/faults/request_head.h"

namespace stampede {
namespace {

constexpr std::size_t kRequestHeaderBytesMax = 16 * 1024;

// One accepted connection. Never moved: the exchange refers to the entry.
struct Client {
  LedgerEntry entry;
  std::optional<Exchange> exchange;
  bool is_paused = false;  // the step is a pause that the world has taken

  void begin(Repertoire& repertoire, std::uint64_t number, std::uint32_t process, FaultTurn turn) {
    entry = {};
    entry.connection = number;
    entry.listener = process;
    entry.fault = std::move(turn);
    exchange.emplace(repertoire, entry);
    is_paused = false;
  }
};

}  // namespace

class ScriptedPeers::Impl {
 public:
  Impl() {
    repertoire_.request_header_bytes_max = kRequestHeaderBytesMax;
    repertoire_.script_of = [this](const FaultTurn& turn, const Model& model, const RequestFacts& request) {
      return script_of(turn, model, request);
    };
  }

  void offer(const std::vector<Model>& models) {
    if (is_offered(models)) return;
    offered_ = models;
    repertoire_.models.clear();
    good_scripts_.clear();
    for (const Model& model : models) {
      if (!is_model_name(model.name) || !repertoire_.models.try_emplace(model.name, model).second) {
        std::fprintf(stderr, "ScriptedPeers: bad or second model name '%s'\n", model.name.c_str());
        std::abort();
      }
    }
  }

  void restart(const FaultSequence& faults) {
    accepted_ = 0;
    client_of_.clear();
    play(faults);
  }

  void play(const FaultSequence& faults) {
    faults_ = faults;
    connects_ = 0;
    for (auto& [name, count] : repertoire_.requests) count = 0;
  }

  int connect(ConnectionNumber connection, std::uint32_t process, const modelcache::Address& to,
              std::chrono::nanoseconds now) {
    FaultTurn turn = faults_.at(connects_++);
    const bool is_known = to.port == kPort && (to.ip == kHost || to.ip == kOtherHost);
    if (!is_known || has_part(turn, FaultKind::refused)) return ECONNREFUSED;
    if (accepted_ == clients_.size()) clients_.emplace_back();
    Client& client = clients_[accepted_];
    while (repertoire_.other_origins.size() <= process) repertoire_.other_origins.push_back(origin_of(kOtherHost));
    client.begin(repertoire_, accepted_++, process, std::move(turn));
    client.entry.accepted_at = now;
    if (client_of_.size() <= connection) client_of_.resize(connection + 1, nullptr);
    client_of_[connection] = &client;
    return 0;
  }

  void sent(ConnectionNumber connection, std::span<const std::byte> bytes) {
    Exchange& exchange = *client_at(connection).exchange;
    if (exchange.is_answering()) return;  // read and discarded
    exchange.take(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }

  PeerMove take(ConnectionNumber connection, std::chrono::nanoseconds now) {
    Client& client = client_at(connection);
    Exchange& exchange = *client.exchange;
    if (!exchange.is_answering()) return {.kind = PeerMove::Kind::wait_for_request};
    if (std::exchange(client.is_paused, false)) exchange.pass();
    for (;;) {
      const ScriptStep& step = exchange.step();
      if (const auto* pause = std::get_if<Pause>(&step)) {
        client.is_paused = true;
        return {.kind = PeerMove::Kind::pause, .time = pause->time};
      }
      if (std::holds_alternative<NeverAnswer>(step)) return {.kind = PeerMove::Kind::silence};
      if (std::holds_alternative<CloseConnection>(step) || std::holds_alternative<ResetConnection>(step)) {
        exchange.end_by_script(now);
        const bool is_reset = std::holds_alternative<ResetConnection>(step);
        return {.kind = is_reset ? PeerMove::Kind::reset : PeerMove::Kind::finish};
      }
      const std::string_view bytes = exchange.bytes();
      exchange.sent(bytes.size());
      if (!bytes.empty()) return {.kind = PeerMove::Kind::bytes, .bytes = std::as_bytes(std::span(bytes))};
    }
  }

  void left(ConnectionNumber connection, std::chrono::nanoseconds now) {
    Exchange& exchange = *client_at(connection).exchange;
    exchange.end(exchange.is_answering() ? Ending::peer_left : Ending::no_request, now);
  }

  const Ledger& ledger() {
    ledger_.resize(accepted_);
    for (std::size_t i = 0; i < accepted_; ++i) ledger_[i] = clients_[i].entry;
    return ledger_;
  }

 private:
  // The same bytes, not equal ones: a comparison of contents would cost more than it saves.
  [[nodiscard]] bool is_offered(const std::vector<Model>& models) const {
    return std::equal(models.begin(), models.end(), offered_.begin(), offered_.end(),
                      [](const Model& left, const Model& right) {
                        return left.bytes == right.bytes && left.name == right.name && left.sha256 == right.sha256;
                      });
  }

  // Most answers are good ones to a request for the whole, and these depend on the model alone.
  ResponseScript script_of(const FaultTurn& turn, const Model& model, const RequestFacts& request) {
    if (!turn.parts.empty() || request.range) return compile(turn, model, request);
    const auto known = good_scripts_.find(model.name);
    return known != good_scripts_.end() ? known->second
                                        : good_scripts_.emplace(model.name, compile({}, model)).first->second;
  }

  Client& client_at(ConnectionNumber connection) {
    Client* const client = connection < client_of_.size() ? client_of_[connection] : nullptr;
    if (client == nullptr) {
      std::fprintf(stderr, "ScriptedPeers: no connection %u was accepted\n", connection);
      std::abort();
    }
    return *client;
  }

  Repertoire repertoire_;
  std::vector<Model> offered_;
  std::map<std::string, ResponseScript, std::less<>> good_scripts_;
  FaultSequence faults_;
  std::uint64_t connects_ = 0;
  std::deque<Client> clients_;  // the first `accepted_` are of this run
  std::size_t accepted_ = 0;
  std::vector<Client*> client_of_;  // by connection number
  Ledger ledger_;
};

ScriptedPeers::ScriptedPeers() : impl_(std::make_unique<Impl>()) {}
ScriptedPeers::~ScriptedPeers() = default;

void ScriptedPeers::offer(const std::vector<Model>& models) { impl_->offer(models); }
void ScriptedPeers::restart(const FaultSequence& faults) { impl_->restart(faults); }
void ScriptedPeers::play(const FaultSequence& faults) { impl_->play(faults); }
const Ledger& ScriptedPeers::ledger() const { return impl_->ledger(); }

int ScriptedPeers::connect(ConnectionNumber connection, std::uint32_t process, const modelcache::Address& to,
                           std::chrono::nanoseconds now) {
  return impl_->connect(connection, process, to, now);
}
void ScriptedPeers::sent(ConnectionNumber connection, std::span<const std::byte> bytes) {
  impl_->sent(connection, bytes);
}
PeerMove ScriptedPeers::take(ConnectionNumber connection, std::chrono::nanoseconds now) {
  return impl_->take(connection, now);
}
void ScriptedPeers::left(ConnectionNumber connection, std::chrono::nanoseconds now) { impl_->left(connection, now); }

}  // namespace stampede
