// Turns an errno from the door into an Error with a class; the one place that knows the mapping.
#ifndef MODELCACHE_OS_ERROR_H
#define MODELCACHE_OS_ERROR_H

#include <string_view>

#include "cache/os.h"
#include "cache/result.h"

namespace modelcache {

// ENOSPC and EDQUOT become no_space, EROFS read_only, EACCES and EPERM denied, ENOENT not_found, ECONNREFUSED refused,
// ECONNRESET and EPIPE reset, ETIMEDOUT timed_out, ENETUNREACH and EHOSTUNREACH unreachable, EMFILE, ENFILE and ENOMEM
// exhausted, ELOOP, ENOTDIR and EISDIR bad_entry, ECANCELED (the caller asked to stop: patient_os.h) interrupted;
// anything else io.
ErrorCode code_of(Errno error);

// "Connection refused": the system's words, without a number.
std::string describe(Errno error);

tl::unexpected<Error> fail(Errno error, std::string_view step, std::string_view place);

// Whether it is a failed sync or close: that may speak of what was written before, so nothing that comes after it makes
// up for it (fsync(2), "errors").
bool may_have_lost_writes(const Error& error);

}  // namespace modelcache

#endif  // MODELCACHE_OS_ERROR_H
