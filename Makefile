# ecert: every command of the house. `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
SOLC := contracts/node_modules/.ready
INTEROP := build/interop/.ready
FUZZ := build/fuzz/.ready
PEERS := bench/peers/node_modules/.ready
SLITHER := build/slither/.ready
VALIDATOR := build/validator/ecertd
SIGNER := build/validator/testsigner
WRONGCLOCK := build/validator/wrongclock
BASE ?= HEAD~1
ON := $(if $(POSTGRES),$(BIN)/python -m tests.postgres)
MISFORTUNES := $(strip $(if $(SHORT),,tests/crash) $(if $(POSTGRES),,tests/crash/full_disk.py))

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo serve regions validator network network-test validator-check test test-all test-sqlite test-postgres test-large furnish bench bench-network crash screenshots interop fuzz check format rules contracts forge slither coverage mutation deploy-check scale lock clean go node openssl chromium postgres nginx

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(READY) ## Set up, then run the main job on the embedded chain and say what held
	$(BIN)/ecert demo

# Not in the command's line: a shell that stood between would take the signal that is meant for the server.
serve regions: export ECERT_DEMO := 1

serve: $(READY) ## Serve all four regions on 127.0.0.1:8000; an empty var/ is filled with the demonstration
	$(BIN)/ecert serve

validator: $(VALIDATOR) ## Build the validator into build/validator and keep it; needs Go 1.23 or newer

regions: $(READY) ## Run one deployment per region on 8031 to 8034, each beside its own validator where it is built (make validator)
	$(BIN)/ecert regions

network: $(READY) $(VALIDATOR) ## Bring up four validators on this machine, founded by the regions, and leave them running (ecert network down)
	$(BIN)/ecert network up
	$(BIN)/ecert network found

network-test: nginx postgres $(READY) $(VALIDATOR) $(SIGNER) $(WRONGCLOCK) ## Run the tests that need live validators, on a throw-away PostgreSQL; needs nginx, postgresql, and root, for one fills a disk
	$(BIN)/python -m tests.postgres $(BIN)/python -m pytest -m network

# -trimpath as in the build, so that the modules are compiled once for both.
validator-check: go ## Judge the validator: format, vet, staticcheck, tests, fresh module list
	cd deploy/validator && export GOFLAGS="$$(go env GOFLAGS) -trimpath" && test -z "$$(gofmt -l .)" && \
		go vet ./... && go vet -tags wrongclock . && go test ./... && go run honnef.co/go/tools/cmd/staticcheck@v0.6.1 ./...
	$(PYTHON) deploy/validator/modules.py --check

test: $(READY) ## Set up, then run the tests that need no system package
	$(BIN)/python -m pytest -m "not system and not interop and not network"

# Three parts at a time, for live validators wait; the longest first; the first that fails ends all (tests/lanes.py).
test-all: openssl chromium postgres nginx node go $(READY) $(SOLC) $(INTEROP) $(SLITHER) $(VALIDATOR) $(SIGNER) $(WRONGCLOCK) ## Run the tests on SQLite, PostgreSQL and live validators, of the contracts and the validator; needs openssl, chromium, postgresql, nginx, Node 20, Go, root
	$(BIN)/python -m tests.lanes --lanes 3 test-postgres test-sqlite network-test validator-check test-large \
		"forge FOUNDRY_PROFILE=short" slither

test-sqlite: openssl chromium postgres node $(READY) $(SOLC) $(INTEROP) ## Run every test of Python that needs no validator, on SQLite
	$(BIN)/python -m pytest --ignore=tests/hostile/test_large.py -m "not network"

test-postgres: openssl chromium postgres node $(READY) $(SOLC) $(INTEROP) ## Run the same tests on a throw-away PostgreSQL
	$(BIN)/python -m tests.postgres $(BIN)/python -m pytest --ignore=tests/hostile/test_large.py -m "not network"

test-large: $(READY) ## Run the tests that weigh their own process, each in one that has done nothing else
	$(BIN)/python -m pytest tests/hostile/test_large.py

furnish: $(VALIDATOR) $(SIGNER) $(WRONGCLOCK) $(READY) $(SOLC) $(INTEROP) $(FUZZ) $(PEERS) $(SLITHER) ## Build the validator, and fetch what the targets need of Python and Node

