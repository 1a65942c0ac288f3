// The SHA-256 of a file, read by the laboratory itself.
#ifndef STAMPEDE_FREE_FILE_DIGEST_H
#define STAMPEDE_FREE_FILE_DIGEST_H

#include <optional>
#include <string>

#include "cache/sha256.h"

namespace stampede {

// Nothing when it cannot be read to its end.
std::optional<modelcache::Sha256Digest> digest_of_file(const std::string& path);

}  // namespace stampede

#endif  // STAMPEDE_FREE_FILE_DIGEST_H
