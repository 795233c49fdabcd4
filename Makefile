# Everything works from a fresh machine with Python 3.11 or newer and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
# The two hundred packages of the tests and the documentation, in a fraction of pip's time;
# make INSTALL='.venv/bin/pip install' where uv does not know the mirror that pip was told.
INSTALL ?= $(BIN)/uv pip install --quiet --python $(BIN)/python
ifdef PIP_FIND_LINKS
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
endif

# Fresh clones and worktrees share what mypy knows; it compares files by their content.
export MYPY_CACHE_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/negosim/mypy

# Tests start Python some hundred times: what it has compiled is kept.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo install test retest lint types docs clean

demo: $(VENV)/.core
	$(BIN)/negosim generate --scenario viatex --deceptive

install: $(VENV)/.dev $(VENV)/.docs

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto --dist loadgroup

# What failed last, one after another; no such test is an error.
retest: $(VENV)/.dev
	$(BIN)/python -m pytest -n 0 --exitfirst --last-failed --last-failed-no-failures none

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/typos

types: $(VENV)/.dev
	$(BIN)/mypy -p negosim

# The site, in build/site; a broken link or reference is an error.
docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "negosim needs Python 3.11 or newer; run make PYTHON=python3.12 (or where yours is)"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: $(VENV)/bin/python pyproject.toml
	$(PIP) --editable .
	touch $@

$(VENV)/bin/uv: $(VENV)/bin/python
	$(PIP) 'uv>=0.8,<1'

$(VENV)/.dev: $(VENV)/bin/uv pyproject.toml
	$(INSTALL) 'torch==2.13.0' --editable '.[dev,local,rl,text,web]'
	touch $@ $(VENV)/.core

$(VENV)/.docs: $(VENV)/bin/uv pyproject.toml
	$(INSTALL) --editable '.[docs]'
	touch $@ $(VENV)/.core

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
