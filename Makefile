# Everything for a user is `make run` and `make test`; `make help` lists the rest.
SHELL := /bin/bash
comma := ,
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
EXAMPLE := examples/period-doubling
REPO ?=
IMAGES ?= 3.11
ARGS ?=
# Names of a bare host have no UTF-8 in them otherwise.
export PYTHONUTF8 := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  make run REPO=https://example.org/owner/name ARGS='--timeout 60' reproduces any repository"

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 …" >&2; exit 2; }
	@if command -v uv >/dev/null; then \
		echo "installing with uv" && uv venv --quiet --allow-existing --seed --python "$$(command -v $(PYTHON))" $(VENV) && \
		uv pip sync --quiet --require-hashes --python $(VENV) requirements.lock && \
		uv pip install --quiet --no-deps --python $(VENV) -e .; \
	else \
		echo "installing with venv and pip (a minute or two)" && $(PYTHON) -m venv $(VENV) && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .; \
	fi
	@touch $@

.PHONY: install
install: $(INSTALLED) ## create the environment in .venv

.PHONY: engine
engine: ## make sure that a container engine answers (installs and starts one on Debian and Ubuntu)
	@deployments/engine.sh

.PHONY: base-image
base-image: $(INSTALLED) engine ## make sure that base images are there, also where no registry answers
	@deployments/base-image.sh $(IMAGES)


.PHONY: run
run: $(INSTALLED) engine base-image ## reproduce REPO, or the bundled example without one
	@$(BIN)/paper2run run $(if $(REPO),--repo '$(REPO)',--repo $(EXAMPLE) --paper $(EXAMPLE)/paper.md) $(ARGS)

# Two processes for tests: most of them wait for an engine, a server or an index.
PYTEST = $(BIN)/pytest -q -n 2 --dist loadfile
# `make test WITHOUT=index` where the package index cannot be reached.
WITHOUT ?=
CHOSEN = $(if $(WITHOUT),-m 'not $(WITHOUT)')
step = @printf '== %s  %s\n' "$$(date +%T)" '$(1)'

.PHONY: check
check: $(INSTALLED) ## lint, types, import contracts, unit tests, hostile input
	$(call step,lint)
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	$(call step,types)
	@$(BIN)/mypy
	$(call step,import contracts)
	@$(BIN)/lint-imports
	$(call step,unit tests and hostile input)
	@$(PYTEST) tests/unit tests/hostile

.PHONY: test-programs
test-programs:
	@tests/programs.sh

.PHONY: test
test: IMAGES = 3.11 bookworm
test: base-image test-programs check ## everything: check, then stage, flow, real-Docker tests and faults
	$(call step,stage tests)
	@$(PYTEST) --docker $(CHOSEN) tests/stage
	$(call step,flow tests$(comma) engine tests$(comma) faults)
	@$(PYTEST) --docker $(CHOSEN) --durations=40 tests/flow tests/engine tests/faults
	$(call step,done)

.PHONY: small-model
small-model: $(INSTALLED) engine base-image ## ask a real small model, served on this machine (100 MB; about 10 minutes)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'xllamacpp>=2026.10'
	$(BIN)/pytest -q --docker --small-model tests/small_model

.PHONY: test-full
test-full: IMAGES = 3.11 bookworm
test-full: base-image test-programs check ## test, and what takes minutes or further images: workers killed, batches cancelled, slow repairs
	$(BIN)/pytest -q --docker --full --durations=40 tests/hostile tests/stage tests/flow tests/engine tests/faults

.PHONY: serve
serve: $(INSTALLED) engine base-image ## Prefect server, work pool, deployments and a worker, until Ctrl-C
	@deployments/serve.sh

.PHONY: deploy
deploy: $(INSTALLED) ## Prefect server in the background, work pool and deployments; without a worker
	@deployments/serve.sh deploy

.PHONY: worker-image
worker-image: $(INSTALLED) engine ## build the image of workers and server (deployments/README.md)
	@deployments/worker-image.sh

.PHONY: lock
lock: $(INSTALLED) ## pin our own dependencies anew
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes \
		--no-emit-index-url --no-annotate --custom-compile-command "make lock" --output-file requirements.lock pyproject.toml

.PHONY: clean
clean: ## remove the environment and caches of tools; run folders stay
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
