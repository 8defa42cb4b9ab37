#!/bin/bash
# Builds the demo's images from Debian packages of this machine and pushes them to a registry on loopback.
#
#   manifests/images/build.sh [REGISTRY]        REGISTRY is HOST:PORT, by default localhost:5000
#
# An image is a tree of files (programs, and the libraries that ldd names for them) given to `docker import`.
# It is pushed under its version, which manifests name, and under a digest of what went into it: an image whose
# digest the registry knows is not built again. The engine keeps no copy: kubelets pull from the registry.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
registry=${1:-localhost:5000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# copy_program TREE PROGRAM: the program, its libraries and its loader, under the paths they have here.
copy_program() {
  local file
  install -D "$2" "$1/usr/bin/$(basename "$2")"
  ldd "$2" 2>/dev/null | grep -o '/[^ ]*' | while read -r file; do
    install -D "$file" "$1$file"
  done || true # a static program has none
}

# base_tree TREE: busybox with all its applets, and the few files that programs expect of a system.
base_tree() {
  mkdir -p "$1"/{bin,usr/bin,etc,tmp,data,proc,sys,dev}
  chmod 1777 "$1/tmp"
  copy_program "$1" "$(command -v busybox)"
  local applet
  for applet in $(busybox --list); do
    [ "$applet" = busybox ] || ln -s ../usr/bin/busybox "$1/bin/$applet"
  done
  echo 'root:x:0:0:root:/:/bin/sh' >"$1/etc/passwd"
  echo 'root:x:0:' >"$1/etc/group"
}

busybox_tree() {
  base_tree "$1"
}

redis_tree() {
  base_tree "$1"
  copy_program "$1" "$(command -v redis-server)"
  copy_program "$1" "$(command -v redis-cli)"
}

guestbook_tree() {
  base_tree "$1"
  copy_program "$1" "$(command -v redis-cli)"
  install -D "$here/guestbook/index.cgi" "$1/www/cgi-bin/index.cgi"
  install -D "$here/guestbook/run" "$1/usr/bin/guestbook"
}

# What goes into the images: this folder's files, and the programs as their package manager last wrote them.
inputs_digest() {
  {
    find "$here" -type f -exec sha256sum {} + | sort
    stat -c '%n %s %Y' "$(command -v busybox)" "$(command -v redis-server)" "$(command -v redis-cli)"
  } | sha256sum | cut -c1-32
}

# build NAME VERSION CMD: unless the registry has it, made from the same inputs.
build() {
  local name=longshore/$1 version=$2 command=$3 image
  if busybox wget -q --spider "http://$registry/v2/$name/manifests/$digest" 2>"$work/answer"; then
    echo "$name:$version is in the registry"
    return
  fi
  "${1}_tree" "$work/$1"
  image=$(tar -C "$work/$1" --owner=0 --group=0 --sort=name -c . | docker import --change "CMD $command" - "$registry/$name:$version")
  docker tag "$image" "$registry/$name:$digest"
  docker push -q "$registry/$name:$version"
  docker push -q "$registry/$name:$digest"
  docker rmi "$registry/$name:$version" "$registry/$name:$digest" >"$work/removed"
  rm -rf "${work:?}/$1"
}

digest=$(inputs_digest)
build busybox 1 '["/bin/sh"]'
build redis 1 '["redis-server"]'
build guestbook 1 '["guestbook"]'
