// Ctrl-C as a question that can be asked.
#ifndef MODELCACHE_COMMAND_POSIX_SIGNALS_H
#define MODELCACHE_COMMAND_POSIX_SIGNALS_H

namespace modelcache {

// From now on SIGINT and SIGTERM only set a flag, and interrupt a blocking call; the third one ends the process as if
// nothing had been caught (a resolver cannot be interrupted). A signal that was ignored stays ignored (nohup).
void catch_stop_signals();

bool stop_requested();

}  // namespace modelcache

#endif  // MODELCACHE_COMMAND_POSIX_SIGNALS_H
