// Processes that make one call again and again, to measure what a decision of the live world costs.
#ifndef STAMPEDE_RUN_LIVE_CALLS_H
#define STAMPEDE_RUN_LIVE_CALLS_H

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cache/os.h"
#include "harness/live/live_zygote.h"

namespace stampede {

// Reads a byte of an open file, or looks at the file by its name: without a path, and with one.
inline constexpr std::string_view kReadCalls = "read", kStatCalls = "stat_name";

// Makes a file in `directory` and `count` calls on it, and says when each is done. False where one failed, or where
// `kind` is neither of the two.
bool make_calls(modelcache::Os& os, std::string_view directory, std::string_view kind, std::uint64_t count,
                const std::function<void()>& on_call);

// For run_live_zygote: a job is "KIND COUNT". A call that fails ends the process with status 1.
void perform_live_calls(const LiveTask& task);
std::string live_calls_job(std::string_view kind, std::uint64_t count);

// The median time of a call in this process, as it sees it itself. Nothing where a call failed.
std::optional<std::chrono::nanoseconds> time_calls(modelcache::Os& os, std::string_view directory,
                                                   std::string_view kind, std::uint64_t count);

}  // namespace stampede

#endif  // STAMPEDE_RUN_LIVE_CALLS_H
