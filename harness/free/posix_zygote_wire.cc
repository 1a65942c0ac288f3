// Sends and receives descriptors over a Unix socket (unix(7), SCM_RIGHTS).
#include "harness/free/posix_zygote_wire.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace stampede {
namespace {

constexpr std::size_t kDescriptorBytes = sizeof(WorkerDescriptors);

// One message and the room for what goes with it.
struct Message {
  explicit Message(char* kind) : part{.iov_base = kind, .iov_len = 1} {
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof(control);
  }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;
  iovec part;
  alignas(cmsghdr) char control[CMSG_SPACE(kDescriptorBytes)]{};
  msghdr header{};
};

}  // namespace

bool send_request(int socket, ForkKind kind, const WorkerDescriptors* descriptors) {
  char byte = static_cast<char>(kind);
  Message message(&byte);
  if (descriptors == nullptr) {
    message.header.msg_control = nullptr;
    message.header.msg_controllen = 0;
  } else {
    cmsghdr* const rights = CMSG_FIRSTHDR(&message.header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(kDescriptorBytes);
    std::memcpy(CMSG_DATA(rights), descriptors, kDescriptorBytes);
  }
  ssize_t count = 0;
  while ((count = ::sendmsg(socket, &message.header, MSG_NOSIGNAL)) < 0 && errno == EINTR) {
  }
  return count == 1;
}

std::optional<ZygoteRequest> receive_request(int socket) {
  char byte = 0;
  Message message(&byte);
  ssize_t count = 0;
  while ((count = ::recvmsg(socket, &message.header, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
  }
  if (count != 1) return std::nullopt;
  ZygoteRequest request{.kind = static_cast<ForkKind>(byte), .descriptors = {}};
  const cmsghdr* const rights = CMSG_FIRSTHDR(&message.header);
  if (rights != nullptr && rights->cmsg_type == SCM_RIGHTS && rights->cmsg_len == CMSG_LEN(kDescriptorBytes)) {
    request.descriptors.emplace();
    std::memcpy(&*request.descriptors, CMSG_DATA(rights), kDescriptorBytes);
  }
  return request;
}

}  // namespace stampede
