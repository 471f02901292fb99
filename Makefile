# All tasks of this project, starting from a fresh checkout. `make` lists them.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory --no-builtin-rules

# The first of these that is Python 3.11 or newer is used.
PYTHON ?= python3 python3.13 python3.12 python3.11 python3.14

# The folder of the local stack's state. Another folder and another PORT create a second, independent stack.
export INSTALLHUB_STATE ?= .local
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0
# Without cached bytecode, every start would compile a thousand modules.
unexport PYTHONDONTWRITEBYTECODE

RUN := .venv/bin/python -m
LOCAL := $(RUN) local
SAM := .tools/sam/bin/sam
UV := .venv/bin/uv

PROJECT_READY := .venv/.ready
STACK_READY := $(PROJECT_READY) .tools/emulator/.ready .tools/sam/.ready
ATTACK_READY := $(STACK_READY) .tools/attack/.ready
CODE := functions layers local operations tests tools bench

.PHONY: help
help: ## list all targets
	@echo "usage: make TARGET [NAME=value ...]"
	@awk -F ':.*## ' '/^## /{printf "\n%s\n", substr($$0, 4)} /^[a-z-]+:.*## /{printf "  %-18s %s\n", $$1, $$2}' Makefile bench/bench.mk
	@echo
	@echo "Parameters that are not in PARAMS keep their current values; make down resets them to the template's defaults."
	@echo "INSTALLHUB_STATE=folder PORT=4700 make up starts a second, independent stack."

## Start here

.PHONY: setup demo
setup: $(STACK_READY) ## install all dependencies (other targets do this when necessary)
	@echo "Ready." >&2

demo: $(STACK_READY) ## start the local stack, load the sample tenants and export a package
	@$(LOCAL) demo --port "$$PORT" --bind "$$BIND"

## The local stack: template.yaml on an AWS emulator, without an AWS account or Docker

.PHONY: up url token seed outputs logs down
up: $(STACK_READY) ## start or update it   [PARAMS="Name=value ..."] [PORT=4566] [BIND=127.0.0.1]
	@$(LOCAL) up --params "$$PARAMS" --port "$$PORT" --bind "$$BIND"

url: $(PROJECT_READY) ## print the base URL, without /api
	@$(LOCAL) url

token: $(PROJECT_READY) ## print a token   TENANTS=a,b [SCOPE="installhub:export"] [TTL=3600, in seconds; negative for an expired token]
	@$(LOCAL) token --tenants "$$TENANTS" --ttl "$$TTL" --scope "$${SCOPE-installhub:export}"

seed: $(PROJECT_READY) ## publish the artifacts of a JSON file   FILE=artifacts.json
	@$(LOCAL) seed "$$FILE"

outputs: $(PROJECT_READY) ## print endpoint, region and the stack's outputs as JSON
	@$(LOCAL) outputs

logs: $(PROJECT_READY) ## print the functions' logs   [FUNCTION=export] [FOLLOW=1]
	@$(LOCAL) logs --function "$$FUNCTION" $(if $(FOLLOW),--follow)

down: ## stop it and delete its data
	@if test -e $(PROJECT_READY); then $(LOCAL) down; fi

## For operators: on the local stack, or with STACK=name on AWS

.PHONY: smoke audit verify-packages redrive index-packages sign-packages scan-artifacts erase delete-keys
smoke: $(PROJECT_READY) ## run the main job, check it and clean up   [STACK=name] [URL=...] [TOKEN=...] [TENANT=id]
	@$(RUN) operations.smoke --stack "$$STACK" --url "$$URL" --token "$$TOKEN" --tenant "$$TENANT"

audit: $(PROJECT_READY) ## find incomplete packages, orphans and wrong checksums   [STACK=name] [JSON=1]
	@$(RUN) operations.audit --stack "$$STACK" $(if $(JSON),--json)

verify-packages: $(PROJECT_READY) ## verify every stored bundle, as whoever receives it does   [STACK=name]
	@$(RUN) operations.verify_packages --stack "$$STACK"

redrive: $(PROJECT_READY) ## move messages from a dead-letter queue back to its queue   [QUEUE=exports|drops] [STACK=name] [MAX=10] [DRY_RUN=1]
	@$(RUN) operations.redrive --queue "$${QUEUE:-exports}" --stack "$$STACK" --max "$$MAX" $(if $(DRY_RUN),--dry-run)

index-packages: $(PROJECT_READY) ## add packages to the package index that are not in it   [STACK=name] [DRY_RUN=1] [AGAIN=1]
	@$(RUN) operations.index_packages --stack "$$STACK" $(if $(DRY_RUN),--dry-run) $(if $(AGAIN),--again)

sign-packages: $(PROJECT_READY) ## sign packages that were exported before packages were signed   [STACK=name] [DRY_RUN=1]
	@$(RUN) operations.sign_packages --stack "$$STACK" $(if $(DRY_RUN),--dry-run)

