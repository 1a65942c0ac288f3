// A message of fixed size over a Unix socket, with or without a descriptor: what zygotes answer.
#ifndef STAMPEDE_LIVE_DESCRIPTOR_MESSAGE_H
#define STAMPEDE_LIVE_DESCRIPTOR_MESSAGE_H

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string_view>
#include <utility>

#include "cache/result.h"
#include "harness/live/owned_fd.h"

namespace stampede {

// Sends the bytes of `reply`, and a copy of `descriptor` where that is not negative. False where the other end is gone.
template <class Reply>
bool send_message(int socket, const Reply& reply, int descriptor) {
  iovec place{const_cast<Reply*>(&reply), sizeof reply};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  if (descriptor >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  return ::sendmsg(socket, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof reply);
}

// A start takes a few milliseconds, a fork a tenth of one; whoever is this slow has stopped.
inline constexpr std::chrono::milliseconds kAnswerTime{30'000};

// What the zygote of that name sent; its descriptor goes to `descriptor`, or is closed where that is null. ERRORS:
// timed_out, io.
template <class Reply>
modelcache::Result<Reply> receive_message(int socket, OwnedFd* descriptor, std::string_view zygote) {
  using modelcache::ErrorCode;
  pollfd polled{socket, POLLIN, 0};
  int ready = 0;
  while ((ready = ::poll(&polled, 1, static_cast<int>(kAnswerTime.count()))) < 0 && errno == EINTR) {
  }
  if (ready == 0) return modelcache::fail(ErrorCode::timed_out, "start", zygote, "it does not answer");
  Reply reply;
  iovec place{&reply, sizeof reply};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr message{};
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t count = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (count != static_cast<ssize_t>(sizeof reply)) {
    return modelcache::fail(ErrorCode::io, "start", zygote, "it has ended");
  }
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  if (header != nullptr && header->cmsg_type == SCM_RIGHTS) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    OwnedFd owned(fd);
    if (descriptor != nullptr) *descriptor = std::move(owned);
  }
  return reply;
}

}  // namespace stampede

#endif  // STAMPEDE_LIVE_DESCRIPTOR_MESSAGE_H
