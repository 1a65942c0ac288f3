#!/usr/bin/env bash
# The nightly job: everything that searches gets a share of the night, and what is found is kept, ready to commit.
#
# usage: scripts/nightly.sh --minutes M | --seconds S [--jobs J] [--out DIR] [--seed N] [-h|--help]
#
#   --minutes M  how long the searches take together (--seconds S: likewise); set-up and builds come before, uncounted
#   --jobs J     threads, engines and programs side by side (default: one a core)
#   --out DIR    where everything goes (default build/nightly)
#   --seed N     where seeds begin, instead of a fresh number; it is printed
#
# Both fuzzing engines on each target, the properties in rounds with fresh seeds, plans drawn in the simulated world and in the
# live one. DIR/corpus/ has findings alone and is laid out as corpus/ is: one is committed by copying it, under a name that says
# what it shows. DIR/log/ has what each part printed, DIR/work/ the inputs from which the next night's fuzzing starts. Nothing
# else is written but build/, and no process is left behind.
#
# exit status: 0 nothing found; 1 something was found, or a part failed; 2 usage; 3 set-up failed; 130 interrupted, with the
# table of what was done so far

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/console.sh"
source "$(dirname "${BASH_SOURCE[0]}")/processes.sh"

# Percent of the time; what fuzzing gets is divided evenly among engines and targets.
kFuzzShare=45 kPropertiesShare=20 kSimShare=20 kLiveShare=15
# A part that is still there so long after its time is ended.
kGraceSeconds=120
kMinutesMax=10000

minutes="" seconds="" jobs=$(nproc) out=build/nightly seed=""
mark="STAMPEDE_NIGHTLY=$$.$EPOCHREALTIME"
part_pid="" is_interrupted="" failed="" found=0
rows=() notes=()

# --- parts ------------------------------------------------------------------------------------------------------------

# Waits for the part that was started, and shows the seconds passing on a terminal: wait_for_part NAME SECONDS. Sets
# `part_status` and `part_seconds`.
wait_for_part() {
  local name=$1 seconds=$2 began=${EPOCHREALTIME/[.,]/} passed
  # No subshells here: one that takes a terminal's SIGINT would end this script before its table.
  while alive "$part_pid"; do
    passed=$(((${EPOCHREALTIME/[.,]/} - began) / 1000000))
    if [[ -t 1 ]]; then printf '\r%s: %d of %d s ' "$name" "$passed" "$seconds"; fi
    if ((passed > seconds + kGraceSeconds)); then
      note "$name: did not end in time, and was ended"
      failed=yes
      end_sessions "$mark" "$part_pid"
      break
    fi
    doze 0.3
  done
  if [[ -t 1 ]]; then printf '\r\e[K'; fi
  part_status=0
  wait "$part_pid" 2>/dev/null || part_status=$?
  part_pid=""
  part_seconds=$(((${EPOCHREALTIME/[.,]/} - began + 500000) / 1000000))
  end_marked "$mark"
  if ((ended_count)) && [[ -z $is_interrupted ]]; then note "$name: $ended_count processes were left behind; they were ended"; fi
}

# Runs a part to its end: run_part NAME SECONDS LOG PROGRAM...
run_part() {
  local name=$1 seconds=$2 log=$3
  shift 3
  start_marked "$mark" "$log" env TMPDIR="$out/tmp" "$@"
  part_pid=$started_pid
  # The interrupt may have come before there was anything to end.
  if [[ -n $is_interrupted ]]; then interrupted; fi
  wait_for_part "$name" "$seconds"
}

# Asks the part to end; it says what it has done, and so does this script then.
interrupted() {
  is_interrupted=yes
  [[ -z $part_pid ]] || kill -TERM "$part_pid" 2>/dev/null || true
}

note() {
  complain "$@"
  notes+=("$*")
}

# part_failed NAME LOG: it did not do what it should, whether or not it found anything.
part_failed() {
  [[ -z $is_interrupted ]] || return 0
  note "$1 failed with status $part_status: $2"
  failed=yes
}

