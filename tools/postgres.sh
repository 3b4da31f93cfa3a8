#!/bin/sh
# Makes sure that the tests have a Postgres server and prints the folder of its
# programs: Debian's package postgresql, whose own cluster is not used.
set -eu
find_bin() {
	for dir in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin; do
		[ -x "$dir/initdb" ] && found=$dir
	done
	[ -n "${found:-}" ] && echo "$found"
}
find_bin && exit 0
if [ "$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi
{
	$sudo apt-get update -qq
	# A cluster that starts by itself would be in the way.
	$sudo mkdir -p /etc/postgresql-common
	[ -e /etc/postgresql-common/createcluster.conf ] ||
		echo "create_main_cluster = false" | $sudo tee /etc/postgresql-common/createcluster.conf
	DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends postgresql
} >&2
find_bin
