#!/usr/bin/env bash
# Installs all that building, testing and fuzzing Stampede needs, with one apt-get install on a bare Debian 12.
#
# usage: scripts/setup.sh [--subjects] [--list] [-h|--help]
#
#   --subjects   also what the caches of others need that `stampede subjects` lists; nothing else needs it
#   --list       print the packages and install nothing
#
# Runs as root, or as a user with sudo. Does nothing, quickly, when all packages are there. Never removes a package
# and starts no service. Knows the package names of Ubuntu 24.04 too; that is untried.
#
# exit status: 0 all is there; 2 usage; 3 something could not be installed (each package is named)

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/console.sh"

# One need a line; alternatives are separated by "|" and the first one that apt knows is installed.
kDebian12=(
  build-essential g++-12 cmake ninja-build pkg-config git ca-certificates curl python3
  clang-19 libclang-rt-19-dev llvm-19 lld-19 clang-format-19 clang-tidy-19 python3-clang-19 afl++
  librapidcheck-dev libgtest-dev libgmock-dev
  libboost1.81-dev libboost-context1.81-dev libboost-url1.81-dev
  nlohmann-json3-dev libssl-dev libfmt-dev libcli11-dev libexpected-dev libxxhash-dev
  libonnx-testdata strace
)
kSubjects=(aria2 python3-pooch)
kUbuntu2404=("${kDebian12[@]/1.81-dev/1.83-dev}")
kUbuntu2404=("${kUbuntu2404[@]/#libexpected-dev/libexpected-dev|libtl-expected-dev}")

started=$(milliseconds_now)
needs=("${kDebian12[@]}")
system="an unknown system"
policy_file=""

choose_packages() {
  local id="" version="" name=""
  if [[ -r /etc/os-release ]]; then
    # shellcheck disable=SC1091
    { id=$(. /etc/os-release && printf '%s' "${ID:-}")
      version=$(. /etc/os-release && printf '%s' "${VERSION_ID:-}")
      name=$(. /etc/os-release && printf '%s' "${PRETTY_NAME:-}"); }
  fi
  system=${name:-$system}
  case "$id:$version" in
    debian:12) ;;
    ubuntu:24.04)
      needs=("${kUbuntu2404[@]}")
      complain "note: on Ubuntu 24.04 this script is untried; Debian 12 is what the project is developed on" ;;
    *)
      complain "note: $system is neither Debian 12 nor Ubuntu 24.04; trying with Debian 12's package names" ;;
  esac
}

# Sets `missing` to the needs of which no alternative is installed.
find_missing() {
  local installed need alternative found
  installed=$(dpkg-query -W -f '${binary:Package}=${db:Status-Status}\n') || fail 3 "dpkg-query failed"
  installed=" $(sed -n 's/^\([^:=]*\)[^=]*=installed$/\1/p' <<<"$installed" | tr '\n' ' ') "
  missing=()
  for need in "${needs[@]}"; do
    found=""
    for alternative in ${need//|/ }; do
      [[ $installed == *" $alternative "* ]] && found=yes
    done
    [[ -n $found ]] || missing+=("$need")
  done
}

# Sets `wanted` to one package for each missing need, and `unknown` to the needs that apt has never heard of.
find_candidates() {
  local need alternative chosen answer
  wanted=() unknown=()
  for need in "${missing[@]}"; do
    chosen=""
    for alternative in ${need//|/ }; do
      # Not `| grep -q`: it ends at the first match, and pipefail would take apt-cache's broken pipe for a no.
      answer=$(apt-cache policy "$alternative" 2>/dev/null || true)
      if [[ -z $chosen && $answer == *"Candidate: "[!\(]* ]]; then chosen=$alternative; fi
    done
    if [[ -n $chosen ]]; then wanted+=("$chosen"); else unknown+=("$need"); fi
  done
}

choose_privilege() {
  privilege=()
  [[ $(id -u) -eq 0 ]] && return
  local by_hand="apt-get update && apt-get install --no-install-recommends ${missing[*]}"
  command -v sudo >/dev/null || fail 3 "not root, and there is no sudo. Run this as root: $by_hand"
  privilege=(sudo)
  if [[ ! -t 0 ]]; then
    sudo -n true 2>/dev/null || fail 3 "sudo asks for a password and there is no terminal. Run this as root: $by_hand"
    privilege=(sudo -n)
  fi
}

# In a chroot no service may start; elsewhere RUNLEVEL=1 says the same to the maintainer scripts.
forbid_services() {
  if command -v ischroot >/dev/null && ischroot && [[ $(id -u) -eq 0 && ! -e /usr/sbin/policy-rc.d ]]; then
    policy_file=/usr/sbin/policy-rc.d
    printf '#!/bin/sh\nexit 101\n' >"$policy_file"
    chmod 755 "$policy_file"
  fi
}

remove_policy() { if [[ -n $policy_file ]]; then rm -f "$policy_file"; fi; }

apt_get() {
  "${privilege[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
    apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" </dev/null
}

install_missing() {
  choose_privilege
  trap remove_policy EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  forbid_services
  heading "installing ${#missing[@]} of ${#needs[@]} packages on $system"
  apt_get update || complain "apt-get update failed; going on with the package lists that are here"
  find_candidates
  if ((${#wanted[@]})); then
    # --no-remove: a package that is in the way is the owner's decision, not ours.
    apt_get install --no-install-recommends --no-remove "${wanted[@]}" ||
      complain "apt-get install failed (its messages are above)"
  fi
  find_missing
  if ((${#missing[@]})); then
    ((${#unknown[@]})) && complain "no package of this name in the configured sources: ${unknown[*]}"
    fail 3 "could not install: ${missing[*]}"
  fi
}

lists="" with_subjects=""
for argument in "$@"; do
  case "$argument" in
    -h | --help) print_help; exit 0 ;;
    --list) lists=yes ;;
    --subjects) with_subjects=yes ;;
    *) fail 2 "unknown argument '$argument' (see --help)" ;;
  esac
done
choose_packages
if [[ -n $with_subjects ]]; then needs+=("${kSubjects[@]}"); fi
if [[ -n $lists ]]; then
  printf '%s\n' "${needs[@]}"
  exit 0
fi
command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
  fail 3 "$system has no apt-get. By hand, install what these Debian packages hold: ${needs[*]}"
find_missing
if ((${#missing[@]} == 0)); then
  echo "set-up: all ${#needs[@]} packages are there ($(time_since "$started"))"
  exit 0
fi
install_missing
well "set-up: all ${#needs[@]} packages are there ($(time_since "$started"))"
