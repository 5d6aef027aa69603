# Every action of the project; continuous integration calls nothing else.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup pipeline system run test fuzz check fmt lint types layers contract protos lock envoy-check peers bench \
  bench-retrieval bench-serving bench-item-item bench-factors bench-quality bench-activity clean

PYTHON ?= python3
UV_VERSION := 0.13.9
BUF_VERSION := 1.75.0
WORKERS ?= 2
GRPCURL_VERSION := v1.9.3
FAKE_GCS_VERSION := v1.56.1
PLAYWRIGHT_VERSION := 1.65.1
AXE_VERSION := 4.14.1
GNOSTIC_VERSION := v0.7.1

BIN := .venv/bin
BUF := .tools/node_modules/.bin/buf
ROOMS := protos server client model
PY := server client model envoy tools tests bench
export PATH := $(CURDIR)/.tools/bin:$(PATH)

help: ## List the actions
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# --- set up ---------------------------------------------------------------------------------

setup: .venv/.installed ## Make .venv with everything in it

.venv/.installed: requirements/dev.txt $(ROOMS:%=%/pyproject.toml)
	@echo "Setting up .venv (a minute or so the first time) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv pip install --compile-bytecode --python $(BIN)/python --no-deps -r requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps $(ROOMS:%=-e ./%)
	@touch $@

pipeline: .venv-pipeline/.installed ## Make .venv-pipeline, in which the data pipeline runs on Apache Beam

.venv-pipeline/.installed: requirements/pipeline.txt model/pyproject.toml .venv/.installed
	@echo "Setting up .venv-pipeline (a minute or so the first time) …"
	@test -x .venv-pipeline/bin/python || $(PYTHON) -m venv .venv-pipeline
	@$(BIN)/uv pip install --compile-bytecode --python .venv-pipeline/bin/python --no-deps -r requirements/pipeline.txt
	@$(BIN)/uv pip install --quiet --python .venv-pipeline/bin/python --no-deps -e ./model
	@touch $@

system: ## Install what the tests need beside Python: MariaDB, Chromium, grpcurl, a bucket server, buf
	@GRPCURL_VERSION=$(GRPCURL_VERSION) FAKE_GCS_VERSION=$(FAKE_GCS_VERSION) \
	  GNOSTIC_VERSION=$(GNOSTIC_VERSION) BUF_VERSION=$(BUF_VERSION) \
	  PLAYWRIGHT_VERSION=$(PLAYWRIGHT_VERSION) AXE_VERSION=$(AXE_VERSION) tools/system.sh

# --- use ------------------------------------------------------------------------------------

run: setup ## Run everything here; SEGUE_DATASET=DIR runs it on a dataset of your own
	@$(BIN)/python tools/run.py

# --- check ----------------------------------------------------------------------------------

test: setup pipeline system ## Run every test
	$(BIN)/pytest -n $(WORKERS) --dist loadfile

check: setup system lint types layers contract envoy-check ## Check style, types, layers, the contract and Envoy's configuration

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types:
	$(BIN)/mypy $(wildcard $(PY))

layers:
	$(BIN)/lint-imports

contract: protos
	cd protos && ../$(BUF) lint && ../$(BUF) format --diff --exit-code
	tools/breaking.sh $(BUF)
	git diff --exit-code -- protos/gen
	test -z "$$(git ls-files --others --exclude-standard -- protos/gen)"

envoy-check:
	@for values in envoy/values/*.env; do \
	  mkdir -p .build; \
	  $(BIN)/python envoy/render.py $$values --set DESCRIPTORS=protos/gen/segue/v1/segue.binpb \
	    --set SPLIT_SONGS=envoy/split_songs.lua --set PAGE=client/web \
	    --set OPENAPI=protos/gen/segue/v1/openapi.json > .build/envoy.yaml; \
	  $(BIN)/envoy --mode validate -c .build/envoy.yaml; \
	done

fuzz: setup system ## Hold the OpenAPI document against a running stack with many more calls
	SEGUE_FUZZ_EXAMPLES=$(or $(EXAMPLES),300) SEGUE_FUZZ_SEED=$(or $(SEED),$$RANDOM) \
	  $(BIN)/pytest tests/e2e/test_openapi.py --timeout 7200

# --- measure --------------------------------------------------------------------------------

STOCK := TF_ENABLE_ONEDNN_OPTS=0 TF_CPP_MIN_LOG_LEVEL=2
PEER = $(if $(wildcard .venv-peers/.installed),--peers .venv-peers/bin/python)
REAL := $(or $(SEGUE_REAL_DATA),../shared/data)
LISTENS := .build/listens

peers: .venv-peers/.installed ## Make .venv-peers: the libraries that the benchmarks compare with

.venv-peers/.installed: requirements/peers.txt .venv/.installed
	@test -e /usr/include/suitesparse/cholmod.h || tools/package.sh libsuitesparse-dev
	@test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	@$(BIN)/uv pip install --python .venv-peers/bin/python --no-deps -r requirements/peers.txt
	@touch $@

bench: setup ## Measure the model step; bench/callers.py measures a running stack
	$(STOCK) $(BIN)/python bench/ranking.py 10000 41133 100000 1000000

bench-retrieval: setup ## Measure exact and approximate search of a million songs
	$(STOCK) $(BIN)/python bench/retrieval.py $(PEER)

bench-serving: setup ## Measure loading a million songs, and what batching gains
	$(STOCK) $(BIN)/python bench/serving.py

bench-item-item: setup ## Measure how fast, and on real listens how well, item-item learns
	$(BIN)/python bench/item_item.py time $(PEER)
	if [ -d "$(REAL)" ]; then \
	  for file in $(REAL)/lastfm2k/user_artists.dat $(REAL)/triplets/taste_profile_{10000txt_prefix,msd10k_songs}.tsv; do \
	    $(BIN)/python bench/item_item.py quality $$file $(PEER); \
	  done; \
	fi

bench-factors: setup ## The same of matrix factorization
	$(BIN)/python bench/factors.py --large $(PEER) $(and $(wildcard $(REAL)),--data $(REAL))

bench-quality: setup ## Evaluate every engine on real listens
	$(BIN)/python bench/evaluate.py $(REAL) $(LISTENS)
	for folder in $(LISTENS)/*; do \
	  $(BIN)/segue-model evaluate $$folder --cold 0 --search \
	    --engine item-item --engine factors --json $$folder.json --page $$folder.html; \
	done

bench-activity: setup ## Measure what playlists, events and watchers cost recommendations, on a running stack
	$(BIN)/python bench/activity.py

# --- make -----------------------------------------------------------------------------------

protos: setup system ## Compile the contract into protos/gen
	tools/protos.sh

fmt: setup ## Format the code and the contract
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .
	cd protos && ../$(BUF) format -w

lock: setup ## Pin the versions of requirements/ anew
	tools/lock.sh

clean: ## Remove what was made; the sample and its models too
	rm -rf .venv .venv-pipeline .venv-peers .build .tools .segue
