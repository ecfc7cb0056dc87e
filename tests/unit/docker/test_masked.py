# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What --diff shows of a daemon.json: everything but the passwords in its URLs."""

from __future__ import annotations

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._docker.flow import masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('"http://me:secret@proxy:3128"', '"http://me:********@proxy:3128"'),
        ('"http://me:se@cr:et@proxy/x@y"', '"http://me:********@proxy/x@y"'),
        ('"http://:secret@proxy"', '"http://:********@proxy"'),
        (r'"http:\/\/me:secret@proxy\/"', r'"http:\/\/me:********@proxy\/"'),
        ('"http://a:b@c", "http://d:e@f"', '"http://a:********@c", "http://d:********@f"'),
        ('"http://me@proxy:3128"', '"http://me@proxy:3128"'),
        ('"http://proxy:3128/a@b"', '"http://proxy:3128/a@b"'),
        ('"unix:///run/docker.sock"', '"unix:///run/docker.sock"'),
        ('["tcp://[::1]:2375", "x@y"]', '["tcp://[::1]:2375", "x@y"]'),
    ],
)
def test_passwords_in_urls_are_not_shown(text: str, shown: str) -> None:
    assert masked(text) == shown
