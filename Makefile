# Trackgate. `make` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
MODELS := $(VENV)-models
ARGS ?=
export OMP_NUM_THREADS ?= 1

##@ Use
run: $(VENV)/.run ## Start everything, screen the samples, keep running until Ctrl-C
	@$(BIN)/python -m deploy.local run

demo: $(VENV)/.run ## The same, then stop; fails unless every sample got its expected decision
	@$(BIN)/python -m deploy.local demo

##@ Check
test: $(VENV)/.dev system ## All tests: unit, contract, integration, end to end
	@$(BIN)/python -m pytest -n 3 --dist loadfile

test-unit: $(VENV)/.dev ## Unit tests only (no sockets, seconds)
	@$(BIN)/python -m pytest tests/unit

lint: $(VENV)/.dev ## ruff, mypy, import-linter, deptry
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/deptry .

format: $(VENV)/.dev ## Let ruff put the code in shape
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

contracts: $(VENV)/.dev ## Generate JSON Schemas and the AsyncAPI document from the events
	@$(BIN)/python -m shared.contracts write

##@ Measure
bench: $(VENV)/.dev ## Load on the stack that `make run` started: nothing lost, nothing twice; build/bench/pipeline.json
	@$(BIN)/trackgate bench

bench-moderation: $(VENV)/.dev ## A million cases, fifty moderators over HTTP; build/bench/moderation.json
	@$(BIN)/python -m services.moderation.bench

bench-policy: $(VENV)/.dev ## Decisions per core at 10, 100 and 500 rules, and push to effect, into build/bench/policy.json
	@$(BIN)/python -m services.policy.bench
	@$(BIN)/python -m pytest -q tests/integration/policy -k promoted_and_rolled_back
	@cat build/bench/policy.json

bench-ai: $(VENV)/.dev ## CPU-seconds of the AI detector for 3 minutes, into build/bench/ai.json
	@$(BIN)/python -m services.ai_detector.bench $(ARGS)

bench-voices: $(VENV)/.dev ## CPU-seconds of the voice matcher for 3 minutes, into build/bench/voices.json
	@$(BIN)/python -m services.voice_matcher.bench $(ARGS)

bench-index: $(VENV)/.dev ## A million voice templates searched on one core, into build/bench/voice_index.json
	@$(BIN)/python -m services.voice_matcher.bench_index $(ARGS)

bench-scaling: $(VENV)/.dev ## Throughput with 1, 2, 4 workers and 1, 6, 48 partitions, on stacks of its own: build/bench/scaling.json
	@$(BIN)/python -m deploy.scaling $(ARGS)

##@ Models (ARGS=--help says what can be given; ARGS=--quick for a first look)
train-ai: $(MODELS)/.taught ## From fetching the recordings to weights and model card
	@$(MODELS)/bin/python -m services.ai_detector.training $(ARGS)

eval-ai: $(MODELS)/.taught ## Held out by generator and by source, in every delivery condition: build/eval/ai.json
	@$(MODELS)/bin/python -m services.ai_detector.evaluate $(ARGS)

eval-voices: $(MODELS)/.ready ## Sung and spoken, genuine and cloned, under a band: build/eval/voices.json
	@$(MODELS)/bin/python -m services.voice_matcher.evaluate $(ARGS)

##@ Set up
install: $(VENV)/.dev ## Make the environment for work on the code

system: ## Chromium and Prometheus for the tests, from the distribution's packages
	@bash deploy/system_packages.sh chromium:chromium prometheus:promtool

lock: $(VENV)/.dev ## Pin every dependency with its hashes, one list per image
	@$(BIN)/python -m deploy.requirements.lock

clean: ## Remove the environment and build products (not the stack's data in .trackgate)
	rm -rf $(VENV) $(MODELS) build .mypy_cache .ruff_cache .pytest_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Trackgate needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "making the environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: deploy/requirements/run.txt pyproject.toml | $(VENV)/bin/python
	@echo "installing what running needs (a few minutes the first time)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r deploy/requirements/run.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: deploy/requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	@echo "installing what developing needs (a few minutes the first time)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r deploy/requirements/dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.run

$(MODELS)/.ready: deploy/requirements/evaluate.txt pyproject.toml
	@$(PYTHON) -m venv $(MODELS)
	@echo "installing what training and evaluating need, beside $(VENV) (a few minutes the first time)"
	@$(MODELS)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r deploy/requirements/evaluate.txt
	@$(MODELS)/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(MODELS)/.taught: $(MODELS)/.ready deploy/requirements/train.txt
	@echo "installing torch, in which small decoders are taught (several GB, once)"
	@$(MODELS)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r deploy/requirements/train.txt
	@touch $@

help:
	@awk 'BEGIN {FS = ":.*##"; printf "Trackgate\n\nUsage: make \033[36mTARGET\033[0m\n"} \
	  /^[a-zA-Z_-]+:.*?##/ { printf "  \033[36m%-17s\033[0m %s\n", $$1, $$2 } \
	  /^##@/ { printf "\n\033[1m%s\033[0m\n", substr($$0, 5) }' $(MAKEFILE_LIST)

.PHONY: bench bench-moderation bench-policy bench-ai bench-voices bench-index bench-scaling train-ai eval-ai eval-voices run demo test test-unit lint format contracts install system lock clean help
