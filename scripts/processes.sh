# Starts programs so that all they leave behind can be found and ended; sourced, not run.
#
# A mark is an entry of the environment, NAME=VALUE, that everything a program starts inherits.

# Starts a program as the leader of a session of its own: start_marked MARK LOG PROGRAM... Sets `started_pid`.
start_marked() {
  local mark=$1 log=$2
  shift 2
  setsid env "$mark" "$@" >"$log" 2>&1 </dev/null &
  started_pid=$!
}

alive() { kill -0 "$1" 2>/dev/null; }

any_alive() {
  local pid
  for pid in "$@"; do
    if alive "$pid"; then return 0; fi
  done
  return 1
}

# Waits a moment, or until a signal comes. Where bash waits for a program itself, the program takes SIGINT and it may get lost.
doze() {
  sleep "$1" &
  wait "$!" || true
}

# Ends whatever has the mark, whatever its group and session. Sets `ended_count`. (afl-fuzz's fork servers live in sessions of
# their own, and the one for CmpLog outlives it: AFL++ 4.04c.)
end_marked() {
  local mark=$1 file pid
  ended_count=0
  for file in $(grep -lszxF "$mark" /proc/[0-9]*/environ || true); do
    pid=${file#/proc/}
    pid=${pid%/environ}
    [[ $pid != "$$" ]] || continue
    if kill -KILL "$pid" 2>/dev/null; then ended_count=$((ended_count + 1)); fi
  done
}

# Asks the groups of these leaders to end, waits five seconds, and ends them with all that has the mark: end_sessions MARK PID...
end_sessions() {
  local mark=$1 pid turn
  shift
  for pid in "$@"; do kill -TERM -- "-$pid" 2>/dev/null || true; done
  for turn in {1..50}; do
    any_alive "$@" || break
    sleep 0.1
  done
  for pid in "$@"; do kill -KILL -- "-$pid" 2>/dev/null || true; done
  for pid in "$@"; do wait "$pid" 2>/dev/null || true; done
  end_marked "$mark"
}
