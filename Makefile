# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
T      ?= tests
ARGS   ?=

.PHONY: demo test test-plugins lint format clean bench bench-accuracy bench-faults bench-gate bench-null bench-compare bench-page bench-sampling bench-trace bench-whole fuzz browser remedies

demo: $(VENV)/.ready
	$(BIN)/gancheck demo

test: lint
	$(BIN)/pytest --numprocesses auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder $(T)

# Every package of plugins/ beside gancheck, in a venv of its own: linted, type-checked, its tests.
# PLUGINS=plugins/gancheck-hello is one of them. Each is tested as if it were the only one.
PLUGINS     ?= $(sort $(wildcard plugins/gancheck-*))
PLUGIN_VENV ?= $(VENV)/plugins
PLUGIN_BIN   = $(abspath $(PLUGIN_VENV))/bin

test-plugins: $(PLUGIN_VENV)/.ready
	@set -e; for folder in $(PLUGINS); do \
	  echo "== $$folder"; start=$$(date +%s); \
	  $(PLUGIN_BIN)/python -m pip install --quiet --constraint constraints.txt \
	    --editable "./$$folder[test]"; \
	  ( cd "$$folder"; $(PLUGIN_BIN)/ruff check; $(PLUGIN_BIN)/ruff format --check; \
	    $(PLUGIN_BIN)/mypy .; \
	    OMP_NUM_THREADS=1 GANCHECK_PLUGINS=$${folder##*/} $(PLUGIN_BIN)/pytest ); \
	  echo "== $$folder: $$(($$(date +%s) - start)) s"; \
	done

$(PLUGIN_VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(PLUGIN_VENV)
	$(PLUGIN_BIN)/python -m pip install --quiet --constraint constraints.txt --editable . \
	  mypy pytest ruff
	touch $@

lint: $(VENV)/.ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy examples/mnist
	$(BIN)/mypy examples/spiral
	$(BIN)/mypy --package examples.remedies
	$(BIN)/mypy --package examples.traps

format: $(VENV)/.ready
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# The browser in which pages are tested: Debian's Chromium, unless there is one already.
browser:
	@for name in $${GANCHECK_BROWSER:-chromium chromium-browser google-chrome}; do \
	  command -v "$$name" && exit; done; \
	if [ -n "$$GANCHECK_BROWSER" ] || ! command -v apt-get >/dev/null; then \
	  echo "make browser: found no $${GANCHECK_BROWSER:-Chromium, and no apt-get to install it with};" \
	    "install Chromium by hand, and name it in GANCHECK_BROWSER if need be" >&2; exit 1; fi; \
	root=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	$$root apt-get update --quiet && \
	$$root env DEBIAN_FRONTEND=noninteractive \
	  apt-get install --quiet --yes --no-install-recommends chromium

# Hours, not minutes: ARGS=--quick takes three minutes, ARGS="--only digits" runs some cases.
bench-accuracy: $(VENV)/.bench
	PYTHONPATH=tests $(BIN)/python -m bench.accuracy $(ARGS)

# Real against real, over and over: ARGS="--runs 20" is a first look.
bench-null: $(VENV)/.ready
	PYTHONPATH=tests $(BIN)/python -m bench.null $(ARGS)

# Every remedy on ring, grid and spiral (DCGAN on digits, four on stacks of digits), 3 seeds: hours;
# stop it and run it again.
remedies: $(VENV)/.ready
	OMP_NUM_THREADS=1 $(BIN)/python -m examples.remedies.table $(ARGS)

# Speed and memory beside prdc, faiss and vendi-score, in one run; ARGS="--only neighbours" is
# shorter, ARGS="--growth 5000,10000,20000,50000" shows how both grow.
bench: $(VENV)/.bench
	PYTHONPATH=tests $(BIN)/python -m bench.speed $(ARGS)

# How often a gate fails at its limit and beyond, and whether 200 reruns agree: half an hour.
bench-gate: $(VENV)/.ready
	PYTHONPATH=tests $(BIN)/python -m bench.gate $(ARGS)

# Traces of simulated trainings whose truth is known, and of the spiral's two: half an hour.
bench-trace: $(VENV)/.ready
	PYTHONPATH=tests $(BIN)/python -m bench.trace $(ARGS)

# Comparisons of laws whose difference is known: a quarter of an hour.
bench-compare: $(VENV)/.ready
	PYTHONPATH=tests $(BIN)/python -m bench.compare $(ARGS)

# Runs killed at random moments, and the one after them: a minute. ARGS="--rounds 20" is a storm.
bench-faults: $(VENV)/.ready
	PYTHONPATH=tests $(BIN)/python -m bench.faults $(ARGS)

# Sampling beside the best bare loop over the same files: minutes.
bench-sampling: $(VENV)/.ready
	PYTHONPATH=tests $(BIN)/python -m bench.sampling $(ARGS)

# What a whole diagnosis spends outside generator, embedder and distances: minutes.
bench-whole: $(VENV)/.ready
	PYTHONPATH=tests $(BIN)/python -m bench.whole $(ARGS)

# How soon a page of 50,000 points is there, and how fast it answers; needs `make browser`.
bench-page: $(VENV)/.ready
	PYTHONPATH=tests $(BIN)/python -m bench.page $(ARGS)

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
