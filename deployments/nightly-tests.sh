#!/usr/bin/env bash
# nightly-tests.sh [FOLDER]: runs `make test-full`, which no submission waits for, on the newest commit of this clone's
# upstream; a timer calls it (deployments/systemd/paper2run-nightly-tests.timer). Logs go to FOLDER, one a day; the last
# ten are kept (${XDG_STATE_HOME:-~/.local/state}/paper2run/nightly). Exit code: that of the tests.
set -euo pipefail
cd "$(dirname "$0")/.."

logs=${1:-${XDG_STATE_HOME:-$HOME/.local/state}/paper2run/nightly}
mkdir -p "$logs"
log=$logs/$(date -u +%Y-%m-%d).log
if git rev-parse --verify --quiet '@{upstream}' >/dev/null; then git pull --quiet --ff-only; fi

status=0
{ git log -1 --format='%h %s' && make test-full; } >"$log" 2>&1 || status=$?
find "$logs" -name '*.log' | sort -r | tail -n +11 | xargs -r rm
tail -n 60 "$log"
exit "$status"
