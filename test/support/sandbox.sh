#!/bin/bash
# Runs a command in a machine of its own, as far as Longshore can tell:
#
#   sandbox.sh COMMAND [ARGUMENT…]
#
# with its own network (loopback, and one address with a default route), its own processes, its own mounts, and its own
# Docker engine, to which DOCKER_HOST points. When the command ends, or this script is killed, the kernel ends every
# process in there and its network and mounts vanish with them. The developer's engine cannot be reached from inside.
set -euo pipefail

if [ "${LONGSHORE_SANDBOX:-}" = "" ]; then
  LONGSHORE_SANDBOX=$(mktemp -d /tmp/longshore-sandbox-XXXXXX)
  export LONGSHORE_SANDBOX
  cgroup=/$(basename "$LONGSHORE_SANDBOX")
  cleanup() {
    rm -rf --one-file-system "$LONGSHORE_SANDBOX"
    # Groups of control that the engine made; only empty ones can be removed.
    find /sys/fs/cgroup -depth -type d -path "*$cgroup*" -exec rmdir {} + 2>"/dev/null" || true
  }
  trap cleanup EXIT
  unshare --net --mount --pid --fork --kill-child --mount-proc --propagation private "$0" "$@" &
  sandbox=$!
  trap 'kill -TERM $sandbox' TERM INT
  code=0
  wait $sandbox || code=$?
  # A signal interrupts the first wait: the second one is for the sandbox to be over.
  wait $sandbox || code=$?
  exit $code
fi

folder=$LONGSHORE_SANDBOX
ip link set lo up
ip link add sandbox0 type veth peer name sandbox1
ip address add 192.0.2.10/24 dev sandbox0
ip link set sandbox0 up
ip link set sandbox1 up
ip route add default via 192.0.2.1

# Out of reach in here, whatever a test does.
for socket in /var/run/docker.sock /run/containerd/containerd.sock; do
  [ ! -e $socket ] || mount --bind /dev/null $socket
done
mkdir -p "$folder/lib" /var/lib/longshore
mount --bind "$folder/lib" /var/lib/longshore

echo "{}" >"$folder/engine.json" # instead of the one in /etc/docker
export DOCKER_HOST=unix://$folder/docker.sock
dockerd -H "$DOCKER_HOST" --data-root "$folder/docker" --exec-root "$folder/exec" --pidfile "$folder/docker.pid" \
  --config-file "$folder/engine.json" --cgroup-parent "/$(basename "$folder")" >"$folder/dockerd.log" 2>&1 &
for ((tries = 0; ; tries++)); do
  docker version >"$folder/version" 2>&1 && break
  if ((tries > 150)); then
    echo 'The sandbox has no engine:' >&2
    tail -20 "$folder/dockerd.log" >&2
    exit 1
  fi
  sleep 0.2
done

command_pid=
trap 'kill -TERM $command_pid' TERM INT
"$@" &
command_pid=$!
code=0
wait $command_pid || code=$?
# While their engine lives, so that their groups of control are removed.
docker ps -aq | xargs -r docker rm -f >"$folder/removed" 2>&1 || true
exit $code