# POSTGRES=1 kills houses on a throw-away PostgreSQL; what fills disks is about SQLite's files. SHORT=1 leaves out the
# locks and clocks, which are among the tests.
# NETWORK=1 kills houses that stand on live validators, and then validators under load.
crash: $(READY) $(if $(NETWORK),$(VALIDATOR)) ## Kill a house at every named durable write, judge it; full disk, locks, clocks (SHORT=1, POSTGRES=1, NETWORK=1); needs root
	$(if $(NETWORK),,$(if $(MISFORTUNES),$(ON) $(BIN)/python -m pytest -q $(MISFORTUNES)))
	$(ON) $(BIN)/python -m tests.crash $(if $(NETWORK),--network) $(if $(SHORT),--short)
	$(if $(NETWORK),$(ON) $(BIN)/python -m tests.crash.rounds $(if $(SHORT),--short))

interop: openssl node $(READY) $(SOLC) $(INTEROP) ## Have foreign implementations read ours, and ours theirs; needs openssl and Node 20 or newer
	$(BIN)/python -m pytest tests/interop

bench: node $(READY) $(SOLC) $(INTEROP) $(PEERS) ## Measure all against its yardsticks (SHORT=1: shapes a hundredth); needs wrk and Node 20
	@command -v wrk >/dev/null || { echo "make bench needs the system package wrk (Debian: apt-get install wrk)." >&2; exit 1; }
	SHORT=$(SHORT) $(BIN)/python -m bench

bench-network: $(READY) $(VALIDATOR) ## Measure four validators, following and what stands on them (SHORT=1: shapes a hundredth, about a minute)
	SHORT=$(SHORT) $(BIN)/python -m bench.network $(ONLY)

fuzz: $(READY) $(FUZZ) ## Fuzz every parser for a minute each and keep what reached new code (SHORT=1: 5 s each, nothing kept)
	$(BIN)/python -m tests.fuzz $(if $(SHORT),--seconds 5,--seconds 60 --keep)

check: node $(READY) $(SOLC) ## Lint, types, import rules, fresh contract artefacts; needs Node 20 or newer
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/python -m contracts.compile --check

screenshots: chromium $(READY) ## Take every page into build/screenshots, to be looked at; needs the system package chromium
	$(BIN)/python -m tests.journeys.browser.screenshots build/screenshots

format: $(READY) ## Format the code and mend what ruff can mend
	$(BIN)/ruff check --fix-only --exit-zero .
	$(BIN)/ruff format .

rules: node $(READY) $(SOLC) ## Show each house rule failing on a planted violation; needs Node 20 or newer
	$(BIN)/python -m tests.rules.planted

contracts: node $(READY) $(SOLC) ## Compile the Solidity contracts into contracts/artifacts; needs Node 20 or newer
	$(BIN)/python -m contracts.compile

forge: node $(SOLC) ## Attack the contracts: fuzzing and invariants (FOUNDRY_PROFILE=short for a quick look); needs Node 20
	@test -x contracts/node_modules/.bin/forge || { \
		echo "npm carries forge for Linux on x64 and macOS on arm64; see getfoundry.sh for others." >&2; exit 1; }
	cd contracts && node_modules/.bin/forge fmt --check test && node_modules/.bin/forge test

slither: node $(SOLC) $(SLITHER) ## Analyse the contracts; fails on a finding that docs/contracts-analysis.md does not answer
	cd contracts && export FOUNDRY_PROFILE=slither PATH="$$PWD/node_modules/.bin:$$PATH" && \
		forge build --force && ../build/slither/bin/slither .

coverage: $(READY) ## Run the tests under branch coverage; build/coverage/html shows what no test reaches
	@mkdir -p build/coverage
	$(BIN)/coverage run -m pytest -m "not system and not interop and not network"
	$(BIN)/coverage html --quiet
	$(BIN)/coverage report

# SHORT=1 tries only files changed since BASE. What is known is kept in build/mutation: a broken-off run goes on.
mutation: $(READY) ## Change ecert/domain and verifier/checks; fails if a change survives unanswered (SHORT=1 BASE=HEAD~1)
	nice -n 15 $(BIN)/python -m tests.mutation $(if $(SHORT),--since $(BASE)) $(ONLY)

deploy-check: $(READY) ## Hold deploy/ to promtool, systemd-analyze and a running house; needs the packages prometheus, systemd
	@for command in promtool systemd-analyze; do command -v $$command >/dev/null || { \
		echo "make deploy-check needs $$command (Debian: apt-get install prometheus systemd)." >&2; exit 1; }; done
	promtool check config deploy/prometheus/prometheus.yml
	cd deploy/prometheus && promtool test rules rules_test.yml
	deploy/systemd/check
	$(BIN)/python -m pytest -q tests/journeys/test_deploy.py

