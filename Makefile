# Every target is one line of `make help`: the text behind ##.
PREFIX ?= /usr/local
BINARY := .build/release/slipway
STRIPPED := .build/slipway

.DEFAULT_GOAL := help
.PHONY: help build install demo test lint format fuzz stress bench clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

build: ## compile the release binary, stripped and without Swift's shared libraries, and print its path
	@scripts/install-packages build >&2
	@swift build --configuration release --static-swift-stdlib --product slipway >&2
	@strip -o $(STRIPPED) $(BINARY)
	@echo $(CURDIR)/$(STRIPPED)

install: build ## copy the release binary to PREFIX/bin (PREFIX=/usr/local, DESTDIR is honoured)
	install -D -m 755 $(STRIPPED) $(DESTDIR)$(PREFIX)/bin/slipway

demo: ## from the checkout to an image that was built, pushed, pulled, run and deployed to a simulated Amazon ECS
	@scripts/demo

# Many tests start servers and containers, and all at once they would only wait for each other.
WIDTH_FLAG := --experimental-maximum-parallelization-width
test: ## install what the tests need, and run all of them
	@scripts/install-packages test
	@width=; if swift test --help-hidden | grep -q -e $(WIDTH_FLAG); then width="$(WIDTH_FLAG) $$((2 * $$(nproc)))"; fi; \
	set -x; swift test $$width $(TESTFLAGS)

lint: ## check the format of the sources, and the shell scripts
	@swift format lint --strict --parallel --recursive Sources Plugins Tests Benchmarks Package.swift
	@shellcheck $$(grep -rlE '^#!.*\b(sh|bash)$$' scripts .ci Benchmarks fixtures)

format: ## format the sources
	@swift format --in-place --parallel --recursive Sources Plugins Tests Benchmarks Package.swift

FUZZ_SECONDS ?= 600
SEED ?= 1
fuzz: ## feed made-up and damaged Dockerfiles to the language (FUZZ_SECONDS=600, SEED=1)
	@swift run --configuration release SyntaxFuzz --seconds $(FUZZ_SECONDS) --seed $(SEED)

KILLS ?= 200
FAULTS ?= 500
stress: ## kill builds at random moments, and push and pull under faults (KILLS=200, FAULTS=500, SEED=…)
	@scripts/install-packages test
	@KILLS=$(KILLS) FAULTS=$(FAULTS) $(if $(filter command environment,$(origin SEED)),SEED=$(SEED)) \
		swift test --filter 'KillTests|FaultTests'

bench: ## run the benchmarks, and put figures into docs/benchmarks.md
	@scripts/install-packages test
	@Benchmarks/run

clean: ## remove what was built
	@rm -rf .build
