// A message of fixed size over a Unix socket, with or without a descriptor: what zygotes answer.
#ifndef STAMPEDE_LIVE_DESCRIPTOR_MESSAGE_H
#define STAMPEDE_LIVE_DESCRIPTOR_MESSAGE_H

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstring>

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

}  // namespace stampede

#endif  // STAMPEDE_LIVE_DESCRIPTOR_MESSAGE_H
