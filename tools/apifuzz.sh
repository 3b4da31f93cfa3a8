#!/bin/sh
# Throws what the description of our API allows, and what it does not, at a
# server with scripted models: nothing may end in a 500. The first argument is
# the go command, the second how many seconds it may take (45).
set -eu
cd "$(dirname "$0")/.."
go=${1:-go}
seconds=${2:-45}
tools/venv.sh
folder=$(mktemp -d)
trap 'test -n "${server:-}" && kill "$server" 2>/dev/null; rm -rf "$folder"' EXIT
"$go" build -o "$folder/server" ./web/e2e/server
mkfifo "$folder/said"
"$folder/server" >"$folder/said" 2>"$folder/log" &
server=$!
read -r address <"$folder/said"
# /api/events has no end; the test server's own routes are not in the description.
.cache/venv/bin/schemathesis --config-file tools/schemathesis.toml --no-color run "$address/api/openapi.json" --phases coverage,fuzzing --max-time "$seconds" \
	--checks not_a_server_error --continue-on-failure --request-timeout 20 --exclude-path /api/events \
	--suppress-health-check all --warnings off --generation-database none || {
	tail -40 "$folder/log"
	exit 1
}
