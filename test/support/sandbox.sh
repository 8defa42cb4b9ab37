#!/bin/bash
# Runs a command in a machine of its own, as far as Longshore can tell:
#
#   sandbox.sh COMMAND [ARGUMENT…]
#
# with its own network (loopback, and one address with a default route), its own processes, its own mounts, and its own
# Docker engine, to which DOCKER_HOST points. The developer's engine cannot be reached from inside. /run, TMPDIR and
# /var/lib/longshore start empty; what is written to them, to /etc, /var/lib and /var/log stays inside.
#
# It ends when the command does. It is told to end by SIGTERM, SIGINT, SIGHUP, or the death of whoever started it: then
# the command gets SIGTERM, and ten seconds later everything is killed. No process, mount, group of control or file is
# left; only `kill -9` of this script itself leaves its folder behind.
#
#   sandbox.sh --engine [FLAG…]     inside: the engine, for who has killed it
#
# Invariants:
# - Process 1 inside is `start_machine`. The kernel kills every other process in there when it ends, and the network and
#   the mounts vanish with the last of them. `guard` removes the rest when process 1 is over.
# - `guard` alone holds the tether open, so process 1 reads its end when `guard` lets go of it, or dies.
# - No mount point is a folder of the developer's that may be removed: the kernel would take the mount away with it, and
#   what is written there would be written outside.
set -euo pipefail

guard() {
  LONGSHORE_SANDBOX=$(mktemp -d /tmp/longshore-sandbox-XXXXXX)
  chmod 711 "$LONGSHORE_SANDBOX" # so that tests can be other users
  export LONGSHORE_SANDBOX
  trap remove_traces EXIT
  mkfifo "$LONGSHORE_SANDBOX/tether"
  exec {tether}<>"$LONGSHORE_SANDBOX/tether"
  trap 'exec {tether}>&-' TERM INT HUP
  # A job without job control reads from /dev/null, and ignores SIGINT, unless told otherwise.
  env --default-signal=INT,QUIT unshare --net --mount --pid --fork --kill-child --mount-proc --propagation private \
    "$0" --machine "$@" <&0 {tether}>&- &
  end_with $!
}

# Waits on when signals come, and ends with the job's code, which the shell remembers.
end_with() {
  local code=0
  while kill -0 "$1" 2>/dev/null; do wait "$1" || true; done
  wait "$1" || code=$?
  exit $code
}

remove_traces() {
  # A folder that is still in use: process 1 was killed from outside, and the kernel is at it.
  for ((tries = 0; tries < 100; tries++)); do
    rm -rf --one-file-system "$LONGSHORE_SANDBOX" 2>/dev/null || true
    find /sys/fs/cgroup -depth -type d -path "*$(basename "$LONGSHORE_SANDBOX")*" -exec rmdir {} + 2>/dev/null || true
    [ -n "$(traces)" ] || return 0
    sleep 0.1
  done
  echo "Left behind: $(traces)" >&2
}

traces() {
  find "$LONGSHORE_SANDBOX" -maxdepth 0 2>/dev/null || true
  find /sys/fs/cgroup -type d -name "$(basename "$LONGSHORE_SANDBOX")"
}

command_pid=

start_machine() {
  local folder=$LONGSHORE_SANDBOX
  # First of all: process 1 takes no signal that it has no handler for.
  trap end_machine TERM INT HUP
  # In a process of its own, since the shell takes no signal while it reads.
  (read -r || kill -TERM $$) <"$folder/tether" &
  make_network
  make_mounts
  export DOCKER_HOST=unix://$folder/docker.sock TMPDIR=$folder/tmp
  echo '{}' >"$folder/engine.json" # instead of the one in /etc/docker
  start_engine &
  disown # nothing is to be said when a test kills it
  wait_for_engine
  env --default-signal=INT,QUIT "$@" <&0 &
  command_pid=$!
  end_with $command_pid
}

end_machine() {
  [ -n "$command_pid" ] || exit 143
  kill -TERM "$command_pid" 2>/dev/null || true
  trap 'exit 143' ALRM
  (sleep 10 && kill -ALRM $$) &
}

make_network() {
  ip link set lo up
  ip link add sandbox0 type veth peer name sandbox1
  ip address add 192.0.2.10/24 dev sandbox0
  ip link set sandbox0 up
  ip link set sandbox1 up
  ip route add default via 192.0.2.1
  # Below all ports that tests ask for, so that no connection happens to have one.
  echo 16384 29999 >/proc/sys/net/ipv4/ip_local_port_range
}

make_mounts() {
  local folder=$LONGSHORE_SANDBOX path resolver
  mkdir "$folder/tmp" "$folder/lib" "$folder/layers"
  chmod 1777 "$folder/tmp"
  mount -t tmpfs layers "$folder/layers"
  for path in /etc /var/lib /var/log; do cover $path; done
  # In /run are the sockets of the machine's engine, of systemd and of much else.
  resolver=$(cat /etc/resolv.conf 2>/dev/null || true)
  mount -t tmpfs -o mode=755 run /run
  [ -e /etc/resolv.conf ] || install -D -m 644 /dev/stdin "$(readlink -m /etc/resolv.conf)" <<<"$resolver"
  mkdir -p /var/lib/longshore
  mount --bind "$folder/lib" /var/lib/longshore
}

# Lets the folder look as it is, and keeps what is written to it in memory. What is mounted below stays.
cover() {
  local layers=$LONGSHORE_SANDBOX/layers$1 point below
  below=$(awk -v start="$1/" 'index($5, start) == 1 {print $5}' /proc/self/mountinfo)
  mkdir -p "$layers"/{as-is,written,work}
  mount --rbind "$1" "$layers/as-is"
  mount -t overlay -o "lowerdir=$1,upperdir=$layers/written,workdir=$layers/work" covered "$1"
  for point in $below; do mount --bind "$layers/as-is${point#"$1"}" "$point"; done
}

start_engine() {
  local folder=$LONGSHORE_SANDBOX
  exec dockerd -H "$DOCKER_HOST" --data-root "$folder/docker" --exec-root "$folder/exec" \
    --pidfile "$folder/docker.pid" --config-file "$folder/engine.json" --cgroup-parent "/$(basename "$folder")" "$@" \
    >>"$folder/dockerd.log" 2>&1
}

wait_for_engine() {
  for ((tries = 0; ; tries++)); do
    ! docker version >/dev/null 2>&1 || return 0
    if ((tries > 150)); then
      echo 'The sandbox has no engine:' >&2
      tail -20 "$LONGSHORE_SANDBOX/dockerd.log" >&2
      exit 1
    fi
    sleep 0.2
  done
}

case ${1:-} in
'') sed -n '2,/^set/s/^# \{0,1\}//p' "$0" ;;
--guard) guard "${@:2}" ;;
--machine) start_machine "${@:2}" ;;
--engine) start_engine "${@:2}" ;;
*) exec setpriv --pdeathsig TERM -- "$0" --guard "$@" ;;
esac
