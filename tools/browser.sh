#!/bin/sh
# Makes sure that the browser tests have a Chromium and a Korean font: Debian's
# packages chromium and fonts-noto-cjk.
set -eu
if command -v chromium >/dev/null && fc-list :lang=ko 2>/dev/null | grep -q .; then
	exit 0
fi
if [ "$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi
$sudo apt-get update -qq
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends chromium fontconfig fonts-noto-cjk
