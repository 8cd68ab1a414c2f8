"""The list of figures: number, and the first sentence of the caption."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from _ext.lists import borrow
from _ext.notebook import coverage
from _ext.page.figures import Figure, Words

END = re.compile(r"[.?!](?=\s|$)")


class Figures(nodes.General, nodes.Element):
    """The place of the list."""


class List(SphinxDirective):
    """List the figures of all chapters."""

    option_spec: ClassVar = {}

    def run(self) -> list[nodes.Node]:
        """Return the place; the chapters need not have been read yet."""
        borrow.depend(self.env)
        return [Figures()]


class Fill(SphinxPostTransform):
    """Fill in the list when all chapters have been read."""

    default_priority = 2  # before references are resolved
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Replace every place by the list."""
        for place in list(self.document.findall(Figures)):
            place.replace_self(list(self.chapters()))

    def chapters(self) -> Iterator[nodes.Node]:
        """Yield a heading and a list for each chapter that has figures."""
        found = getattr(self.env, "dl_figures", {})
        if not found:
            yield nodes.paragraph("", "No chapter has a figure yet.")
        for path in coverage.written(Path(self.app.srcdir)):
            docname = f"chapters/{path.stem}"
            mine = {a: f for a, f in found.items() if f.docname == docname}
            if not mine:
                continue
            heading = nodes.title("", self.env.titles[docname].astext())
            entries = nodes.bullet_list(classes=["dl-figures"])
            captions = {
                node["dl_anchor"]: node
                for node in self.env.get_doctree(docname).findall(Words)
            }
            for anchor, figure in mine.items():
                words = captions.get(anchor)
                entries += self.entry(anchor, figure, words)
            anchors = [f"figures-{path.stem}"]
            yield nodes.section("", heading, entries, ids=anchors)

    def entry(
        self, anchor: str, figure: Figure, caption: Words | None
    ) -> nodes.list_item:
        """Return the number as a link, and what the figure shows."""
        here, number = self.env.docname, f"Figure {figure.number}"
        link = borrow.link(self.app, here, figure.docname, anchor, number)
        said = [nodes.Text(figure.caption)] if caption is None else caption[2:]
        line = nodes.paragraph("", "", *sentence(said))
        borrowed = borrow.Stated(figure.docname, [line], None, None)
        (line,) = borrow.take(self.app, borrowed, here)
        line[:0] = [nodes.strong("", "", link), nodes.Text(" ")]
        if figure.interactive:
            line += [nodes.Text(" "), nodes.emphasis("", "To be moved.")]
        return nodes.list_item("", line)


def sentence(words: list[nodes.Node]) -> Iterator[nodes.Node]:
    """Yield copies of the nodes of the first sentence."""
    for node in words:
        if isinstance(node, nodes.Text) and (end := END.search(node)):
            yield nodes.Text(node[: end.end()])
            return
        yield node.deepcopy()


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the list."""
    app.add_node(Figures)
    app.add_directive("figure-list", List)
    app.add_post_transform(Fill)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
