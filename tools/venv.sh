#!/bin/sh
# Makes .cache/venv with the Python packages of the tests (see
# requirements-test.txt). Does nothing when it is up to date already.
set -eu
cd "$(dirname "$0")/.."
want=tools/requirements-test.txt
venv=.cache/venv
stamp=$venv/requirements-test.txt
if [ -x "$venv/bin/python" ] && cmp -s "$want" "$stamp"; then
	exit 0
fi
rm -rf "$venv"
mkdir -p .cache
python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$want"
cp "$want" "$stamp" # last: an install that broke off is done again
