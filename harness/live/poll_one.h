// poll(2) of one descriptor.
#ifndef STAMPEDE_LIVE_POLL_ONE_H
#define STAMPEDE_LIVE_POLL_ONE_H

#include <poll.h>

#include <cerrno>

namespace stampede {

// What has come of `events`, with POLLERR, POLLHUP and POLLNVAL, within that time; a signal does not end it, which
// would end even a poll of no time (thread_ticks.h).
inline short poll_one(int fd, short events, int milliseconds) {
  pollfd one{fd, events, 0};
  while (::poll(&one, 1, milliseconds) < 0 && errno == EINTR) {
  }
  return one.revents;
}

}  // namespace stampede

#endif  // STAMPEDE_LIVE_POLL_ONE_H
