# What malmoi adds to streams: 500 of them at 20 tokens a second, through the
# OpenAI API and through conversations that the server owns. Figures are in
# docs/reliability.md; a short version runs in 'go test ./load'. Included by the
# Makefile (GO, BIN).
#
#   make load   LOAD_FLAGS="-door v1 -seconds 20"

LOAD_FLAGS ?=

.PHONY: load

load: build
	$(GO) run ./load -malmoi $(BIN) $(LOAD_FLAGS)
