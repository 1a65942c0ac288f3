// One client of the lying server: reads a request, plays a script, keeps the ledger's entry.
#ifndef STAMPEDE_FAULTS_CONNECTION_H
#define STAMPEDE_FAULTS_CONNECTION_H

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "harness/faults/exchange.h"
#include "harness/faults/response_script.h"
#include "harness/faults/wire.h"
#include "harness/plan/ledger.h"

namespace stampede {

// From acceptance until its socket is closed. Kept alive by its pending operations and by the server's set. The
// script's end (`end`) is what the ledger tells; the socket may stay open after it, until the client leaves. Owned by
// the server's thread.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using OnClosed = std::function<void(const std::shared_ptr<Connection>&)>;

  // `entry` has the fault of the connection's turn; its times count from `epoch`.
  Connection(Repertoire& repertoire, std::chrono::steady_clock::time_point epoch, std::shared_ptr<Wire> wire,
             std::shared_ptr<LedgerEntry> entry, OnClosed on_closed);
  void start();
  void stop();

 private:
  enum class Phase { reading, sending, waiting, closing };

  void read_request();
  void on_request_bytes(bool failed, std::size_t count);
  void play_next();
  void perform(const SendHead&) { send(); }
  void perform(const SendText&) { send(); }
  void perform(const SendBody&) { send(); }
  void perform(const Pause& pause);
  void perform(const NeverAnswer&);
  void perform(const CloseConnection& close);
  void perform(const ResetConnection&);
  // Sends the step's bytes piece by piece, then goes on with the script.
  void send();

  void watch(Phase phase);
  void read_and_discard();
  void on_peer_left();
  [[nodiscard]] std::chrono::nanoseconds now() const { return std::chrono::steady_clock::now() - epoch_; }
  void close();

  std::chrono::steady_clock::time_point epoch_;
  std::shared_ptr<Wire> wire_;
  std::shared_ptr<LedgerEntry> entry_;  // shared with the ledger, which a restart may drop first
  Exchange exchange_;
  OnClosed on_closed_;
  Phase phase_ = Phase::reading;
  std::array<char, 4096> incoming_{};
  std::size_t discarded_bytes_ = 0;
  bool is_watching_ = false;
  bool has_peer_left_ = false;
  bool is_closed_ = false;
};

}  // namespace stampede

#endif  // STAMPEDE_FAULTS_CONNECTION_H
