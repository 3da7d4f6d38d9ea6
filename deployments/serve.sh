#!/usr/bin/env bash
# serve.sh [deploy]: everything for `prefect deployment run reproduce/default` on this machine, in one go: a Prefect
# server (the one that answers, else one of ours), the work pool, the deployments and a worker. Ctrl-C or SIGTERM ends
# the worker, and the server if it was started here. With `deploy` there is no worker, and the server stays: end it
# with `paper2run server stop`.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
# 10 s between two looks for work is long for a person who waits.
export PREFECT_WORKER_QUERY_SECONDS="${PREFECT_WORKER_QUERY_SECONDS:-1}"

readonly POOL=paper2run
readonly LIMIT=${PAPER2RUN_WORKER_LIMIT:-2}
ours=""
worker=""

stop_all() {
  trap - EXIT
  trap '' INT TERM
  if [ -n "$worker" ] && kill -TERM "$worker" 2>/dev/null; then
    echo "serve: ending the worker and its runs" >&2
    wait "$worker" || true
  fi
  [ -z "$ours" ] || paper2run server stop
}

start_server() {
  local said
  said=$(paper2run server start 2>&1) || { echo "$said" >&2; exit 3; }
  echo "$said"
  case $said in *"starting a Prefect server"*) ours=yes ;; esac
  # Address and login of the local server; a configured API has its own.
  [ -n "${PREFECT_API_URL:-}" ] || eval "$(paper2run server env)"
}

main() {
  if [ "${1:-}" != deploy ]; then
    trap stop_all EXIT
    trap 'exit 0' INT TERM
  fi
  start_server
  # SQLite carries two runs at a time; batches, which only wait, have a queue of their own (prefect.yaml).
  paper2run deploy --limit "$LIMIT"
  if [ "${1:-}" = deploy ]; then
    echo "deployed; runs wait for a worker: prefect worker start --pool $POOL, or make serve"
    return
  fi
  echo "ready: prefect deployment run reproduce/default -p repo=https://example.org/owner/name --watch"
  # The worker ends itself by SIGINT, which a shell's background jobs inherit as ignored.
  local heeding=()
  if env --default-signal=INT true 2>/dev/null; then heeding=(env --default-signal=INT); fi
  # A process group of its own: the terminal's Ctrl-C reaches it through stop_all, once.
  set -m
  "${heeding[@]}" prefect worker start --pool "$POOL" &
  worker=$!
  wait "$worker"
}

main "$@"
