// The real door: POSIX system calls, one a method.
#ifndef MODELCACHE_POSIX_OS_H
#define MODELCACHE_POSIX_OS_H

#include <memory>

#include "cache/os.h"

namespace modelcache {

// Thread-safe as far as the kernel's calls are.
std::unique_ptr<Os> make_posix_os();

}  // namespace modelcache

#endif  // MODELCACHE_POSIX_OS_H
