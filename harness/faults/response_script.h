// What a server does on one connection, step by step: the form that both the real and the simulated network play.
#ifndef STAMPEDE_FAULTS_RESPONSE_SCRIPT_H
#define STAMPEDE_FAULTS_RESPONSE_SCRIPT_H

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "harness/faults/response_body.h"
#include "harness/plan/fault_turn.h"
#include "harness/plan/model.h"

namespace stampede {

struct SendHead {
  std::string bytes;
};  // status line and header section, what comes before them, or what stands in their place
struct Pause {
  std::chrono::milliseconds time{};
};
struct CloseConnection {
  bool is_cut = false;  // in the middle of the response: under TLS without close_notify
};  // FIN once everything before it was sent
struct ResetConnection {};  // RST; bytes still on the way may be lost
struct NeverAnswer {};      // keeps the connection until the client leaves

// Each Send is one write.
using ScriptStep = std::variant<SendHead, SendText, SendBody, Pause, CloseConnection, ResetConnection, NeverAnswer>;

struct ResponseScript {
  bool reads_request = true;           // false: `steps` begin at once
  int status = 0;                      // that the final head carries; 0 for none
  std::vector<ScriptStep> steps = {};  // the last is CloseConnection, ResetConnection or NeverAnswer
};

// What an answer depends on besides its turn and the model.
struct RequestFacts {
  std::string target = "/";  // as it came
  std::optional<std::string> range = {}, if_range = {};
  std::uint64_t requests_before = 0;  // for the same model, those that followed a redirect not counted
  std::string other_origin = {};      // where redirect_other_host leads: "http://127.0.0.2:4711"
};

// The script by which a turn answers a GET of `model`: the good response, changed part by part (content, range,
// framing, head, end, pace). Total: `at_bytes` beyond the body is clipped to its size (flip_byte: to its last byte),
// and a model that the turn cannot change (an empty one flipped, equal halves swapped) is sent as it is. A drip's
// pieces are counted over the whole response, and a Pause stands between any two of them; after a million pieces the
// rest follows at once. REQUIRES: check(turn), and no part that is `refused` (no script plays it).
ResponseScript compile(const FaultTurn& turn, const Model& model, const RequestFacts& request = {});

// The answer to a request that is no GET of a known model: `status` with a short body, then a close.
ResponseScript compile_refusal(int status);

}  // namespace stampede

#endif  // STAMPEDE_FAULTS_RESPONSE_SCRIPT_H
