# Every target does its own set-up. Only Go is needed, and a C compiler for the race detector of `make test`.

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

.PHONY: help
help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: dist/switcher ## Cut a live stack over and back, on this machine, with no AWS account (ARGS=--json)
	dist/switcher demo $(ARGS)

.PHONY: test
test: ## Run all tests with the race detector
	@command -v "$$($(GO) env CC)" >/dev/null || \
		{ echo "make test: the race detector needs a C compiler (Debian: apt-get install gcc libc6-dev)" >&2; exit 1; }
	CGO_ENABLED=1 $(GO) test -race -timeout 30m ./...

.PHONY: crash
crash: ## Kill a run before and after every single call (the race detector in `make test` takes a sample of these)
	$(GO) test -run '^TestCrashAtEveryCall$$' -count 1 -timeout 30m -v ./internal/bluegreen | grep -E 'crash points|^(---|ok|FAIL|panic)|_test.go'

.PHONY: build
build: $(PROGRAMS:%=dist/%) ## Build the programs into dist/
	@[ -n "$(PROGRAMS)" ] || { echo "make build: found no program to build" >&2; exit 1; }

dist/%: FORCE
	CGO_ENABLED=0 $(GO) build $(BUILD_FLAGS) -ldflags '$(LDFLAGS)' -o $@ ./$*

.PHONY: FORCE
FORCE:

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
reproducible: build ## Fail if a build of the same source in another folder gives other bytes
	@copy=$$(mktemp -d); trap 'rm -rf "$$copy"' EXIT; \
	tar -c --exclude ./.git --exclude ./.cache --exclude ./dist . | tar -x -C "$$copy"; \
	$(MAKE) --no-print-directory -C "$$copy" build VERSION='$(VERSION)'; \
	for program in $(PROGRAMS); do cmp "dist/$$program" "$$copy/dist/$$program"; echo "$$program: same bytes"; done

.PHONY: lint
lint: ## Check format, go.mod, vet and golangci-lint (built once, from tools/go.mod)
	@unformatted=$$("$$($(GO) env GOROOT)/bin/gofmt" -l $(wildcard agent amibake switcher internal)); \
	[ -z "$$unformatted" ] || { printf 'not gofmt-ed:\n%s\n' "$$unformatted" >&2; exit 1; }
	$(GO) mod tidy -diff
	$(GO) vet ./...
	@[ -x "$(LINT)" ] || { echo "building golangci-lint $(LINT_VERSION), once"; \
		$(GO) -C tools build -trimpath -ldflags '-s -w' -o "$(LINT)" github.com/golangci/golangci-lint/v2/cmd/golangci-lint; }
	"$(LINT)" run ./...

.PHONY: docs-check
docs-check: ## Check links, commands and paths in the documents
	$(GO) test -count=1 -run '^TestDocs' ./internal

.PHONY: bench
bench: ## Measure rollback, clone and drain in a sandbox, the first two with 50 ms per call
	$(GO) test -run '^$$' -bench . -benchtime 1x -timeout 10m ./switcher

.PHONY: clean
clean: ## Remove what was built
	rm -rf dist .cache
