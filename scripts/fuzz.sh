#!/usr/bin/env bash
# Builds fuzz targets and runs an engine on each for a while, then says what it did and what it found.
#
# usage: scripts/fuzz.sh TARGET...|all [--engine libfuzzer|afl] [--seconds T] [--jobs J] [-h|--help]
#
#   TARGET       a file fuzz/TARGET_fuzz.cc; "all" is each of them
#   --engine     libfuzzer (with ASan and UBSan; the default) or afl
#   --seconds T  how long each target runs (default 60)
#   --jobs J     engine processes side by side on one target (default 1)
#
# Starts from corpus/fuzz/TARGET/, which is never written, and from what earlier runs left in build/fuzz-work/.
# Findings are saved in build/fuzz-findings/TARGET/. Set-up is not done here: run scripts/setup.sh first.
#
# exit status: 0 nothing found; 1 a finding, a failed build, or a build without instrumentation; 2 usage;
# 3 a tool is missing; 130 interrupted (with the report of what was done so far)

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/console.sh"

# Fewer edges than this means that the code under test was not instrumented.
kEdgesMin=50
# An engine that is still there so long after its time is ended.
kGraceSeconds=60
# Findings of one target that are listed by name; all are saved.
kFindingsShown=5

engine=libfuzzer seconds=60 jobs=1 targets=()
pids=() marker="" run="" target="" engine_started=0
summary=() failed=""

# --- starting and ending engines --------------------------------------------------------------------------------------

# Starts a program as the leader of a session of its own, with a mark by which whatever it leaves behind is known.
start_engine() {
  local log=$1
  shift
  setsid env STAMPEDE_FUZZ_RUN="$marker" "$@" >"$log" 2>&1 </dev/null &
  pids+=($!)
}

alive() { kill -0 "$1" 2>/dev/null; }

any_alive() {
  local pid
  for pid in "${pids[@]}"; do
    if alive "$pid"; then return 0; fi
  done
  return 1
}

