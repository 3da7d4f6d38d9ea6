#!/usr/bin/env bash
# engine.sh [status | bound-builds]: sees to it that a container engine answers, and says what it does.
#
# `bound-builds` (as root) bounds what all build steps of this machine's Docker take together, as is done for an engine
# that is started here: PAPER2RUN_BUILD_PIDS processes (4096) and PAPER2RUN_BUILD_MEMORY_MB (four fifths of the machine).
#
# An engine that answers already is used: the one DOCKER_HOST names, else Docker's, Docker Desktop's or
# Podman's usual socket. Else, on Debian and Ubuntu as root or with sudo, docker.io is installed where it is
# missing and dockerd is started. `status` only looks. Exit 0: an engine answers; 3: none does, and why.
# Needs python3, not the docker command.
set -euo pipefail
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

readonly WAIT_S=60
readonly SOCKET=/var/run/docker.sock
readonly PID_FILES=(/var/run/docker.pid /var/run/docker/containerd/containerd.pid)
readonly STATE=${XDG_STATE_HOME:-$HOME/.local/state}/paper2run
readonly LOG=$STATE/dockerd.log

say() { printf 'engine: %s\n' "$*" >&2; }

give_up() {
  say "$*"
  say "Start Docker Desktop or Podman, or set DOCKER_HOST to the socket of an engine, then try again."
  exit 3
}

# answers ADDRESS: something replies to the engine's ping there. TLS and ssh addresses are only connected to.
answers() {
  python3 - "$1" "${DOCKER_TLS_VERIFY:-}" <<'PYTHON'
import socket
import sys
from urllib.parse import urlsplit

address, tls = sys.argv[1:]
url = urlsplit(address)
try:
    if url.scheme == "unix":
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(5)
        connection.connect(url.path)
    else:
        port = url.port or {"ssh": 22}.get(url.scheme, 2375)
        connection = socket.create_connection((url.hostname or "", port), 5)
        if tls or url.scheme == "ssh":
            sys.exit(0)
    connection.sendall(b"GET /_ping HTTP/1.0\r\nHost: engine\r\n\r\n")
    sys.exit(0 if b" 200 " in connection.recv(64) else 1)
except PermissionError:
    print(f"engine: {address} is there, but this user may not use it", file=sys.stderr)
    sys.exit(1)
except OSError:
    sys.exit(1)
PYTHON
}

# found: prints the address of the first engine that answers.
found() {
  local uid address
  uid=$(id -u)
  if [ -n "${DOCKER_HOST:-}" ]; then
    answers "$DOCKER_HOST" && echo "$DOCKER_HOST"
    return
  fi
  for address in "$SOCKET" "$HOME/.docker/run/docker.sock" "$HOME/.docker/desktop/docker.sock" \
    "/run/user/$uid/docker.sock" "/run/user/$uid/podman/podman.sock" /run/podman/podman.sock; do
    if [ -S "$address" ] && answers "unix://$address"; then
      echo "unix://$address"
      return
    fi
  done
  return 1
}

# runs PID NAME: that process is alive and is that program; a number may have been given to another since.
runs() { [ "$(cat "/proc/$1/comm" 2>/dev/null)" = "$2" ]; }

