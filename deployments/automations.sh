#!/usr/bin/env bash
# automations.sh WEBHOOK_URL: makes the server of PREFECT_API_URL post a message to WEBHOOK_URL when a batch has ended
# (batch-ended.yaml). Run it again to change the address. Needs our environment (make).
#
# The message is JSON, {"text": "…"}, as Slack and Mattermost take it.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"

[ $# = 1 ] || { sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2; }
block=$(python - "$1" <<'PYTHON'
import sys

from prefect.blocks.notifications import CustomWebhookNotificationBlock

block = CustomWebhookNotificationBlock(
    name="paper2run", url=sys.argv[1], json_data={"text": "{{subject}}: {{body}}"}
)
print(block.save("paper2run-batch-ended", overwrite=True))
PYTHON
)
name="paper2run batch ended"
prefect --no-prompt automation delete "$name" >/dev/null 2>&1 || true
file=$(mktemp --suffix .yaml)
trap 'rm -f "$file"' EXIT
sed "s/BLOCK_ID/$block/" deployments/batch-ended.yaml >"$file"
prefect automation create --from-file "$file"
