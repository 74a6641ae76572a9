# The one list of verbs. `make` alone prints it.
#
# Every verb does its own set-up, and only once: what has been done is remembered by stamp files.

PYTHON ?= python3
ARGS   ?=

VENV := .venv
BIN  := $(VENV)/bin
DATA := src/haar/catalog/data
JS   := tests/clients/js

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test check bench docs catalog types format wheel clean

help: ## print this list
	@echo 'usage: make <verb> [ARGS="..."]'
	@echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.run $(DATA)/.built ## start a cloud on port 4566, after any set-up it needs: make run ARGS="--port 4567"
	@exec $(BIN)/haar up $(ARGS)

test: $(VENV)/.dev $(DATA)/.built $(VENV)/.clients ## run every test, two at a time or more: make test ARGS="-k visibility"
	@$(BIN)/pytest -n auto --dist worksteal $(ARGS)

check: types $(DATA)/.built ## style, formatting, floors and types
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy -p haar

bench: $(VENV)/.run $(DATA)/.built ## measure Haar against its peers; they get an environment of their own
	@PYTHONPATH=src:. $(BIN)/python -m bench $(ARGS)

docs: $(VENV)/.dev $(DATA)/.built ## write the generated pages: coverage (from the last `make test`), commands, reference
	@$(BIN)/python tools/coverage.py
	@$(BIN)/python tools/faces.py
	@$(BIN)/python tools/truth_table.py
	@$(BIN)/python tools/reference.py

catalog: ## rebuild the facts about AWS in src/haar/catalog/data
	@rm -f $(DATA)/.built
	@$(MAKE) --no-print-directory $(DATA)/.built

types: $(VENV)/.dev ## write typings/: the request and reply shapes, for type checkers and editors
	@$(BIN)/python tools/shapes.py

format: $(VENV)/.dev ## put the code in the project's form
	$(BIN)/ruff check --quiet --fix .
	$(BIN)/ruff format --quiet .

wheel: $(VENV)/.run $(DATA)/.built ## build dist/haar-*.whl, the catalog included
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .

clean: ## remove everything that these verbs made
	rm -rf $(VENV) $(DATA) typings dist .coverage-results .mypy_cache .ruff_cache .import_linter_cache .hypothesis $(JS)/node_modules docs/reference

# --- set-up ------------------------------------------------------------------

# Debian's python3 comes without ensurepip; its own package brings it.
$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null || { echo 'Haar needs Python 3.11 or later; no $(PYTHON) was found (try: make PYTHON=python3.12)'; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Haar needs Python 3.11 or later; this is $$($(PYTHON) --version) (try: make PYTHON=python3.12)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo 'installing python3-venv'; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null; \
		else \
			echo 'Python cannot make a virtual environment here. Run: sudo apt-get install python3-venv'; exit 1; \
		fi; }
	@test -x $(BIN)/pip || { echo 'making $(VENV)'; rm -rf $(VENV); $(PYTHON) -m venv $(VENV); }
	@touch $@

$(VENV)/.run: pyproject.toml | $(VENV)/.made
	@echo 'installing what Haar needs to run'
	@$(BIN)/pip install --quiet --editable '.[catalog,postgres]'
	@$(BIN)/python -m compileall -q src/haar
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/.made
	@echo 'installing what Haar needs to run and to be tested'
	@$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/.run

$(DATA)/.built: tools/catalog.py tools/actions.py | $(VENV)/.run
	@echo 'building the catalog'
	@mkdir -p $(DATA)
	@$(BIN)/python tools/catalog.py
	@$(BIN)/python tools/actions.py
	@touch $@

# Programs of other people that the tests drive, in environments of their own: packages of npm, pip and Debian.
$(VENV)/.clients: tests/clients/installed.py tests/clients/requirements.txt $(JS)/package-lock.json | $(VENV)/.dev
	@echo 'installing the clients that the tests drive'
	@$(BIN)/python -m tests.clients.installed
	@touch $@
