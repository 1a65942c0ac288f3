#!/usr/bin/env bash
# Builds fuzz targets and runs an engine on each for a while, then says what it did and what it found.
#
# usage: scripts/fuzz.sh TARGET...|all [--engine libfuzzer|afl] [--seconds T] [--jobs J] [--findings DIR] [--work DIR]
#                        [--table FILE] [-h|--help]
#
#   TARGET       a file fuzz/TARGET_fuzz.cc; "all" is each of them
#   --engine     libfuzzer (with ASan and UBSan; the default) or afl
#   --seconds T  how long each target runs (default 60)
#   --jobs J     engine processes side by side on one target (default 1)
#   --findings DIR   where findings are saved, laid out as corpus/ is: DIR/fuzz/TARGET/ and DIR/plans/; what was printed
#                is in DIR/log/ (default build/fuzz-findings)
#   --work DIR   where inputs that reached something new stay (default build/fuzz-work)
#   --table FILE a line is added for each target: its name, the engine, and the numbers of the summary, tab by tab
#
# Starts from corpus/fuzz/TARGET/, which is never written, and from what earlier runs left in the work folder.
# Set-up is not done here: run scripts/setup.sh first.
#
# exit status: 0 nothing found; 1 a finding, a failed build, or a build without instrumentation; 2 usage;
# 3 a tool is missing; 130 interrupted (with the report of what was done so far)

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/console.sh"
source "$(dirname "${BASH_SOURCE[0]}")/processes.sh"

# Fewer edges than this means that the code under test was not instrumented.
kEdgesMin=50
# An engine that is still there so long after its time is ended.
kGraceSeconds=60
# Findings of one target that are listed by name; all are saved.
kFindingsShown=5

engine=libfuzzer seconds=60 jobs=1 targets=() table=""
findings_folder=build/fuzz-findings work_folder=build/fuzz-work
pids=() mark="" run="" target="" engine_started=0
summary=() failed=""

# --- starting and ending engines --------------------------------------------------------------------------------------

# What the engines write of plans that failed is thrown away: run_again writes those that count.
start_engine() {
  start_marked "$mark" "$1" env STAMPEDE_FOUND="$run/plans" "${@:2}"
  pids+=("$started_pid")
}

end_engines() { [[ -z $mark ]] || end_sessions "$mark" "${pids[@]}"; }

# Waits until all engines are done; on a terminal, shows the seconds passing. Sets `engine_failed` to the first bad status.
wait_for_engines() {
  local began=$SECONDS passed pid status
  engine_failed=""
  while any_alive "${pids[@]}"; do
    passed=$((SECONDS - began))
    if [[ -t 1 ]]; then printf '\r%s with %s: %d of %d s ' "$target" "$engine" "$passed" "$seconds"; fi
    if ((passed > seconds + kGraceSeconds)); then
      complain "$target: the engine did not end in time; ending it"
      engine_failed="did not end in time"
      end_engines
      break
    fi
    doze 0.5
  done
  if [[ -t 1 ]]; then printf '\r\e[K'; fi
  for pid in "${pids[@]}"; do
    status=0
    wait "$pid" 2>/dev/null || status=$?
    if ((status != 0)) && [[ -z $engine_failed ]]; then engine_failed="ended with status $status"; fi
  done
  end_marked "$mark"
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
    name="$findings_folder/fuzz/$target/$engine-$kind-$(sha1sum <"$file" | cut -c1-12)"
    [[ " ${saved[*]} " != *" $name "* ]] || continue
    mkdir -p "$findings_folder/fuzz/$target" "$findings_folder/log"
    cp "$file" "$name"
    saved+=("$name")
    run_again "$name"
    if ((${#saved[@]} <= kFindingsShown)); then
      complain "$target: $kind. Again with: build/$preset/bin/fuzz_$target $name"
    fi
  done < <("list_${engine}_findings")
  findings=${#saved[@]}
  if ((findings > kFindingsShown)); then complain "$target: and $((findings - kFindingsShown)) more"; fi
  if ((findings)); then
    cat "$run"/log.* >"$findings_folder/log/$target-$engine.log"
    grep -hE -m 3 '^(SUMMARY|==[0-9]+==ERROR|.*: runtime error:)' "$run"/log.* >&2 || true
  fi
}

# Runs a finding once more, by itself: what it prints stays, and so does the plan of a target that makes one. The engines'
# own runs write a plan for each of many inputs that fail alike.
run_again() {
  local name=$1
  STAMPEDE_FOUND="$findings_folder/plans" timeout -k 5 20 "build/$preset/bin/fuzz_$target" "$name" \
    >"$findings_folder/log/$target-${name##*/}.txt" 2>&1 </dev/null || true
}

# Reads what the engines did, saves findings and new inputs, and adds the target's line to the summary.
conclude_target() {
  local corpus=$1 elapsed new_inputs rate
  elapsed=$(($(milliseconds_now) - engine_started))
  "read_$engine"
  "save_${engine}_inputs" "$corpus"
  save_findings
  new_inputs=$(ls "$corpus" | comm -13 "$run/before" - | wc -l)
  rate=$((executions * 1000 / (elapsed + 1)))
  summary+=("$(printf '%-16s %-9s %d s, %d executions, %d exec/s, edges %d/%d, %d new inputs, %d findings' "$target" \
    "$engine" $((elapsed / 1000)) "$executions" "$rate" "$edges" "$edges_total" "$new_inputs" "$findings")")
  [[ -z $table ]] || printf '%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n' "$target" "$engine" $((elapsed / 1000)) "$executions" \
    "$rate" "$edges" "$edges_total" "$new_inputs" "$findings" >>"$table"
  if ((findings)); then failed=yes; fi
  cat "$run"/log.* >"$work_folder/$engine/$target/last.log"
}

fuzz_target() {
  local seeds="corpus/fuzz/$target" work="$work_folder/$engine/$target" dictionary=""
  local corpus="$work/corpus"
  mkdir -p "$corpus" "$work_folder/empty"
  [[ -d $seeds ]] || seeds="$work_folder/empty"
  [[ ! -f fuzz/$target.dict ]] || dictionary="fuzz/$target.dict"
  run=$(mktemp -d "$work/run.XXXXXX")
  mark="STAMPEDE_FUZZ_RUN=$target.$$.${run##*.}"
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
  run="" mark="" pids=()
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
    conclude_target "$work_folder/$engine/$target/corpus" || true
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
    --engine | --seconds | --jobs | --findings | --work | --table)
      (($# > 1)) || fail 2 "$1 wants a value"
      case "$1" in
        --findings) findings_folder=$2 ;;
        --work) work_folder=$2 ;;
        --table) table=$2 ;;
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

trap 'exit 130' INT
heading "building preset $preset: ${targets[*]}"
build_preset "$preset" --target "${targets[@]/#/fuzz_}" || exit 1

trap interrupted INT TERM
for target in "${targets[@]}"; do fuzz_target; done
print_summary
if [[ -n $failed ]]; then
  complain "failed (see above; findings are in $findings_folder/)"
  exit 1
fi
well "nothing found"
