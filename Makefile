# The commands of a checkout. `make help` lists them; docs/developing.md says more.

PYTHON ?=
VENV   := .venv
BIN    := $(VENV)/bin
STATE  ?= .state

# Nothing but the virtual environment and this folder is imported from; pip asks nobody for a newer pip. What is imported is
# compiled once, also where somebody said otherwise: tests start chatd, chatctl and Ansible many hundred times.
unexport PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE
export PYTHONNOUSERSITE = 1
export PIP_DISABLE_PIP_VERSION_CHECK = 1

PIP_INSTALL = $(BIN)/python -m pip install --quiet
# A lock names the whole closure: nothing is left to resolve. (Older pips would ask the index for the newest coverage[toml],
# which no lock pins, on the day that coverage has a new release.)
INSTALL_LOCKED = $(PIP_INSTALL) --no-deps --require-hashes
# flit_core is locked in build.txt; the checkout itself has no hash, so it is installed on its own and without an index.
INSTALL_CHATD = $(PIP_INSTALL) --no-index --no-deps --no-build-isolation --editable .
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock" $(LOCK_FLAGS)
LOCK_FLAGS ?=

# The stamps bear the sum of their locks: the environment is made again when what they say changes, and only then; with the
# Python that it had, unless another is named.
sum   = $(shell cat $(1) | cksum | tr -d ' ')
READY := $(VENV)/.run-$(call sum,requirements/run.txt requirements/build.txt)
TOOLS := $(VENV)/.dev-$(call sum,requirements/run.txt requirements/build.txt requirements/dev.txt)

PYTEST    = $(BIN)/python -m pytest $(PYTEST_FLAGS)
PYTEST_FLAGS ?= -q
PURE      = core commands dialects
# What runs in memory is dealt out test by test; what has processes of its own, file by file (tests/conftest.py).
PARALLEL  = --numprocesses=auto --dist=worksteal
# One worker more than cores: each waits now and then, for a clock or for a host.
WORKERS   = $(shell echo $$(($$(nproc) + 1)))
BY_FILE   = --numprocesses=$(WORKERS) --dist=loadfile --no-loadscope-reorder
IN_MEMORY = tests/unit $(wildcard tests/conversations)

# A virtual environment whose interpreter went away with an upgrade is made again.
ifneq ($(wildcard $(VENV)),)
ifneq ($(shell $(BIN)/python -c 'print("alive")' 2>/dev/null),alive)
ifeq ($(shell test -O $(VENV) && echo own),own)
$(shell rm -rf $(VENV))
else
$(error $(VENV) belongs to somebody else, whose Python you cannot run: work in a clone of your own)
endif
endif
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run venv check test system coverage conformance bench format lint rpm oldest types unit rest lock docs clean

help: ## List the commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

run: $(READY) ## Start chatd on 127.0.0.1:8765, its state in .state
	@exec $(BIN)/python -m chatd serve --dev $(STATE)

venv: $(TOOLS) ## Make .venv with the development tools

# Only what the daemon needs: make run must be quick on a fresh machine.
$(READY):
	@had=$$(sed -n 's/^executable = //p' $(VENV)/pyvenv.cfg 2>/dev/null); [ -x "$$had" ] || had=; \
	python=$$(sh requirements/find-python.sh "$(or $(PYTHON),$$had)") || exit 1; \
	echo "Making $(VENV) with $$("$$python" --version)"; \
	rm -rf $(VENV) && "$$python" -m venv $(VENV)
	@$(INSTALL_LOCKED) -r requirements/run.txt -r requirements/build.txt
	@$(INSTALL_CHATD)
	@touch $@

$(TOOLS): $(READY)
	@$(INSTALL_LOCKED) -r requirements/dev.txt
	@$(BIN)/python -m pip check >/dev/null
	@touch $@

check: lint types unit ## Style, types and unit tests, in under two minutes

test: lint types rest coverage oldest ## Everything: what check does, coverage, oldest, then all that needs processes, browsers and hosts
	@$(PYTEST) $(BY_FILE) --durations=15 tests $(patsubst %,--ignore=%,$(IN_MEMORY))

system: $(TOOLS) ## The package and the playbook on hosts much like RHEL 8.10 (as root; .ci/run says what of Debian they need)
	@$(PYTEST) tests/system

lint: $(TOOLS)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: $(TOOLS)
	@$(BIN)/mypy

unit: $(TOOLS)
	@$(PYTEST) $(PARALLEL) $(IN_MEMORY)

# The unit tests that coverage does not run.
rest: $(TOOLS)
	@$(PYTEST) $(PARALLEL) tests/unit $(patsubst %,--ignore=%,$(OWN_TESTS))

# What the three pure rooms are worth is shown by their own tests alone: nothing that runs through the node, the edge or a
# process counts here. Each room must reach the mark (in pyproject.toml) by itself.
OWN_TESTS = $(foreach room,$(PURE),$(wildcard tests/unit/$(room))) $(wildcard tests/conversations)

coverage: $(TOOLS) ## Branch coverage of core, commands and dialects by their own tests
	@$(PYTEST) $(PARALLEL) --cov --cov-report= --cov-fail-under=0 $(OWN_TESTS)
	@failed=0; for room in $(PURE); do \
		echo "Branch coverage of chatd/$$room:"; \
		$(BIN)/coverage report --include="chatd/$$room/*" || failed=1; \
	done; exit $$failed

oldest: $(TOOLS) ## The store's tests with SQLite 3.26, which RHEL 8 has (needs npm and a C compiler)
	@bash tests/store326/run.sh -q $(PARALLEL)

conformance: $(TOOLS) ## The Autobahn TestSuite against /echo (needs a Python 2.7)
	@$(PYTEST) tests/conformance

bench: $(TOOLS) ## What honest people feel of each attack: ratios, by interleaved rounds (minutes)
	@$(BIN)/python -m tests.bench $(BENCH)

format: $(TOOLS) ## Put the source in order
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

# $(call generate,MODULE AND ARGUMENTS,FILE): a file is replaced only when the command succeeded.
define generate
@$(BIN)/python -m $(1) >$(2).new || { rm -f $(2).new; exit 1; }
@mv $(2).new $(2)
endef

docs: $(TOOLS) ## Write the documents that are made from the code
	$(call generate,chatd config describe,docs/configuration.md)
	$(call generate,chatd config example,packaging/chatd.toml)
	$(call generate,chatd.ops.metrics_reference,docs/metrics.md)
	$(call generate,chatd.ops.protocol_reference docs/protocol.md,docs/protocol.md)
	@$(BIN)/python -m dashboards packaging/monitoring/dashboards
	@$(BIN)/python -m tests.ansible.generated
	@$(BIN)/python packaging/manual.py

rpm: ## Build the SRPM and the RPMs for RHEL 8 in dist (docs/packaging.md)
	@bash packaging/rpm.sh dist

lock: $(TOOLS) ## Write requirements/*.txt anew (LOCK_FLAGS=--upgrade for new versions)
	$(LOCK) pyproject.toml -o requirements/run.txt
	$(LOCK) --group build -o requirements/build.txt
	$(LOCK) pyproject.toml --group build --group dev \
		-c requirements/run.txt -c requirements/build.txt -o requirements/dev.txt
	$(LOCK) --group ansible -o ansible/requirements.txt
	$(LOCK) --group ansible --group ansible-lint -c ansible/requirements.txt -o requirements/ansible.txt

clean: ## Remove everything that make made, but not .state
	rm -rf $(VENV) .cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
