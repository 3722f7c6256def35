# Everything a person types. CMake and ninja do the work; each target does only what is missing.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run build test bench microbench lint fuzz format clean bootstrap bootstrap-test
MAKEFLAGS += --no-print-directory
JOBS ?= $(shell nproc)
# Flags for `agena dev` in `make run`, for example RUN_FLAGS='--port-offset 100'.
RUN_FLAGS ?=

help:  ## This list
	@echo "make <target>:"
	@sed -n 's/^\([a-z]*\):.*##/  \1 -/p' Makefile

run: build  ## Install, build, start `agena dev`, send a message and receive it
	@tools/first-minute build/release/agena $(RUN_FLAGS)

build: bootstrap build/release/.configured  ## build/release/agena
	@cmake --build build/release -j $(JOBS)

test: build bootstrap-test build/fuzz/.configured build/tsan/.configured  ## Every test: unit (asan, ubsan, tsan), fuzz, lint, interop, crash
	@cmake --build build/fuzz -j $(JOBS)
	@cmake --build build/tsan -j $(JOBS) --target tsan_tests
	@ctest --test-dir build/fuzz -j $(JOBS) --output-on-failure --no-tests=error

bench: build bootstrap-test  ## The same frames to agena and to the Java broker, as ratios
	@python3 tests/bench/run.py

microbench: bootstrap-test build/microbench/.configured  ## Steps of the hot path in nanoseconds: for working on them, not for claims
	@cmake --build build/microbench -j $(JOBS) --target microbenchmarks
	@for program in build/microbench/*_bench; do $$program; done

lint: bootstrap-test  ## The rules of STYLE.md, the format, clang-tidy on changed files
	@tools/lint

fuzz: bootstrap-test build/fuzz/.configured  ## All fuzz targets, FUZZ_SECONDS (300) each
	@cmake --build build/fuzz -j $(JOBS) --target fuzzers
	@FUZZ_SECONDS=$${FUZZ_SECONDS:-300} ctest --test-dir build/fuzz -L fuzz -j $(JOBS) --output-on-failure --no-tests=error --timeout 100000

format: bootstrap-test  ## Format the C++ sources in place
	@tools/format

clean:  ## Remove everything that was built
	@rm -rf build

bootstrap:
	@tools/bootstrap build

bootstrap-test:
	@tools/bootstrap test

# Afterwards ninja itself configures again when a CMakeLists.txt or the list of sources changes.
build/release/.configured: | bootstrap
build/fuzz/.configured build/tsan/.configured build/microbench/.configured: | bootstrap-test
build/%/.configured: CMakePresets.json
	@mkdir -p build/$*
	@cmake --preset $* > build/$*/configure.log 2>&1 || { cat build/$*/configure.log; exit 1; }
	@touch $@
