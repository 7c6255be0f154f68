# Every target installs what it needs, once. Needs make and Python >= 3.11 (PYTHON=python3.13 to choose).
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
CDK := node_modules/.bin/cdk
# What is installed leaves a mark. Each lock holds the one before it, in the same versions: the CDK app and the command
# line; the local AWS and the demo; tests, checks and measurements. Of npm: the CDK's command line; what tests need.
APP := $(VENV)/.app
DEMO := $(VENV)/.demo
DEV := $(VENV)/.dev
NODE := node_modules/.installed
NODE_DEV := node_modules/.installed-dev
# Node comes from the machine if it is recent enough, else from a wheel in the virtual environment.
export PATH := $(abspath $(VENV)/node/bin):$(PATH)
# Node 20 still runs the CDK; its banner of a page at every start tells nobody here anything new.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
WORKERS ?= 2
GROUPS ?= groups

.DEFAULT_GOAL := help
# Two installations at once would come into each other's way.
.NOTPARALLEL:
.PHONY: FORCE help install cli demo demo-loop test unit check bench explore fuzz walk storm pictures local synth deploy lock schema policies clean

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(DEV) $(NODE_DEV) ## Everything that the other targets need

# Named on the command line or in the environment, Python may be another than last time: the script looks, and is quick.
ifneq ($(origin PYTHON),file)
$(VENV)/.uv: FORCE
endif
$(VENV)/.uv: tools/installer.txt
	@sh tools/venv.sh "$(PYTHON)" $(firstword $(origin PYTHON)) $(VENV)

$(APP): requirements.txt $(VENV)/.uv
	@sh tools/install.sh $(VENV) $<
	@touch $@

$(DEMO): requirements-demo.txt $(VENV)/.uv
	@sh tools/install.sh $(VENV) $<
	@touch $(APP) $@

$(DEV): requirements-dev.txt $(VENV)/.uv
	@sh tools/install.sh $(VENV) $<
	@touch $(APP) $(DEMO) $@

$(VENV)/.node: tools/node-requirements.txt $(VENV)/.uv
	@sh tools/node.sh $(VENV)
	@touch $@

$(NODE): package.json package-lock.json $(VENV)/.node
	@sh tools/npm.sh --omit=dev
	@touch $@

$(NODE_DEV): package.json package-lock.json $(VENV)/.node
	@sh tools/npm.sh
	@touch $(NODE) $@

cli: $(APP) $(NODE) ## The command lines alone: .venv/bin/greenlight and node_modules/.bin/cdk

demo: $(DEMO) $(NODE) ## The whole story on this machine: deploy, approve, canary, roll back (ARGS=--keep leaves it running)
	@$(RUN)/python -m local.demo $(ARGS)

demo-loop: $(DEMO) $(NODE) ## The second act: drift, retraining, review, approval, and the alarm clears
	@$(RUN)/python -m local.demo.loop

test: $(DEV) $(NODE_DEV) ## All tests (ARGS=... goes to pytest)
	@sh tools/chromium.sh >/dev/null
	@$(RUN)/python -m pytest -n $(WORKERS) $(ARGS)

unit: $(DEV) ## The unit tests alone, in a minute (ARGS=... goes to pytest)
	@$(RUN)/python -m pytest -q -n $(WORKERS) tests/unit $(ARGS)

check: $(DEV) $(NODE) ## Format, lint, types, layers; the templates by cdk-nag and cfn-lint
	@$(RUN)/ruff format --check .
	@$(RUN)/ruff check .
	@$(RUN)/lint-imports --no-cache
	@$(RUN)/mypy
	@$(CDK) synth --quiet --output .build/check --context groups=$(GROUPS)
	@$(RUN)/cfn-lint .build/check/*.template.json

bench: $(DEV) $(NODE) ## Speed, scale and cost, measured: a table, and .build/bench.json (ARGS="start calls": only these rows)
	@$(RUN)/python -m bench $(ARGS)

explore: $(DEV) ## Many more simulated histories than the tests' (N=100000 SEED=0)
	@$(RUN)/python -m tests.simulation.explore --schedules $(or $(N),10000) --seed $(or $(SEED),0)

pictures: $(DEV) $(NODE) ## Pictures of the page for the documents, taken while the demo runs (needs Chromium)
	@$(RUN)/python -m local.demo --pictures docs/pictures

fuzz: $(DEV) ## Many more inputs, of all kinds that other people write, than the tests' (N=100000 ARGS="reports samples")
	@$(RUN)/python -m tests.fuzz --inputs $(or $(N),10000) $(ARGS)

walk: $(DEV) ## Every small simulated history with every single fault (ARGS=--decisions=2: smaller ones)
	@$(RUN)/python -m tests.simulation.walk $(ARGS)

storm: $(DEV) ## A thousand approvals at once against a slow control plane, measured (N=1000 RATE=4)
	@$(RUN)/python -m tests.simulation.storm --groups $(or $(N),1000) --rate $(or $(RATE),4)

local: $(DEMO) $(NODE) ## A local AWS with the example groups deployed (LOCAL_AWS_PORT, LOCAL_TIME_SCALE)
	@$(RUN)/python -m local --deploy

synth: $(APP) $(NODE) ## The CloudFormation templates, into cdk.out
	@$(CDK) synth --quiet --context groups=$(GROUPS)

deploy: $(APP) $(NODE) ## Deploy to the AWS account of your credentials
	@$(CDK) deploy --all --context groups=$(GROUPS)

lock: $(VENV)/.uv ## Pin the dependencies of the *.in files, with hashes (ARGS=--upgrade: the newest)
	@sh tools/lock.sh $(RUN)/uv $(ARGS)

schema: $(APP) $(NODE) ## Write groups/schema.json from the configuration's model, and schemas/events
	@$(RUN)/python -m infra.config.schema
	@$(RUN)/python -m infra.event_schemas

policies: $(APP) $(NODE) ## Write policies/organization-policy.json, the policy for the organisation's accounts
	@$(RUN)/python -m infra.policies.organization

clean: ## Remove everything that was installed or built
	@rm -rf $(VENV) node_modules cdk.out .build .local .mypy_cache .ruff_cache .pytest_cache .hypothesis
