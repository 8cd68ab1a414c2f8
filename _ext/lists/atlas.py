"""The map of the sections: which notebooks there are, and which stand.

A tile is a notebook, the wider in its row the more statements it has; a row
is a part of the book. What is finished is filled and a link.
"""

import re
from collections import Counter
from html import escape
from pathlib import Path
from typing import NamedTuple

from _ext.notebook import coverage, records
from _ext.page import head

WIDTH = 360  # of the picture, so that a telephone shows it at full size
HEIGHT, GAP = 30, 4  # of a tile; between two of them
NARROWEST = 40  # a number fits
# "# 12.6–12.9 Pooling" and "# 4.3 and 4.4 Matrix calculus": the first number
# is that of the tile.
TITLE = re.compile(
    r"#\s+(?P<number>[\d.]+)(?:(?:–| and )[\d.]+)?\s+(?P<title>.+)"
)


class Tile(NamedTuple):
    """A notebook, written or planned."""

    name: str
    number: str
    title: str
    statements: int
    finished: bool
    question: str
    needs: tuple[str, ...]
    times: tuple[str, ...]


class Part(NamedTuple):
    """A part of the book."""

    name: str
    tiles: list[Tile]


Region = tuple[str, list[tuple[Tile, str]]]


def parts(root: Path) -> list[Part]:
    """Return the parts with their notebooks, in the order of the book."""
    counts = Counter(coverage.homes(root).values())
    written = {path.stem: path for path in coverage.written(root)}
    found = []
    for part, names in coverage.plan(root).items():
        tiles = [_tile(root, n, counts[n], written.get(n)) for n in names]
        found.append(Part(part, tiles))
    return found


def _tile(root: Path, name: str, statements: int, path: Path | None) -> Tile:
    digits = [word for word in name.split("-") if word.isdigit()]
    words = name.split("-")[len(digits) :]
    number = ".".join(str(int(word)) for word in digits)
    title = " ".join(words).capitalize()
    times: list[str] = []
    if path is not None:
        nb = records.read(path)
        number, title = _titled(nb)
        times = head.times(nb)
    said = coverage.described(root)[name]
    return Tile(
        name,
        number,
        title,
        statements,
        path is not None,
        said.get("question", ""),
        tuple(said.get("needs", ())),
        tuple(times),
    )


def _titled(nb: records.Notebook) -> tuple[str, str]:
    """Return number and title of a notebook from its first line."""
    first = nb["cells"][0]["source"].splitlines()[0]
    match = TITLE.fullmatch(first)
    return (match["number"], match["title"]) if match else ("", first)


def draw(regions: list[Region]) -> str:
    """Return the picture: links in an SVG, each with its own words."""
    lines, y = [], 0
    for name, tiles in regions:
        lines.append(f'<text x="0" y="{y + 13}">{escape(name)}</text>')
        y, x = y + 19, 0.0
        shares = widths([tile.statements for tile, _ in tiles])
        for (tile, uri), width in zip(tiles, shares, strict=True):
            lines.append(_drawn(tile, uri, x, y, width))
            x += width + GAP
        y += HEIGHT + 2 * GAP
    label = (
        "The sections of the sheet, part by part: filled what is finished, "
        "in each row the wider the more statements"
    )
    return (
        f'<svg class="dl-map" viewBox="0 0 {WIDTH} {y}" role="group" '
        f'aria-label="{label}">{"".join(lines)}</svg>'
    )


def widths(counts: list[int]) -> list[float]:
    """Share a row: all tiles are wide enough, the rest goes by statements."""
    rest = WIDTH - GAP * (len(counts) - 1) - NARROWEST * len(counts)
    scale = min(rest / sum(counts), 2.5)
    return [round(NARROWEST + scale * count, 1) for count in counts]


def _drawn(tile: Tile, uri: str, x: float, y: int, width: float) -> str:
    state = "finished" if tile.finished else "to come"
    words = (
        f"{tile.number} {tile.title}: {tile.statements} "
        f"{'statements' if tile.statements > 1 else 'statement'}, {state}"
    )
    kind = "dl-done" if tile.finished else "dl-planned"
    body = (
        f"<title>{escape(words)}</title>"
        f'<rect class="{kind}" x="{x:g}" y="{y}" width="{width:g}" '
        f'height="{HEIGHT}" rx="3"/>'
        f'<text class="{kind}" x="{x + width / 2:g}" y="{y + 20}" '
        f'text-anchor="middle">{escape(tile.number)}</text>'
    )
    if uri:
        label = escape(words, quote=True)
        return f'<a href="{escape(uri)}" aria-label="{label}">{body}</a>'
    return f"<g>{body}</g>"
