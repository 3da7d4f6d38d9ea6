#!/usr/bin/env bash
# base-image.sh [X.Y | SUITE ...]: sees to it that the engine has python:X.Y-slim, or debian:SUITE-slim for the name
# of a Debian release such as bookworm, which carries all toolchains but Python's (3.11 if none is named).
#
# An image that is there is left alone; else it is pulled; where no registry answers, a stand-in is made from
# Debian's own packages (about 1 to 2 minutes, needs root): 3.9 from bullseye, 3.11 from bookworm, 3.13 from
# trixie. It is labelled paper2run.standin=true. Mirror and keyring are the ones that this host's apt trusts.
# Needs a running engine (engine.sh) and our environment (make); not the docker command.
#   PAPER2RUN_REGISTRY_PREFIX   put before the image's name
#   PAPER2RUN_BASE_TAG          name of the image instead of python:X.Y-slim or debian:SUITE-slim
#   PAPER2RUN_PYTHON            interpreter that has our environment (.venv/bin/python)
# Exit 0: the images are there; 3: one cannot be had, and why.
set -euo pipefail
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

readonly PULL_LIMIT_S=180
readonly KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
readonly PACKAGES=ca-certificates,netbase,tzdata
# What official images have beside the interpreter: pip, and headers for C extensions.
readonly PYTHON_PACKAGES=python3,python3-pip,python3-dev
# The pip of official images; Debian's can be years older, and then notes no digest of what it fetches by address.
readonly PIP=pip==24.0
ROOT=$(cd "$(dirname "$0")/.." && pwd)
readonly ROOT PYTHON=${PAPER2RUN_PYTHON:-$ROOT/.venv/bin/python}

say() { printf 'base-image: %s\n' "$*" >&2; }

give_up() {
  say "$*"
  exit 3
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# suite_of VERSION: the Debian release with that Python; a release's own name stays.
suite_of() {
  case $1 in
    [a-z]*) echo "$1" ;;
    3.9) echo bullseye ;;
    3.11) echo bookworm ;;
    3.13) echo trixie ;;
    *) return 1 ;;
  esac
}

# fetched IMAGE: the engine has it, from before or pulled now.
fetched() {
  cd "$ROOT" && timeout "$PULL_LIMIT_S" "$PYTHON" - "$1" <<'PYTHON'
import sys

from paper2run.errors import Paper2RunError
from tasks.drivers.engine.engine_connection import connect

image = sys.argv[1]
try:
    engine = connect()
    there = engine.image(image) or engine.pull(image)
except Paper2RunError as error:
    sys.exit(f"base-image: {error}")
sys.exit(0 if there else f"base-image: the registry has no {image}")
PYTHON
}

# imported IMAGE COMMAND: makes it of the tar on standard input.
imported() {
  cd "$ROOT" && "$PYTHON" -c '
import sys
from tasks.drivers.engine.engine import STANDIN_LABEL
from tasks.drivers.engine.engine_connection import connect

repository, _, tag = sys.argv[1].rpartition(":")
changes = ["ENV LANG=C.UTF-8", f"LABEL {STANDIN_LABEL}=true", f"CMD [\"{sys.argv[2]}\"]"]
engine = connect()
engine.client.api.import_image_from_stream(sys.stdin.buffer, repository=repository, tag=tag, changes=changes)
sys.exit(0 if engine.image(sys.argv[1]) else "base-image: the engine did not take the image")
' "$1" "$2"
}

# host_source FIELD: what this host's apt uses for its main packages: REPO_URI or SIGNED_BY. Nothing unless Debian.
host_source() {
  local codename
  # shellcheck disable=SC1091  # written by the system, not part of the project
  codename=$(. /etc/os-release && [ "$ID" = debian ] && echo "${VERSION_CODENAME:-}") || return 0
  apt-get indextargets --format "\$(RELEASE) \$(COMPONENT) \$($1)" 'Created-By: Packages' 2>/dev/null |
    awk -v codename="$codename" '$1 == codename && $2 == "main" { print $3; exit }'
}

