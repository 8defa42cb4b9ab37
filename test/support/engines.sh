#!/bin/bash
# Brings the Docker Engine of a newer Debian to a machine, for tests, and prints the folders to put first in PATH:
#
#   engines.sh SUITE        trixie (Docker 26), sid (Docker 28), or any other that Debian has
#
# The packages come from the Debian mirror that the machine's own apt uses and are unpacked into node_modules/.cache, as
# they are: nothing is installed, no list or setting of the machine's apt is touched. The machine's runc stays in use,
# since those of newer suites want a newer C library.
set -euo pipefail

suite=$1
root=$(dirname "$(realpath "$0")")/../../node_modules/.cache/engines/$suite
packages=(docker.io containerd)

debian_mirror() {
  local mirror
  # Not `Debian-Security`, which has no other suites.
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' 'Label: Debian' 'Component: main' | head -1)
  [ -n "$mirror" ] || fail "This machine's apt knows no mirror of Debian: run apt-get update, or add one to its sources."
  echo "$mirror"
}

fail() {
  echo "$1" >&2
  exit 1
}

# apt, with sources and folders of its own.
own_apt() {
  "$@" -o Dir::Etc::sourcelist="$root/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
    -o Dir::State::lists="$root/lists" -o Dir::Cache="$root/cache" -o APT::Sandbox::User=root
}

# The suite's own version: the machine's apt would take the newest that it knows.
download() {
  local version
  version=$(own_apt apt-cache madison "$1" | awk -F '|' 'NR == 1 {gsub(/ /, "", $2); print $2}')
  [ -n "$version" ] || fail "Debian $suite has no $1"
  own_apt apt-get download "$1=$version"
}

bring() {
  local mirror
  mirror=$(debian_mirror)
  mkdir -p "$root"/{lists/partial,cache/archives/partial,packages}
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$root/sources.list"
  own_apt apt-get -q update
  cd "$root/packages"
  for package in "${packages[@]}"; do download "$package"; done
  for package in *.deb; do dpkg -x "$package" "$root/files"; done
  rm -rf "$root/files/usr/sbin/runc" "$root/files/usr/bin/runc" "$root"/{lists,cache,packages}
  touch "$root/complete"
}

if [ ! -e "$root/complete" ]; then
  rm -rf "$root"
  bring >&2
fi
root=$(realpath "$root")
echo "$root/files/usr/sbin:$root/files/usr/bin"
