# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""README and Makefile promise the same targets, and no file tells of the machine it came from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
MAKEFILE = (ROOT / "Makefile").read_text()
README = (ROOT / "README.md").read_text()
RULES = re.findall(r"^([a-z][a-z_%-]*):", MAKEFILE, re.MULTILINE)
OFFERED = re.findall(r"^([a-z][a-z_%-]*):.*## ", MAKEFILE, re.MULTILINE)
DOCUMENTS = sorted(
    path
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("roles/*/README.md")]
    if path.name != "CHANGELOG.md"
)


@pytest.mark.parametrize("target", OFFERED)
def test_readme_names_every_target_on_offer(target: str) -> None:
    assert re.search(rf"make {target.replace('%', '[a-z0-9_<>-]+')}", README)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_target_that_a_document_names_is_there(document: Path) -> None:
    patterns = [re.compile(rule.replace("%", "[A-Za-z0-9_<>-]+") + r"\Z") for rule in RULES]
    named = re.findall(r"`make ([a-z0-9_<>-]+)", document.read_text())
    assert [name for name in named if not any(rule.match(name) for rule in patterns)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text())
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (document.parent / target).exists()] == []


def place_words(root: Path) -> set[str]:
    """The checkout's folder, unless documents may well name it without meaning this machine."""
    common = root.parts[1:2] in (("etc",), ("usr",), ("var",)) or len(root.parts) < 3
    return set() if common else {str(root)}


def tells(text: str, word: str) -> bool:
    """Whether the word stands there as itself, and not as a part of a longer path or name."""
    return re.search(rf"(?<![\w.-]){re.escape(word)}(?![\w-])", text) is not None


def machine_words() -> set[str]:
    """What only the machine knows: where the checkout lies, which mirrors it uses."""
    words = place_words(ROOT)
    configurations = [
        *Path("/etc/apt").glob("sources.list"),
        *Path("/etc/apt/sources.list.d").glob("*"),
        Path("/etc/pip.conf"),
    ]
    for file in configurations:
        if file.is_file():
            words.update(re.findall(r"https?://(?:[^/@\s]*@)?([\w.-]+)", file.read_text()))
    return words - {"localhost", "127.0.0.1"}


def test_no_file_tells_of_this_machine(known_files: list[Path]) -> None:
    words = machine_words()
    found = []
    for path in known_files:
        text = (ROOT / path).read_bytes().decode("utf-8", "replace")
        found += [f"{path}: {word}" for word in words if tells(text, word)]
    assert found == []


@pytest.mark.parametrize(
    ("root", "text", "expected"),
    [
        ("/home/me/net", "cd /home/me/net/tools", True),
        ("/home/me/net", "cd /home/me/network", False),
        ("/srv/net", "/backup/srv/net", False),
        ("/container_net", "/container_net", False),
        ("/usr/local", "/usr/local/bin/flanneld", False),
        ("/etc/container_net", "/etc/container_net/pki", False),
    ],
)
def test_only_what_is_this_machines_own_tells_of_it(root: str, text: str, expected: bool) -> None:
    assert any(tells(text, word) for word in place_words(Path(root))) is expected
