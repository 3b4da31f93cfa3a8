# Kills malmoi processes at random moments and counts what is lost. Figures are
# in docs/reliability.md; a short version runs in 'go test ./chaos'. Included by
# the Makefile (GO).
#
#   make chaos   CHAOS_FLAGS="-rounds 200"

CHAOS_FLAGS ?= -rounds 50

.PHONY: chaos

chaos:
	@tools/postgres.sh >/dev/null
	MALMOI_POSTGRES=required $(GO) test ./chaos -count=1 -v -timeout 60m $(CHAOS_FLAGS)
