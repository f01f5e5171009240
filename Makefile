# `make start` sets everything up and draws the map. `make test` runs the suite, all that is not slow. `make check` is what CI runs.
# Plain sh and what every make understands, so that BSD make and the old GNU make of macOS do too.

PYTHON ?= python3
NUMPY_ONLY ?=
PYTEST_JOBS ?= auto
VENV_PYTHON = .venv/bin/python
SUITE = --dist worksteal --from solutions tests/dojo tests/katas

.PHONY: help start test check bench ready

start: ready
	@$(VENV_PYTHON) grader.py

help:
	@echo "make start               set everything up and draw the map (NUMPY_ONLY=1: without PyTorch)"
	@echo "make test                the suite, on the reference solutions; what is slow is left to make check"
	@echo "make check               what CI runs: format, lint, types, the katas' own consistency, the suite"
	@echo "make bench               how quick the feedback is"
	@echo "PYTHON=python3.12        with any of them: the Python that .venv is made from"

test: ready
	$(VENV_PYTHON) -m pytest -n $(PYTEST_JOBS) $(SUITE) -m "not slow"

check: ready
	$(VENV_PYTHON) -m ruff format --check .
	$(VENV_PYTHON) -m ruff check .
	$(VENV_PYTHON) -m pyright
	$(VENV_PYTHON) -m dojo.maintain check
	$(VENV_PYTHON) -m pytest -n $(PYTEST_JOBS) $(SUITE)

bench: ready
	$(VENV_PYTHON) -m pytest -q -p no:cacheprovider --benchmark-autosave tests/benchmarks/bench_feedback.py

# Makes .venv and fills it, unless .venv/installed says that this very state is there already. That file is written
# last, so an interrupted installation begins again; it holds what the installation depends on, and where it stands.
ready:
	@set -e; \
	case "$(NUMPY_ONLY)" in ""|0|no) extras=torch,dev ;; *) extras=dev ;; esac; \
	state=`pwd; cksum pyproject.toml constraints.txt`; \
	there=`cat .venv/installed 2>/dev/null || true`; \
	usable='import sys, pip; sys.exit(sys.version_info < (3, 11))'; \
	if $(VENV_PYTHON) -c "$$usable" 2>/dev/null; then \
		case "$$there" in "$$extras $$state"|"torch,dev $$state") exit 0 ;; esac; \
	else \
		python=; \
		for candidate in "$(PYTHON)" python3.13 python3.12 python3.11; do \
			if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
				python=$$candidate; break; \
			fi; \
		done; \
		if test -z "$$python"; then \
			found=`"$(PYTHON)" --version 2>&1` || found=missing; \
			echo "The dojo needs Python 3.11 or newer; here $(PYTHON) is $$found." >&2; \
			echo "Install one, then run make again; if it has another name: make start PYTHON=/path/to/python3.12" >&2; \
			exit 1; \
		fi; \
		version=`"$$python" --version`; \
		echo "Making .venv with $$version …"; \
		"$$python" -m venv --clear .venv; \
	fi; \
	rm -f .venv/installed; \
	case $$extras in \
		dev) echo "Installing what the dojo needs into .venv, without PyTorch (the first time takes a minute or two) …" ;; \
		*) echo "Installing what the dojo needs into .venv, PyTorch included (the first time takes some minutes) …" ;; \
	esac; \
	if ! $(VENV_PYTHON) -m pip install -qq --disable-pip-version-check -c constraints.txt -e ".[$$extras]"; then \
		echo "The installation stopped; the lines above say why. Run make again to go on." >&2; \
		test $$extras = dev || echo "If it is PyTorch that has no package here, make start NUMPY_ONLY=1 does without it." >&2; \
		exit 1; \
	fi; \
	echo "$$extras $$state" > .venv/installing; \
	mv .venv/installing .venv/installed
