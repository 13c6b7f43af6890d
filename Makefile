# Two commands matter: `make run` serves the demo clinic, `make test` proves it. Neither needs root.
# Everything a machine makes lies in .venv, node_modules, .cache and var, all of which may be deleted.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv

# The system's certificates know what a clinic's own network adds to them; uv and npm bring only the public ones.
SYSTEM_CERTIFICATES := $(wildcard /etc/ssl/certs/ca-certificates.crt)
ifneq ($(SYSTEM_CERTIFICATES),)
export UV_SYSTEM_CERTS ?= 1
export NODE_EXTRA_CA_CERTS ?= $(SYSTEM_CERTIFICATES)
endif

# Compiled Python is kept here too, also for a person who keeps it out of the source: hundreds of processes are
# started by the tests, and each would compile Django anew.
export PYTHONPYCACHEPREFIX ?= $(CURDIR)/.cache/bytecode
unexport PYTHONDONTWRITEBYTECODE

# A stamp is named after what it was made from, so that a changed lock is noticed and nothing else is.
SETUP_LOCKS := requirements/setup.txt requirements/runtime.txt
BUILT_FROM := pyproject.toml hatch_build.py $(wildcard evenkeel/pharmacology/fast/*.[ch]) evenkeel/pharmacology/fast/source.py
SETUP_KEY := $(shell cat $(SETUP_LOCKS) $(BUILT_FROM) | cksum | cut -d' ' -f1)
TEST_KEY := $(shell cat $(SETUP_LOCKS) requirements/dev.txt $(BUILT_FROM) | cksum | cut -d' ' -f1)
NODE_KEY := $(shell cat package-lock.json tools/install_chromium.mjs | cksum | cut -d' ' -f1)
SETUP_STAMP := $(VENV)/.setup-$(SETUP_KEY)
TEST_STAMP := $(VENV)/.setup-test-$(TEST_KEY)
NODE_STAMP := node_modules/.setup-$(NODE_KEY)

.DEFAULT_GOAL := help
.PHONY: help setup setup-test run test mutation faults check fix docs generate rulebook lock vendor clean

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

setup: $(SETUP_STAMP) ## Make the virtual environment with the locked dependencies

setup-test: $(TEST_STAMP) $(NODE_STAMP) ## Add what tests and checks need, a browser included

run: $(SETUP_STAMP) ## Serve the demo clinic on this machine
	@$(BIN)/evenkeel demo

test: setup-test ## Run every test: on SQLite, on PostgreSQL, in a browser
	@$(BIN)/python tools/run_tests.py

mutation: $(TEST_STAMP) ## Change the code of the ledger and the rules in every small way, and say what tests notice
	@$(BIN)/python tools/mutation.py

faults: $(TEST_STAMP) ## Kill the clinic a thousand times and cut ten thousand connections; takes half an hour
	@$(BIN)/python -m tests.faults.kills --kills 800 --seed 1
	@$(BIN)/python -m tests.faults.kills --kills 200 --seed 101 --database postgresql
	@$(BIN)/python -m tests.faults.cuts --again 10000

check: setup-test ## Check format, lint, types, import contracts, docs and vendored files
	@$(BIN)/python tools/run_checks.py

fix: $(TEST_STAMP) ## Format, and mend what the linter can mend
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

rulebook: $(TEST_STAMP) ## Run every rule's cases and print the rule book into build/rulebook
	@$(BIN)/python tools/write_rulebook.py build/rulebook

generate: $(TEST_STAMP) ## Write the pages of docs/ that are made from the code, and what became of the rules' cases
	@$(BIN)/python tools/write_cases.py
	@EVENKEEL_DATA_DIR=.cache/checks $(BIN)/evenkeel pages

docs: generate ## Build the documentation into docs/_build
	@$(BIN)/sphinx-build -q -W --keep-going docs docs/_build
	@echo "docs/_build/index.html"

vendor: $(NODE_STAMP) $(SETUP_STAMP) ## Copy the front-end files that package-lock.json names into the package
	@$(BIN)/python tools/vendor_static.py

# The locks hold for every supported Python and platform, and name no host and no path.
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-header --no-emit-index-url --no-annotate
lock: $(SETUP_STAMP) ## Compile the locks from pyproject.toml; add UPGRADE=--upgrade for newer versions
	$(COMPILE) $(UPGRADE) pyproject.toml -o requirements/runtime.txt
	$(COMPILE) $(UPGRADE) --group setup -o requirements/setup.txt
	$(COMPILE) $(UPGRADE) --group dev -c requirements/runtime.txt -c requirements/setup.txt -o requirements/dev.txt

clean: ## Remove everything that was made, except a clinic's own data in var
	rm -rf $(VENV) node_modules .cache build docs/_build docs/gallery dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(UV): requirements/setup.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Evenkeel needs Python 3.11 or newer, and $(PYTHON) is `$(PYTHON) --version 2>&1`. Try: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "This Python cannot make virtual environments. On Debian: apt install python3-venv" >&2; exit 1; }
	@echo "Making $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/setup.txt
	@touch $(UV)

INSTALL_EVENKEEL = $(UV) pip install --quiet --no-deps --no-build-isolation --editable .

$(SETUP_STAMP): $(UV)
	@echo "Installing the locked dependencies ..."
	@$(UV) pip sync --quiet --require-hashes $(SETUP_LOCKS)
	@$(INSTALL_EVENKEEL)
	@rm -f $(VENV)/.setup-*
	@touch $@

$(TEST_STAMP): $(UV)
	@echo "Installing what tests and checks need ..."
	@$(UV) pip sync --quiet --require-hashes $(SETUP_LOCKS) requirements/dev.txt
	@$(INSTALL_EVENKEEL)
	@rm -f $(VENV)/.setup-*
	@touch $(SETUP_STAMP) $@

$(NODE_STAMP):
	@command -v npm >/dev/null || { \
	  echo "The browser tests need npm (with Node 20.11 or newer) to bring their Chromium. On Debian: apt install npm" >&2; exit 1; }
	@echo "Bringing the browser for the tests ..."
	@npm ci --ignore-scripts --silent
	@node tools/install_chromium.mjs
	@touch $@
