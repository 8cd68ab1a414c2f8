"""Outputs of the notebooks on the page: status lines and figures.

`prepare` runs on the text of a notebook before it is parsed: it takes the
records of the checks out (a marker stays in their place) and hands the
alternative text, the size and the dark-mode class of each figure to the
parser. `place` then turns the markers into status lines that link to the
statement, and gives each checking cell its anchor.
"""

import base64
import json
import re
import struct
from collections.abc import Callable, Iterable
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from _ext.notebook import records

MARKER = "dlbook-check:"
LINES = 10_000  # myst-nb lets every cell begin at a multiple of this
FIGURES = ("image/svg+xml", "image/png", "image/jpeg")

Warn = Callable[[str], None]


def prepare(nb: records.Notebook, warn: Warn) -> str:
    """Return the notebook as text, ready for the parser."""
    count = 0
    for index, cell in enumerate(nb.get("cells", [])):
        where = place_of(nb, index)
        figures = []
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if records.MIME in data:
                output["data"] = {"text/plain": f"{MARKER}{count}"}
                count += 1
            elif any(mime in data for mime in FIGURES):
                figures.append(output)
        if len(figures) > 1:
            warn(f"{where}: {len(figures)} figures; show one figure a cell")
        for output in figures[:1]:
            _describe(cell, output, where, warn)
    return json.dumps(nb)


def place_of(nb: records.Notebook, index: int) -> str:
    """Name a cell for an error message."""
    cells = nb.get("cells", [])
    if not 0 <= index < len(cells):
        return f"cell {index}"
    source = cells[index]["source"].strip()
    first = source.splitlines()[0] if source else "empty"
    return f"cell {index} ({first[:60]})"


def line_number(node: nodes.Node | None) -> int:
    """Return the line of a node, or 0; cells have 10,000 lines each."""
    first = 0
    while node is not None:
        line = node.line or 0
        if line >= LINES:
            return line
        first = first or line
        node = node.parent
    return first


def code_numbers(nb: records.Notebook) -> dict[int, int]:
    """Map the place of each code cell to its number as readers count."""
    cells = enumerate(nb.get("cells", []))
    code = [i for i, cell in cells if cell.get("cell_type") == "code"]
    return {index: number for number, index in enumerate(code, start=1)}


def anchors(found: Iterable[records.Record]) -> dict[tuple[str, int], str]:
    """Name the anchor of each (id, cell): `check-<id>`, then `-2`, ..."""
    names: dict[tuple[str, int], str] = {}
    seen: dict[str, int] = {}
    for record in found:
        if (record.id, record.cell) in names:
            continue
        times = seen[record.id] = seen.get(record.id, 0) + 1
        suffix = "" if times == 1 else f"-{times}"
        names[record.id, record.cell] = f"check-{record.id}{suffix}"
    return names


def place(
    doctree: nodes.document,
    nb: records.Notebook,
    docname: str,
    titles: Callable[[str], str],
    refuted: Callable[[str], str],
) -> None:
    """Put the status lines and the anchors of the checks into the page."""
    found = records.records(nb)
    names = anchors(found)
    containers = {}
    for node in doctree.findall(nodes.container):
        if node.get("nb_element") == "cell_code":
            containers[node["cell_index"]] = node
    for index, number in code_numbers(nb).items():
        if index in containers:
            containers[index]["dl_number"] = number
    for (_, cell), name in names.items():
        if cell in containers:
            containers[cell]["ids"].append(name)
    bundles = [
        node
        for node in doctree.findall(nodes.container)
        if node.get("nb_element") == "mime_bundle"
    ]
    for bundle in bundles:
        text = bundle.astext().strip()
        if text.startswith(MARKER):
            record = found[int(text.removeprefix(MARKER))]
            words = "✓ checked"
            if record.kind == "refutes":
                words = refuted(record.id)
            line = status_line(record, docname, titles(record.id), words)
            bundle.replace_self(line)


class CellNumbers(SphinxPostTransform):
    """Show the number of each code cell above it."""

    # after myst-nb has folded inputs, for which it looks at first children
    default_priority = 300

    def run(self, **kwargs: Any) -> None:
        """Put the numbers in."""
        for node in self.document.findall(nodes.container):
            if number := node.get("dl_number"):
                label = nodes.paragraph("", f"Cell {number}")
                label["classes"].append("dl-cell")
                label["ids"].append(f"cell-{number}")
                node.insert(0, label)


def status_line(
    record: records.Record, docname: str, title: str, words: str
) -> nodes.container:
    """Return the line that says what a check found."""
    word = words.replace(words[2], words[2].upper(), 1)
    kind = "refuted" if record.kind == "refutes" else "checked"
    text = nodes.inline("", title)
    reference = addnodes.pending_xref(
        "",
        text,
        refdomain="prf",
        reftype="ref",
        reftarget=record.id,
        refexplicit=True,
        refdoc=docname,
        refwarn=True,
    )
    line = nodes.paragraph("", "")
    line += nodes.strong("", word, classes=["dl-word"])
    line += nodes.Text(" ")
    line += reference
    if record.says:
        line += nodes.Text(f": {record.says}")
    return nodes.container("", line, classes=["dl-check", f"dl-{kind}"])


def _describe(
    cell: dict[str, Any], output: dict[str, Any], where: str, warn: Warn
) -> None:
    """Give the parser the text, class and size of the figure of a cell."""
    given = output.get("metadata", {}).get("dlbook", {})
    mystnb = cell.setdefault("metadata", {}).setdefault("mystnb", {})
    image = mystnb.setdefault("image", {})
    if given.get("alt"):
        image["alt"] = given["alt"]
    if given.get("dark"):
        image["classes"] = f"dl-{given['dark']}"
    if not str(image.get("alt", "")).strip():
        warn(f"{where}: image without alternative text; use plot.show(alt=)")
    for mime in FIGURES:
        content = output["data"].get(mime)
        if content is None or output.get("metadata", {}).get(mime):
            continue
        if size := _size(mime, content):
            width, height = size
            image["width"], image["height"] = str(width), str(height)
            break


def _size(mime: str, content: str) -> tuple[int, int] | None:
    """Return width and height in CSS pixels, where the file says so."""
    if mime == "image/svg+xml":
        tag = re.search(r"<svg\b[^>]*>", content)
        if not tag:
            return None
        sizes = []
        for name in ("width", "height"):
            pattern = rf'\b{name}="([\d.]+)(pt|px)?"'
            match = re.search(pattern, tag[0])
            if not match:
                return None
            scale = 4 / 3 if match[2] == "pt" else 1
            sizes.append(round(float(match[1]) * scale))
        return sizes[0], sizes[1]
    if mime == "image/png":
        head = base64.b64decode(content)[:24]
        if len(head) == 24 and head[12:16] == b"IHDR":
            width, height = struct.unpack(">II", head[16:24])
            return width, height
    return None
