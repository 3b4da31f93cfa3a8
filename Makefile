# malmoi: 'make serve' runs it, 'make test' is everything that CI runs.
# Targets install what they need; downloads are cached in .cache/ and in the
# data folder of models.

GO      ?= go
BIN     := bin/malmoi
export CGO_ENABLED := 0

# Rooms with goroutines of their own, tested with the race detector (which
# needs a C compiler; nothing that ships does).
RACE    := ./internal/num/par ./internal/engine/... ./internal/llm ./internal/httpapi ./internal/catalog/... ./internal/upstream/... ./internal/converse ./internal/agent ./internal/bus ./internal/account/...
# Rooms with assembly, tested without it too.
PUREGO  := ./internal/num/... ./internal/nn/... ./internal/engine/...
MODELS  := smollm2-135m gemma-3-270m qwen2.5-coder-0.5b qwen2.5-coder-1.5b all-minilm-l6-v2

.PHONY: serve build web test lint models fuzz clean \
        test-go test-purego test-race test-web test-e2e test-api

serve: build
	@$(BIN) list --json | grep -q '"name"' || $(BIN) pull
	@exec $(BIN) serve --log-text --single-user

build: web
	@mkdir -p bin
	$(GO) build -trimpath -o $(BIN) ./cmd/malmoi

# The page is built when its sources are newer than the result.
WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -type f -print 2>/dev/null)
web: internal/webui/dist/index.html
internal/webui/dist/index.html: web/node_modules/.package-lock.json $(WEB_SOURCES)
	cd web && npm run build
	@touch $@
web/node_modules/.package-lock.json: web/package-lock.json
	cd web && npm ci --no-audit --no-fund --ignore-scripts
	@touch $@

test: lint test-web build models test-go test-purego test-race test-e2e test-api
	@echo "all tests passed"

lint:
	@test -z "$$(gofmt -l cmd internal load chaos web/e2e/server)" || { gofmt -l cmd internal load chaos web/e2e/server; echo "gofmt: run gofmt -w on these"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	@tools/vulncheck.sh $(GO)

models: build
	@for m in $(MODELS); do $(BIN) pull $$m --accept-licence || exit 1; done

test-go: models
	@tools/venv.sh
	@tools/postgres.sh >/dev/null
	@tools/slapd.sh >/dev/null && tools/openid.sh >/dev/null
	MALMOI_MODELS=required MALMOI_POSTGRES=required MALMOI_LDAP=required MALMOI_OPENID=required $(GO) test -timeout 20m ./...
	$(GO) test -tags invariants ./internal/engine/...

test-purego:
	$(GO) test -tags purego -short $(PUREGO)

test-race:
	CGO_ENABLED=1 $(GO) test -race -short -timeout 15m $(RACE)

test-web: web
	cd web && npm run check && npm test

test-e2e: build models
	@tools/browser.sh
	cd web && npm run e2e
	tools/e2e.sh $(BIN) qwen2.5-coder-1.5b

# Made-up requests to our own API, from its description.
test-api:
	tools/apifuzz.sh $(GO)

fuzz:
	tools/fuzz.sh $(GO) 30s

clean:
	rm -rf bin .cache internal/webui/dist web/node_modules

-include bench/bench.mk
-include load/load.mk
-include chaos/chaos.mk
