#!/bin/sh
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Installs the packages of bindep.txt that are missing. Runs on a machine that has nothing
# but git and make, so: POSIX sh, dpkg and apt-get.
set -eu
cd "$(dirname "$0")/.."

wanted=$(sed -n 's/^\([a-z0-9][a-z0-9.+-]*\) *\[platform:dpkg\].*/\1/p' bindep.txt)

if ! command -v apt-get >/dev/null 2>&1; then
    echo "deps: no apt-get here: only Debian is supported for checkouts. What is needed:" >&2
    echo "$wanted" >&2
    exit 1
fi

missing=
for package in $wanted; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
if [ -z "$missing" ]; then
    echo "deps: all packages of bindep.txt are installed"
    exit 0
fi

as_root=
if [ "$(id -u)" -ne 0 ]; then
    echo "deps: needs sudo to install:$missing"
    if ! command -v sudo >/dev/null 2>&1; then
        echo "deps: there is no sudo; as root run: apt-get install --no-install-recommends$missing" >&2
        exit 1
    fi
    as_root=sudo
else
    echo "deps: installing:$missing"
fi

export DEBIAN_FRONTEND=noninteractive
$as_root env DEBIAN_FRONTEND="$DEBIAN_FRONTEND" apt-get update -q
# shellcheck disable=SC2086 # a list of package names, to be split
$as_root env DEBIAN_FRONTEND="$DEBIAN_FRONTEND" apt-get install -y -q --no-install-recommends $missing

# The tests start etcd themselves; the package starts one at once, on the ports of everybody.
case "$missing" in
    *etcd-server*)
        if [ -d /run/systemd/system ]; then
            $as_root systemctl disable --now etcd.service
        fi
        ;;
esac
