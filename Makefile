# Two commands set everything up on a fresh machine with Python 3.11+ (venv), make and git: `make demo` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
MINUTES ?= 30

.PHONY: demo test lint slow bench soak pictures lock audit sbom clean

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

# The steps of the Dockerfile and the conformance tests through nginx (a minute), some minutes of odd requests (every mutation of the recorded ones, and many that are made
# up), then a million generated charts, every safety property on each (tests/properties); about an hour on two cores.
slow: $(VENV)/.test
	SLOW=1 $(BIN)/pytest tests/deploy/test_image.py tests/deploy/test_conformance.py
	HYPOTHESIS_PROFILE=slow $(BIN)/pytest -n 2 tests/robust
	HYPOTHESIS_PROFILE=slow $(BIN)/pytest -n 2 tests/properties

# What a call costs, against a bare Flask service that only parses the same body, both under gunicorn; some minutes, best on a machine
# that does nothing else. Writes docs/benchmark.md.
bench: $(VENV)/.test
	$(BIN)/python -m tests.bench --write

# Mixed traffic with slow and failing FHIR servers; a worker is killed and the database restarted on the way. Writes docs/soak.md.
soak: $(VENV)/.test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[soak]"
	PYTHONPATH=tests/memory $(BIN)/python -m tests.soak --minutes $(MINUTES)

# The pictures of the README, made anew from the demo in a headless Chromium.
pictures: $(VENV)/.test
	$(BIN)/python -m tests.browser.pictures

# What a deployment installs, to the byte: pip install --require-hashes -r requirements.lock
lock: build/tools/.made
	build/tools/bin/uv pip compile pyproject.toml --quiet --extra check --extra postgresql --universal --python-version 3.11 \
		--generate-hashes --upgrade --custom-compile-command "make lock" --output-file requirements.lock

# Known vulnerabilities of what is locked, asked of PyPI. What could not be looked up fails: it is not "none known".
audit: build/tools/.made
	build/tools/bin/pip-audit --strict --require-hashes --disable-pip --requirement requirements.lock

# A list of what is locked, for those who have to keep one (CycloneDX).
sbom: build/tools/.made
	build/tools/bin/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --output-reproducible \
		--of JSON --output-file build/sbom.json

build/tools/.made:
	$(PYTHON) -m venv build/tools
	build/tools/bin/python -m pip install --quiet --disable-pip-version-check "uv>=0.9" "pip-audit>=2.9,<3" "cyclonedx-bom>=7,<8"
	touch $@

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
