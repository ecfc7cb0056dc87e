#!/bin/sh
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Runs make targets one after the other: says which one runs, how long each took, and stops
# at the first that fails. Usage: tools/stages.sh GOAL TARGET...
set -eu
cd "$(dirname "$0")/.."

in_minutes() {
    printf '%dm%02ds' $(($1 / 60)) $(($1 % 60))
}

finish() {
    printf '\n==> %s: stages\n' "$goal"
    cat "$report"
    printf '    %-28s %s\n' total "$(in_minutes $(($(date +%s) - begin)))"
    if ls .build/results/*.xml >/dev/null 2>&1 && [ -x .venv/bin/python ]; then
        .venv/bin/python tools/count_tests.py .build/results/*.xml || return 1
    fi
}

# The shell reads a script while it runs: main is read whole, so an edit meanwhile does no harm.
main() {
    goal=$1
    shift
    total=$#
    logs=.build/logs
    mkdir -p "$logs" .build/results
    rm -f .build/results/*.xml
    report=.build/results/stages
    : >"$report"

    begin=$(date +%s)
    number=0
    for stage in "$@"; do
        number=$((number + 1))
        printf '\n==> %s [%d/%d] %s\n' "$goal" "$number" "$total" "$stage"
        from=$(date +%s)
        rm -f "$logs/$stage.status"
        # The pipe to tee hides make's status, so it goes through a file.
        {
            status=0
            "${MAKE:-make}" --no-print-directory "$stage" </dev/null || status=$?
            echo "$status" >"$logs/$stage.status"
        } 2>&1 | tee "$logs/$stage.log"
        status=$(cat "$logs/$stage.status")
        rm -f "$logs/$stage.status"
        took=$(in_minutes $(($(date +%s) - from)))
        if [ "$status" -ne 0 ]; then
            printf '    %-28s %s  FAILED\n' "$stage" "$took" >>"$report"
            finish || true
            printf '==> %s FAILED in stage %s (exit %s); its log: %s\n' \
                "$goal" "$stage" "$status" "$PWD/$logs/$stage.log" >&2
            exit 1
        fi
        printf '    %-28s %s\n' "$stage" "$took" >>"$report"
        printf '==> %s [%d/%d] %s: done in %s\n' "$goal" "$number" "$total" "$stage" "$took"
    done
    if ! finish; then
        printf '==> %s FAILED: see the counts above\n' "$goal" >&2
        exit 1
    fi
    printf '==> %s: all %d stages passed\n' "$goal" "$total"
}

main "$@"; exit
