// Bodies of responses as lists of pieces: ranges of the model's own bytes, and text between them.
#ifndef STAMPEDE_FAULTS_RESPONSE_BODY_H
#define STAMPEDE_FAULTS_RESPONSE_BODY_H

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "harness/plan/fault_turn.h"
#include "harness/plan/model.h"

namespace stampede {

struct SendText {
  std::string bytes;
};  // body bytes that are not the model's
struct SendBody {
  std::uint64_t begin = 0, end = 0;
};  // the model's own bytes

using BodyPiece = std::variant<SendText, SendBody>;
using Body = std::vector<BodyPiece>;  // no empty pieces

std::uint64_t size_of(const Body& body);
// REQUIRES: begin <= end <= size_of(body).
Body slice_of(const Body& body, std::uint64_t begin, std::uint64_t end);
// Adds pieces, leaves empty ones out.
void append(Body& body, const Body& more);
void append(Body& body, std::string text);

// What the turn's content fault makes of the model; the model itself where there is none. `version` is for the kinds
// that name none of their own; version 0 is the model.
Body content_of(const FaultTurn& turn, const Model& model, std::uint64_t version);

// The version that a turn serves: 0 but for the kinds of other versions.
std::uint64_t version_of(const FaultTurn& turn, std::uint64_t requests_before);

// A body as it goes over the wire, with the header lines that frame it.
struct FramedBody {
  std::string fields;  // "Content-Length: 10\r\n"
  Body wire;
  bool is_cut = false;  // ends before the framing says so
};
FramedBody framed(const FaultTurn& turn, const Body& body);

}  // namespace stampede

#endif  // STAMPEDE_FAULTS_RESPONSE_BODY_H
