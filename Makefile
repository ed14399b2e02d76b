# Everything creates .venv by itself; nothing else has to be installed by hand but Python 3.11+ and libseccomp2.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
LOG := build/pytest.log
COUNTS := build/pytest-counts
SHELL := bash
.SHELLFLAGS := -o pipefail -c
# Two processes on two cores; tests/support/side_by_side.py says which tests stay together.
TOGETHER := not alone
SIDE_BY_SIDE := -n logical --maxprocesses=8

.PHONY: demo test test-together test-alone fresh bench lint types docs release image labs install clean
.NOTPARALLEL: # the tests that want the machine for themselves come last

demo: $(INSTALLED)  ## grade the sample submissions of the introductory lab; OPTIONS="--sample reference" for one
	$(BIN)/nbjudge demo intro $(OPTIONS)

test: fresh lint types test-together test-alone  ## everything that must hold

test-together: $(INSTALLED) | build  ## what can share the machine
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m "$(TOGETHER)" | tee $(LOG)
	@tail -n 1 $(LOG) >> $(COUNTS)

test-alone: $(INSTALLED) | build  ## attacks and whole batches, one after the other; then the counts of all calls
	$(BIN)/python -m pytest -m alone | tee $(LOG)
	@tail -n 1 $(LOG) >> $(COUNTS)
	@cat $(COUNTS)

fresh:
	@rm -f $(COUNTS)

build:
	@mkdir $@

bench: $(INSTALLED)  ## docs/benchmarks.md, beside nbgrader and otter; on a quiet machine, some twelve minutes
	$(BIN)/python bench/compare.py --sizes 1 10 100 --out docs/benchmarks.md

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/nbjudge release --check

types: $(INSTALLED)
	$(BIN)/mypy

release: $(INSTALLED)  ## the students' versions, after a change in source/
	$(BIN)/nbjudge release

image: $(INSTALLED)  ## the grader's image, with OPTIONS for the engine (docs/containers.md)
	$(BIN)/python docker/build.py grader nbjudge-grader $(OPTIONS)

labs: $(INSTALLED)  ## the images of JupyterLab for students and instructors
	$(BIN)/python docker/build.py student-lab nbjudge-student-lab $(OPTIONS)
	$(BIN)/python docker/build.py instructor-lab nbjudge-instructor-lab $(OPTIONS)

install: $(INSTALLED)

docs: $(INSTALLED)  ## regenerate docs/cli.md
	$(BIN)/python docs/make_cli.py

clean:
	rm -rf $(VENV) gradebook/demo build *.egg-info .mypy_cache .ruff_cache .pytest_cache

$(INSTALLED): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --editable '.[dev,postgresql]'
	touch $@
