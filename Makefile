# The entry points, all of them. `make run` needs Python 3.11 to 3.13 and nothing else.
# PYTHON=/path/to/python names the one to use; PORT=8080 make run serves elsewhere.

.PHONY: run install test lint bench screenshots
.DEFAULT_GOAL := run

# Serve the studio at http://127.0.0.1:8000: web server and worker, until Ctrl-C.
run: install
	@exec .venv/bin/python manage.py studio

# Make .venv and install what requirements.txt pins; nothing is done twice.
install:
	@$(make_venv)
	$(call pip_install,requirements.txt)

# Run every test. What needs a browser or a service that is not there says so and is skipped (with CI=true it fails).
test: install
	$(call pip_install,requirements-dev.txt)
	@exec .venv/bin/python -m pytest

lint: install
	$(call pip_install,requirements-dev.txt)
	@.venv/bin/python -m ruff check .
	@.venv/bin/python -m ruff format --check .

# Measure speed and memory on this machine; docs/benchmarks.md explains the table.
bench: install
	$(call pip_install,requirements-dev.txt)
	@exec .venv/bin/python -m tests.benchmarks

# Photograph the pages, with Chromium, into docs/pictures.
screenshots: install
	$(call pip_install,requirements-dev.txt)
	@exec .venv/bin/python -m tests.journeys.screenshots

# How the above is done. Only what every make and every shell has: macOS still brings make 3.81.
# `exec` puts the program in the shell's place, so that a signal for make's child reaches it.

define pip_install
	@cmp -s $(1) .venv/$(1) || echo "Installing what $(1) names into .venv (the first time some 700 MB, a few minutes) ..."
	@cmp -s $(1) .venv/$(1) || exec .venv/bin/python -m pip install --disable-pip-version-check -r $(1)
	@cp $(1) .venv/$(1)
endef

define make_venv
	if .venv/bin/python -m pip --version >/dev/null 2>&1; then exit 0; fi; \
	version='import sys; print("%d.%d" % sys.version_info[:2])'; \
	found=; without_venv=; \
	for python in $(if $(PYTHON),"$(PYTHON)",python3.13 python3.12 python3.11 python3 python); do \
		this=$$("$$python" -c "$$version" 2>/dev/null) || continue; \
		case $$this in \
			3.11|3.12|3.13) ;; \
			*) found="$$found $$python is Python $$this."; continue;; \
		esac; \
		if ! "$$python" -c "import ensurepip, venv" 2>/dev/null; then without_venv=$$this; continue; fi; \
		echo "Making .venv with Python $$this ..."; \
		exec "$$python" -m venv --clear .venv; \
	done; \
	if [ -n "$$without_venv" ]; then \
		echo "Python $$without_venv is here, but not its venv module, which Debian and Ubuntu keep apart."; \
		echo "Install it, then run make again:  sudo apt install python$$without_venv-venv"; \
	else \
		echo "Stylesite needs Python 3.11, 3.12 or 3.13, and found none.$$found"; \
		echo "Debian 12 and 13, Ubuntu 24.04:  sudo apt install python3 python3-venv"; \
		echo "Elsewhere: https://www.python.org/downloads/ - then run make again, or name it: PYTHON=/path/to/python make run"; \
	fi >&2; \
	exit 1
endef
