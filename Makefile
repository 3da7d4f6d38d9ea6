# Everything for a user is `make run` and `make test`; `make help` lists the rest.
SHELL := /bin/bash
comma := ,
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PIP = $(BIN)/python -m pip --quiet --disable-pip-version-check
UV = VIRTUAL_ENV=$(VENV) $$(command -v uv || echo $(BIN)/uv) pip --quiet
EXAMPLE := examples/period-doubling
REPO ?=
IMAGES ?= 3.11
ARGS ?=
# Names of a bare host have no UTF-8 in them otherwise.
export PYTHONUTF8 := 1
# Tests and runs start Python a hundred times. Without bytecode each start compiles 1,800 modules: 10 s of processor in
# place of 4 (uv compiles nothing when it installs, and images for CI often set this variable).
unexport PYTHONDONTWRITEBYTECODE
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
	@echo "installing (a minute)"
	@# uv takes a fifth of pip's time; where it is missing, pip brings the pinned one. Only pip may know this site's index.
	@if command -v uv >/dev/null; then uv venv --quiet --allow-existing --seed --python "$$(command -v $(PYTHON))" $(VENV); \
	else $(PYTHON) -m venv $(VENV) && sed -n '/^uv==/,/[^\\]$$/p' requirements.lock >$(VENV)/uv.txt && \
		$(PIP) install --require-hashes -r $(VENV)/uv.txt; fi
	@$(UV) sync --require-hashes requirements.lock || $(PIP) install --require-hashes -r requirements.lock
	@$(UV) install --no-deps -e . || $(PIP) install --no-deps -e .
	@touch $@
	@echo "installed: $(VENV)"

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

PYTEST = $(BIN)/pytest -q --durations=40
# The process that is done first takes tests from the others, wherever their files are.
PROCESSES = --dist worksteal -n
# `make test WITHOUT=index` where the package index cannot be reached.
WITHOUT ?=
OTHERS = $(if $(WITHOUT), and not ($(WITHOUT)))
step = @printf '== %s  %s\n' "$$(date +%T)" '$(1)'

.PHONY: static
static: $(INSTALLED)
	$(call step,lint)
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	$(call step,types)
	@$(BIN)/mypy
	$(call step,import contracts)
	@$(BIN)/lint-imports

.PHONY: unit
unit: $(INSTALLED)
	$(call step,unit tests and hostile input)
	@$(PYTEST) $(PROCESSES) 2 tests/unit tests/hostile

.PHONY: check
check: static unit ## lint, types, import contracts, unit tests, hostile input

# One after the other: apt serves one at a time.
.PHONY: test-images
test-images: $(INSTALLED) engine
	$(call step,programs and base images of tests)
	@tests/programs.sh
	@deployments/base-image.sh 3.11 bookworm

.PHONY: test
test: ## check, then stage, flow, real-Docker tests and faults; without the slow ones
	@$(MAKE) --no-print-directory -j 2 static test-images
	@$(MAKE) --no-print-directory unit
	$(call step,stage$(comma) flow and engine tests$(comma) faults)
	@# Three processes on two cores: these tests wait for an engine, a server or an index.
	@$(PYTEST) $(PROCESSES) 3 --docker -m 'not alone$(OTHERS)' tests/stage tests/flow tests/engine tests/faults
	$(call step,tests that judge the whole machine$(comma) one at a time)
	@$(PYTEST) --docker -m 'alone$(OTHERS)' tests/stage tests/flow tests/engine tests/faults
	$(call step,done)

.PHONY: small-model
small-model: $(INSTALLED) engine base-image ## ask a real small model, served on this machine (100 MB; about 10 minutes)
	$(PIP) install 'xllamacpp>=2026.10'
	$(BIN)/pytest -q --docker --small-model tests/small_model

.PHONY: test-full
test-full: test-images check ## test, and what takes minutes or further images: workers killed, batches cancelled, slow repairs
	$(BIN)/pytest -q --docker --full --durations=40 tests/hostile tests/stage tests/flow tests/engine tests/faults

.PHONY: serve
serve: $(INSTALLED) engine base-image ## Prefect server, work pool, deployments and a worker, until Ctrl-C
	@deployments/serve.sh

.PHONY: deploy
deploy: $(INSTALLED) ## Prefect server in the background, work pool and deployments; without a worker
	@deployments/serve.sh deploy

.PHONY: worker-image
worker-image: $(INSTALLED) engine ## build the images of the command line and of workers (deployments/README.md)
	@deployments/worker-image.sh

.PHONY: lock
lock: $(INSTALLED) ## pin our own dependencies anew
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes \
		--no-emit-index-url --no-annotate --custom-compile-command "make lock" --output-file requirements.lock pyproject.toml

.PHONY: clean
clean: ## remove the environment and caches of tools; run folders stay
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
