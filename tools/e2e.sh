#!/bin/sh
# Serves a real model and asks it five Korean questions in headless Chromium.
# The screenshots lie in .cache/shots.
set -eu
bin=$1 model=$2
port=${PORT:-18080}
mkdir -p .cache/shots
data=$(mktemp -d)
"$bin" serve --single-user --database "$data/malmoi.db" --model "$model" --listen "127.0.0.1:$port" >.cache/e2e.log 2>&1 &
pid=$!
trap 'kill $pid 2>/dev/null; wait $pid 2>/dev/null || true; rm -rf "$data"' EXIT INT TERM
for _ in $(seq 120); do
	if python3 -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$port/readyz', timeout=2)" 2>/dev/null; then ready=1; break; fi
	kill -0 $pid 2>/dev/null || { cat .cache/e2e.log; exit 1; }
	sleep 1
done
[ "${ready:-}" = 1 ] || { echo "the server did not become ready"; cat .cache/e2e.log; exit 1; }
(cd web && node e2e/real.mjs --base "http://127.0.0.1:$port" --shots ../.cache/shots)
