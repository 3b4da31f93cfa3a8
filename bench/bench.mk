# Speed: 'make bench' shows a model's speeds beside the machine's roof, 'make
# bench-peer' compares with a packaged llama.cpp and writes docs/benchmarks.md,
# 'make bench-gate' compares this tree with the last commit. None runs in CI:
# a shared machine is too noisy for it. Included by the Makefile (GO, BIN).
#
#   make bench        BENCH_MODEL=file.gguf
#   make bench-peer   BENCH_MODELS="a.gguf b.gguf" BENCH_FLAGS="--threads 1,2"
#   make bench-openvino BENCH_MODELS="a.gguf"
#   make bench-gate   BENCH_MODELS="a.gguf" BENCH_BASE=HEAD~3

PYTHON       ?= python3
BENCH_PAIRED := $(PYTHON) bench/paired.py --malmoi $(BIN)
# Without BENCH_MODELS: these of the catalogue, fetched if they are not there.
BENCH_NAMES  ?= smollm2-135m qwen2.5-coder-0.5b
BENCH_FETCH  := $(if $(filter-out undefined,$(origin BENCH_MODELS) $(origin BENCH_MODEL)),,yes)
BENCH_MODELS ?= $(foreach m,$(BENCH_NAMES),$(m)=$(shell $(BIN) show $(m) --path 2>/dev/null))
BENCH_MODEL  ?= $(lastword $(subst =, ,$(firstword $(BENCH_MODELS))))
# About 13 minutes for all models together: nine pairs of what is cheap, three at least of what is not.
BENCH_FLAGS  ?= --quick --total 780
BENCH_BASE   ?= HEAD
BENCH_GATE   ?= 0.95

.PHONY: bench bench-models bench-peer bench-openvino bench-self bench-gate test-bench

# The scripts' own tests measure nothing, so they are part of 'make test'.
test: test-bench
test-bench:
	$(PYTHON) -m unittest discover -s bench -p 'test_*.py'

# A target of its own, because the paths of models are looked up when a recipe is read.
bench-models: build
	@$(if $(BENCH_FETCH),for m in $(BENCH_NAMES); do $(BIN) pull $$m || exit 1; done)

bench: bench-models
	$(BIN) bench --model $(BENCH_MODEL)

bench-peer: bench-models
	$(PYTHON) bench/peer.py install
	$(BENCH_PAIRED) $(BENCH_FLAGS) $(addprefix --model ,$(BENCH_MODELS))

# Prompts only, against a second peer (300 MB on disk, from PyPI), with files that it reads.
bench-openvino: BENCH_NAMES = smollm2-135m qwen2.5-coder-1.5b
bench-openvino: bench-models
	$(PYTHON) bench/peer.py install --openvino
	$(BENCH_PAIRED) --peer openvino $(BENCH_FLAGS) $(addprefix --model ,$(BENCH_MODELS))

# How far apart two copies of the same server seem to be on this machine.
bench-self: bench-models
	$(BENCH_PAIRED) $(BENCH_FLAGS) --self $(addprefix --model ,$(BENCH_MODELS))

bench-gate: bench-models
	@set -e; tree=$$(mktemp -d); \
	trap 'git worktree remove --force "$$tree/base" 2>/dev/null || true; rm -rf "$$tree"' EXIT; \
	git worktree add --quiet --detach "$$tree/base" $(BENCH_BASE); \
	(cd "$$tree/base" && $(GO) build -trimpath -o "$$tree/malmoi" ./cmd/malmoi); \
	$(BENCH_PAIRED) $(BENCH_FLAGS) --other "$$tree/malmoi" --gate $(BENCH_GATE) $(addprefix --model ,$(BENCH_MODELS))
