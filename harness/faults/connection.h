// One client of the lying server: reads a request, plays a script, keeps the ledger's entry.
#ifndef STAMPEDE_FAULTS_CONNECTION_H
#define STAMPEDE_FAULTS_CONNECTION_H

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/faults/request_head.h"
#include "harness/faults/response_script.h"
#include "harness/faults/sent_body.h"
#include "harness/faults/wire.h"
#include "harness/plan/ledger.h"

namespace stampede {

// What a turn, a model and a request are played as.
using ScriptOf = std::function<ResponseScript(const FaultTurn&, const Model&, const RequestFacts&)>;

// What the connections of one server share. Outlives them; of the server's thread.
struct Repertoire {
  std::map<std::string, Model, std::less<>> models;
  std::map<std::string, FaultSequence, std::less<>> model_faults;
  std::map<std::string, std::uint64_t, std::less<>> requests;  // of each model, those that followed a redirect left out
  std::vector<std::string> other_origins;                      // by listener: "http://127.0.0.2:4711"
  std::size_t request_header_bytes_max = 0;
  std::function<void(const LedgerEntry&)> on_end;
  ScriptOf script_of;
  std::chrono::steady_clock::time_point started_at;
};

// From acceptance until its socket is closed. Kept alive by its pending operations and by the server's set. The
// script's end (`end`) is what the ledger tells; the socket may stay open after it, until the client leaves. Owned by
// the server's thread.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using OnClosed = std::function<void(const std::shared_ptr<Connection>&)>;

  // `entry` has the fault of the connection's turn.
  Connection(Repertoire& repertoire, std::shared_ptr<Wire> wire, std::shared_ptr<LedgerEntry> entry,
             OnClosed on_closed);
  void start();
  void stop();

 private:
  enum class Phase { reading, sending, waiting, closing };

  void read_request();
  void on_request_bytes(bool failed, std::size_t count);
  void answer(const RequestHead& request);
  FaultTurn turn_for(const std::string& target, std::uint64_t& requests_before);
  void refuse(int status);

  void play(ResponseScript script);
  void play_next();
  void perform(const SendHead& head);
  void perform(const SendText& text);
  void perform(const SendBody& body);
  void perform(const Pause& pause);
  void perform(const NeverAnswer&);
  void perform(const CloseConnection& close);
  void perform(const ResetConnection&);
  // Sends piece by piece, adds to `count`, and goes on with the script. REQUIRES: the bytes outlive the connection.
  void send(std::string_view bytes, std::uint64_t& count);
  void on_sent(std::string_view bytes, std::uint64_t& count, std::size_t sent);

  void watch(Phase phase);
  void read_and_discard();
  void on_peer_left();
  void end(Ending ending);
  void close();

  Repertoire& repertoire_;
  std::shared_ptr<Wire> wire_;
  std::shared_ptr<LedgerEntry> entry_;  // shared with the ledger, which a restart may drop first
  OnClosed on_closed_;
  Phase phase_ = Phase::reading;
  std::array<char, 4096> incoming_{};
  std::string request_;
  const Model* model_ = nullptr;
  std::optional<SentBody> sent_body_;
  ResponseScript script_;
  std::vector<ScriptStep>::const_iterator next_step_;
  std::size_t heads_left_ = 0;  // steps that send parts of the head
  Ending normal_ending_ = Ending::finished;
  std::size_t discarded_bytes_ = 0;
  bool is_watching_ = false;
  bool has_peer_left_ = false;
  bool is_closed_ = false;
};

}  // namespace stampede

#endif  // STAMPEDE_FAULTS_CONNECTION_H
