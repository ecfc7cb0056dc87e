# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A picture in the language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .compose import compose, compose_hosts
from .network import read
from .palette import LIGHT
from .parts import Anchor, Box, Line, Picture, Row
from .words import clean, escape, shorten

TOGETHER = 6  # more hosts are drawn one by one, below a picture of how they are joined
TITLE, TEXT = 40, 48  # characters that a box shows of a name
SANS = "Helvetica,Arial,sans-serif"
MONO = "Courier New,Liberation Mono,monospace"
_HEAD = f"""\
  graph [rankdir=LR bgcolor=transparent fontname="{SANS}" fontsize=15 nodesep=0.16 ranksep=0.55
         pad=0.15 fontcolor="{LIGHT["ink"]}" outputorder=edgesfirst splines=spline]
  node [shape=plain fontname="{SANS}" fontsize=12 fontcolor="{LIGHT["ink"]}"]
  edge [penwidth=1.4 dir=none]
"""
# Style of a line → colour, and how it is drawn: so that it is told from the others without colours.
LINES = {
    "veth": ("namespace-line", "solid", 1.6),
    "lower": ("card-line", "dashed", 1.2),
    "route": ("routes-line", "dotted", 1.4),
    "network": ("card-line", "solid", 2.4),
    "overlay": ("overlay-line", "dashed", 2.6),
}
# At the beginning of a text, other blanks are not drawn.
BROKEN = "\N{NO-BREAK SPACE}\N{MULTIPLICATION X}"


def graphs(hosts: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Title and graph of every picture."""
    known = read(hosts)
    if len(known) <= TOGETHER:
        return [("The network of all hosts", render(compose(known), "all"))] if known else []
    found = [("How the hosts are joined", render(compose_hosts(known), "all"))]
    found += [(host.name, render(compose([host]), f"h{n}")) for n, host in enumerate(known)]
    return found


def quote(text: str) -> str:
    """An identifier of Graphviz."""
    text = clean(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{text}"'


def render(picture: Picture, name: str) -> str:
    """One graph; ``name`` keeps its parts' ids apart from those of others on the same page."""
    parts = [f"graph {quote(name)} {{\n", _HEAD]
    ids = iter(range(10**9))
    for number, (title, subtitle, boxes) in enumerate(picture.hosts):
        parts.append(f"  subgraph cluster_{number} {{\n")
        parts.append(
            f"    label=<<B>{escape(shorten(title, TITLE))}</B>"
            f'<FONT COLOR="{LIGHT["muted"]}" POINT-SIZE="12">  {escape(subtitle)} </FONT>>\n'
            f'    class="host" id="{name}-h{number}" labeljust=l margin=14 style="rounded,filled"\n'
            f'    fillcolor="{LIGHT["host"]}" color="{LIGHT["host-line"]}"\n'
        )
        parts += [f"    {_node(box, f'{name}-b{next(ids)}')}" for box in boxes]
        parts.append("  }\n")
    parts += [f"  {_node(box, f'{name}-b{next(ids)}')}" for box in picture.between]
    wide = {
        (box.id, row.port)
        for box in [*picture.between, *(box for host in picture.hosts for box in host[2])]
        for row in box.rows
        if row.left and row.right
    }
    parts += [
        f"  {_edge(line, wide, f'{name}-e{number}')}"
        for number, line in enumerate(picture.lines.values())
    ]
    return "".join([*parts, "}\n"])


def _node(box: Box, id_: str) -> str:
    line = LIGHT[f"{box.style}-line"]
    rows = "".join(_row(row) for row in box.rows)
    rule = "<HR/>" if box.rows else ""
    trouble = _font(f"{BROKEN} {escape(box.trouble)}", "bad-ink") if box.trouble else ""
    # A second frame stands for many.
    border = 2 if box.many else 1
    label = (
        f'<<TABLE BORDER="{border}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="4" STYLE="ROUNDED"'
        f' COLOR="{line}" BGCOLOR="{LIGHT[box.style]}">'
        f'<TR><TD PORT="head" COLSPAN="2" ALIGN="LEFT"><B>{escape(shorten(box.title, TITLE))}</B>'
        f"{_font('  ' + escape(shorten(box.sort, TEXT)), 'muted', 11) if box.sort else ''}"
        f"{trouble} </TD></TR>{rule}{rows}</TABLE>>"
    )
    many = " many" if box.many else ""
    return f'{quote(box.id)} [id="{id_}" class="{box.style}{many}" label={label}]\n'


def _row(row: Row) -> str:
    """Two cells where there are two things to say; the right one's port ends in ``r``."""
    port, port_right = (f' PORT="{row.port}"', f' PORT="{row.port}r"') if row.port else ("", "")
    left = escape(shorten(row.left, TEXT))
    if row.trouble:
        left += _font(f"{BROKEN} {escape(row.trouble)}", "bad-ink")
    right = '<BR ALIGN="RIGHT"/>'.join(escape(shorten(word, TEXT)) for word in row.right)
    if right:
        right = f'<FONT FACE="{MONO}">{right}</FONT><BR ALIGN="RIGHT"/>'
    if not row.left:
        return f'<TR><TD{port} COLSPAN="2" ALIGN="RIGHT">{right}</TD></TR>'
    if not right:
        return f'<TR><TD{port} COLSPAN="2" ALIGN="LEFT">{left} </TD></TR>'
    return (
        f'<TR><TD{port} ALIGN="LEFT" VALIGN="TOP">{left} </TD>'
        f'<TD{port_right} ALIGN="RIGHT">{right}</TD></TR>'
    )


def _font(text: str, colour: str, size: int = 0) -> str:
    points = f' POINT-SIZE="{size}"' if size else ""
    return f'<FONT COLOR="{LIGHT[colour]}"{points}>{text}</FONT>'


def _edge(line: Line, wide: set[Anchor], id_: str) -> str:
    if line.style == "order":
        return f"{quote(line.tail[0])} -- {quote(line.head[0])} [style=invis]\n"
    colour, style, width = LINES[line.style]
    if line.trouble:
        colour = "bad-ink"
    (tail, tail_port), (head, head_port) = line.tail, line.head
    if line.beside:
        ends = f"{quote(tail)} -- {quote(head)}"
    else:
        right = "r" if line.tail in wide else ""
        ends = f"{quote(tail)}:{tail_port}{right}:e -- {quote(head)}:{head_port}:w"
    return (
        f'{ends} [id="{id_}" class="{line.style}" color="{LIGHT[colour]}" style={style}'
        f" penwidth={width}{' constraint=false' if line.beside else ''}]\n"
    )