scan-artifacts: $(PROJECT_READY) ## search artifacts for secrets that have not been searched   [STACK=name] [DRY_RUN=1] [AGAIN=1]
	@$(RUN) operations.scan_artifacts --stack "$$STACK" $(if $(DRY_RUN),--dry-run) $(if $(AGAIN),--again)

erase: $(PROJECT_READY) ## erase everything of a tenant, after asking   TENANT=id [STACK=name] [DRY_RUN=1] [YES=1]
	@$(RUN) operations.erase --tenant "$$TENANT" --stack "$$STACK" $(if $(DRY_RUN),--dry-run) $(if $(YES),--yes)

delete-keys: $(PROJECT_READY) ## delete the usage-plan keys of a stack that was deleted on AWS   STACK=name [DRY_RUN=1]
	@$(RUN) operations.delete_keys --stack "$$STACK" $(if $(DRY_RUN),--dry-run)

## The API in containers with `sam local`: needs Docker

.PHONY: sam-local sam-invoke sam-local-down
sam-local: $(STACK_READY) ## serve it with `sam local start-api` and the local stack's data   [API_PORT=3000]
	@$(LOCAL) sam-local --api-port "$$API_PORT" --port "$$PORT" --bind "$$BIND"

sam-invoke: $(PROJECT_READY) ## run one function with `sam local invoke`   FUNCTION=export [EVENT=events/export.json]
	@$(LOCAL) sam-invoke "$$FUNCTION" --event "$$EVENT"

sam-local-down: ## stop it and its containers; the local stack keeps running
	@if test -e $(PROJECT_READY); then $(LOCAL) sam-local-down; fi

## Tests and checks

# Test processes per suite. `make reliability` needs a single one, since each process overwrites the recorded figures.
WORKERS := auto

.PHONY: test test-unit test-integration test-system test-sam-local lint types check-template rollout-template check-upgrade
test: test-unit test-integration test-system test-sam-local ## all tests

test-unit: $(PROJECT_READY) ## tests without sockets
	@$(RUN) pytest -n $(WORKERS) --dist worksteal tests/unit

test-integration: $(PROJECT_READY) ## tests against emulated tables and buckets, and of programs in processes of their own
	@$(RUN) pytest -n $(WORKERS) --dist worksteal tests/integration

test-system: $(ATTACK_READY) ## tests over HTTP against separate local stacks
	@$(RUN) pytest -n $(WORKERS) --maxprocesses 2 --dist loadfile tests/system # one stack per worker

test-sam-local: $(STACK_READY) ## tests over HTTP against `sam local`; skipped if Docker does not run
	@if reason=$$($(LOCAL) docker 2>&1) || test "$$INSTALLHUB_DOCKER" = required; then \
	  $(RUN) pytest tests/sam_local; \
	else echo "tests/sam_local skipped: $${reason#error: }"; fi

.PHONY: test-judges test-chaos test-load reliability
JUDGED := $(patsubst %,tests/integration/test_%.py,artifact_storage catalog_contract catalog_reads publisher package_claims multipart idempotency \
  simultaneous_exports sweep)
test-judges: export INSTALLHUB_JUDGES := all
test-judges: $(STACK_READY) .tools/bench/dynamodb/.tried ## tests of the storage adapters on moto, MiniStack and DynamoDB Local
	@$(RUN) pytest $(JUDGED)

test-chaos: $(ATTACK_READY) ## long tests of faults, crashes, races and hostile input
	@$(RUN) pytest tests/chaos

test-load: $(ATTACK_READY) ## load and soak tests on a separate local stack   [SOAK_SECONDS=900]
	@$(RUN) pytest tests/load

reliability: export INSTALLHUB_FIGURES := write
reliability: ## run the tests behind docs/reliability.md and update its figures
	@$(MAKE) test-integration test-judges test-system test-chaos test-load WORKERS=0
	@$(RUN) tools.reliability

lint: $(PROJECT_READY) ## check style and format
	@$(RUN) ruff check
	@$(RUN) ruff format --check

types: $(PROJECT_READY) ## check types
	@$(RUN) mypy $(CODE)

check-template: $(STACK_READY) ## validate template.yaml with SAM and cfn-lint, with its options off and on, and with rollout.yaml
	@AWS_DEFAULT_REGION=us-east-1 $(SAM) validate --lint
	@.venv/bin/cfn-lint template.yaml $$($(RUN) tools.options .local/options)

rollout-template: $(PROJECT_READY) ## write .local/rollout/template.json, for gradual deployments   [PARAMS="Name=value ..."]
	@$(RUN) tools.rollout .local/rollout/template.json --parameters "$$PARAMS"

check-upgrade: $(PROJECT_READY) ## check that CloudFormation can update a stack of the last release to template.yaml
	@$(RUN) tools.upgrade

.PHONY: check-architecture check-security
check-architecture: $(PROJECT_READY) ## check that the layer's packages only import lower ones
	@.venv/bin/lint-imports --no-cache

check-security: $(PROJECT_READY) .tools/audit/.ready ## run bandit, checkov, detect-secrets and pip-audit; see tools/scans/exceptions.toml
	@$(RUN) tools.scans

