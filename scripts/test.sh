#!/usr/bin/env bash
# Sets up, builds and runs all tests: lint, clang-tidy, the second compiler, and ctest with and without sanitizers.
#
# usage: scripts/test.sh [--quick|--all] [-h|--help]
#
#   --quick   the release preset only: no sanitizers, no second compiler, no clang-tidy
#   --all     the second compiler builds and runs the tests too, not just the programs; clang-tidy reads every file and the
#             tests too, not just what differs from main; each file is compiled by itself, which shows what it forgets to include
#
# Goes on after a failure, so that one run shows all of them; ends with how many tests passed, failed and were skipped, each reason
# for skipping, and how long set-up, build and tests took.
#
# exit status: 0 all tests passed; 1 something failed; 2 usage; 3 set-up failed; 130 interrupted

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/console.sh"

# What people run; the tests are not among them.
kPrograms=(stampede modelcache_command)

extent=usual
case "${1:-}" in
  -h | --help) print_help; exit 0 ;;
  --quick | --all) extent=${1#--} ;;
  "") ;;
  *) fail 2 "unknown argument '$1' (see --help)" ;;
esac
cd "$(dirname "${BASH_SOURCE[0]}")/.."
trap 'exit 130' INT

failed=() closing_lines=()
build_milliseconds=0 test_milliseconds=0
summary_file=$(mktemp)
trap 'rm -f "$summary_file"' EXIT

# Runs a command as one named part and remembers its failure: part NAME COUNTER COMMAND...
part() {
  local name=$1 counter=$2 began status=0 took
  shift 2
  heading "$name"
  began=$(milliseconds_now)
  "$@" || status=$?
  ((status != 130)) || exit 130
  took=$(($(milliseconds_now) - began))
  printf -v "$counter" '%d' $((${!counter} + took))
  if ((status)); then
    complain "$name failed with status $status ($(seconds_of "$took"))"
    failed+=("$name")
    return 1
  fi
  echo "$name: $(seconds_of "$took")"
}

run_ctest() {
  local preset=$1 status=0 line
  shift
  ctest --preset "$preset" "$@" | tee "$summary_file" || status=$?
  # It fails where no test ran.
  line=$(scripts/ctest_summary.py "$summary_file" "build/$preset/Testing/Temporary/LastTest.log") || ((status)) || status=1
  closing_lines+=("$preset: ${line:-not summed up}")
  return "$status"
}

started=$(milliseconds_now)
set_up
set_up_took=$(time_since "$started")

part "lint" test_milliseconds python3 scripts/lint.py || true
part "lint_test" test_milliseconds python3 scripts/lint_test.py || true
part "ctest_summary_test" test_milliseconds python3 scripts/ctest_summary_test.py || true
if part "build release" build_milliseconds build_preset release; then
  part "ctest release" test_milliseconds run_ctest release || true
fi
if [[ $extent != quick ]]; then
  # Other presets compile several files as one, and say so to clang-tidy; of this one only what is generated is needed.
  dev_target=(--target stampede_subject_stamp_file) tidy_extent=(--changed --no-tests)
  if [[ $extent == all ]]; then dev_target=() tidy_extent=(); fi
  if part "build dev" build_milliseconds build_preset dev "${dev_target[@]}"; then
    part "clang-tidy" test_milliseconds python3 scripts/tidy.py "${tidy_extent[@]}" || true
  fi
  if part "build asan" build_milliseconds build_preset asan; then
    # What sanitizers look for takes neither many cases of a property nor every case of a small plan.
    RC_PARAMS=max_success=100 part "ctest asan" test_milliseconds run_ctest asan -LE '^(lint|bench-smoke|mutant|exhaustive)$' || true
  fi
  if [[ $extent == all ]]; then
    if part "build gcc" build_milliseconds build_preset gcc; then part "ctest gcc" test_milliseconds run_ctest gcc || true; fi
  else
    part "build gcc" build_milliseconds build_preset gcc --target "${kPrograms[@]}" || true
  fi
fi

echo
if ((${#closing_lines[@]})); then printf '%s\n' "${closing_lines[@]}"; fi
times="set-up $set_up_took, build $(seconds_of "$build_milliseconds"), tests $(seconds_of "$test_milliseconds")"
if ((${#failed[@]})); then
  complain "failed: $(IFS=, && printf '%s' "${failed[*]}" | sed 's/,/, /g')"
  echo "$times"
  exit 1
fi
well "all tests passed"
echo "$times"
