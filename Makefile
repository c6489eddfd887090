# Every target does its own set-up, and .ci/needs installs what it takes besides Go, as root on Debian or Ubuntu.

SHELL         := bash
.SHELLFLAGS   := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS     += --no-builtin-rules

GO      ?= go
ARGS    ?=
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

# What a program may weigh, in MB of 10^6 bytes: docs/decisions/0005-cobra-without-templates.md.
LIMITS   := agent=15 amibake=25 switcher=32
PROGRAMS := $(strip $(foreach limit,$(LIMITS),$(patsubst %/main.go,%,$(wildcard $(firstword $(subst =, ,$(limit)))/main.go))))

# Static, stripped and the same bytes from the same source: no paths, no build id, no state of the checkout.
LDFLAGS     := -s -w -buildid= -X bluegreen/internal/version.Version=$(VERSION)
BUILD_FLAGS := -trimpath -buildvcs=false

LINT_VERSION = $(shell awk '$$1 == "github.com/golangci/golangci-lint/v2" { print $$2 }' tools/go.mod)
LINT         = $(CURDIR)/.cache/bin/golangci-lint-$(LINT_VERSION)-$(shell $(GO) env GOVERSION)

# Packages are dated as their source is.
ARCHES ?= amd64 arm64
OUT    ?= dist
ifndef SOURCE_DATE_EPOCH
SOURCE_DATE_EPOCH := $(shell git log -1 --format=%ct 2>/dev/null || date +%s)
endif

NFPM_VERSION = $(shell awk '$$1 == "github.com/goreleaser/nfpm/v2" { print $$2 }' tools/go.mod)
NFPM         = $(CURDIR)/.cache/bin/nfpm-$(NFPM_VERSION)-$(shell $(GO) env GOVERSION)

.PHONY: help
help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: dist/switcher ## Cut a live stack over and back, here, with no AWS account (ARGS=--json; RUNTIME=docker has real instances)
ifeq ($(RUNTIME),docker)
	@$(MAKE) --no-print-directory package ARCHES="$$($(GO) env GOHOSTARCH)"
	@.ci/needs debootstrap
	.ci/engine dist/switcher demo --runtime docker $(ARGS)
else
	dist/switcher demo $(ARGS)
endif

.PHONY: test
test: ## Run all tests with the race detector; those with Docker and systemd need root on Debian or Ubuntu
	@command -v "$$($(GO) env CC)" >/dev/null || \
		{ echo "make test: the race detector needs a C compiler (Debian: apt-get install gcc libc6-dev)" >&2; exit 1; }
	@.ci/needs dockerd docker iptables ip debootstrap shellcheck
	CGO_ENABLED=1 $(GO) test -race -timeout 30m ./...
	$(GO) -C tools test ./...

# Of the calls of Docker at which an agent or dockerd can be killed, one in so many is tried, from this one on.
KILL_EVERY ?= 1
KILL_FROM  ?= 1

.PHONY: crash
crash: ## Kill a deployment, a bake, and one with the other, at every single call of AWS, an agent and dockerd at every call of Docker (`make test` takes a sample)
	@.ci/needs dockerd docker iptables ip
	$(GO) test -run '^TestCrashAtEveryCall$$' -count 1 -timeout 30m -v ./internal/bluegreen | grep --line-buffered -E 'crash points|^(---|ok|FAIL|panic)|_test.go'
	$(GO) test -run '^TestCrashAtEveryCall$$' -count 1 -timeout 30m -v ./internal/bake -every-call | grep --line-buffered -E 'crash points|^(---|ok|FAIL|panic)|_test.go'
	$(GO) test -run '^TestCrashAtEveryCall$$' -count 1 -timeout 60m -v ./switcher -every-call | grep --line-buffered -E 'crash points|^(---|ok|FAIL|panic)|_test.go'
	$(GO) test -run 'KilledAtEveryCall$$' -count 1 -timeout 90m -v ./internal/agent -agent.every $(KILL_EVERY) -agent.from $(KILL_FROM) | \
		grep --line-buffered -E ' killed |^(---|ok|FAIL|panic)|_test.go'

.PHONY: build
build: $(PROGRAMS:%=dist/%) ## Build the programs into dist/
	@[ -n "$(PROGRAMS)" ] || { echo "make build: found no program to build" >&2; exit 1; }

dist/%: FORCE
	CGO_ENABLED=0 $(GO) build $(BUILD_FLAGS) -ldflags '$(LDFLAGS)' -o $@ ./$*

.PHONY: FORCE
FORCE:

