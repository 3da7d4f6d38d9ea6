#!/usr/bin/env bash
# automations.sh [WEBHOOK_URL]: makes the server of PREFECT_API_URL crash runs whose machine is gone (lost-runs.yaml) and, with
# a WEBHOOK_URL, post a message there when a batch has ended (batch-ended.yaml) and when a repository that ran does not
# run any more (no-longer-runs.yaml). Run it again to change the address.
#
# The message is JSON, {"text": "…"}, as Slack and Mattermost take it.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"

create() {
  prefect --no-prompt automation delete "$1" >/dev/null 2>&1 || true
  prefect automation create --from-file "$2"
}

create "paper2run lost runs" deployments/lost-runs.yaml
[ -n "${1:-}" ] || exit 0
block=$(python3 - "$1" <<'PYTHON'
import sys

from prefect.blocks.notifications import CustomWebhookNotificationBlock

block = CustomWebhookNotificationBlock(
    name="paper2run", url=sys.argv[1], json_data={"text": "{{subject}}: {{body}}"}
)
print(block.save("paper2run-batch-ended", overwrite=True))
PYTHON
)
file=$(mktemp --suffix .yaml)
trap 'rm -f "$file"' EXIT
for name in batch-ended no-longer-runs no-longer-rebuilds; do
  sed "s/BLOCK_ID/$block/" "deployments/$name.yaml" >"$file"
  create "paper2run ${name//-/ }" "$file"
done
