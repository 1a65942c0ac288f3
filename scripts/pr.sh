#!/usr/bin/env bash
# The quick check before a pull request: an incremental release build, lint, the tests that take seconds, and a replay of the stored plans.
#
# usage: scripts/pr.sh [-h|--help]
#
# exit status: 0 all passed; 1 something failed; 2 usage; 3 set-up failed; 130 interrupted

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/console.sh"

# Everything but what starts many processes, changes the product, or measures.
kNotQuick='^(live|mutant|bench-smoke|slow)$'

case "${1:-}" in
  -h | --help) print_help; exit 0 ;;
  "") ;;
  *) fail 2 "unknown argument '$1' (see --help)" ;;
esac
cd "$(dirname "${BASH_SOURCE[0]}")/.."
trap 'exit 130' INT
started=$(milliseconds_now)

scripts/setup.sh
mkdir -p build
heading "lint"
python3 scripts/lint.py || fail 1 "lint found something"
heading "building"
cmake --preset release >build/configure.log 2>&1 || { cat build/configure.log >&2; fail 1 "configuration failed"; }
cmake --build --preset release || fail 1 "the build failed"
heading "the quick tests"
ctest --preset release --progress -LE "$kNotQuick" || fail 1 "a test failed"
heading "stored plans and seeds"
build/release/bin/stampede replay corpus/plans --seeds corpus/seeds.txt || fail 1 "a stored plan failed"
well "the quick check passed ($(time_since "$started"))"
