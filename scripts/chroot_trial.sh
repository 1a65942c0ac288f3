#!/usr/bin/env bash
# Tries the set-up on a bare Debian 12: makes one in a temporary folder, runs scripts/setup.sh there, and cleans up.
#
# usage: scripts/chroot_trial.sh [--full] [--worktree] [--keep] [-h|--help]
#
#   --full       run scripts/run.sh and scripts/test.sh there too
#   --worktree   try the files as they lie here, not a clone of the last commit
#   --keep       leave the folder behind and print its path
#
# A developer's tool: it needs root and mmdebstrap, which it installs where that is missing. The host's package
# sources, apt proxy settings, certificates and name resolution are copied at run time, so that apt works there as here.
# Everything runs in a mount and process namespace of its own: no mount and no process of the trial can outlive it.
#
# exit status: 0 all went well; 1 a step failed; 2 usage; 3 this machine cannot do it; 130 interrupted

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/console.sh"

kSuite=bookworm
kInside=/srv/stampede

# --- the part that runs in the new namespaces: mounts, then the steps in the chroot -----------------------------------

mount_devices() {
  local root=$1 node
  mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
  # A /dev of its own with the harmless devices only: nothing in the trial can reach the host's disks.
  mount -t tmpfs -o mode=755,nosuid stampede-dev "$root/dev"
  for node in null zero full random urandom tty; do
    touch "$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
  done
  mkdir "$root/dev/pts" "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
  mount -t tmpfs -o mode=1777,nosuid,nodev shm "$root/dev/shm"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  ln -s /proc/self/fd/0 "$root/dev/stdin"
  ln -s /proc/self/fd/1 "$root/dev/stdout"
  ln -s /proc/self/fd/2 "$root/dev/stderr"
}

# Runs a command of the repository in the chroot, with a clean environment but for proxies.
in_chroot() {
  local root=$1 name settings=()
  shift
  for name in http_proxy https_proxy ftp_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    [[ -n ${!name:-} ]] && settings+=("$name=${!name}")
  done
  chroot "$root" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
    LANG=C.UTF-8 TERM="${TERM:-dumb}" CI=true "${settings[@]}" bash -c 'cd "$0" && exec "$@"' "$kInside" "$@" </dev/null
}

step() {
  local root=$1 started status=0
  shift
  heading "in the chroot: $*"
  started=$(milliseconds_now)
  in_chroot "$root" "$@" || status=$?
  summary+=("$(printf '%-28s exit %d  %s' "$*" "$status" "$(time_since "$started")")")
  ((status == 0)) || failed=yes
}

