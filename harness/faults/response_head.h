// Status lines and header sections as text.
#ifndef STAMPEDE_FAULTS_RESPONSE_HEAD_H
#define STAMPEDE_FAULTS_RESPONSE_HEAD_H

#include <string>
#include <vector>

#include "harness/plan/fault_turn.h"

namespace stampede {

// RFC 9110, 15. "Not Found"; unknown statuses get the name of their class, which is all that a client may rely on.
std::string_view reason_of(int status);

// Status line, Server, `fields` (whole lines), Connection: close, and the empty line; changed by the turn's faults of
// the header section.
std::string head_of(const FaultTurn& turn, int status, const std::string& fields);

// What the turn sends before the status line, one write each.
std::vector<std::string> before_head(const FaultTurn& turn);

}  // namespace stampede

#endif  // STAMPEDE_FAULTS_RESPONSE_HEAD_H
