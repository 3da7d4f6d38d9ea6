#!/usr/bin/env bash
# worker-image.sh [WORKER [COMMAND]]: builds the two images of deployments/worker.Dockerfile, that of workers and server
# (paper2run-worker if no name is given) and that of the command line (paper2run/paper2run), in the engine that answers,
# the way images of repositories are built: through the site's certificates, package index and proxies
# (PAPER2RUN_CA_BUNDLE, PAPER2RUN_INDEX_URL, HTTPS_PROXY), of which nothing stays in the images. Needs our environment
# (make); not the docker command. Exit 3: they could not be built.
set -euo pipefail
cd "$(dirname "$0")/.."

exec "${PAPER2RUN_PYTHON:-.venv/bin/python}" - "${1:-paper2run-worker}:latest" "${2:-paper2run/paper2run}:latest" <<'PYTHON'
import sys
from pathlib import Path

from paper2run.errors import HostError
from paper2run.rendering.injection import Injection
from paper2run.model.outcome import Built
from paper2run.settings import Settings
from tasks.drivers.engine.build_context import BuildInput
from tasks.drivers.engine.buildkit import build
from tasks.drivers.engine.engine_connection import connect

# As deployments/worker.Dockerfile.dockerignore says it to other builders.
LEFT_OUT = (
    ".git", ".venv", ".env", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".import_linter_cache", "__pycache__",
    "runs", "tests", "benchmarks", "docs",
)
WORKER_STAGE = "\nFROM command AS worker\n"
settings, recipe = Settings(), Path("deployments/worker.Dockerfile").read_text()
for image, dockerfile in ((sys.argv[2], recipe.partition(WORKER_STAGE)[0]), (sys.argv[1], recipe)):
    context = BuildInput(
        dockerfile=dockerfile,
        repo=Path(),
        tag=image,
        injection=Injection.of(settings),
        folder=".",
        left_out=LEFT_OUT,
    )
    try:
        outcome = build(connect(), context, run_id="", timeout_s=settings.build_timeout, on_line=print)
    except HostError as error:
        sys.exit(f"worker-image: {error}\n  hint: {error.hint}")
    if not isinstance(outcome, Built):
        sys.exit(f"worker-image: failed at {outcome.step}\n{outcome.log.stderr[-3000:]}")
    print(f"worker-image: {outcome.image} is there, {outcome.size_bytes // 10**6} MB")
PYTHON
