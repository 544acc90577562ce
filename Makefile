# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
T      ?= tests

.PHONY: demo test lint format clean

demo: $(VENV)/.ready
	$(BIN)/gancheck demo

test: lint
	$(BIN)/pytest $(T)

lint: $(VENV)/.ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy examples/mnist
	$(BIN)/mypy examples/spiral

format: $(VENV)/.ready
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache build dist
