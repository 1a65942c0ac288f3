// The table of the door: which system call decides each step of `Os`.
#ifndef MODELCACHE_DOOR_H
#define MODELCACHE_DOOR_H

#include <string_view>

namespace modelcache {

struct DoorStep {
  std::string_view method;         // of Os
  std::string_view deciding_call;  // Linux's name; its result is the step's result
  std::string_view set_up;         // further calls on descriptors that nobody else sees; not steps
};

inline constexpr DoorStep kDoor[] = {
    {"open", "openat", ""},
    {"read", "pread64", ""},
    {"write", "pwrite64", ""},
    {"truncate", "ftruncate", ""},
    {"sync_file", "fsync", ""},
    {"sync_directory", "fsync", ""},
    {"rename", "renameat2", ""},
    {"link", "linkat", ""},
    {"unlink", "unlinkat", ""},
    {"stat", "newfstatat", ""},
    {"stat_name", "newfstatat", ""},
    {"list", "getdents64", "openat fstat close"},
    {"make_directory", "mkdirat", ""},
    {"try_lock", "flock", ""},
    {"unlock", "flock", ""},
    {"close", "close", ""},
    {"resolve", "", "the resolver's own calls, for names only"},
    {"connect", "connect", "socket setsockopt close"},
    {"send", "sendto", "setsockopt"},
    {"receive", "recvfrom", "setsockopt"},
    {"now", "clock_gettime", ""},
    {"wall_time", "clock_gettime", ""},
    {"sleep_until", "clock_nanosleep", ""},
    {"random", "getrandom", ""},
    {"self", "getpid", "openat read readlink close, once a process"},
    {"liveness", "kill", "getpid openat read close"},
};

}  // namespace modelcache

#endif  // MODELCACHE_DOOR_H
