# SPDX-FileCopyrightText: The virtplane authors
# SPDX-License-Identifier: Apache-2.0

# The local cluster: `make up KUBERNETES_VERSION=v1.36.4 NODES=2`.
KUBERNETES_VERSION ?= v1.37.2
NODES ?= 1
# AUDIT=1 logs every API request to .cluster/audit.log.
AUDIT ?= 0
# ARGS are further arguments of `make bench-api`.
ARGS ?=
# FORCE=1 lets `make down` remove a running cluster of another clone.
FORCE ?= 0

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CLUSTER := bin/cluster
CLUSTER_FLAGS := --kubernetes-version=$(KUBERNETES_VERSION) --nodes=$(NODES) --audit=$(AUDIT)

.PHONY: help
help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

.PHONY: up
up: $(CLUSTER) ## from a bare Debian machine to a running demo VM
	@$(CLUSTER) up $(CLUSTER_FLAGS)

.PHONY: down
down: $(CLUSTER) ## remove the cluster and all it made
	@$(CLUSTER) down --force=$(FORCE)

.PHONY: status
status: $(CLUSTER) ## what runs in the cluster
	@$(CLUSTER) status

.PHONY: build
build: $(CLUSTER) ## our programs into bin/
	@$(CLUSTER) build

.PHONY: images
images: build ## container images into the cache
	@$(CLUSTER) packages
	@$(CLUSTER) images

.PHONY: deploy
deploy: images ## bring this clone's programs into the running cluster
	@$(CLUSTER) load
	@$(CLUSTER) install

.PHONY: generate
generate: ## generated code
	@hack/generate.sh

.PHONY: lint
lint: ## go vet, gofmt, staticcheck
	@hack/lint.sh

.PHONY: test
test: ## everything: lint, generated code, unit, API and e2e tests
	@hack/test.sh

.PHONY: test-clients
test-clients: $(CLUSTER) ## the published virtctl and Go client; builds them the first time
	@$(CLUSTER) tools
	@cd test/clients && GOWORK=off go test -count 1 -v .

.PHONY: bench-start
bench-start: ## start-up times and memory of VMs in the running cluster
	@go run ./test/bench/start

.PHONY: bench-console
bench-console: ## consoles and forwarded ports of VMs in the running cluster, beside those of pods
	@go run ./test/bench/console

.PHONY: bench-api
bench-api: $(CLUSTER) ## cost of the API beside a CRD and ConfigMaps; ARGS=--quick for a short run
	@$(CLUSTER) tools
	@go build -o bin/bench-api ./test/bench/api && bin/bench-api $(ARGS)

# Go decides by itself whether there is anything to build.
.PHONY: $(CLUSTER)
$(CLUSTER):
	@cd hack/cluster && GOWORK=off go build -trimpath -buildvcs=false -o ../../$(CLUSTER) .
