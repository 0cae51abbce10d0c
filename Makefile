# One door for every chore. Each target does its own set-up, may be repeated, runs as root or not and from any folder
# (`make -C dir test`, `make -f dir/Makefile test`), and needs no Docker.

# Not $(lastword): a folder may have a space in its name.
HOUSE := $(shell cd "$$(dirname "$(strip $(MAKEFILE_LIST))")" && pwd)
VENV ?= $(HOUSE)/.venv
BIN = "$(VENV)/bin
IN = @cd "$(HOUSE)" &&

export PYTHON VENV

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test smoke bench lint setup browser requirements clean

help: ## show this list
	@echo "Homeward. Targets:"
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1\t\2/p' "$(HOUSE)/Makefile" | expand -t 22

run: setup ## start everything on this machine: make run ARGS="--free-ports"
	$(IN) exec $(BIN)/homeward" sandbox $(ARGS)

test: setup ## run every test: make test ARGS="tests/billing -k refund"
	$(IN) .ci/browser --if-easy
	$(IN) $(BIN)/python" -m pytest -rs -n 2 --dist loadfile $(ARGS)

smoke: setup ## walk one patient's journey over real HTTP: make smoke START=2027-01-02T10:00:00-05:00
	$(IN) $(BIN)/homeward" smoke $(if $(START),--start "$(START)") $(ARGS)

bench: setup ## measure speed and memory as ratios; fails when a bound is missed: make bench ARGS="home sign-in" PEERS=1
	$(IN) $(BIN)/python" -m tests.bench $(if $(PEERS),--peers) $(ARGS)

lint: setup ## ruff, mypy --strict, import contracts, templates
	$(IN) $(BIN)/ruff" check .
	$(IN) $(BIN)/ruff" format --check .
	$(IN) $(BIN)/mypy" config service workers
	$(IN) $(BIN)/lint-imports"
	$(IN) $(BIN)/djlint" --quiet --lint templates

setup: ## make .venv and install the locked requirements: make setup PYTHON=python3.12
	$(IN) .ci/setup

browser: setup ## install Chromium for the browser tests
	$(IN) .ci/browser

requirements: setup ## compile requirements/ again from pyproject.toml: make requirements ARGS=--upgrade
	$(IN) .ci/requirements $(ARGS)

clean: ## remove what set-up, tests and linters made (the sandbox's data stays)
	$(IN) rm -rf .venv .cache build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	$(IN) find config service workers tests -name __pycache__ -type d -prune -exec rm -rf {} +
