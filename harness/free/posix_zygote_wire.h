// What goes between the harness and its zygote: requests with descriptors, answers with process numbers.
#ifndef STAMPEDE_FREE_POSIX_ZYGOTE_WIRE_H
#define STAMPEDE_FREE_POSIX_ZYGOTE_WIRE_H

#include <cstdint>
#include <optional>

#include "harness/free/posix_worker_start.h"
#include "harness/free/posix_zygote.h"

namespace stampede {

// The zygote's end of the socket pair (SOCK_SEQPACKET: a request or an answer is one message).
inline constexpr int kZygoteDescriptor = 3;

// A process number, or a negated errno. The first, sent when it is warm, is the zygote's own number.
struct ZygoteAnswer {
  std::int32_t value = 0;
};

struct ZygoteRequest {
  ForkKind kind = ForkKind::exit;
  std::optional<WorkerDescriptors> descriptors;  // owned by who receives them
};

// Without `descriptors`, none go with it. False when the other end is gone, with errno.
bool send_request(int socket, ForkKind kind, const WorkerDescriptors* descriptors);
// Nothing when the other end is gone, or what came is no request.
std::optional<ZygoteRequest> receive_request(int socket);

}  // namespace stampede

#endif  // STAMPEDE_FREE_POSIX_ZYGOTE_WIRE_H
