# What a developer types; `make help` lists it. How the parts are built and run is in stack/.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GO_BUILD := CGO_ENABLED=0 go build -trimpath -buildvcs=false

WEB_SOURCES := $(shell find web -type d \( -name node_modules -o -name dist \) -prune -o -type f -print)

.PHONY: help
help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: up
up: build servers ## start the whole stack on this machine, without Docker; prints the page's address and login
	@stack/up

.PHONY: demo
demo: build servers ## the same, with made-up logs to look at
	@stack/up demo

.PHONY: down
down: ## stop the stack; its data stays
	@stack/down

.PHONY: build
build: web/dist/index.html ## build the page, bin/collector and bin/dashboard
	@$(GO_BUILD) -ldflags '-s -w -X main.version=$(VERSION)' -o bin/ ./cmd/collector ./cmd/dashboard

web/dist/index.html: $(WEB_SOURCES) web/node_modules/.package-lock.json
	@echo 'web: building the page'
	@cd web && npm run --silent build -- --logLevel warn
	@touch web/dist/.gitkeep $@

# One rule for every folder with npm packages.
%/node_modules/.package-lock.json: %/package-lock.json
	@echo '$*: installing npm packages'
	@cd $* && npm ci --silent --no-audit --no-fund
	@touch $@

.PHONY: servers
servers: ## build the real servers into stack/bin; the first time takes about a quarter of an hour
	@stack/build
	@$(GO_BUILD) -o stack/bin/ ./stack/probe ./stack/demo

.PHONY: test
test: ## every test, in phases with their seconds: units, the page, and the whole on real servers
	@test/run

# The rows of the table of docs/reliability.md; where make leaves them.
FAULTS_OUT := $(CURDIR)/data/faults
FAULTS := FAULTS_OUT=$(FAULTS_OUT) go test -count=1

.PHONY: faults
faults: build servers ## make logs rotate, Loki fail and the collector die; print what was lost and doubled
	@rm -rf $(FAULTS_OUT)
	@$(FAULTS) -timeout=15m ./test/faults || { go run ./test/faults/report $(FAULTS_OUT); exit 1; }
	@go run ./test/faults/report $(FAULTS_OUT)

# How long an hour is: with SOAK=1m the long sizes are only tried.
SOAK := 1h

.PHONY: soak
soak: faults ## the same for 80 minutes; writes the table of docs/reliability.md. SOAK=1m tries it
	@SOAK=$(SOAK) $(FAULTS) -timeout=5h ./test/faults || { go run ./test/faults/report $(FAULTS_OUT); exit 1; }
	@go run ./test/faults/report $(FAULTS_OUT) $(if $(filter 1h,$(SOAK)),docs/reliability.md)

.PHONY: screenshots
screenshots: demo test/browser/node_modules/.package-lock.json ## take the pictures of docs/screenshots; best when the demo has run for an hour
	@. stack/settings && BASE_URL=$$(<"$$run_dir/address") USER=admin OUT_DIR=docs/screenshots \
		PASSWORD=$${DASHBOARD_ADMIN_PASSWORD:-$$(<"$$DATA_DIR/admin-password")} node test/browser/screenshots.mjs

.PHONY: loki29
loki29: build ## build a Loki 2.9, which takes no structured metadata, and test the collector and the dashboard with it
	@stack/build loki29
	@go test -count=1 -tags loki29 -run TestLoki29 ./test/dashboard

.PHONY: accuracy
accuracy: ## how well lines are grouped, against the datasets in LOGHUB=DIR, which are not part of the project
	@go test -count=1 -v -run TestExceptionsOfAWebApplication ./pipeline/grouping | grep -o 'tovplay FGA.*'
	@go run ./test/accuracy $(LOGHUB)

.PHONY: mutants
mutants: ## break the collector on purpose, one way at a time, and show the test that notices
	@go run ./test/mutants

.PHONY: bench
bench: build servers test/browser/node_modules/.package-lock.json ## run the benchmarks, those of the page in Chromium too
	@go test -run '^$$' -bench . -benchmem ./...

.PHONY: lint
lint: web/node_modules/.package-lock.json ## gofmt, vet, staticcheck, pint, shellcheck, the page's linter, known vulnerabilities
	@stack/build lint pint
	@stack/lint/run
