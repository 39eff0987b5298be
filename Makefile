# Matinee: every command a person needs. `make help` lists them.
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test check bench format lock clean

help: ## List these commands
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/.runtime ## Start Matinee with three sample films on http://127.0.0.1:8000
	@$(BIN)/python -m player.build
	exec $(BIN)/matinee demo

test: .venv/.dev ## Install what tests need, check, and run every test
	@bash tests/tools.sh bubblewrap chromium mpv nginx
	$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --durations 25 --durations-min 5 $(TESTS)

check: .venv/.dev ## Lint, types, layers and the front end's own tests
	@$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m player.build --check --test

bench: .venv/.dev ## Measure speed against peers; writes tests/bench/RESULTS.md
	@bash tests/tools.sh bubblewrap chromium nginx wrk
	$(BIN)/python -m player.build
	$(BIN)/python -m tests.bench

format: .venv/.dev ## Format the Python code
	@$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

lock: .venv/.dev ## Pin the newest allowed versions, with hashes and without addresses
	@compile="$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url pyproject.toml"
	$$compile --extra build -o requirements.txt
	$$compile --extra build --extra dev -c requirements.txt -o requirements-dev.txt

clean: ## Remove what was built and installed here (films and accounts in .matinee stay)
	@rm -rf .venv player/static/built player/web/node_modules .mypy_cache .ruff_cache .pytest_cache

.venv/.made:
	@bash tests/venv.sh $(PYTHON)
	touch $@

.venv/.runtime: .venv/.made requirements.txt pyproject.toml
	@echo "Installing Matinee's Python packages…"
	$(BIN)/pip install --quiet --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

.venv/.dev: .venv/.runtime requirements-dev.txt
	@echo "Installing what the tests need…"
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.txt
	touch $@
