#!/usr/bin/env bash
# Sets up, builds the release preset and runs the main job: real processes, real models, a server that lies.
#
# usage: scripts/run.sh [-h|--help]
#
# Ends with the benchmark's table, a one-line verdict, and how long set-up, build and run took.
#
# exit status: 0 all held; 1 a violation; 2 usage; 3 this machine cannot do it; 130 interrupted

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/console.sh"

# The main job, a command a line.
kMainJob=(
  "build/release/bin/stampede explore --world free --models onnx --processes 16 --runs 20 --seed 1 --fault-share 0.5"
  # A directory each: every get asks the server, so every fault kind meets many gets.
  "build/release/bin/stampede explore --world free --models onnx --processes 16 --runs 20 --seed 2 --fault-share 0.5 --directories separate"
  "build/release/bin/stampede bench"
)

case "${1:-}" in
  -h | --help) print_help; exit 0 ;;
  "") ;;
  *) fail 2 "unknown argument '$1' (see --help)" ;;
esac
cd "$(dirname "${BASH_SOURCE[0]}")/.."
trap 'exit 130' INT
mkdir -p build

started=$(milliseconds_now)
scripts/setup.sh
set_up_took=$(time_since "$started")

heading "building"
started=$(milliseconds_now)
cmake --preset release >build/configure.log 2>&1 || { cat build/configure.log >&2; fail 1 "configuration failed"; }
cmake --build --preset release --target stampede modelcache_command
build_took=$(time_since "$started")

started=$(milliseconds_now)
worst=0
for command in "${kMainJob[@]}"; do
  heading "$command"
  status=0
  # shellcheck disable=SC2086
  $command || status=$?
  ((status != 130)) || exit 130
  # A broken promise outweighs whatever else went wrong.
  ((worst == 1 || (status != 1 && status <= worst))) || worst=$status
done
run_took=$(time_since "$started")

echo
case "$worst" in
  0) well "verdict: every promise that was judged held, on real models and with half of the connections at fault" ;;
  1) complain "verdict: a promise was broken; the lines above name it and the command that replays it" ;;
  3) complain "verdict: none; this machine cannot do it (see above)" ;;
  *) complain "verdict: none; the main job ended with status $worst" ;;
esac
echo "set-up $set_up_took, build $build_took, run $run_took"
exit "$worst"
