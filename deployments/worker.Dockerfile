# Everything of Paper2Run: worker, server, command line. The container engine stays outside and is reached by its socket.
# `make worker-image` builds it, also where TLS and the package index are a site's own; elsewhere
#   docker build -t paper2run-worker -f deployments/worker.Dockerfile .
FROM python:3.11-slim
ENV PYTHONUTF8=1 PIP_BREAK_SYSTEM_PACKAGES=1 PIP_ROOT_USER_ACTION=ignore

RUN apt-get update \
 && apt-get install -y --no-install-recommends git openssh-client \
 && rm -rf /var/lib/apt/lists/*

# Dependencies before sources, so that a change of ours installs none of them again. Of the lock only the versions:
# it holds our checks and tests too, of which no worker needs anything.
WORKDIR /app
COPY pyproject.toml requirements.lock README.md LICENSE ./
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
COPY prefect.yaml ./
RUN python3 -m pip install --no-cache-dir --no-deps -e .

ENV DO_NOT_TRACK=1 \
    PREFECT_SERVER_ANALYTICS_ENABLED=false \
    PREFECT_HOME=/var/lib/paper2run/prefect \
    PAPER2RUN_HOME=/var/lib/paper2run/home \
    PAPER2RUN_OUT=/var/lib/paper2run/runs
VOLUME /var/lib/paper2run
CMD ["prefect", "worker", "start", "--pool", "paper2run", "--type", "process", "--limit", "2"]
