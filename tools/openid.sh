#!/bin/sh
# Builds a real OpenID provider for the tests, the example server of
# github.com/zitadel/oidc in the version that its go.mod pins, and prints its
# path.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
out=$root/.cache/openid
mkdir -p "$out"
cd "$root/internal/account/oidc/testdata/op"
CGO_ENABLED=0 "${GO:-go}" build -o "$out/op" . >&2
echo "$out/op"
