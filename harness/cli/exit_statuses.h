// The exit statuses that all commands share.
#ifndef STAMPEDE_CLI_EXIT_STATUSES_H
#define STAMPEDE_CLI_EXIT_STATUSES_H

namespace stampede {

inline constexpr int kAllHeld = 0;
inline constexpr int kViolated = 1;
inline constexpr int kUsage = 2;       // or a file that cannot be read
inline constexpr int kCannotHere = 3;  // this machine cannot do it
inline constexpr int kInterrupted = 130;

}  // namespace stampede

#endif  // STAMPEDE_CLI_EXIT_STATUSES_H