.PHONY: package
package: ## Build the Debian packages, for amd64 and arm64, and their bills of materials into dist/
	@[ -x "$(NFPM)" ] || { echo "building nfpm $(NFPM_VERSION), once"; \
		$(GO) -C tools build -trimpath -ldflags '-s -w' -o "$(NFPM).$$$$" github.com/goreleaser/nfpm/v2/cmd/nfpm && mv "$(NFPM).$$$$" "$(NFPM)"; } # two may build it at once
	GO='$(GO)' NFPM='$(NFPM)' BUILD_FLAGS='$(BUILD_FLAGS)' LDFLAGS='$(LDFLAGS)' VERSION='$(VERSION)' \
		SOURCE_DATE_EPOCH='$(SOURCE_DATE_EPOCH)' OUT='$(OUT)' packaging/build $(ARCHES)

.PHONY: lintian
lintian: package ## Check the packages as Debian would
	@.ci/needs lintian
	lintian --allow-root --fail-on error,warning --tag-display-limit 0 $(OUT)/*.deb

.PHONY: size
size: build ## Fail if a program weighs more than it may
	@failed=0; \
	for limit in $(LIMITS); do \
		program=$${limit%=*}; megabytes=$${limit#*=}; \
		[ -d "$$program" ] || continue; \
		if [ ! -f "dist/$$program" ]; then echo "dist/$$program: missing" >&2; failed=1; continue; fi; \
		bytes=$$(wc -c <"dist/$$program"); \
		awk -v p="$$program" -v b="$$bytes" -v m="$$megabytes" 'BEGIN { \
			over = (b > m * 1e6); \
			printf("%-10s %6.2f MB of %d MB%s\n", p, b / 1e6, m, over ? "  TOO LARGE" : ""); \
			exit over }' || failed=1; \
	done; \
	exit $$failed

.PHONY: reproducible
reproducible: build package ## Fail if programs or packages of the same source, built elsewhere and later, have other bytes
	@copy=$$(mktemp -d); trap 'rm -rf "$$copy"' EXIT; umask 077; \
	tar -c --exclude ./.git --exclude ./.cache --exclude ./dist . | tar -x -C "$$copy"; \
	find "$$copy" -type f -exec touch {} +; \
	TZ=Pacific/Auckland $(MAKE) --no-print-directory -C "$$copy" build package \
		VERSION='$(VERSION)' SOURCE_DATE_EPOCH='$(SOURCE_DATE_EPOCH)' NFPM='$(NFPM)'; \
	for file in $(PROGRAMS:%=dist/%) dist/bluegreen*_*; do cmp "$$file" "$$copy/$$file"; echo "$$file: same bytes"; done

.PHONY: lint
lint: ## Check format, go.mod, vet, shell scripts and golangci-lint (built once, from tools/go.mod)
	@unformatted=$$("$$($(GO) env GOROOT)/bin/gofmt" -l $(wildcard agent amibake switcher internal packaging tools)); \
	[ -z "$$unformatted" ] || { printf 'not gofmt-ed:\n%s\n' "$$unformatted" >&2; exit 1; }
	$(GO) mod tidy -diff
	$(GO) vet ./...
	$(GO) -C tools vet ./...
	@.ci/needs shellcheck
	shellcheck .ci/run .ci/needs .ci/engine packaging/build packaging/postinst packaging/prerm packaging/postrm packaging/motd \
		packaging/bluegreen-postinst packaging/bluegreen-prerm packaging/bluegreen-postrm
	@[ -x "$(LINT)" ] || { echo "building golangci-lint $(LINT_VERSION), once"; \
		$(GO) -C tools build -trimpath -ldflags '-s -w' -o "$(LINT)" github.com/golangci/golangci-lint/v2/cmd/golangci-lint; }
	"$(LINT)" run ./...
	cd tools && "$(LINT)" run ./...

.PHONY: docs-check
docs-check: ## Check links, commands and paths in the documents
	$(GO) test -count=1 -run '^TestDocs' ./internal

.PHONY: peers
peers: ## Ask the sandbox by the aws CLI, and moto beside it; says so where they are not installed
	$(GO) test -run '^TestPeers$$' -count 1 -timeout 30m -v ./internal/sandbox -peers

.PHONY: bench
bench: ## Measure the switcher in a sandbox with 50 ms per call, the agent beside Docker, and the boot of a baked image; 25 minutes, on a machine at rest
	@.ci/needs dockerd docker iptables ip debootstrap
	$(GO) test -run '^$$' -bench . -benchtime 1x -timeout 10m ./switcher
	$(GO) test -run '^$$' -bench . -benchtime 1x -timeout 10m ./internal/bake
	$(GO) test -run '^$$' -bench . -benchtime 1x -timeout 30m ./internal/demo/bakery
	$(GO) test -run '^$$' -bench HealthUnderLoad -benchtime 20000x -timeout 10m ./internal/agent/serve
	$(GO) test -run '^$$' -bench . -benchtime 1x -timeout 30m ./internal/agent -idle 10m

.PHONY: clean
clean: ## Remove what was built
	rm -rf dist .cache
