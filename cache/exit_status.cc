// The table of exit statuses: stable numbers that scripts may rely on.
#include "cache/exit_status.h"

#include "cache/cache.h"

namespace modelcache {
namespace {

// 2: usage; 10-22: network and server; 30: other processes; 40-46: this machine; 130: as a shell reports Ctrl-C.
constexpr ExitStatusRow kTable[] = {
    {ErrorCode::invalid_argument, 2, "usage: an option, URL or checksum that is not well formed"},
    {ErrorCode::refused, 10, "nobody listens at the server's address"},
    {ErrorCode::reset, 11, "the server reset the connection"},
    {ErrorCode::timed_out, 12, "a time limit passed"},
    {ErrorCode::unreachable, 13, "no route to the server"},
    {ErrorCode::unknown_host, 14, "the server's name does not resolve"},
    {ErrorCode::truncated, 15, "the connection ended before the body was complete"},
    {ErrorCode::bad_response, 16, "the server's answer is not the HTTP response that was asked for"},
    {ErrorCode::http_status, 17, "the server answered with an error status"},
    {ErrorCode::not_found, 18, "404 or 410 from the server; no such entry, file or directory"},
    {ErrorCode::too_large, 19, "a size limit was exceeded"},
    {ErrorCode::too_many_redirects, 20, "too many redirects"},
    {ErrorCode::unverifiable, 22, "neither a checksum nor a declared length: a cut body would look complete"},
    {ErrorCode::wrong_checksum, 21, "all bytes arrived, and are not the ones that were asked for"},
    {ErrorCode::lock_timeout, 30, "another process held the lock for too long"},
    {ErrorCode::no_space, 40, "the disk or the quota is full"},
    {ErrorCode::read_only, 41, "the file system is read-only"},
    {ErrorCode::denied, 42, "permission denied"},
    {ErrorCode::bad_entry, 43, "something that is no regular file stands where an entry should be"},
    {ErrorCode::bad_manifest, 44, "the manifest is of a later version, and was left alone"},
    {ErrorCode::exhausted, 45, "out of descriptors or memory"},
    {ErrorCode::io, 46, "any other failure to read or write"},
    {ErrorCode::interrupted, 130, "interrupted (Ctrl-C)"},
};

}  // namespace

std::span<const ExitStatusRow> exit_status_table() { return kTable; }

int exit_status(ErrorCode code) {
  for (const auto& row : kTable) {
    if (row.code == code) return row.status;
  }
  return 46;
}

}  // namespace modelcache