# afl-fuzz's fork servers live in sessions of their own, and the one for CmpLog outlives it (AFL++ 4.04c).
end_leftovers() {
  local file pid
  [[ -n $marker ]] || return 0
  for file in $(grep -lsz "^STAMPEDE_FUZZ_RUN=$marker\$" /proc/[0-9]*/environ || true); do
    pid=${file#/proc/}
    kill -KILL "${pid%/environ}" 2>/dev/null || true
  done
}

end_engines() {
  local pid turn
  for pid in "${pids[@]}"; do kill -TERM -- "-$pid" 2>/dev/null || true; done
  for turn in {1..50}; do
    any_alive || break
    sleep 0.1
  done
  for pid in "${pids[@]}"; do kill -KILL -- "-$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  end_leftovers
}

# Waits until all engines are done; on a terminal, shows the seconds passing. Sets `engine_failed` to the first bad status.
wait_for_engines() {
  local passed pid status
  engine_failed=""
  while any_alive; do
    passed=$((($(milliseconds_now) - engine_started) / 1000))
    if [[ -t 1 ]]; then printf '\r%s with %s: %d of %d s ' "$target" "$engine" "$passed" "$seconds"; fi
    if ((passed > seconds + kGraceSeconds)); then
      complain "$target: the engine did not end in time; ending it"
      engine_failed="did not end in time"
      end_engines
      break
    fi
    sleep 0.5
  done
  if [[ -t 1 ]]; then printf '\r\e[K'; fi
  for pid in "${pids[@]}"; do
    status=0
    wait "$pid" 2>/dev/null || status=$?
    if ((status != 0)) && [[ -z $engine_failed ]]; then engine_failed="ended with status $status"; fi
  done
  end_leftovers
}

# --- libFuzzer --------------------------------------------------------------------------------------------------------

start_libfuzzer() {
  local seeds=$1 corpus=$2 dictionary=$3 i options=()
  [[ -z $dictionary ]] || options+=("-dict=$dictionary")
  mkdir -p "$run/artifacts"
  for ((i = 1; i <= jobs; ++i)); do
    # The first folder is the one that is written to.
    start_engine "$run/log.$i" "build/fuzz/bin/fuzz_$target" "-max_total_time=$seconds" -timeout=10 -rss_limit_mb=4096 \
      -print_final_stats=1 "-artifact_prefix=$run/artifacts/" "${options[@]}" "$corpus" "$seeds"
  done
}

# Sets executions, edges and edges_total from the logs.
read_libfuzzer() {
  local log number
  executions=0 edges=0 edges_total=0
  for log in "$run"/log.*; do
    number=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -n 1)
    [[ -n $number ]] || number=$(sed -n 's/^#\([0-9]*\)[^0-9].*/\1/p' "$log" | tail -n 1)
    executions=$((executions + ${number:-0}))
    number=$(sed -n 's/^#.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
    if ((${number:-0} > edges)); then edges=$number; fi
    number=$(sed -n 's/^INFO: Loaded .*(\([0-9]*\) inline 8-bit counters).*/\1/p' "$log" | tail -n 1)
    edges_total=${number:-0}
  done
}

list_libfuzzer_findings() { find "$run/artifacts" -type f ! -name 'slow-unit-*'; }

save_libfuzzer_inputs() { :; }  # libFuzzer wrote them itself

# --- AFL++ ------------------------------------------------------------------------------------------------------------

start_afl() {
  local seeds=$1 corpus=$2 dictionary=$3 i file role options=()
  [[ -z $dictionary ]] || options+=(-x "$dictionary")
  mkdir "$run/in"
  for file in "$seeds"/* "$corpus"/*; do
    if [[ -f $file ]]; then cp "$file" "$run/in/$(sha1sum <"$file" | cut -c1-40)"; fi
  done
  [[ -n $(ls -A "$run/in") ]] || printf '0' >"$run/in/0"
  for ((i = 1; i <= jobs; ++i)); do
    role=()
    if ((jobs > 1)); then
      if ((i == 1)); then role=(-M main); else role=(-S "second$i"); fi
    fi
    # -c 0: CmpLog with the same binary; naming another one does not work in 4.04c. -t: a hang is five seconds.
    start_engine "$run/log.$i" env AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_AUTORESUME=0 \
      AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_COLOR=1 \
      afl-fuzz -i "$run/in" -o "$run/out" -V "$seconds" -m none -t 5000 -c 0 -l 2 "${options[@]}" "${role[@]}" \
      -- "build/afl/bin/fuzz_$target"
  done
}

stat_of() { sed -n "s/^$2 *: *\([0-9]*\).*/\1/p" "$1" | tail -n 1; }

read_afl() {
  local stats number
  executions=0 edges=0 edges_total=0
  for stats in "$run"/out/*/fuzzer_stats; do
    [[ -f $stats ]] || continue
    number=$(stat_of "$stats" execs_done)
    executions=$((executions + ${number:-0}))
    number=$(stat_of "$stats" edges_found)
    if ((${number:-0} > edges)); then edges=$number; fi
    number=$(stat_of "$stats" total_edges)
    edges_total=${number:-0}
  done
}

list_afl_findings() { find "$run/out" -type f -path '*/crashes/id*' -o -type f -path '*/hangs/id*' 2>/dev/null || true; }

save_afl_inputs() {
  local corpus=$1 file
  while IFS= read -r file; do
    cp "$file" "$corpus/$(sha1sum <"$file" | cut -c1-40)"
  done < <(find "$run/out" -type f -path '*/queue/id*' ! -name '*,orig:*' 2>/dev/null || true)
}

# --- one target -------------------------------------------------------------------------------------------------------

save_findings() {
  local file kind name saved=()
  while IFS= read -r file; do
    case "$file" in
      */hangs/* | */timeout-*) kind=hang ;;
      */oom-*) kind=oom ;;
      */leak-*) kind=leak ;;
      *) kind=crash ;;
    esac
    name="build/fuzz-findings/$target/$engine-$kind-$(sha1sum <"$file" | cut -c1-12)"
    [[ " ${saved[*]} " != *" $name "* ]] || continue
    mkdir -p "build/fuzz-findings/$target"
    cp "$file" "$name"
    saved+=("$name")
    if ((${#saved[@]} <= kFindingsShown)); then
      complain "$target: $kind. Again with: build/$preset/bin/fuzz_$target $name"
    fi
  done < <("list_${engine}_findings")
  findings=${#saved[@]}
  if ((findings > kFindingsShown)); then complain "$target: and $((findings - kFindingsShown)) more"; fi
  if ((findings)); then
    cat "$run"/log.* >"build/fuzz-findings/$target/$engine.log"
    grep -hE -m 3 '^(SUMMARY|==[0-9]+==ERROR|.*: runtime error:)' "$run"/log.* >&2 || true
  fi
}

# Reads what the engines did, saves findings and new inputs, and adds the target's line to the summary.
conclude_target() {
  local corpus=$1 elapsed new_inputs
  elapsed=$(($(milliseconds_now) - engine_started))
  "read_$engine"
  "save_${engine}_inputs" "$corpus"
  save_findings
  new_inputs=$(ls "$corpus" | comm -13 "$run/before" - | wc -l)
  summary+=("$(printf '%-16s %-9s %d s, %d executions, %d exec/s, edges %d/%d, %d new inputs, %d findings' "$target" \
    "$engine" $((elapsed / 1000)) "$executions" $((executions * 1000 / (elapsed + 1))) "$edges" "$edges_total" \
    "$new_inputs" "$findings")")
  if ((findings)); then failed=yes; fi
  cat "$run"/log.* >"build/fuzz-work/$engine/$target/last.log"
}

fuzz_target() {
  local seeds="corpus/fuzz/$target" work="build/fuzz-work/$engine/$target" dictionary=""
  local corpus="$work/corpus"
  mkdir -p "$corpus" build/fuzz-work/empty
  [[ -d $seeds ]] || seeds=build/fuzz-work/empty
  [[ ! -f fuzz/$target.dict ]] || dictionary="fuzz/$target.dict"
  run=$(mktemp -d "$work/run.XXXXXX")
  marker="$target.$$.${run##*.}"
  ls "$corpus" >"$run/before"
  heading "$target with $engine for $seconds s ($(find "$seeds" -type f | wc -l) seeds," \
    "$(wc -l <"$run/before") inputs of earlier runs${dictionary:+, dictionary})"
  pids=()
  engine_started=$(milliseconds_now)
  "start_$engine" "$seeds" "$corpus" "$dictionary"
  wait_for_engines
  conclude_target "$corpus"
  if ((edges < kEdgesMin && findings == 0)); then
    complain "$target: only $edges edges seen: the code under test is not instrumented, or the engine did not run:"
    tail -n 5 "$work/last.log" >&2
    failed=yes
  elif [[ -n $engine_failed && $findings -eq 0 ]]; then
    complain "$target: the engine $engine_failed; its last lines ($work/last.log):"
    tail -n 5 "$work/last.log" >&2
    failed=yes
  fi
  rm -rf "$run"
  run="" marker="" pids=()
}

print_summary() {
  ((${#summary[@]})) || return 0
  heading "fuzzing, target by target"
  printf '%s\n' "${summary[@]}"
}

interrupted() {
  trap '' INT TERM
  [[ ! -t 1 ]] || printf '\r\e[K'
  end_engines
  if [[ -n $run && -f $run/before ]]; then
    conclude_target "build/fuzz-work/$engine/$target/corpus" || true
    rm -rf "$run"
  fi
  print_summary
  exit 130
}

# --- arguments --------------------------------------------------------------------------------------------------------

whole_number() { [[ $2 =~ ^[1-9][0-9]{0,6}$ ]] || fail 2 "$1 wants a number above 0, not '$2'"; }

cd "$(dirname "${BASH_SOURCE[0]}")/.."
while (($#)); do
  case "$1" in
    -h | --help) print_help; exit 0 ;;
    --engine | --seconds | --jobs)
      (($# > 1)) || fail 2 "$1 wants a value"
      case "$1" in
        --engine) engine=$2 ;;
        --seconds) whole_number "$1" "$2"; seconds=$2 ;;
        --jobs) whole_number "$1" "$2"; jobs=$2 ;;
      esac
      shift ;;
    -*) fail 2 "unknown argument '$1' (see --help)" ;;
    *) targets+=("$1") ;;
  esac
  shift
done
case "$engine" in
  libfuzzer) preset=fuzz ;;
  afl) preset=afl ;;
  *) fail 2 "--engine is libfuzzer or afl, not '$engine'" ;;
