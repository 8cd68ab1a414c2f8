"""List the cells that are worth a GPU, with what was measured on one.

`chapters/gpu.yml` holds the measurements. Each names its notebook, the id
and a hash of its cell, device, date and versions: one that was made with
other code stops the build.
"""

import hashlib
from pathlib import Path
from typing import Any, ClassVar

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from _ext.lists import borrow
from _ext.notebook import coverage, records
from _ext.page import outputs

logger = logging.getLogger(__name__)

FILE = "chapters/gpu.yml"
KEYS = frozenset(
    {"notebook", "cell", "code", "device", "date", "versions", "result"}
)


class GpuCells(nodes.General, nodes.Element):
    """The place of the list."""


class List(SphinxDirective):
    """List every cell tagged `gpu` of the chapters that are written."""

    option_spec: ClassVar = {}

    def run(self) -> list[nodes.Node]:
        """Return the place; the chapters need not have been read yet."""
        borrow.depend(self.env)
        self.env.note_dependency(Path(self.env.app.srcdir) / FILE)
        return [GpuCells()]


class Fill(SphinxPostTransform):
    """Fill in the list when all chapters have been read."""

    default_priority = 2  # before references are resolved
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Replace every place by the list."""
        for place in list(self.document.findall(GpuCells)):
            place.replace_self(self.entries())

    def entries(self) -> list[nodes.Node]:
        """Return a heading line, a sentence and a result for each cell."""
        root = Path(self.app.srcdir)
        results = measurements(root)
        found: list[nodes.Node] = []
        waiting: list[nodes.Node] = []
        for path in coverage.written(root):
            docname = f"chapters/{path.stem}"
            nb = records.read(path)
            for index in cells(nb):
                cell = nb["cells"][index]
                result = results.pop((path.stem, cell.get("id")), None)
                if result and result["code"] != code_hash(cell):
                    _warn(
                        f"{path.stem}: cell {cell['id']} was measured with "
                        f"other code, its hash is now {code_hash(cell)}"
                    )
                if result is None:
                    waiting.append(self.place(docname, nb, index))
                else:
                    found += self.entry(docname, nb, index, result)
        for notebook, cell in results:
            _warn(f"{notebook} has no cell {cell!r} tagged gpu")
        if waiting:
            text = "More" if found else "None is measured yet. These"
            text += " wait for a GPU, and say what they would measure: "
            line = nodes.paragraph("", text)
            for link in waiting:
                line += [link, nodes.Text("; ")]
            line[-1] = nodes.Text(".")
            found.append(line)
        elif not found:
            text = "No chapter has a cell for a GPU yet."
            found.append(nodes.paragraph("", text))
        return found

    def entry(
        self,
        docname: str,
        nb: records.Notebook,
        index: int,
        result: dict[str, Any],
    ) -> list[nodes.Node]:
        """Return what the page says of one cell that was measured."""
        link = self.place(docname, nb, index)
        line = nodes.paragraph("", "", nodes.strong("", "", link))
        entry = [line, *self.purpose(docname, nb, index)]
        versions = ", ".join(f"{k} {v}" for k, v in result["versions"].items())
        what = f"Measured on {result['device']}, {result['date']}, {versions}:"
        text = str(result["result"]).rstrip("\n")
        table = nodes.literal_block("", text, language="text")
        return [*entry, nodes.paragraph("", what), table]

    def place(
        self, docname: str, nb: records.Notebook, index: int
    ) -> nodes.Node:
        """Return a link to a cell: "1 Probability, cell 61"."""
        number = outputs.code_numbers(nb)[index]
        title = self.env.titles[docname].astext()
        here, anchor = self.env.docname, f"cell-{number}"
        text = f"{title}, cell {number}"
        return borrow.link(self.app, here, docname, anchor, text)

    def purpose(
        self, docname: str, nb: records.Notebook, index: int
    ) -> list[nodes.Node]:
        """Return the cell's first comment, else the paragraph before it."""
        if words := comment(nb["cells"][index]["source"]):
            return [nodes.paragraph("", words)]
        last: list[nodes.Node] = []
        for node in self.env.get_doctree(docname).findall(nodes.Element):
            if node.get("cell_index") == index:
                break
            if isinstance(node, nodes.paragraph):
                if isinstance(node.parent, nodes.section):
                    last = [node]
            elif isinstance(node, nodes.section):
                last = []
        found = borrow.Stated(docname, last, None, None)
        return borrow.take(self.app, found, self.env.docname)


def cells(nb: records.Notebook) -> list[int]:
    """Return the places of the cells that are tagged `gpu`."""
    return [
        index
        for index, cell in enumerate(nb["cells"])
        if "gpu" in cell.get("metadata", {}).get("tags", [])
    ]


def comment(source: str) -> str:
    """Return the comment with which a cell begins, as one line."""
    words = []
    for line in source.strip().splitlines():
        if not line.startswith("#"):
            break
        words.append(line.lstrip("# ").strip())
    return " ".join(words)


def code_hash(cell: dict[str, Any]) -> str:
    """Return twelve digits that change with the code of a cell."""
    return hashlib.sha256(cell["source"].encode()).hexdigest()[:12]


def measurements(root: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Read what was measured, by notebook and id of the cell."""
    found = {}
    for entry in yaml.safe_load((root / FILE).read_text("utf-8")) or []:
        if entry.keys() == KEYS:
            found[entry["notebook"], entry["cell"]] = entry
        else:
            wrong = ", ".join(sorted(entry.keys() ^ KEYS))
            _warn(f"a measurement lacks, or should not have: {wrong}")
    return found


def _warn(message: str) -> None:
    logger.warning(f"{FILE}: {message}")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the list."""
    app.add_node(GpuCells)
    app.add_directive("gpu-cells", List)
    app.add_post_transform(Fill)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
