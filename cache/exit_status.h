// The exit statuses of the command, a row for each class of error.
#ifndef MODELCACHE_EXIT_STATUS_H
#define MODELCACHE_EXIT_STATUS_H

#include <span>
#include <string_view>

#include "cache/result.h"

namespace modelcache {

struct ExitStatusRow {
  ErrorCode code = ErrorCode::io;
  int status = 0;
  std::string_view meaning;  // for people: what `--help` says
};

// One row for each ErrorCode, in its order. Statuses are distinct, and none of them is 0 or kFoundWrongStatus.
std::span<const ExitStatusRow> exit_status_table();

// The command did what it was asked to, and what it found is wrong: a corrupt entry.
inline constexpr int kFoundWrongStatus = 1;

}  // namespace modelcache

#endif  // MODELCACHE_EXIT_STATUS_H
