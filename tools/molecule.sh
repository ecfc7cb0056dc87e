#!/bin/sh
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Runs one Molecule scenario and counts its Testinfra tests. Usage: tools/molecule.sh SCENARIO [RUN]
# RUN is the name under which they are counted where it is another than the scenario's.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=activate
. ./activate

# The shell reads a script while it runs: main is read whole, so an edit meanwhile does no harm.
main() {
    scenario=$1
    if [ ! -f "molecule/$scenario/molecule.yml" ]; then
        echo "molecule: no scenario $scenario; there are:" molecule/*/molecule.yml >&2
        exit 1
    fi
    report=$PWD/.build/results/molecule-${2:-$scenario}.xml
    rm -f "$report" "${report%.xml}.second.xml"
    # Molecule starts pytest itself: the report's path can only travel in the environment.
    # pytest-ansible and Testinfra do not go together.
    PYTEST_ADDOPTS="-p no:pytest-ansible --junitxml=$report -o junit_family=xunit2" \
        molecule test -s "$scenario"
    if [ -f "molecule/$scenario/verify.yml" ] && [ ! -f "$report" ]; then
        exit 0
    fi
    # Some of the faults only: fewer tests than there are.
    if [ -n "${FAULTS:-}" ]; then exit 0; fi
    set -- "$report"
    if [ -f "${report%.xml}.second.xml" ]; then set -- "$@" "${report%.xml}.second.xml"; fi
    .venv/bin/python tools/count_tests.py "$@"
}

main "$@"; exit
