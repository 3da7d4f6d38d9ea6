#!/usr/bin/env bash
# programs.sh: sees to the programs that tests start and that are no part of the environment: an image registry.
# On Debian and Ubuntu as root or with sudo it is installed; elsewhere the tests of sharing images skip and say so.
set -euo pipefail

command -v docker-registry >/dev/null && exit 0
if ! command -v apt-get >/dev/null; then
  echo "programs: docker-registry is not here; the tests that share images between machines skip" >&2
  exit 0
fi
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
echo "programs: installing docker-registry" >&2
as_root apt-get update -qq >&2
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker-registry >&2
