# Everything creates .venv by itself; nothing else has to be installed by hand but Python 3.11+ and libseccomp2.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: demo test bench lint types docs release clean

demo: $(INSTALLED)  ## grade the sample submissions of the introductory lab
	$(BIN)/nbjudge demo intro

test: $(INSTALLED) lint types  ## everything that must hold
	$(BIN)/nbjudge release --check
	$(BIN)/python -m pytest

bench: $(INSTALLED)  ## docs/benchmarks.md, beside nbgrader and otter; on a quiet machine, some twelve minutes
	$(BIN)/python bench/compare.py --sizes 1 10 100 --out docs/benchmarks.md

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED)
	$(BIN)/mypy

release: $(INSTALLED)  ## the students' versions, after a change in source/
	$(BIN)/nbjudge release

docs: $(INSTALLED)  ## regenerate docs/cli.md
	$(BIN)/python docs/make_cli.py

clean:
	rm -rf $(VENV) demo build *.egg-info .mypy_cache .ruff_cache .pytest_cache

$(INSTALLED): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --editable '.[dev]'
	touch $@
