# SPDX-License-Identifier: AGPL-3.0-or-later
# Every target sets up what it needs first (tools/setup.sh, quick when nothing changed). Paths are relative on purpose:
# the folder of the checkout may have spaces in its name.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

export PYTHON
# Hundreds of processes start in a run of the tests: each would compile all of our code again.
unexport PYTHONDONTWRITEBYTECODE
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1
PORT ?= 8000
SECONDS ?= 20
PYTEST := .venv/bin/python -m pytest
ON_ALL_CORES := -n 2 --dist loadgroup
# Programs, browsers and brokers are waited for: two cores have time for a third.
BESIDE_WAITING := -n 3 --dist loadgroup
PURE := tests/unit/openbadges tests/unit/rules
QUICK := -m 'not slow' --hypothesis-profile=quick
NO_SERVER := -m 'not postgres and not slow' --hypothesis-profile=quick

.PHONY: help setup setup-test demo test check check-pure check-site conformance bench fuzz format lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

setup: ## Prepare .venv (every other target does it by itself)
	@tools/setup.sh run

setup-test:
	@tools/setup.sh test

demo: setup ## Show the whole site with sample data on http://127.0.0.1:8000 (PORT=…)
	@exec .venv/bin/accolades demo --port "$(PORT)"

test: setup-test ## Run all tests: unit, integration, conformance, browser, packaging (ARGS='-k word' chooses)
	@$(PYTEST) $(BESIDE_WAITING) $(ARGS)

check: setup ## Run what a change must pass: format, lint, types, import contracts, unit tests on SQLite with coverage
	@$(MAKE) --jobs=2 --output-sync=target check-pure check-site

# Two parts beside each other; the second takes what the first leaves of the cores. Coverage is asked
# of the pure packages alone, by their own tests; measuring it slows down whatever runs with it.
check-pure:
	@.venv/bin/python -m ruff format --check --quiet . || { echo 'Not formatted: type  make format'; exit 1; }
	@.venv/bin/python -m ruff check --quiet .
	@.venv/bin/python -m mypy --no-error-summary
	@.venv/bin/lint-imports --no-logo
	@$(PYTEST) $(PURE) $(QUICK) --cov --cov-report=term:skip-covered --no-cov-on-fail -q

check-site:
	@$(PYTEST) tests/unit $(PURE:%=--ignore=%) $(ON_ALL_CORES) $(NO_SERVER) -q

conformance: setup-test ## Run the tests against the standards and the reference validator
	@ACCOLADES_TEST_BADGES=200 $(PYTEST) tests/conformance $(ON_ALL_CORES) $(ARGS)

bench: setup ## Measure: run the scripts in tests/benchmarks
	@shopt -s nullglob; for script in tests/benchmarks/bench_*.py; do \
		name=$${script##*/}; .venv/bin/python -m "tests.benchmarks.$${name%.py}" || exit; \
	done; [ -n "$$script" ] || echo "no benchmarks"

fuzz: setup ## Fuzz what takes input from outside, SECONDS=20 each target (ARGS=png chooses)
	@tools/fuzz.sh "$(SECONDS)" $(ARGS)

format: setup ## Format the code and mend what the linter can mend
	@.venv/bin/python -m ruff format .
	@.venv/bin/python -m ruff check --fix .

lock: setup ## Write requirements.lock anew (UPGRADE=1: the newest versions)
	@tools/lock.sh $(if $(UPGRADE),--upgrade)

clean: ## Remove what was made, but never the data in var/
	@rm -rf .venv .cache .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist htmlcov test-results
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
