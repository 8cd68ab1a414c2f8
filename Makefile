# The commands of this book. `make` alone lists them. Nothing is installed
# outside .venv, and nothing is fetched except by an installation.
PYTHON ?= python3
TORCH  ?= 2.13.0
PORT   ?= 8000
JOBS   ?= $(shell getconf _NPROCESSORS_ONLN)
VENV   := .venv
PY     := $(VENV)/bin/python
PIP    := $(PY) -m pip --disable-pip-version-check install --quiet

# One thread per process: two notebooks side by side use two cores better
# than one with two threads, and their numbers repeat bit for bit.
export OMP_NUM_THREADS = 1
export OPENBLAS_NUM_THREADS = 1
export MKL_NUM_THREADS = 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help book serve slow test notebooks lab bench check new coverage \
        power claims constraints clean free-port FORCE

help: ## list the commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | \
	    awk -F'|' '{printf "%-18s %s\n", $$1, $$2}'

# What is asked for and cannot be is told before anything begins.
$(foreach nb,$(NB),$(if $(filter %.ipynb,$(wildcard $(nb))),,$(error \
    NB=$(nb): no such notebook. There are: $(wildcard chapters/*.ipynb))))

# ---- installation ---------------------------------------------------------
# A stamp is the last thing an installation writes. An environment whose
# installation was broken off, that was moved, or whose Python is gone is
# made anew.
ifneq ($(shell cat $(VENV)/created 2>/dev/null) \
       $(wildcard $(VENV)/installing),$(CURDIR) )
ANEW := yes
endif
ifeq ($(wildcard $(PY)),)
ANEW := yes
endif
ifdef ANEW
$(VENV)/created: FORCE
else ifneq ($(origin PYTHON),file)
$(if $(filter-out constraints,$(MAKECMDGOALS)),$(info \
    PYTHON=$(PYTHON) is ignored, $(VENV) is there already. To make it \
    anew: rm -r $(VENV)))
endif
ifeq ($(wildcard node_modules),)
$(VENV)/book: FORCE
endif

$(VENV)/created:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit( \
	    "Python 3.11 or newer is needed; this one is " \
	    + sys.version.split()[0] + ". Try: make PYTHON=python3.12 ...")'
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(PIP) -c constraints.txt --upgrade pip
	@echo '$(CURDIR)' > $@

$(VENV)/book: $(VENV)/created pyproject.toml constraints.txt \
              package-lock.json .npmrc
	@touch $(VENV)/installing
	$(PIP) -c constraints.txt --group book
	PATH='$(CURDIR)/$(VENV)/bin':"$$PATH" npm ci --no-audit --no-fund \
	    --loglevel=error
	@rm $(VENV)/installing
	@touch $@

$(VENV)/all: $(VENV)/book
	@touch $(VENV)/installing
	$(PIP) -c constraints.txt --group test
	$(PIP) -c constraints.txt --no-build-isolation -e '.[geometric]'
	@rm $(VENV)/installing
	@touch $@

constraints: ## choose the newest versions anew and pin them (TORCH=2.13.0)
	rm -rf _build/constraints
	$(PYTHON) -m venv _build/constraints
	_build/constraints/bin/python -m pip install --quiet --upgrade pip
	_build/constraints/bin/python -m pip install --quiet --group test \
	    '.[geometric]' 'torch==$(TORCH)'
	{ echo '# Written by `make constraints`: the versions that are tested.'; \
	  _build/constraints/bin/python -m pip list --format=freeze \
	      --exclude dlbook | sed 's/+.*//'; } > _build/constraints.txt
	mv _build/constraints.txt constraints.txt
	rm -rf _build/constraints

# ---- reading --------------------------------------------------------------
# The site is built from the stored outputs, always from nothing: a partial
# build would not repeat a warning that it has given before, and would not
# notice a reference whose target went. The stamp comes last.
SOURCES := $(shell find _config.yml _toc.yml references.bib CITATION.cff *.md \
    chapters dlbook/__init__.py _ext _static -not -path '*/.ipynb_checkpoints*' \
    -not -path '*/__pycache__*' 2>/dev/null)

book: _build/complete ## build the site into _build/html
	@$(PY) -c 'from pathlib import Path; print("The book:", \
	    Path("_build/html/index.html").resolve().as_uri())'
	@echo 'or: make serve'

_build/complete: $(VENV)/book $(SOURCES)
	@$(ALONE); rm -rf _build; \
	$(PY) -c 'from jupyter_book.cli.main import main; main()' build . \
	    --warningiserror --keep-going --nitpick --quiet && touch $@

# One build at a time: the process that builds stands in a file, and one that
# is gone builds no more.
BUILDER := $(VENV)/builder
define ALONE
builder=$$(cat $(BUILDER) 2>/dev/null); \
if [ -n "$$builder" ] && kill -0 "$$builder" 2>/dev/null; then \
    echo "Another build of this book is running (process $$builder):" \
        "wait for its end, then say make again." >&2; exit 1; fi; \
echo $$$$ > $(BUILDER); trap 'rm -f $(BUILDER)' EXIT
endef

serve: free-port book ## build the site and serve it to this machine (PORT=8000)
	@echo 'http://127.0.0.1:$(PORT)/ (stop with Ctrl-C)'
	@$(PY) -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

free-port: $(VENV)/book
	@$(PY) -c 'import socket, sys; s = socket.socket(); \
	    s.connect_ex(("127.0.0.1", $(PORT))) or sys.exit( \
	    "Port $(PORT) is in use; take another one: make serve PORT=" \
	    + str($(PORT) + 1))'

lab: $(VENV)/all ## open the notebooks in JupyterLab
	$(LAB) $(PY) -m nbformat.sign chapters/*.ipynb >/dev/null
	$(LAB) $(PY) -m jupyterlab --config=_ext/notebook/lab.py chapters

# Outputs that are ours are signed, else JupyterLab hides the figures; the
# signatures are the project's own, nothing is written to the home folder.
LAB := JUPYTER_DATA_DIR='$(CURDIR)/$(VENV)/jupyter'

# ---- writing --------------------------------------------------------------
notebooks: $(VENV)/all ## execute the notebooks (NB=chapters/x.ipynb for one)
	$(PY) -m _ext.notebook.execute $(NB)

check: $(VENV)/all ## say all that a notebook lacks (NB=chapters/x.ipynb)
	@$(PY) -m _ext.notebook.check $(NB)

new: $(VENV)/all ## lay out a chapter (SECTION=14.1 TITLE="Curvature")
	@$(PY) -m _ext.notebook.new "$$SECTION" "$$TITLE"

test: $(VENV)/all ## every test, style and types (T=tests/test_x.py for some)
ifneq ($(T),)
	$(PY) -m pytest $(if $(filter %.ipynb,$(T)),--nbval) $(T)
else
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	$(PY) -m pytest -n $(JOBS) --dist loadfile \
	    --no-loadscope-reorder -m 'not slow' --nbval \
	    chapters tests dlbook
endif

slow: $(VENV)/all ## the tests that run the readers' copies from end to end
	$(PY) -m pytest -m slow tests

coverage: $(VENV)/book ## say which statements are written and checked
	$(PY) -m _ext.notebook.coverage

power: $(VENV)/book ## list the weakest checks, the weakest first
	$(PY) -m _ext.notebook.power

claims: $(VENV)/all ## change each claim by what its check would notice (NB=...)
	$(PY) -m _ext.notebook.claims $(NB)

bench: $(VENV)/all ## measure what is marked `bench`
	$(PY) -m pytest -m bench tests

clean: ## remove what was built (the environment .venv stays)
	rm -rf _build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
