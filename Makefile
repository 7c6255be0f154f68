# Every target installs what it needs, once. Needs make and Python >= 3.11 (PYTHON=python3.13 to choose).
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
CDK := node_modules/.bin/cdk
# Node comes from the machine if it is recent enough, else from a wheel in the virtual environment.
export PATH := $(abspath $(VENV)/node/bin):$(PATH)
# Node 20 still runs the CDK; its banner of a page at every start tells nobody here anything new.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
WORKERS ?= 2
GROUPS ?= groups

.DEFAULT_GOAL := help
.PHONY: help install demo demo-loop test check bench explore walk storm pictures local synth deploy lock schema policies clean

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(VENV)/.installed node_modules/.installed ## Everything that the other targets need

$(VENV)/.installed: requirements-dev.txt
	@$(PYTHON) -c 'import sys; assert (3, 11) <= sys.version_info[:2] <= (3, 13), f"Python 3.11 to 3.13 is needed, this is {sys.version.split()[0]}: make PYTHON=python3.13"'
	@echo "Installing Python packages into $(VENV) …"
	@test -x $(RUN)/python || $(PYTHON) -m venv $(VENV)
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.txt
	@printf '#!/bin/sh\nPYTHONPATH="%s" exec "%s/python" -P -m cli.main "$$@"\n' "$(CURDIR)" "$(abspath $(RUN))" > $(RUN)/greenlight
	@chmod +x $(RUN)/greenlight
	@touch $@

node_modules/.installed: package.json package-lock.json $(VENV)/.installed
	@echo "Installing the CDK command line and axe into node_modules …"
	@PATH="$(PATH)" sh tools/node.sh $(VENV)
	@PATH="$(abspath $(VENV)/node/bin):$(PATH)" npm ci --silent --no-audit --no-fund
	@touch $@

demo: install ## The whole story on this machine: deploy, approve, canary, roll back (ARGS=--keep leaves it running)
	@$(RUN)/python -m local.demo $(ARGS)

demo-loop: install ## The second act: drift, retraining, review, approval, and the alarm clears
	@$(RUN)/python -m local.demo.loop

test: install ## All tests (ARGS=... goes to pytest)
	@sh tools/chromium.sh >/dev/null
	@$(RUN)/python -m pytest -n $(WORKERS) $(ARGS)

check: install ## Format, lint, types, layers; the templates by cdk-nag and cfn-lint
	@$(RUN)/ruff format --check .
	@$(RUN)/ruff check .
	@$(RUN)/lint-imports --no-cache
	@$(RUN)/mypy
	@$(CDK) synth --quiet --output .build/check --context groups=$(GROUPS)
	@$(RUN)/cfn-lint .build/check/*.template.json

bench: install ## Speed, scale and cost, measured: a table, and .build/bench.json (ARGS="start calls": only these rows)
	@$(RUN)/python -m bench $(ARGS)

explore: install ## Many more simulated histories than the tests' (N=100000 SEED=0)
	@$(RUN)/python -m tests.simulation.explore --schedules $(or $(N),10000) --seed $(or $(SEED),0)

pictures: install ## Pictures of the page for the documents, taken while the demo runs (needs Chromium)
	@$(RUN)/python -m local.demo --pictures docs/pictures

walk: install ## Every small simulated history with every single fault (ARGS=--decisions=2: smaller ones)
	@$(RUN)/python -m tests.simulation.walk $(ARGS)

storm: install ## A thousand approvals at once against a slow control plane, measured (N=1000 RATE=4)
	@$(RUN)/python -m tests.simulation.storm --groups $(or $(N),1000) --rate $(or $(RATE),4)

local: install ## A local AWS with the example groups deployed (LOCAL_AWS_PORT, LOCAL_TIME_SCALE)
	@$(RUN)/python -m local --deploy

synth: install ## The CloudFormation templates, into cdk.out
	@$(CDK) synth --quiet --context groups=$(GROUPS)

deploy: install ## Deploy to the AWS account of your credentials
	@$(CDK) deploy --all --context groups=$(GROUPS)

lock: install ## Pin the dependencies of the *.in files anew, with hashes
	@sh tools/lock.sh $(RUN)/python

schema: install ## Write groups/schema.json from the configuration's model, and schemas/events
	@$(RUN)/python -m infra.config.schema
	@$(RUN)/python -m infra.event_schemas

policies: install ## Write policies/organization-policy.json, the policy for the organisation's accounts
	@$(RUN)/python -m infra.policies.organization

clean: ## Remove everything that was installed or built
	@rm -rf $(VENV) node_modules cdk.out .build .local .mypy_cache .ruff_cache .pytest_cache .hypothesis
