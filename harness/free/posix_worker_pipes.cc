// Reads the specification, waits at the barrier and writes the report.
#include "harness/free/posix_worker_pipes.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "harness/free/posix_crew.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

tl::unexpected<modelcache::Error> failed(std::string_view step) {
  return fail(ErrorCode::io, step, "the harness", std::strerror(errno));
}

Result<void> write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(kReportDescriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return failed("report to");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

// Up to the end of the file or pipe.
Result<std::string> read_all(int descriptor, std::string_view step) {
  std::string text;
  char buffer[16 * 1024];
  for (;;) {
    const ssize_t count = ::read(descriptor, buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed(step);
    if (count == 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
  }
}

}  // namespace

Result<std::string> read_own_specification() { return read_all(STDIN_FILENO, "read the specification of"); }

Result<void> wait_at_barrier() {
  // What the subject starts shall hold neither end.
  ::fcntl(kBarrierDescriptor, F_SETFD, FD_CLOEXEC);
  ::fcntl(kReportDescriptor, F_SETFD, FD_CLOEXEC);
  if (auto sent = write_all(std::string_view(&kReadyMark, 1)); !sent) return sent;
  const Result<std::string> end = read_all(kBarrierDescriptor, "wait for");
  if (!end) return fail(end.error());
  return {};
}

Result<void> say_that_it_waits() { return write_all(std::string_view(&kWaitingMark, 1)); }

Result<void> send_report(std::string_view report) { return write_all(report); }

}  // namespace stampede
