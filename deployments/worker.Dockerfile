# Everything of Paper2Run: command line, server, worker. The container engine stays outside and is reached by its socket.
# `make worker-image` builds both stages, also where TLS and the package index are a site's own; elsewhere
#   docker build -t paper2run/paper2run --target command -f deployments/worker.Dockerfile .
#   docker build -t paper2run-worker -f deployments/worker.Dockerfile .
FROM python:3.11-slim AS command
LABEL org.opencontainers.image.title="Paper2Run" \
      org.opencontainers.image.description="Turns a research repository into a working container, or reports why it does not run" \
      org.opencontainers.image.licenses="MIT"
ENV PYTHONUTF8=1 PIP_BREAK_SYSTEM_PACKAGES=1 PIP_ROOT_USER_ACTION=ignore

RUN apt-get update \
 && apt-get install -y --no-install-recommends git openssh-client \
 && rm -rf /var/lib/apt/lists/*

# Dependencies before sources, so that a change of ours installs none of them again. Of the lock only the versions:
# it holds our checks and tests too, of which no worker needs anything.
WORKDIR /app
COPY pyproject.toml requirements.lock README.md LICENSE prefect.yaml ./
RUN sed -E '/^ *--hash/d; s/ *\\$//' requirements.lock > /tmp/versions.txt \
 && mkdir flows tasks paper2run \
 && python3 -m pip install --no-cache-dir -c /tmp/versions.txt '.[model,s3]' \
 && python3 -m pip uninstall -y paper2run \
 && rm -r /tmp/versions.txt flows tasks paper2run

COPY paper2run ./paper2run
COPY tasks ./tasks
COPY flows ./flows
COPY examples ./examples
COPY deployments ./deployments
RUN python3 -m pip install --no-cache-dir --no-deps -e .

# Whoever the container runs as (`--user`) may write here. A home of its own: such a user has none in the image.
RUN mkdir -m 1777 /var/lib/paper2run
ENV DO_NOT_TRACK=1 \
    PREFECT_SERVER_ANALYTICS_ENABLED=false \
    HOME=/var/lib/paper2run \
    PREFECT_HOME=/var/lib/paper2run/prefect \
    PAPER2RUN_HOME=/var/lib/paper2run/home
VOLUME /var/lib/paper2run
ENTRYPOINT ["paper2run"]
CMD ["--help"]

FROM command AS worker
ENV HOME=/root \
    PAPER2RUN_OUT=/var/lib/paper2run/runs
ENTRYPOINT []
CMD ["prefect", "worker", "start", "--pool", "paper2run", "--type", "process", "--limit", "2"]
