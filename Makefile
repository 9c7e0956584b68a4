# The two commands of the README, and those that maintain what they stand on.
# `make help` lists them. Everything is installed into $(VENV); nothing else on the machine is touched.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check --quiet
CLINIC = examples/clinic
PYTEST_ARGS ?= -n auto --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help demo test lint typecheck pytest lowest bench soak figures cassettes schema lock clean

help: ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

$(VENV)/.demo: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(VENV)/.demo ## plan and apply examples/clinic against the embedded sandbox, then plan again
	@rm -rf $(CLINIC)/.kardia/sandbox
	@PATH="$(BIN):$$PATH" CLINIC=$(CLINIC) sh examples/demo.sh

test: lint typecheck pytest ## everything that CI runs

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

typecheck: $(VENV)/.dev
	$(BIN)/mypy

pytest: $(VENV)/.dev
	$(BIN)/pytest $(PYTEST_ARGS)

lowest: ## the tests on the lowest versions that pyproject.toml admits
	$(PYTHON) -m venv $(VENV)-lowest
	$(VENV)-lowest/bin/python -m pip --quiet install --requirement lowest.txt --editable '.[dev]'
	$(VENV)-lowest/bin/pytest $(PYTEST_ARGS)

bench: $(VENV)/.dev ## measure, and write the tables in tests/benchmarks
	$(BIN)/python -m tests.benchmarks

soak: $(VENV)/.dev ## kill the real command some hundred times, and simulate many thousand seeds
	$(BIN)/python -m tests.soak
	$(BIN)/python -m tests.soak --states postgresql,s3 --anew --seeds 1
	$(BIN)/python -m tests.soak.races
	SIMULATION_SEEDS=30000 $(BIN)/pytest $(PYTEST_ARGS) tests/simulation

figures: $(VENV)/.dev ## print the structural figures: lines, files, names, goldens, tests
	$(BIN)/python -m tests.figures

cassettes: $(VENV)/.dev ## record the exchanges of the client tests anew, from the sandbox
	$(BIN)/pytest tests/api/cassettes --record-mode=rewrite

schema: $(VENV)/.dev ## write schemas/kardia.schema.json from the kinds
	$(BIN)/kardia-ctl schema schemas

lock: ## write constraints.txt anew, from the newest versions
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip --quiet install --upgrade '.[dev]'
	$(VENV)-lock/bin/python -m pip freeze --exclude-editable --exclude kardia-ctl | sort --ignore-case > constraints.txt

clean: ## remove environments, caches and the demo's account
	rm -rf $(VENV) $(VENV)-lowest $(VENV)-lock build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	rm -rf examples/*/.kardia