dockerd_runs() {
  local folder
  for folder in /proc/[0-9]*; do
    if runs "${folder#/proc/}" dockerd; then return 0; fi
  done
  return 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

may_be_root() {
  [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; }
}

install_docker() {
  say "installing docker.io and iptables from the system's package sources"
  as_root apt-get update -qq >&2 || give_up "apt-get update failed"
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends docker.io iptables >&2 || give_up "docker.io could not be installed"
}

# cgroup_driver: prints the driver of the engine on Docker's socket, cgroupfs or systemd.
cgroup_driver() {
  python3 - "$SOCKET" <<'PYTHON'
import json
import socket
import sys

with socket.socket(socket.AF_UNIX) as connection:
    connection.settimeout(20)
    connection.connect(sys.argv[1])
    connection.sendall(b"GET /info HTTP/1.0\r\nHost: engine\r\n\r\n")
    answer = b"".join(iter(lambda: connection.recv(65536), b""))
print(json.loads(answer.partition(b"\r\n\r\n")[2])["CgroupDriver"])
PYTHON
}

# bound_builds: BuildKit sets no limits of its own (20.10 to 28). With the cgroupfs driver it runs every step below the
# cgroup docker/buildkit; with systemd's beside dockerd's own service, where nothing of ours can bound all of them.
bound_builds() {
  local pids=${PAPER2RUN_BUILD_PIDS:-4096} memory_mb=${PAPER2RUN_BUILD_MEMORY_MB:-} root=/sys/fs/cgroup driver
  driver=$(cgroup_driver 2>/dev/null) || driver=unknown
  if [ "$driver" != cgroupfs ]; then
    say "builds are not bounded in processes and memory: the engine's cgroup driver is $driver, not cgroupfs (docs/security.md)"
    return
  fi
  [ -n "$memory_mb" ] || memory_mb=$(awk '/^MemTotal/ { print int($2 / 1024 * 4 / 5) }' /proc/meminfo)
  if ! as_root sh -euc '
    root=$1 pids=$2 bytes=$(($3 * 1024 * 1024))
    if [ -f "$root/cgroup.controllers" ]; then
      mkdir -p "$root/docker/buildkit"
      for folder in "$root" "$root/docker"; do echo "+pids +memory" >"$folder/cgroup.subtree_control"; done
      echo "$pids" >"$root/docker/buildkit/pids.max"
      echo "$bytes" >"$root/docker/buildkit/memory.max"
    else
      mkdir -p "$root/pids/docker/buildkit" "$root/memory/docker/buildkit"
      echo "$pids" >"$root/pids/docker/buildkit/pids.max"
      echo "$bytes" >"$root/memory/docker/buildkit/memory.limit_in_bytes"
    fi' sh "$root" "$pids" "$memory_mb" 2>/dev/null; then
    say "builds are not bounded in processes and memory: this machine's cgroups cannot be written (docs/security.md)"
    return
  fi
  say "build steps take at most $pids processes and $memory_mb MB together"
}

remove_stale_pids() {
  local file pid program
  for file in "${PID_FILES[@]}"; do
    program=$(basename "$file" .pid)
    [ "$program" = docker ] && program=dockerd
    pid=$(cat "$file" 2>/dev/null) || continue
    if ! runs "$pid" "$program"; then
      say "removing $file: process $pid is no $program"
      as_root rm -f "$file"
    fi
  done
}

start_dockerd() {
  if [ -d /run/systemd/system ]; then
    say "starting the docker service"
    as_root systemctl start docker || say "systemctl start docker failed: see journalctl -u docker"
    return
  fi
  remove_stale_pids
  mkdir -p "$STATE"
  say "starting dockerd, log in $LOG"
  # The group lets the user who asked use the socket without logging in again.
  as_root setsid nohup dockerd --group "$(id -gn)" >"$LOG" 2>&1 </dev/null &
}

# wait_for_engine: prints its address once it answers; gives up after WAIT_S, or when dockerd has ended.
wait_for_engine() {
  local second
  for ((second = 0; second < WAIT_S; second++)); do
    if found; then return; fi
    if ((second > 5)) && ! dockerd_runs; then break; fi
    sleep 1
  done
  [ -s "$LOG" ] && tail -n 15 "$LOG" >&2
  return 1
}

main() {
  local address
  if [ "${1:-}" = bound-builds ]; then
    bound_builds
    return
  fi
  if address=$(found); then
    say "a container engine answers on $address"
    return
  fi
  [ -z "${DOCKER_HOST:-}" ] || give_up "no container engine answers on DOCKER_HOST=$DOCKER_HOST"
  [ "${1:-}" != status ] || give_up "no container engine answers"
  if ! dockerd_runs; then
    command -v apt-get >/dev/null || give_up "no container engine answers, and only Debian's and Ubuntu's can be installed here"
    may_be_root || give_up "no container engine answers, and installing one needs root or sudo"
    if ! command -v dockerd >/dev/null || ! command -v iptables >/dev/null; then install_docker; fi
    # The package may have started it; never a second one beside it.
    dockerd_runs || start_dockerd
  else
    say "dockerd runs but does not answer yet: waiting up to $WAIT_S s"
  fi
  address=$(wait_for_engine) || give_up "dockerd did not answer within $WAIT_S s"
  bound_builds
  say "a container engine answers on $address"
}

main "$@"
