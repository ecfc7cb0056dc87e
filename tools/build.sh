#!/bin/sh
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Builds the collection's tarball into .build/galaxy, from what git knows.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=activate
. ./activate

source=.build/galaxy/source
rm -rf .build/galaxy
mkdir -p "$source"
git ls-files -z | tar --create --null --files-from=- --file=- | tar --extract --directory="$source" --file=-
ansible-galaxy collection build "$source" --output-path .build/galaxy
rm -rf "$source"
ls -l .build/galaxy/*.tar.gz
