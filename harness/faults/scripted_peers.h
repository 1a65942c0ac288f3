// The lying server for worlds that control time: plays response scripts move by move, and keeps the ledger.
#ifndef STAMPEDE_FAULTS_SCRIPTED_PEERS_H
#define STAMPEDE_FAULTS_SCRIPTED_PEERS_H

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/plan/fault_turn.h"
#include "harness/plan/ledger.h"
#include "harness/plan/model.h"
#include "harness/world/peers.h"

namespace stampede {

// One server for all processes of a run, at one numeric address. A ledger entry's `listener` is the process that
// connected, and its `connection` counts the connections that were accepted; both times are the world's. The i-th
// connect, wherever it leads, gets the i-th turn of the sequence. ECONNREFUSED, and no entry, is what `refused` and
// addresses other than its own make of one.
// Owned by one thread. Keeps its memory from run to run.
class ScriptedPeers final : public Peers {
 public:
  // Where it listens; redirect_other_host leads to 127.0.0.2, where it listens at the same port.
  static constexpr std::string_view kHost = "127.0.0.1";
  static constexpr std::string_view kOtherHost = "127.0.0.2";
  static constexpr std::uint16_t kPort = 8080;

  ScriptedPeers();
  ~ScriptedPeers() override;
  ScriptedPeers(const ScriptedPeers&) = delete;
  ScriptedPeers& operator=(const ScriptedPeers&) = delete;

  // What it offers from now on. Cheap where these are the models of before, in the same order. REQUIRES: distinct model
  // names (is_model_name), and no connection since the last `restart`.
  void offer(const std::vector<Model>& models);
  // A run begins: the ledger is emptied, and connections of before are forgotten. Then as `play`.
  void restart(const FaultSequence& faults);
  // From the next connect on the sequence starts anew, and requests are counted from 0; the ledger goes on. REQUIRES:
  // turns that pass `check`.
  void play(const FaultSequence& faults);

  // "http://127.0.0.1:8080/m1.onnx"
  [[nodiscard]] static std::string url(const Model& model);
  [[nodiscard]] static std::string origin_of(std::string_view host);
  // All connections since `restart`, in the order in which they were accepted, with what was sent so far. Valid until
  // the next call of this.
  [[nodiscard]] const Ledger& ledger() const;

  int connect(ConnectionNumber connection, std::uint32_t process, const modelcache::Address& to,
              std::chrono::nanoseconds now) override;
  void sent(ConnectionNumber connection, std::span<const std::byte> bytes) override;
  PeerMove take(ConnectionNumber connection, std::chrono::nanoseconds now) override;
  void left(ConnectionNumber connection, std::chrono::nanoseconds now) override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stampede

#endif  // STAMPEDE_FAULTS_SCRIPTED_PEERS_H
