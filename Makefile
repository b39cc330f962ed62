# weyl: every target is explained by `make help`. The work is CMake's: see CMakePresets.json.
BUILD  ?= build
JOBS   ?= $(shell nproc 2>/dev/null || echo 2)
PREFIX ?= /usr/local
export CMAKE_BUILD_PARALLEL_LEVEL = $(JOBS)

.DEFAULT_GOAL := all
.PHONY: all setup demo test check peers python asan tsan fuzz coverage bench format docs install deb clean help

all: ## build the library and the command into build/
	@cmake --preset release
	@cmake --build --preset release

setup: ## install the Debian packages that are missing
	@tools/setup.sh

demo: setup all ## train with and without symmetry, prove which obeys E(3), draw a report (under 6 minutes)
	@tools/demo.sh $(BUILD)

test: all ## the tests beside the sources (under a minute)
	@tools/check.sh $(BUILD) --label-regex unit

check: setup all ## everything: tests, again for each instruction set, golden outputs, fuzz corpora, installation
	@tools/check.sh $(BUILD)

peers: ## PyTorch in build/peers for make bench and weyl bench --peer (6 GB)
	@tools/peers.sh $(BUILD)

python: all ## the Python package in build/python, and its tests (beside e3nn and sphericart after make peers)
	@tools/python.sh $(BUILD)

asan: setup ## the tests under AddressSanitizer and UndefinedBehaviourSanitizer
	@cmake --preset asan && cmake --build --preset asan && tools/check.sh build-asan

tsan: setup ## the tests of threads under ThreadSanitizer
	@cmake --preset tsan && cmake --build --preset tsan && tools/check.sh build-tsan --label-regex 'core|autodiff|train|data|cli'

fuzz: setup ## libFuzzer on every parser (clang); FUZZ_SECONDS each, 30 by default
	@cmake --preset fuzz && cmake --build --preset fuzz && tools/fuzz.sh build-fuzz $(or $(FUZZ_SECONDS),30)

coverage: setup ## the tests with line counts (gcov)
	@cmake --preset coverage && cmake --build --preset coverage && tools/check.sh build-coverage
	@tools/coverage.sh build-coverage

bench: all ## timings on this machine, beside PyTorch after make peers (docs/bench.md)
	@tools/bench.sh $(BUILD)

format: ## lay out all C sources by .clang-format
	@git ls-files '*.c' '*.h' | xargs clang-format -i

docs: all ## the manual pages (build/man) and the completion, from the tables of the command
	@cmake --build $(BUILD) --target weyl_docs

install: all ## install below PREFIX (/usr/local); DESTDIR= for packagers
	@cmake --install $(BUILD) --prefix $(PREFIX)

deb: all ## a Debian package in build/ (installs file and dpkg-dev, which look for its dependencies)
	@tools/setup.sh file dpkg-dev
	@cd $(BUILD) && cpack -G DEB

clean: ## remove the build folders
	@rm -rf build build-dev build-asan build-tsan build-fuzz build-coverage

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile
