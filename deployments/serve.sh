#!/usr/bin/env bash
# serve.sh: everything for `prefect deployment run reproduce/default` on this machine, in one go: a Prefect server
# (the one that answers, else one of ours), the work pool, the deployments and a worker. Ctrl-C ends the worker;
# the server stays for the UI and for `paper2run run` (end it with `paper2run server stop`).
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
# 10 s between two looks for work is long for a person who waits.
export PREFECT_WORKER_QUERY_SECONDS="${PREFECT_WORKER_QUERY_SECONDS:-1}"

readonly POOL=paper2run
paper2run server start
if [ -z "${PREFECT_API_URL:-}" ]; then
  PREFECT_API_URL="http://127.0.0.1:${PREFECT_SERVER_API_PORT:-4200}/api"
  export PREFECT_API_URL
fi
prefect work-pool inspect "$POOL" >/dev/null 2>&1 || prefect work-pool create "$POOL" --type process
prefect --no-prompt deploy --all
echo "ready: prefect deployment run reproduce/default -p repo=https://example.org/owner/name --watch"
exec prefect worker start --pool "$POOL" --limit 2