install_debootstrap() {
  local missing=()
  command -v debootstrap >/dev/null || missing+=(debootstrap)
  [ -e "$KEYRING" ] || missing+=(debian-archive-keyring)
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || give_up "a stand-in needs debootstrap, which is not here"
  # Images are made side by side, and apt serves one at a time.
  exec 9>"${TMPDIR:-/tmp}/paper2run-debootstrap.lock"
  flock 9
  command -v debootstrap >/dev/null && [ -e "$KEYRING" ] && exec 9>&- && return 0
  say "installing ${missing[*]}"
  as_root apt-get update -qq >&2
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
  exec 9>&-
}

# trim FOLDER: makes of a fresh Debian what an official image is like: python and pip by their plain names, no
# marker that keeps pip off, no package lists, documentation or downloaded packages, now and later.
trim() {
  as_root bash -euo pipefail -s "$1" <<'ROOT'
cd "$1"
[ ! -e usr/bin/python3 ] || ln -sf python3 usr/bin/python
rm -f usr/lib/python3*/EXTERNALLY-MANAGED
printf 'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; };\nAPT::Install-Recommends "false";\n' \
  >etc/apt/apt.conf.d/docker-clean
rm -rf var/cache/apt/archives/*.deb var/cache/apt/*.bin var/lib/apt/lists/* var/log/*.log
find usr/share/doc usr/share/man usr/share/locale -mindepth 1 -delete
ROOT
}

# stand_in VERSION IMAGE: makes the image from Debian's packages.
stand_in() {
  local suite mirror keyring packages=$PACKAGES command=bash started=$SECONDS
  suite=$(suite_of "$1") || give_up "Debian has no Python $1 for a stand-in: 3.9, 3.11 or 3.13 can be had"
  case $1 in [0-9]*) packages=$PACKAGES,$PYTHON_PACKAGES command=python3 ;; esac
  install_debootstrap
  mirror=$(host_source REPO_URI)
  keyring=$(host_source SIGNED_BY)
  # Of several keyrings, or one written out in the source itself, debootstrap can use none.
  [ -f "$keyring" ] || keyring=$KEYRING
  work=$(mktemp -d /var/tmp/paper2run-base.XXXXXX)
  trap 'as_root rm -rf --one-file-system "$work"' EXIT
  say "no registry answers: making $2 from the packages of Debian $suite, which takes 1 to 2 minutes"
  # shellcheck disable=SC2086  # without a mirror of the host there is no argument, and debootstrap knows its own
  as_root debootstrap --variant=minbase --keyring="$keyring" --include="$packages" "$suite" "$work/root" $mirror \
    >"$work/log" 2>&1 || {
    tail -n 8 "$work/log" >&2
    give_up "debootstrap failed"
  }
  trim "$work/root"
  case $1 in [0-9]*) newer_pip "$work/root" "$1" ;; esac
  as_root tar -C "$work/root" --one-file-system -c . | imported "$2" "$command"
  as_root rm -rf --one-file-system "$work"
  say "$2 is there: a stand-in, not the official image ($((SECONDS - started)) s)"
}

# newer_pip FOLDER VERSION: lays the pip of official images before Debian's. A wheel alone: no code of it runs here.
newer_pip() {
  local into=$1/usr/local/lib/python$2/dist-packages
  "$PYTHON" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary=:all: --python-version "$2" \
    --target "$work/pip" "$PIP" >&2 && as_root mkdir -p "$into" && as_root cp -r "$work/pip/." "$into" ||
    say "$PIP cannot be had: the image keeps the pip of Debian"
}

# provide VERSION: sees to one image.
provide() {
  local name image
  case $1 in [0-9]*) name=python:$1-slim ;; *) name=debian:$1-slim ;; esac
  image=${PAPER2RUN_BASE_TAG:-${PAPER2RUN_REGISTRY_PREFIX:+$PAPER2RUN_REGISTRY_PREFIX/}$name}
  if fetched "$image"; then
    say "$image is there"
  else
    stand_in "$1" "$image"
  fi
}

main() {
  local version status=0 jobs=()
  [ -x "$PYTHON" ] || give_up "$PYTHON is not there: run make first"
  [ $# -gt 0 ] || set -- 3.11
  # Side by side: each waits for a registry or a mirror most of the time.
  for version in "$@"; do
    (provide "$version") &
    jobs+=($!)
  done
  for version in "${jobs[@]}"; do wait "$version" || status=$?; done
  exit "$status"
}

main "$@"
