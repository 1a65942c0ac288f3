#!/usr/bin/env bash
# Sets up, builds the release preset and runs the main job: real processes, real models, a server that lies.
#
# usage: scripts/run.sh [-h|--help]
#
# First, as soon as `stampede` is built, a small exploration and a failure in words: what a seeded defect of the cache breaks on a
# stored plan. Ends with the benchmark's table, a one-line verdict, and how long set-up, build and run took.
#
# exit status: 0 all held; 1 a violation, or a part that failed; 2 usage; 3 this machine cannot do it; 130 interrupted

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/console.sh"

kFirstTargets=(stampede mutant_lock_taken_for_reading)
kFirstLook=(
  "build/release/bin/stampede explore --world sim --runs 2000 --seed 1"
  "build/release/bin/stampede show corpus/plans/lock_is_exclusive.json --explain --subject build/release/mutants/lock_taken_for_reading.so"
)
# The main job, a command a line.
kMainJob=(
  "build/release/bin/stampede explore --world free --models onnx --processes 16 --runs 20 --seed 1 --fault-share 0.5"
  # A directory each: every get asks the server, so every fault kind meets many gets.
  "build/release/bin/stampede explore --world free --models onnx --processes 16 --runs 20 --seed 2 --fault-share 0.5 --directories separate"
)
kFigures=("build/release/bin/stampede bench")

case "${1:-}" in
  -h | --help) print_help; exit 0 ;;
  "") ;;
  *) fail 2 "unknown argument '$1' (see --help)" ;;
esac
cd "$(dirname "${BASH_SOURCE[0]}")/.."
trap 'exit 130' INT

started=$(milliseconds_now)
set_up
set_up_took=$(time_since "$started")

broken="" ended="" unable="" build_milliseconds=0 run_milliseconds=0

# Builds some targets, without which nothing can follow: build TARGET...
build() {
  local began
  heading "building $*"
  began=$(milliseconds_now)
  build_preset release --target "$@" || exit 1
  build_milliseconds=$((build_milliseconds + $(milliseconds_now) - began))
}

# Runs commands, a line each, and remembers what went wrong: run COMMAND...
run() {
  local began command status
  began=$(milliseconds_now)
  for command in "$@"; do
    heading "$command"
    status=0
    # shellcheck disable=SC2086
    $command || status=$?
    case "$status" in
      0) continue ;;
      1) broken=yes ;;
      3) unable=yes ;;
      130) exit 130 ;;
      *) ended=yes ;;
    esac
    complain "status $status: $command"
  done
  run_milliseconds=$((run_milliseconds + $(milliseconds_now) - began))
}

build "${kFirstTargets[@]}"
run "${kFirstLook[@]}"
build stampede modelcache_command
run "${kMainJob[@]}"
cannot_judge=$unable
run "${kFigures[@]}"

echo
status=1
if [[ -n $broken ]]; then  # which outweighs whatever else went wrong
  complain "verdict: a promise was broken; the lines above name it and the command that replays it"
elif [[ -n $ended ]]; then
  complain "verdict: none; a part of the main job failed (see above)"
elif [[ -n $cannot_judge ]]; then
  complain "verdict: none; this machine cannot do it (see above)"
  status=3
else
  well "verdict: every promise that was judged held, on real models and with half of the connections at fault"
  if [[ -n $unable ]]; then echo "some figures cannot be measured on this machine (see above)"; fi
  status=0
fi
echo "set-up $set_up_took, build $(seconds_of "$build_milliseconds"), run $(seconds_of "$run_milliseconds")"
exit "$status"
