# Every verb makes .venv by itself when it is missing, and again when pyproject.toml or constraints.txt change.

PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3,$(if $(shell command -v $(name)),$(name))))
VENV ?= .venv
WORKERS ?= 2
BIN := $(VENV)/bin
READY := $(VENV)/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest

DEMO := demo
DEMO_RUN := --agents uniform ease-greedy ease-epsilon vae-thompson bootstrap-thompson --seeds 3 --days 60

.DEFAULT_GOAL := help
.PHONY: help demo test check lint types docs study fuzz kill mutants bench hashes clean

help: ## say what the verbs do
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

demo: $(READY) ## agents meet users, a log is written, policies are valued from it (under 4 minutes)
	$(BIN)/serendip run discovery $(DEMO_RUN) --out $(DEMO)
	$(BIN)/serendip run discovery --world static --agents ease-epsilon --seeds 1 --days 30 --out $(DEMO)/static
	@mkdir -p $(DEMO)/evaluations
	@echo; echo "What would random slates be worth?  The log explores enough to say, and its users never change:"
	$(BIN)/serendip evaluate $(DEMO)/static/seeds/seed-000/ease-epsilon/log --target uniform --truth --json $(DEMO)/evaluations/uniform.json
	@echo; echo "And greed?  The log has few of the slates that greed would show, so the verdict is weak and the interval wide:"
	$(BIN)/serendip evaluate $(DEMO)/seeds/seed-000/ease-epsilon/log --target ease-greedy --truth --json $(DEMO)/evaluations/ease-greedy.json
	$(BIN)/serendip report $(DEMO)
	@echo; echo "All of it on one page, to open in a browser: $(DEMO)/report.html"

test: $(READY) ## the quick tests (under 10 minutes)
	$(PYTEST) -n $(WORKERS)

check: lint types test ## ruff, pyright in strict mode, the quick tests

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/pyright --pythonpath $(BIN)/python

docs: $(READY) ## the documentation as a site: site/index.html, with every tutorial run anew (2 minutes)
	$(PIP) --no-build-isolation --editable ".[dev,rl]"
	OMP_NUM_THREADS=1 $(BIN)/python -m sphinx -b html --fail-on-warning --keep-going -q docs site
	@echo "To open in a browser: site/index.html"

study: $(READY) ## the long statistical studies
	$(PYTEST) -m slow

fuzz: $(READY) ## 20,000 spoiled inputs and all that contradicts itself: a right answer or one sentence each (15 minutes)
	OMP_NUM_THREADS=1 $(BIN)/python tests/fuzz/run.py $(FUZZ)

kill: $(READY) ## stop every verb that writes at 50 moments and let it go on: the same bytes (10 minutes)
	OMP_NUM_THREADS=1 $(BIN)/python tests/kill/run.py $(KILL)

mutants: $(READY) ## break the code in 300 small ways and see whether the tests notice; goes on when called again (an hour)
	$(PIP) --no-build-isolation --editable ".[dev,mutants]"
	$(BIN)/python tests/mutation/run.py $(MUTANTS)

bench: $(READY) ## how fast, beside others: one table, docs/bench.md (2 minutes)
	$(BIN)/python benchmarks/table.py --out docs

speeds: $(READY) ## every benchmark of its own, at length (half an hour)
	$(BIN)/python benchmarks/world.py --out bench
	$(BIN)/python benchmarks/lives.py
	$(BIN)/python benchmarks/off_policy.py
	$(BIN)/python benchmarks/off_policy_beside.py
	$(BIN)/python benchmarks/off_policy_items.py
	$(BIN)/python benchmarks/models.py
	$(BIN)/python benchmarks/beliefs.py
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/catalogue_beliefs.py
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/catalogue_decisions.py
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/agents.py --days 60

hashes: $(READY) ## pin every file of every package by its hash, and list the licences
	$(PIP) uv
	$(PIP) --no-build-isolation --editable ".[dev,mutants,cluster,rl,boosting]"
	printf '%s\n' '# Every file of every package that an installation with all extras can bring, by its hash; `make hashes` writes it anew.' \
	  '# pip install --require-hashes --requirement requirements-hashed.txt && pip install --no-deps .' >requirements-hashed.txt
	$(BIN)/uv pip compile pyproject.toml --all-extras --constraint constraints.txt --python-version 3.11.5 --universal \
	  --generate-hashes --no-header --no-annotate --quiet >>requirements-hashed.txt
	$(BIN)/python docs/licences.py

clean: ## remove .venv, the demo's results, the site and every cache
	rm -rf $(VENV) $(DEMO) bench mutants site docs/learn docs/misleading build dist .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "make: no python3 found; install Python 3.11 or say make PYTHON=/path/to/python" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit("make: Python 3.11 or later is needed, $(PYTHON) is " + sys.version.split()[0] + "; say make PYTHON=/path/to/python" if sys.version_info < (3, 11) else 0)'
	@echo "Installing into $(VENV): a few minutes, once"
	$(PYTHON) -m venv $(VENV)
	$(PIP) setuptools wheel
	$(PIP) --no-build-isolation --editable ".[dev]"
	@touch $@
