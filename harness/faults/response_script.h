// What a server does on one connection, step by step: the form that both the real and the simulated network play.
#ifndef STAMPEDE_FAULTS_RESPONSE_SCRIPT_H
#define STAMPEDE_FAULTS_RESPONSE_SCRIPT_H

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "harness/plan/model.h"
#include "harness/plan/network_fault.h"

namespace stampede {

struct SendHead {
  std::string bytes;
};  // status line and header section, or what stands in their place
struct SendText {
  std::string bytes;
};  // body bytes that are not the model's
struct SendBody {
  std::uint64_t begin = 0, end = 0;
};  // the model's own bytes
struct Pause {
  std::chrono::milliseconds time{};
};
struct CloseConnection {};  // FIN once everything before it was sent
struct ResetConnection {};  // RST; bytes still on the way may be lost
struct NeverAnswer {};      // keeps the connection until the client leaves

using ScriptStep = std::variant<SendHead, SendText, SendBody, Pause, CloseConnection, ResetConnection, NeverAnswer>;

struct ResponseScript {
  bool reads_request = true;  // false: `steps` begin at once
  int status = 0;             // that the head carries; 0 for none
  bool is_full_body = false;  // playing it to the end sends the whole model, right and in order, framed as complete
  std::vector<ScriptStep> steps = {};  // the last is CloseConnection, ResetConnection or NeverAnswer
};

// The script by which `fault` answers a GET of `model`. Total: `at_bytes` beyond the body is clipped to its size
// (flip_byte: to its last byte). A body on which the fault changes nothing (an empty one flipped or declared too short,
// zeros zeroed, equal halves swapped) is served as it is, which `is_full_body` then says; a reset behind the last byte
// leaves it true as well, though the client may not get all of it. REQUIRES: fault.kind != refused (no script plays
// it).
ResponseScript compile(const NetworkFault& fault, const Model& model);

// The answer to a request that is no GET of a known model: `status` with a short body, then a close.
ResponseScript compile_refusal(int status);

}  // namespace stampede

#endif  // STAMPEDE_FAULTS_RESPONSE_SCRIPT_H