esac
known=()
for file in fuzz/*_fuzz.cc; do
  [[ ! -f $file ]] || { file=${file#fuzz/}; known+=("${file%_fuzz.cc}"); }
done
((${#known[@]})) || fail 2 "there are no targets (fuzz/*_fuzz.cc)"
((${#targets[@]})) || fail 2 "which target? One of: ${known[*]} all"
if [[ " ${targets[*]} " == *" all "* ]]; then targets=("${known[@]}"); fi
for target in "${targets[@]}"; do
  [[ " ${known[*]} " == *" $target "* ]] || fail 2 "no target '$target'; there are: ${known[*]} all"
done
for tool in cmake clang++-19 setsid $([[ $engine != afl ]] || echo afl-fuzz); do
  command -v "$tool" >/dev/null || fail 3 "$tool is missing: run scripts/setup.sh"
done

heading "building preset $preset: ${targets[*]}"
mkdir -p build
cmake --preset "$preset" >"build/configure-$preset.log" 2>&1 || { cat "build/configure-$preset.log" >&2; fail 1 "configuration failed"; }
cmake --build --preset "$preset" --target "${targets[@]/#/fuzz_}" || fail 1 "the build failed"

trap interrupted INT TERM
for target in "${targets[@]}"; do fuzz_target; done
print_summary
if [[ -n $failed ]]; then
  complain "failed (see above; findings are in build/fuzz-findings/)"
  exit 1
fi
well "nothing found"
