# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The engine as a program of one file, put together from the code that is running."""

from __future__ import annotations

import ast
import hashlib
import importlib
import io
import sys
import zipfile
from typing import Any

from .._errors import HostError

# The collection's, as in galaxy.yml.
VERSION = "1.0.0"
_ROOT = __name__.rpartition("._host")[0]
_PACKAGE = "container_net"
_MAIN = """\
import sys

from {package}.{entry} import main

sys.exit(main(sys.argv[1:]))
"""


def build(entry: str | None = None) -> tuple[str, bytes]:
    """(name, content) of a program; the name changes with the content.

    It runs ``main()`` of the module ``entry``, by default the one that builds persisted topologies.
    """
    if entry is None:
        # Ansible sends along only what is imported somewhere.
        from .. import _boot

        entry = _boot.__name__
    main = _MAIN.format(package=_PACKAGE, entry=entry[len(_ROOT) + 1 :])
    sources = {"__main__.py": main, f"{_PACKAGE}/__init__.py": ""}
    for name, text in _sources(entry).items():
        inside = name[len(_ROOT) + 1 :].replace(".", "/")
        sources[f"{_PACKAGE}/{inside}.py"] = text
        if "/" in inside:
            sources[f"{_PACKAGE}/{inside.rpartition('/')[0]}/__init__.py"] = ""
    digest = hashlib.sha256()
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in sorted(sources.items()):
            # A ZipInfo of its own has always the same time.
            archive.writestr(zipfile.ZipInfo(path), text, zipfile.ZIP_DEFLATED)
            digest.update(f"{path}\0{text}\0".encode())
    return f"engine-{VERSION}-{digest.hexdigest()[:12]}.pyz", content.getvalue()


def _sources(entry: str) -> dict[str, str]:
    """Every module that ``entry`` needs, itself included, by their full names."""
    found: dict[str, str] = {}
    todo = [entry]
    while todo:
        name = todo.pop()
        if name not in found:
            found[name] = _source(name)
            todo.extend(_imports(name, found[name]))
    return found


def _imports(name: str, text: str) -> list[str]:
    """Relative imports only: the others are Python's and pyroute2."""
    found: list[str] = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = ".".join(name.split(".")[: -node.level])
        source = f"{base}.{node.module}" if node.module else base
        if hasattr(importlib.import_module(source), "__path__"):
            # Modules of a folder: our packages have nothing else in them.
            found.extend(f"{source}.{alias.name}" for alias in node.names)
        else:
            found.append(source)
    return found


def _source(name: str) -> str:
    """The text of a module, whichever way it came here: a file, Ansible's zip, or Mitogen."""
    loader: Any = getattr(importlib.import_module(name).__spec__, "loader", None)
    if hasattr(loader, "get_source"):
        text = loader.get_source(name)
        if text is not None:
            return str(text)
    return _from_mitogen(loader, name)


def _from_mitogen(loader: Any, name: str) -> str:
    target: Any = sys.modules.get("ansible_mitogen.target")
    try:
        path = loader._by_fullname[name][0]
        return str(target.get_small_file(loader._context, path).decode())
    except (AttributeError, KeyError) as error:
        raise HostError(
            f"persist: true: the code of {name} cannot be read as it runs here, so it cannot be"
            " put on the host. Run the task with strategy ansible.builtin.linear."
        ) from error