# row NAME SECONDS DONE FOUND REMARK
row() {
  rows+=("$(printf '%-28s %6d s  %10d %-10s %5d   %s' "$1" "$2" "${3% *}" "${3#* }" "$4" "$5")")
  found=$((found + $4))
  if (($4)); then failed=yes; fi
}

# --- fuzzing ----------------------------------------------------------------------------------------------------------

fuzz_all() {
  local engine seconds=$1 targets=(fuzz/*_fuzz.cc) each
  each=$((seconds / (2 * ${#targets[@]})))
  for engine in libfuzzer afl; do
    [[ -z $is_interrupted ]] || return 0
    fuzz_with "$engine" $((each > 0 ? each : 1)) "${#targets[@]}"
  done
}

fuzz_with() {
  local engine=$1 each=$2 count=$3 name table="$out/log/fuzz-$1.tsv" log="$out/log/fuzz-$1.log" took executions rate edges edges_total inputs findings
  heading "fuzzing with $engine: $count targets, $each s each"
  rm -f "$table"
  run_part "fuzzing with $engine" $((each * count)) "$log" scripts/fuzz.sh all --engine "$engine" \
    --seconds "$each" --jobs "$jobs" --findings "$out/corpus" --work "$out/work" --table "$table"
  touch "$table"
  ((part_status == 0 || part_status == 1)) && (($(wc -l <"$table") == count)) || part_failed "fuzzing with $engine" "$log"
  while IFS=$'\t' read -r name engine took executions rate edges edges_total inputs findings; do
    row "fuzz $name, $engine" "$took" "$executions inputs" "$findings" \
      "$rate/s, edges $edges of $edges_total, $inputs new inputs"
  done <"$table"
  if ((part_status == 1)) && ! grep -q $'\t[1-9][0-9]*$' "$table"; then  # not for a finding
    part_failed "fuzzing with $engine" "$log"
  fi
}

# --- properties -------------------------------------------------------------------------------------------------------

# In rounds, each with seeds of its own, until the time is over; at least one round.
check_properties() {
  local seconds=$1 programs=(properties/*_property.cc) began round=0 round_seed cases failures=0 name
  [[ -z $is_interrupted ]] || return 0
  programs=("${programs[@]##*/}")
  programs=("${programs[@]%.cc}")
  heading "properties: ${#programs[@]} programs in rounds with fresh seeds, $seconds s"
  began=$(milliseconds_now)
  rm -f "$out"/log/property-*.log
  printf '%s\n' "${programs[@]}" >"$out/log/properties.list"
  while [[ -z $is_interrupted ]]; do
    round_seed=$((seed + round))
    round=$((round + 1))
    echo "round $round: RC_PARAMS=\"seed=$round_seed\""
    run_part "properties, round $round" "$seconds" "$out/log/properties.log" env STAMPEDE_FOUND="$out/corpus/plans" \
      RC_PARAMS="seed=$round_seed" TMPDIR="${TMPDIR:-/tmp}" xargs -a "$out/log/properties.list" -P "$jobs" -n 1 \
      sh -c 'build/release/bin/$3 >"$1/log/property-$2-$3.log" 2>&1 || { echo "$3"; exit 1; }' sh "$out" "$round"
    if ((part_status)) && [[ -z $is_interrupted ]]; then
      [[ -s $out/log/properties.log ]] || part_failed "properties, round $round" "$out/log"
      while IFS= read -r name; do
        failures=$((failures + 1))
        note "$name failed: $out/log/property-$round-$name.log; again with RC_PARAMS=\"seed=$round_seed\""
      done <"$out/log/properties.log"
    fi
    ((($(milliseconds_now) - began) / 1000 < seconds)) || break
  done
  while IFS= read -r name; do
    note "a program did not check its properties to the end: $name"
    failed=yes
  done < <([[ -n $is_interrupted ]] || grep -LE '^\[  (PASSED|FAILED)  \] [1-9]' "$out"/log/property-*.log)
  cases=$({ sed -n 's/^OK, passed \([0-9]*\) tests*$/\1/p' "$out"/log/property-*.log || true; } | awk '{s += $1} END {print s + 0}')
  row "properties" $((($(milliseconds_now) - began + 500) / 1000)) "$cases cases" "$failures" \
    "$round rounds, seeds $seed to $((seed + round - 1))"
}

# --- exploration ------------------------------------------------------------------------------------------------------

# These numbers of a JSON object in a file, by blanks; 0 where there is none: numbers_of FILE KEY...
numbers_of() {
  python3 -c 'import json, sys
try:
    found = json.load(open(sys.argv[1]))
except ValueError:
    found = {}
print(*(int(found.get(key, 0)) for key in sys.argv[2:]))' "$@"
}

explore() {
  local world=$1 seconds=$2 json="$out/log/explore-$1.json" log="$out/log/explore-$1.log" schedules uncontrolled violations divergences
  [[ -z $is_interrupted ]] || return 0
  heading "plans drawn in the $world world, $seconds s"
  run_part "exploring $world" "$seconds" "$log" sh -c 'json=$1; shift; exec "$@" >"$json"' sh "$json" \
    build/release/bin/stampede explore --world "$world" --seconds "$seconds" --jobs "$jobs" --seed "$seed" \
    --out "$out/corpus/plans" --json
  if ((part_status == 3)) && [[ $world == live ]] && ! scripts/live_probe.py >>"$log"; then
    row "explore $world" "$part_seconds" "0 schedules" 0 "not applicable here: $(tail -n 1 "$log")"
    return 0
  fi
  read -r schedules uncontrolled violations divergences \
    < <(numbers_of "$json" schedules uncontrolled violation_count divergences) || schedules=0
  row "explore $world" "$part_seconds" "$schedules schedules" $((violations + divergences)) \
    "$((schedules / (part_seconds > 0 ? part_seconds : 1)))/s, seeds from $seed, $uncontrolled uncontrolled"
  ((schedules > 0 && (part_status == 0 || (part_status == 1 && violations + divergences > 0)))) || part_failed "exploring $world" "$log"
}

# Plans that fuzzing or a property found become smaller as those that exploring finds do already.
shrink_plans() {
  local file
  for file in "$out"/corpus/plans/*.json; do
    if [[ ! -f $file || $file -ot $out/log/started || $file == */sim-* || $file == */live-* || $file == *-shrunk.json ]]; then
      continue
    fi
    [[ -z $is_interrupted ]] || return 0
    run_part "shrinking ${file##*/}" 60 "$out/log/shrink.log" build/release/bin/stampede shrink "$file"
    ((part_status == 0)) || part_failed "shrinking ${file##*/}" "$out/log/shrink.log: $(tail -n 1 "$out/log/shrink.log")"
  done
}

