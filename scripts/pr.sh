#!/usr/bin/env bash
# The quick check before a pull request: lint, an incremental release build, the tests that take seconds (properties and fuzz
# corpora among them), all stored plans and seeds in the simulator and on real processes, and how fast that goes.
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

set_up
heading "lint"
python3 scripts/lint.py || fail 1 "lint found something"
heading "building"
build_preset release || exit 1
tested=$(milliseconds_now)
heading "the quick tests"
ctest --preset release --progress -LE "$kNotQuick" || fail 1 "a test failed"
heading "stored plans and seeds"
status=0
build/release/bin/stampede replay corpus/plans --seeds corpus/seeds.txt --world both || status=$?
if ((status == 3)); then
  if scripts/live_probe.py; then fail 1 "no plan was replayed live, and live is possible here"; fi
  echo "not applicable: this machine has no live world (see above); in the simulated one:"
  status=0
  build/release/bin/stampede replay corpus/plans --seeds corpus/seeds.txt || status=$?
fi
((status == 0)) || fail 1 "a stored plan failed"
heading "how fast replays are, beside what bounds them (stampede bench --help says what the columns are)"
build/release/bin/stampede bench --world sim --scenario replay --runs 3 || fail 1 "a benchmark failed"
status=0
build/release/bin/stampede bench --world live --scenario live_same --scenario live_drawn --runs 1 || status=$?
if ((status == 3)) && ! scripts/live_probe.py; then status=0; fi
((status == 0)) || fail 1 "a benchmark failed"
well "the quick check passed ($(time_since "$tested") after the build, $(time_since "$started") in all)"
