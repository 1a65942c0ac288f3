// Fetches a URL into a temporary file, verified; tries again where that can help.
#ifndef MODELCACHE_DOWNLOAD_H
#define MODELCACHE_DOWNLOAD_H

#include <functional>
#include <optional>

#include "cache/cache.h"
#include "cache/file_io.h"
#include "cache/http_url.h"
#include "cache/os.h"
#include "cache/result.h"
#include "cache/staged_file.h"

namespace modelcache {

// Returns size and digest of the temporary as it stands on disk.
// ENSURES: on success `staged` holds the complete body, and its digest is `expected` where one is given; without one
// the server must have declared a length, or framed the body with chunks, and it is that long. `attempts` counts the
// downloads begun, also on errors. ERRORS: the last attempt's: those of http_get, of the temporary's writes, and
// wrong_checksum; unverifiable, before any byte of the body is taken and without another try, where there is neither.
Result<FileHash> download(Os& os, const HttpUrl& url, const std::optional<Sha256Digest>& expected,
                          const CacheOptions& options, Instant deadline,
                          const std::function<void(const Progress&)>& progress, StagedFile& staged, unsigned& attempts);

}  // namespace modelcache

#endif  // MODELCACHE_DOWNLOAD_H
