#!/bin/sh
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Runs pytest with a report under .build/results and counts it. With --root as root.
# Usage: tools/pytest.sh [--root] RUN-NAME PYTEST-ARGUMENT...
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=activate
. ./activate

# The shell reads a script while it runs: main is read whole, so an edit meanwhile does no harm.
main() {
    as_root=
    cache=${XDG_CACHE_HOME:-$HOME/.cache}
    if [ "$1" = --root ]; then
        shift
        if [ "$(id -u)" -ne 0 ]; then
            echo "pytest: these tests make network namespaces: needs sudo"
            as_root="sudo env PATH=$PATH PYTHONPATH=${PYTHONPATH:-} PYTHONDONTWRITEBYTECODE=1
                ANSIBLE_COLLECTIONS_PATH=$ANSIBLE_COLLECTIONS_PATH ANSIBLE_HOME=$ANSIBLE_HOME-root
                XDG_CACHE_HOME=$cache GOPATH=$GOPATH GOCACHE=$GOCACHE CI=${CI:-}"
        fi
    fi
    run=$1
    shift
    report=.build/results/$run.xml
    rm -f "$report"
    status=0
    # shellcheck disable=SC2086 # a command with its arguments, to be split
    $as_root .venv/bin/python -m pytest --junitxml="$report" -o junit_family=xunit2 \
        -o junit_suite_name="$run" "$@" || status=$?
    if [ -n "$as_root" ]; then
        # What root wrote here is to be written again by the person.
        mkdir -p "$cache/container_net"
        sudo chown -hR "$(id -u):$(id -g)" .build "$cache/container_net"
    fi
    [ -f "$report" ] && .venv/bin/python tools/count_tests.py "$report" || status=1
    return "$status"
}

main "$@"; exit
