#!/bin/sh
# A cache in thirty lines of shell: prints the path of the file with the given SHA-256, downloading it once.
#
# usage: shell_cache.sh DIRECTORY URL SHA256
#
# One lock a file, held by the kernel for as long as this process lives: who waits finds the file, or downloads it. One
# that fails is not tried again here, since others wait: that is for the caller.
# Published is what was checked, by a rename in the same directory. A hit is checked by nobody: the name is the promise.

set -eu
directory=$1 url=$2 sha256=$3
entry=$directory/$sha256

if [ ! -e "$entry" ]; then
  exec 9>>"$directory/$sha256.lock"
  flock 9
  # Whoever held the lock has ended: what it was writing belongs to nobody now.
  part=$directory/$sha256.part
  rm -f "$part"
  trap 'rm -f "$part"' EXIT
  if [ ! -e "$entry" ]; then
    curl --silent --show-error --fail --location --max-time 15 --output "$part" "$url" 9>&-
    echo "$sha256  $part" | sha256sum --check --quiet --strict >&2
    sync "$part"
    mv "$part" "$entry"
  fi
fi
printf '%s\n' "$entry"