# --- the end ----------------------------------------------------------------------------------------------------------

print_table() {
  local file
  heading "the night"
  printf '%-28s %8s  %-21s %5s\n' part time done found
  if ((${#rows[@]})); then printf '%s\n' "${rows[@]}"; fi
  if ((${#notes[@]})); then printf 'note: %s\n' "${notes[@]}"; fi
  while IFS= read -r file; do
    echo "kept: $file"
  done < <(find "$out/corpus" -type f ! -path '*/log/*' -newer "$out/log/started" | sort)
}

clean_up() {
  end_marked "$mark"
  rm -rf "$out/tmp"
}

# That many percent of the seconds, but no less than one.
share() { printf '%d' $((seconds * $1 < 100 ? 1 : seconds * $1 / 100)); }

whole_number() { [[ $2 =~ ^[1-9][0-9]{0,8}$ ]] || fail 2 "$1 wants a number above 0, not '$2'"; }

cd "$(dirname "${BASH_SOURCE[0]}")/.."
while (($#)); do
  case "$1" in
    -h | --help) print_help; exit 0 ;;
    --minutes | --seconds | --jobs | --out | --seed)
      (($# > 1)) || fail 2 "$1 wants a value"
      [[ $1 == --out ]] || whole_number "$1" "$2"
      printf -v "${1#--}" '%s' "$2"
      shift ;;
    *) fail 2 "unknown argument '$1' (see --help)" ;;
  esac
  shift
done
[[ -z $minutes ]] || seconds=$((minutes * 60))
[[ -n $seconds ]] || fail 2 "--minutes is missing (see --help)"
((seconds <= kMinutesMax * 60)) || fail 2 "--minutes wants $kMinutesMax at most"
mkdir -p "$out"/{corpus/plans,log,work,tmp} || fail 2 "--out $out: cannot be written"
out=$(cd "$out" && pwd)
: >"$out/log/started"
[[ -n $seed ]] || seed=$(($(od -An -N4 -tu4 /dev/urandom) % 1000000000))

trap 'exit 130' INT TERM
set_up
began=$(milliseconds_now)
targets=(fuzz/*_fuzz.cc)
targets=("${targets[@]##*/}")
targets=("${targets[@]%_fuzz.cc}")
programs=(properties/*_property.cc)
programs=("${programs[@]##*/}")
heading "building"
build_preset release --target stampede "${programs[@]%.cc}" || exit 1
for preset in fuzz afl; do build_preset "$preset" --target "${targets[@]/#/fuzz_}" || exit 1; done
echo "built in $(time_since "$began")"

trap interrupted INT TERM
trap clean_up EXIT
heading "searching for $seconds s with $jobs jobs, seed $seed; all goes to $out"
began=$(milliseconds_now)
fuzz_all "$(share kFuzzShare)"
check_properties "$(share kPropertiesShare)"
explore sim "$(share kSimShare)"
explore live "$(share kLiveShare)"
shrink_plans
print_table
echo "searched for $(time_since "$began"); seed $seed"
if [[ -n $is_interrupted ]]; then
  complain "interrupted: this is what was done before"
  exit 130
elif [[ -n $failed ]]; then
  complain "failed: $found found (see above)"
  exit 1
fi
well "nothing found"