.PHONY: mutate
mutate: $(PROJECT_READY) .tools/mutation/.ready ## run mutation tests   [ROOM=resolver] [MINUTES=10] [JOBS=2]
	@nice -n 10 .tools/mutation/bin/python -m tools.mutation --room "$$ROOM" $(if $(MINUTES),--minutes "$$MINUTES") \
	  $(if $(JOBS),--jobs "$$JOBS")

.PHONY: check-docs
check-docs: $(PROJECT_READY) ## check that everything named in the documentation exists
	@$(RUN) tools.docs_check

.PHONY: check-generated
check-generated: $(PROJECT_READY) ## check that generated files are up to date
	@$(RUN) tools.template --check
	@$(RUN) tools.architecture --check
	@$(RUN) tools.openapi --check
	@$(RUN) tools.event_schemas --check
	@$(RUN) tools.pictures --check
	@$(RUN) tools.reliability --check

include bench/bench.mk

## Releases

RELEASE = $(RUN) tools.release
UPLOAD = --bucket "$$BUCKET" --source-url "$$SOURCE_URL"

.PHONY: release dist
release: $(STACK_READY) .tools/audit/.ready ## check, commit, build and tag a version   VERSION=1.2.3 [DRY_RUN=1] [BUCKET=name] [SOURCE_URL=https://...]
	@$(RELEASE) release --version "$$VERSION" $(if $(DRY_RUN),--dry-run) $(UPLOAD)

dist: $(STACK_READY) ## build the artifacts of the current commit, with digests, into dist/   [BUCKET=name] [SOURCE_URL=https://...]
	@$(RELEASE) dist $(UPLOAD)

## Maintenance

.PHONY: hooks format openapi template pictures architecture lock clean
hooks: $(PROJECT_READY) ## install the pre-commit hooks
	@.venv/bin/pre-commit install

format: $(PROJECT_READY) ## format the code
	@$(RUN) ruff check --fix-only --quiet
	@$(RUN) ruff format

openapi: $(PROJECT_READY) ## regenerate the OpenAPI document and the event schemas
	@$(RUN) tools.openapi
	@$(RUN) tools.event_schemas

template: $(PROJECT_READY) ## regenerate the template's gateway responses, dashboard and function outputs
	@$(RUN) tools.template

pictures: $(PROJECT_READY) ## redraw the pictures of docs/packages
	@$(RUN) tools.pictures

architecture: $(PROJECT_READY) ## regenerate the picture of the layer's packages
	@$(RUN) tools.architecture

COMPILE := UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile --quiet --universal --generate-hashes \
  --python-version 3.11 $(if $(UPGRADE),--upgrade)

lock: $(PROJECT_READY) ## update the pinned dependencies   [UPGRADE=1 for the newest versions]
	@$(COMPILE) layers/installhub/pyproject.toml -o layers/installhub/requirements.txt
	@$(COMPILE) requirements/dev.in -o requirements/dev.txt
	@$(COMPILE) requirements/emulator.in -o requirements/emulator.txt
	@$(COMPILE) requirements/sam.in -o requirements/sam.txt
	@$(COMPILE) requirements/bench.in -o requirements/bench.txt
	@$(COMPILE) requirements/attack.in -o requirements/attack.txt
	@$(COMPILE) requirements/audit.in -o requirements/audit.txt
	@$(COMPILE) requirements/mutation.in -o requirements/mutation.txt

clean: down ## stop the local stack and delete build output and caches (keeps .venv, .tools and dist)
	@rm -rf .local .aws-sam .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find $(CODE) -name __pycache__ -prune -exec rm -rf {} +

# ------------------------------------------------------------------------------------------------- the environments
# One for the project, and one for each tool with its own pinned versions.

.venv/bin/uv: | .venv/bin/python
	@sed -n '/^uv==/,/[^\\]$$/p' requirements/dev.txt > .venv/uv.txt
	@.venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes --no-deps -r .venv/uv.txt

.venv/bin/python:
	@for python in $(PYTHON); do \
	  if $$python -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Creating .venv with $$($$python --version) ..." >&2; \
	    exec $$python -m venv .venv; \
	  fi; \
	done; \
	echo "error: Python 3.11 or newer with the venv module is required; not found among: $(PYTHON)" >&2; \
	echo "       Specify one: make PYTHON=/path/to/python $(MAKECMDGOALS)" >&2; \
	exit 1

$(PROJECT_READY): requirements/dev.txt layers/installhub/pyproject.toml | .venv/bin/uv
	@echo "Installing the project's dependencies into .venv ..." >&2
	@$(UV) pip sync --quiet --python .venv/bin/python --require-hashes requirements/dev.txt
	@$(UV) pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation -e layers/installhub
	@touch $@

.tools/%/.ready: requirements/%.txt | $(PROJECT_READY)
	@echo "Installing $* into .tools/$* ..." >&2
	@$(UV) venv --quiet --allow-existing --python .venv/bin/python .tools/$*
	@$(UV) pip sync --quiet --python .tools/$*/bin/python --require-hashes requirements/$*.txt
	@touch $@
