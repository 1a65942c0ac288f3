# What the scripts of this folder say and how they time their parts; sourced, not run.

if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
  kBold=$'\e[1m' kRed=$'\e[31m' kGreen=$'\e[32m' kPlain=$'\e[0m'
else
  kBold='' kRed='' kGreen='' kPlain=''
fi

# A heading before a part of the work.
heading() { printf '%s== %s%s\n' "$kBold" "$*" "$kPlain"; }

# A line that says that all went well.
well() { printf '%s%s%s\n' "$kGreen" "$*" "$kPlain"; }

# A complaint on standard error.
complain() { printf '%s%s: %s%s\n' "$kRed" "${0##*/}" "$*" "$kPlain" >&2; }

# Complains and ends with the given status: fail STATUS MESSAGE...
fail() {
  local status=$1
  shift
  complain "$@"
  exit "$status"
}

# Milliseconds since some moment; differences of two are what counts.
milliseconds_now() {
  local now=${EPOCHREALTIME/[.,]/}
  printf '%s' "$((now / 1000))"
}

# Milliseconds as "12.3 s".
seconds_of() { printf '%d.%d s' "$(($1 / 1000))" "$(($1 % 1000 / 100))"; }

# The time since START (of milliseconds_now), likewise.
time_since() { seconds_of "$(($(milliseconds_now) - $1))"; }

# Runs the set-up, without which nothing can follow: status 3 where it fails.
set_up() {
  local status=0
  scripts/setup.sh || status=$?
  ((status != 130)) || exit 130
  ((status == 0)) || fail 3 "set-up failed with status $status"
}

# Configures a preset and builds all of it, or some of it: build_preset PRESET [--target TARGET...]
build_preset() {
  local status=0
  mkdir -p build
  cmake --preset "$1" >"build/configure-$1.log" 2>&1 || status=$?
  if ((status == 0)); then cmake --build --preset "$@" || status=$?; else cat "build/configure-$1.log" >&2; fi
  ((status != 130)) || exit 130
  ((status == 0)) || complain "preset $1 could not be built: status $status"
  return "$status"
}

# Prints the comment block at the head of the calling script, from its second line on: the text of --help.
print_help() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0"; }
