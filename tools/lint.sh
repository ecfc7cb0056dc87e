#!/bin/sh
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every linter but ansible-test (tools/sanity.sh); all of them run, also after one failed.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=activate
. ./activate

failed=

check() {
    name=$1
    shift
    from=$(date +%s)
    if "$@"; then
        verdict=ok
    else
        verdict=FAILED
        failed="$failed $name"
    fi
    printf -- '--- %-20s %-6s %3ds\n' "$name" "$verdict" $(($(date +%s) - from))
}

shell_scripts() {
    git ls-files -z --cached --others --exclude-standard -- activate .ci/run '*.sh' |
        xargs -0 shellcheck --shell=sh --external-sources
}

# Documentation of every plugin and role, as ansible-doc and Galaxy read it. (antsibull-docs
# writes a log into HOME.)
plugin_docs() {
    HOME=$PWD/.build antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs=self \
        --skip-rstcheck .
}

check ruff ruff check --no-cache .
check ruff-format ruff format --no-cache --check .
check mypy mypy --cache-dir=.build/mypy_cache \
    -p ansible_collections.netfabric.container_net.plugins.module_utils \
    -p ansible_collections.netfabric.container_net.plugins.plugin_utils
check yamllint yamllint --strict .
check shellcheck shell_scripts
check changelog antsibull-changelog lint
check plugin-docs plugin_docs
check ansible-lint ansible-lint --offline --project-dir .

if [ -n "$failed" ]; then
    echo "lint: FAILED:$failed" >&2
    exit 1
fi
echo "lint: all passed"
