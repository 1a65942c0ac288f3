// One request and its answer on the server's side: which script is played, how far it is, and what the ledger says.
#ifndef STAMPEDE_FAULTS_EXCHANGE_H
#define STAMPEDE_FAULTS_EXCHANGE_H

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/faults/request_head.h"
#include "harness/faults/response_script.h"
#include "harness/faults/sent_body.h"
#include "harness/plan/ledger.h"

namespace stampede {

// What a turn, a model and a request are played as.
using ScriptOf = std::function<ResponseScript(const FaultTurn&, const Model&, const RequestFacts&)>;

// What the exchanges of one server share. Outlives them; of the server's thread.
struct Repertoire {
  std::map<std::string, Model, std::less<>> models;
  std::map<std::string, FaultSequence, std::less<>> model_faults;
  std::map<std::string, std::uint64_t, std::less<>> requests;  // of each model, those that followed a redirect left out
  std::vector<std::string> other_origins;                      // by listener: "http://127.0.0.2:4711"
  std::size_t request_header_bytes_max = 0;
  std::function<void(const LedgerEntry&)> on_end;
  ScriptOf script_of;
};

// Decides and accounts; moves no byte itself, so that sockets and a simulated network can both play it. The player asks
// for steps one after the other, performs them, and says how much of the bytes went out and how it ended. Owned by one
// thread.
class Exchange {
 public:
  // `entry` has the fault of the connection's turn. Both outlive the exchange, but after `end` the entry is not
  // touched.
  Exchange(Repertoire& repertoire, LedgerEntry& entry);

  // Whether the answer is decided: from the start for turns that come before the request.
  [[nodiscard]] bool is_answering() const { return is_answering_; }
  // Bytes of the request. REQUIRES: not is_answering(). Afterwards it is, or the header section is not complete yet.
  void take(std::string_view bytes);

  // The step that is to be performed. REQUIRES: is_answering(). The last step stays the last.
  [[nodiscard]] const ScriptStep& step() const { return script_.steps[next_step_]; }
  // What is to be sent in that step; nothing where it sends nothing.
  [[nodiscard]] std::string_view bytes() const;
  // The first `count` bytes of what is left of `bytes()` went out; goes on to the next step after the last of them.
  // True then.
  bool sent(std::size_t count);
  // Goes on to the next step after one that sends nothing: a pause has passed.
  void pass() { advance(); }

  // The script's end was performed, or the client has left, or the like; `at` is the server's time. Idempotent: the
  // first ending counts.
  void end_by_script(std::chrono::nanoseconds at);
  void end(Ending ending, std::chrono::nanoseconds at);

 private:
  void answer(const RequestHead& request);
  FaultTurn turn_for(const std::string& target, std::uint64_t& requests_before);
  void refuse(int status);
  void play(ResponseScript script);
  void advance();

  Repertoire& repertoire_;
  LedgerEntry& entry_;
  std::string request_;
  const Model* model_ = nullptr;
  std::optional<SentBody> sent_body_;
  ResponseScript script_;
  std::size_t next_step_ = 0;
  std::size_t sent_of_step_ = 0;
  std::size_t heads_left_ = 0;  // steps that send parts of the head
  bool is_answering_ = false;
  bool is_refused_ = false;
  bool is_over_ = false;
};

}  // namespace stampede

#endif  // STAMPEDE_FAULTS_EXCHANGE_H
