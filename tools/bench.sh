#!/bin/sh
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Runs a benchmark as root, on throw-away hosts: of the module, or the one of tests/bench that is named in front.
# Usage: tools/bench.sh [hosts|throughput|site] [--sizes N,...] [--repeat N]
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=activate
. ./activate

# The shell reads a script while it runs: main is read whole, so an edit meanwhile does no harm.
main() {
    bench=tests.bench
    case ${1-} in
    '' | -*) ;;
    *)
        bench=tests.bench.$1
        shift
        ;;
    esac
    as_root=
    cache=${XDG_CACHE_HOME:-$HOME/.cache}
    if [ "$(id -u)" -ne 0 ]; then
        echo "bench: it makes network namespaces: needs sudo"
        as_root="sudo env PATH=$PATH PYTHONDONTWRITEBYTECODE=1
            ANSIBLE_COLLECTIONS_PATH=$ANSIBLE_COLLECTIONS_PATH ANSIBLE_HOME=$ANSIBLE_HOME-root
            XDG_CACHE_HOME=$cache GOPATH=$GOPATH GOCACHE=$GOCACHE"
    fi
    status=0
    # shellcheck disable=SC2086 # a command with its arguments, to be split
    $as_root .venv/bin/python -m "$bench" "$@" || status=$?
    if [ -n "$as_root" ]; then
        # What root wrote here is to be written again by the person.
        mkdir -p "$cache/container_net"
        sudo chown -hR "$(id -u):$(id -g)" .build "$cache/container_net"
    fi
    return "$status"
}

main "$@"; exit
