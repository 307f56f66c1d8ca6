# Two commands set everything up on a fresh machine with Python 3.11+ (venv), make and git: `make demo` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000

.PHONY: demo test lint slow bench pictures clean

demo: $(VENV)/.demo
	$(BIN)/cds-service demo --port $(PORT)

# The generated charts run by themselves: in one process with everything else they take much longer.
test: $(VENV)/.test lint
	$(BIN)/pytest -n 2 --ignore tests/properties
	$(BIN)/pytest -n 2 tests/properties

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/cds-service check

# The steps of the Dockerfile (a minute), then a million generated charts, every safety property on each (tests/properties); about
# an hour on two cores.
slow: $(VENV)/.test
	SLOW=1 $(BIN)/pytest tests/deploy/test_image.py
	HYPOTHESIS_PROFILE=slow $(BIN)/pytest -n 2 tests/properties

# CPU time of one request against a bare Flask service that only parses the same body.
bench: $(VENV)/.test
	$(BIN)/python -m tests.bench

# The pictures of the README, made anew from the demo in a headless Chromium.
pictures: $(VENV)/.test
	$(BIN)/python -m tests.browser.pictures

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.test: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test]"
	touch $@ $(VENV)/.demo

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache build dist *.egg-info