scale: $(READY) ## Say what 400 million certificates and 31 regions take; docs/scale.md (MEASURE=1: weigh a small house first)
	$(BIN)/python -m bench.scale $(if $(MEASURE),--measure)

# uv only writes the lock; it is no part of what the project runs on, so it lives in build/.
lock: ## Write requirements.lock anew from pyproject.toml (make lock UPGRADE=--upgrade for newer versions)
	$(PYTHON) -m venv build/lock
	build/lock/bin/pip install --quiet uv
	build/lock/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --all-extras \
		--prerelease=if-necessary-or-explicit --python-version 3.11 $(UPGRADE) \
		-o requirements.lock pyproject.toml
	build/lock/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header \
		--python-version 3.11 $(UPGRADE) -o tests/interop/requirements.lock tests/interop/requirements.in
	build/lock/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header \
		--python-version 3.11 $(UPGRADE) -o tests/fuzz/requirements.lock tests/fuzz/requirements.in
	build/lock/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header \
		--python-version 3.11 $(UPGRADE) -o contracts/requirements-slither.lock contracts/requirements-slither.in

clean: ## Remove what make made (.venv, node_modules, build/, caches); var/ with its keys stays
	rm -rf .venv contracts/node_modules bench/peers/node_modules build .hypothesis .mypy_cache .ruff_cache .pytest_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --no-deps: the lock is complete, and mpl-font asks for matplotlib, which the lock leaves out on purpose
# (docs/decisions/0010-fonts.md). Nothing below this line is fetched again until the lock changes.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "ecert needs Python 3.11 or newer; $(PYTHON) is not. Try: make PYTHON=python3.11" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes --no-deps -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

# Foreign implementations stand apart: cwt wants another cbor2 than the house, and none may lend ours its libraries.
$(INTEROP): tests/interop/requirements.lock
	$(PYTHON) -m venv build/interop
	build/interop/bin/pip install --quiet --require-hashes --no-deps -r tests/interop/requirements.lock
	@touch $@

# Slither wants another web3 than the house, so it lives apart.
$(SLITHER): contracts/requirements-slither.lock
	$(PYTHON) -m venv build/slither
	build/slither/bin/pip install --quiet --require-hashes --no-deps -r contracts/requirements-slither.lock
	@touch $@

# The engine needs a wheel for this machine, so nothing else asks for it (docs/fuzzing.md).
$(FUZZ): tests/fuzz/requirements.lock | $(READY)
	rm -rf build/fuzz/packages
	$(BIN)/pip install --quiet --require-hashes --no-deps --only-binary :all: --target build/fuzz/packages -r $<
	@touch $@

$(VALIDATOR) $(WRONGCLOCK): $(filter-out %_test.go deploy/validator/testsigner/%,$(wildcard deploy/validator/go.* deploy/validator/*.go deploy/validator/*/*.go)) | go
	@mkdir -p build/validator
	cd deploy/validator && go build $(TAGS) -trimpath -ldflags "-s -w" -o ../../$@ .

# The product is built without the tag: by it one validator of a test runs by a wrong clock (amd64 alone).
$(WRONGCLOCK): TAGS := -tags wrongclock

$(SIGNER): $(wildcard deploy/validator/go.* deploy/validator/testsigner/*.go) | go
	@mkdir -p build/validator
	cd deploy/validator && go build -trimpath -ldflags "-s -w" -o ../../$@ ./testsigner

$(SOLC): contracts/package.json contracts/package-lock.json | node
	cd contracts && npm ci
	@touch $@

$(PEERS): bench/peers/package.json bench/peers/package-lock.json | node
	cd bench/peers && npm ci
	@touch $@

go:
	@test "$$(go env GOVERSION 2>/dev/null | sed 's/^go1\.\([0-9]*\).*/\1/')" -ge 23 2>/dev/null || { \
		echo "This target needs Go 1.23.8 or newer (Debian 13: golang; Debian 12 has an older one)." >&2; exit 1; }

node:
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null && command -v npm >/dev/null || { \
		echo "This target needs Node 20 or newer with npm (Debian 13: nodejs npm)." >&2; exit 1; }

openssl chromium:
	@command -v $@ >/dev/null || { \
		echo "This target needs the system package $@ (Debian: apt-get install $@)." >&2; exit 1; }

nginx:
	@PATH="$$PATH:/usr/sbin" command -v nginx >/dev/null || { \
		echo "This target needs the system package nginx (Debian: apt-get install nginx-light)." >&2; exit 1; }

postgres:
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { \
		echo "This target needs PostgreSQL (Debian: apt-get install postgresql)." >&2; exit 1; }