# Processes of this namespace other than this shell and its own readers: a service that was started would be here.
report_left_over() {
  local root=$1 id name
  for id in /proc/[0-9]*; do
    [[ ${id#/proc/} == "$$" ]] && continue
    [[ $(readlink "$id/root" 2>/dev/null || true) == "$root" ]] || continue
    name=$(cat "$id/comm" 2>/dev/null || true)
    [[ -z $name ]] || { complain "left running by the set-up: $name"; failed=yes; }
  done
  [[ ! -e $root/usr/sbin/policy-rc.d ]] || { complain "set-up left policy-rc.d behind"; failed=yes; }
}

run_inside() {
  local root=$1 full=$2
  trap 'exit 130' INT TERM
  mount -t proc proc /proc
  mount_devices "$root"
  failed="" summary=()
  step "$root" scripts/setup.sh
  report_left_over "$root"
  step "$root" scripts/setup.sh
  if [[ $full == yes && -z $failed ]]; then
    step "$root" scripts/run.sh
    step "$root" scripts/test.sh
  fi
  heading "the trial"
  printf '%s\n' "${summary[@]}"
  [[ -z $failed ]]
}

# --- the part that runs on the host -----------------------------------------------------------------------------------

make_base() {
  local root=$1 settings=$2 sources=() file
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    if [[ -f $file ]] && grep -qw "$kSuite" "$file" && grep -qi debian "$file"; then sources+=("$file"); fi
  done
  # Proxies and transports, but no hooks: those name programs of the host.
  apt-config dump | grep -E '^Acquire::(http|https|ftp|Retries)' >"$settings" || true
  mmdebstrap --quiet --mode=root --variant=minbase --aptopt="$settings" "$kSuite" "$root" "${sources[@]}"
}

copy_surroundings() {
  local root=$1
  cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
  cp -an /etc/apt/trusted.gpg.d/. "$root/etc/apt/trusted.gpg.d/"
  if [[ -d /etc/apt/keyrings ]]; then mkdir -p "$root/etc/apt/keyrings" && cp -an /etc/apt/keyrings/. "$root/etc/apt/keyrings/"; fi
  # Certificates of the host's own authorities: the bundle for now, their sources for when ca-certificates is installed.
  if [[ -f /etc/ssl/certs/ca-certificates.crt ]]; then
    mkdir -p "$root/etc/ssl/certs" && cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  fi
  if [[ -d /usr/local/share/ca-certificates ]]; then
    mkdir -p "$root/usr/local/share/ca-certificates"
    cp -r /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/"
  fi
}

copy_repository() {
  local root=$1 worktree=$2
  if [[ $worktree != yes ]] && git -C "$repository" rev-parse -q --verify HEAD >/dev/null; then
    git clone --quiet --no-hardlinks "$repository" "$root$kInside"
    echo "trying commit $(git -C "$repository" rev-parse --short HEAD)"
  else
    mkdir -p "$root$kInside"
    git -C "$repository" ls-files -z --cached --others --exclude-standard |
      tar -C "$repository" --null --files-from=- --ignore-failed-read -cf - | tar -C "$root$kInside" -xf -
    chown -R root:root "$root$kInside"
    echo "trying the files as they lie here"
  fi
}

remove_folder() {
  trap '' INT TERM
  [[ -n ${folder:-} && -d $folder ]] || return 0
  if [[ $(findmnt -rn -o TARGET) == *"$folder/"* ]]; then
    complain "something is still mounted below $folder; it is left alone"
    return 0
  fi
  if [[ $keep == yes ]]; then
    echo "left behind: $folder"
  else
    rm -rf --one-file-system "$folder"
  fi
}

full=no worktree=no keep=no
if [[ ${1:-} == --inside ]]; then
  run_inside "$2" "$3"
  exit
fi
for argument; do
  case "$argument" in
    --full) full=yes ;;
    --worktree) worktree=yes ;;
    --keep) keep=yes ;;
    -h | --help) print_help; exit 0 ;;
    *) fail 2 "unknown argument '$argument' (see --help)" ;;
  esac
done
[[ $(id -u) -eq 0 ]] || fail 3 "a chroot needs root"
command -v unshare >/dev/null || fail 3 "unshare (util-linux) is needed"
if ! command -v mmdebstrap >/dev/null; then
  heading "installing mmdebstrap on this machine (a developer's tool: scripts/setup.sh does not)"
  DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends mmdebstrap ||
    fail 3 "could not install mmdebstrap"
fi

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
folder=$(mktemp -d "${TMPDIR:-/var/tmp}/stampede-chroot.XXXXXX")
chmod 755 "$folder"
trap remove_folder EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
started=$(milliseconds_now)
heading "a bare Debian 12 in $folder"
make_base "$folder/root" "$folder/apt.conf"
copy_surroundings "$folder/root"
copy_repository "$folder/root" "$worktree"
echo "made in $(time_since "$started")"
status=0
unshare --mount --propagation private --pid --fork --kill-child \
  bash "${BASH_SOURCE[0]}" --inside "$folder/root" "$full" || status=$?
((status == 0)) && well "the trial went well ($(time_since "$started") in all)"
((status == 0)) || complain "the trial failed"
exit "$status"
