# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
T      ?= tests
ARGS   ?=

.PHONY: demo test lint format clean bench-accuracy bench-null fuzz

demo: $(VENV)/.ready
	$(BIN)/gancheck demo

test: lint
	$(BIN)/pytest --numprocesses auto --maxprocesses 8 --dist loadfile $(T)

lint: $(VENV)/.ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy examples/mnist
	$(BIN)/mypy examples/spiral

format: $(VENV)/.ready
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Hours, not minutes: ARGS=--quick takes three minutes, ARGS="--only digits" runs some cases.
bench-accuracy: $(VENV)/.bench
	PYTHONPATH=tests $(BIN)/python -m bench.accuracy $(ARGS)

# Real against real, over and over: ARGS="--runs 20" is a first look.
bench-null: $(VENV)/.ready
	PYTHONPATH=tests $(BIN)/python -m bench.null $(ARGS)

# Minutes: 5,000 damaged files of each format; ARGS="--count 500 --format onnx" runs less.
fuzz: $(VENV)/.ready
	PYTHONPATH=tests $(BIN)/python -m fuzz $(ARGS)

$(VENV)/.bench: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[bench]"
	touch $@

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache build dist
