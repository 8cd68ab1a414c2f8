"""Take statements from the pages where they stand, for other pages.

The cheat sheet and the errata repeat what the chapters state. They take it
from the chapters' own doctrees, so that there is one text.
"""

from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from _ext.notebook import coverage, records
from _ext.page import outputs
from _ext.page.statements import Entry

Cell = tuple[str, int]  # anchor, and number as readers count

# What may follow a target that stands outside of every box.
PLAIN = (
    nodes.paragraph,  # an Entry is one, too
    nodes.math_block,
    nodes.bullet_list,
    nodes.enumerated_list,
    nodes.definition_list,
    nodes.table,
    nodes.target,
)
LEFT = (nodes.target, nodes.footnote_reference, nodes.system_message, Entry)


class Stated(NamedTuple):
    """What a chapter states of one entry, and its first cells for it.

    `refutations` are the checks that refute what is printed: cell and words.
    """

    docname: str
    content: list[nodes.Node]
    checked: Cell | None
    refuted: Cell | None
    refutations: tuple[tuple[Cell, str], ...] = ()


def depend(env: BuildEnvironment) -> None:
    """Let the page being read be made anew when what it repeats changes."""
    root = Path(env.app.srcdir)
    for path in ["_toc.yml", "chapters/sections.yml"]:
        env.note_dependency(root / path)
    for path in coverage.written(root):
        env.note_dependency(path)


def stated(app: Sphinx) -> dict[str, Stated]:
    """Return every entry that a page of this build states."""
    if not hasattr(app, "dl_stated"):
        places = getattr(app.env, "dl_places", {})
        app.dl_stated = {}
        for docname in sorted({docname for docname, _ in places.values()}):
            app.dl_stated |= _on_page(app.env, docname)
    return app.dl_stated


def take(app: Sphinx, found: Stated, here: str) -> list[nodes.Node]:
    """Return a copy of a statement that fits on the page `here`."""
    away = app.builder.get_relative_uri(here, found.docname)
    wrapper = nodes.container("", *(n.deepcopy() for n in found.content))
    for node in list(wrapper.findall(nodes.Element)):
        if isinstance(node, LEFT):
            node.parent.remove(node)
            continue
        for key in ("ids", "names", "backrefs"):
            node[key] = []
        if isinstance(node, nodes.math_block):  # numbered where it stands
            node["number"] = node["label"] = None
        if isinstance(node, addnodes.pending_xref):
            node["refdoc"] = here
        if "refid" in node and isinstance(node, nodes.reference):
            node["refuri"] = f"{away}#{node.attributes.pop('refid')}"
    return wrapper.children


def link(
    app: Sphinx, here: str, docname: str, anchor: str, text: str
) -> nodes.reference:
    """Return a link from the page `here` to an anchor of another one."""
    uri = app.builder.get_relative_uri(here, docname)
    uri = f"{uri}#{anchor}"
    return nodes.reference("", text, internal=True, refuri=uri)


def notebook(env: BuildEnvironment, docname: str) -> records.Notebook:
    """Return the notebook behind a page; other pages have no cells."""
    path = Path(env.doc2path(docname))
    if path.suffix != ".ipynb":
        return {"cells": []}
    return records.read(path)


def _on_page(env: BuildEnvironment, docname: str) -> dict[str, Stated]:
    inventory = env.dl_inventory
    nb = notebook(env, docname)
    anchors = outputs.anchors(records.records(nb))
    numbers = outputs.code_numbers(nb)
    doctree = env.get_doctree(docname)

    def cells(name: str, kinds: Iterable[str]) -> list[tuple[Cell, str]]:
        return [
            ((anchors[name, record.cell], numbers[record.cell]), record.says)
            for record in records.records(nb)
            if record.id == name and record.kind in kinds
        ]

    def stated(name: str, content: list[nodes.Node]) -> Stated:
        checked = [cell for cell, _ in cells(name, records.POSITIVE)]
        against = cells(name, {"refutes"})
        return Stated(
            docname,
            content,
            checked[0] if checked else None,
            against[0][0] if against else None,
            tuple(dict.fromkeys(against)),
        )

    found: dict[str, list[nodes.Node]] = {}
    for box in doctree.findall(nodes.Element):
        if "realtype" in box:
            found |= _share(box[1].children, [box["label"]])
    for line in doctree.findall(Entry):
        if line["dl_id"] not in found:
            found |= _share(_after(line), [])
    return {
        name: stated(name, content)
        for name, content in found.items()
        if name in inventory
    }


def _share(
    children: list[nodes.Node], owners: list[str]
) -> dict[str, list[nodes.Node]]:
    """Give each entry what stands below its line, up to the next line.

    Lines without a text between them share the text that follows.
    """
    found: dict[str, list[nodes.Node]] = {name: [] for name in owners}
    text: list[nodes.Node] = []
    for node in children:
        if not isinstance(node, Entry):
            text.append(node)
            for name in owners:
                found[name] = text
            continue
        if text:
            owners, text = [], []
        owners = [*owners, node["dl_id"]]
        found[node["dl_id"]] = []
    return found


def _after(line: Entry) -> list[nodes.Node]:
    siblings = line.parent.children[line.parent.index(line) :]
    return list(takewhile(lambda node: isinstance(node, PLAIN), siblings))
