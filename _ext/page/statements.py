"""Statements on the page: the sheet's numbers, anchors and marks.

Sphinx-proof draws the boxes; this extension numbers them as the sheet
does, makes every inventory id an anchor, and says beside each title which
cells check the statement. It keeps no cache: what it needs between builds
lies in Sphinx's own environment, and every page depends on the files that
decide how it looks.
"""

import copy
import difflib
import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode
from sphinx_proof.directive import ElementDirective
from sphinx_proof.nodes import (
    depart_unenumerable_node,
    unenumerable_node,
)

from _ext.notebook import coverage, records
from _ext.page import figures, outputs

logger = logging.getLogger(__name__)

NAMES = {"comment": "Remark"}  # what a bare target is called in a link


class Entry(nodes.paragraph):
    """The line that carries the anchor and number of a bare target."""


def load(app: Sphinx) -> None:
    """Read the inventory once a build."""
    app.env.dl_inventory = records.inventory(Path(app.srcdir))


def forget(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Drop what a page that is read again had said."""
    places = _places(env)
    for name in [n for n, place in places.items() if place[0] == docname]:
        del places[name]


def merge(
    app: Sphinx,
    env: BuildEnvironment,
    docnames: set[str],
    other: BuildEnvironment,
) -> None:
    """Take over what another process has read."""
    _places(env).update(_places(other))


def rewrite(app: Sphinx, docname: str, source: list[str]) -> None:
    """Prepare a notebook's text for the parser."""
    env = app.env
    env.note_dependency(Path(app.srcdir) / "chapters" / "cheatsheet.yml")
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        env.note_dependency(path)
    if not str(env.doc2path(docname)).endswith(".ipynb"):
        return
    nb = records.parse(source[0])
    env.temp_data["dl_notebook"] = nb

    def warn(message: str) -> None:
        logger.warning(message, location=docname)

    shown = copy.deepcopy(nb)
    figures.prepare(shown, docname, env)
    source[0] = outputs.prepare(shown, warn)


class Proof(SphinxDirective):
    """A proof: sphinx-proof's own prefixes the source, lists included."""

    has_content = True
    option_spec: ClassVar = {"class": directives.class_option}

    def run(self) -> list[nodes.Node]:
        """Return the proof with its heading run in, or as that of a fold."""
        classes = ["proof", *self.options.get("class", [])]
        proof = nodes.admonition("", classes=classes, ids=["proof"])
        self.state.nested_parse(self.content, self.content_offset, proof)
        if "dropdown" in classes:
            proof.insert(0, nodes.title("", "Proof"))
            return [proof]
        if not proof or not isinstance(proof[0], nodes.paragraph):
            proof.insert(0, nodes.paragraph())
        head = nodes.strong("", "Proof.", classes=["dl-proof"])
        proof[0][:0] = [head, nodes.Text(" ")]
        return [proof]


class CoverageTable(SphinxDirective):
    """Show how much of the sheet each part states and checks."""

    def run(self) -> list[nodes.Node]:
        """Return the table; the page follows the notebooks it counts."""
        root = Path(self.env.app.srcdir)
        for path in ["_toc.yml", "chapters/sections.yml"]:
            self.env.note_dependency(root / path)
        for path in coverage.written(root):
            self.env.note_dependency(path)
        state = coverage.measure(root)
        return self.parse_text_to_nodes(self.text(state))

    def text(self, state: coverage.Coverage) -> str:
        """Return the table as Markdown."""
        return coverage.table(state)


class Origins(CoverageTable):
    """Say how many faults are the sheet's, and how many the scan's."""

    def text(self, state: coverage.Coverage) -> str:
        """Return a sentence."""
        return coverage.origins(state)


class Targets(SphinxTransform):
    """Turn `(id)=` of an inventory id into a numbered line of its own."""

    # before docutils hands the names of targets to what follows them
    default_priority = 200

    def apply(self, **kwargs: Any) -> None:
        """Replace the targets; those before a box move into it."""
        inventory = self.env.dl_inventory
        for node in list(self.document.findall(nodes.target)):
            name = next((n for n in node["names"] if n in inventory), None)
            if name is None:
                continue
            for table in ("nameids", "nametypes"):
                getattr(self.document, table).pop(name, None)
            entry = inventory[name]
            line = Entry("", "", ids=[name], classes=["dl-entry"])
            line.source, line.line = node.source, node.line
            line += nodes.strong("", f"{entry['number']} {entry['title']}")
            line["dl_id"] = name
            box = _next(node)
            if box is not None and "realtype" in box:
                box[1].insert(0, line)
                node.parent.remove(node)
            else:
                node.replace_self(line)


def dress(app: Sphinx, doctree: nodes.document) -> None:
    """Check and mark the statements of a page that has been read."""
    env = app.env
    docname = env.docname
    nb = env.temp_data.get("dl_notebook", {"cells": []})
    cells = {s.id: s.cell for s in records.statements(nb)}
    inventory = env.dl_inventory

    def warn(node: nodes.Node, name: str, message: str) -> None:
        if name in cells:
            where = outputs.place_of(nb, cells[name])
        else:
            where = _cell_of(node, nb)
        logger.warning(f"{where}: {message}", location=docname)

    def title(name: str) -> str:
        if name in inventory:
            return f"{inventory[name]['number']} {inventory[name]['title']}"
        if name in experiments:
            return f"Experiment: {records.words(name).lower()}"
        return "the exercise" if name in labels else name

    labels = {label for label, _ in records.labels(nb)}
    experiments = dict(records.experiments(nb))
    marks = Marks(nb, inventory)
    known = inventory.keys() | experiments.keys()
    for record in records.records(nb):
        if record.id not in known and record.kind != "exercise":
            where = outputs.place_of(nb, record.cell)
            near = _near(record.id, inventory)
            message = f"{where}: check of an unknown id {record.id!r}{near}"
            logger.warning(message, location=docname)
    for box in _boxes(doctree):
        name = box["label"]
        numbered = not isinstance(box, unenumerable_node)
        if name in inventory:
            if not numbered:
                warn(box, name, f"{name} is on the sheet: drop :nonumber:")
            _note(env, name, docname, box["realtype"].title(), warn, box)
            box[0] += marks(name)
        else:
            if numbered:
                text = (
                    f"{box['realtype']} {name!r} has no number on the sheet"
                    f"{_near(name, inventory)}; else add :nonumber:"
                )
                warn(box, name, text)
            words = box[0].astext().strip(" ()") or box["realtype"].title()
            _note(env, name, docname, words, warn, box, numbered=False)
        box[1]["ids"] = [f"{name}-content"]
    for line in doctree.findall(Entry):
        name = line["dl_id"]
        kind = inventory[name]["kind"]
        kind = NAMES.get(kind, kind.title())
        _note(env, name, docname, kind, warn, line)
        line += marks(name)
    for name, cell in experiments.items():
        cells.setdefault(name, cell)
        words = f"Experiment {records.words(name).lower()}"
        _note(env, name, docname, words, warn, doctree, numbered=False)
    if found := marks.experiments(list(experiments)):
        section = next(doctree.findall(nodes.section))
        section += found
    _dress_proofs(doctree)
    _dress_equations(env, doctree)
    outputs.place(doctree, nb, docname, title, partial(refuted, inventory))
    for image in doctree.findall(nodes.image):
        in_cell = _inside(image, "mime_bundle")
        if in_cell and "width" in image and "height" in image:
            image["dl_size"] = (image["width"], image["height"])
            del image["width"], image["height"]
        if not image.get("alt", "").strip() and not in_cell:
            warn(image, "", f"image {image['uri']} without alternative text")
    for raw in doctree.findall(nodes.raw):
        for tag in re.findall(r"<img\b[^>]*>", raw.astext()):
            if not re.search(r"""\balt=(["'])\s*[^"'\s]""", tag):
                warn(raw, "", f"{tag[:60]} without alternative text")


def refuted(inventory: dict[str, Any], name: str) -> str:
    """Return what the mark of an erratum says, by where the fault arose."""
    scan = inventory.get(name, {}).get("origin") == "copy"
    return "✗ refuted as scanned" if scan else "✗ refuted as printed"


class Marks:
    """The links from a statement to the cells that check it."""

    def __init__(self, nb: records.Notebook, inventory: dict[str, Any]):
        self.inventory = inventory
        self.records = records.records(nb)
        self.anchors = outputs.anchors(self.records)
        self.numbers = outputs.code_numbers(nb)

    def __call__(self, name: str) -> list[nodes.Node]:
        """Return the marks of one statement, each with a space before."""
        checked = self.cells(name, records.POSITIVE)
        wrong = self.cells(name, {"refutes"})
        marks: list[nodes.Node] = []
        if checked:
            power = self.power(name)
            marks += self.mark(name, checked, "✓ checked", "checked", power)
        if wrong:
            words = refuted(self.inventory, name)
            marks += self.mark(name, wrong, words, "refuted")
        if not checked and not wrong:
            comment = self.inventory[name]["kind"] == "comment"
            text = "not computed" if comment else "not checked yet"
            classes = ["dl-mark", "dl-none"]
            marks += [nodes.Text(" "), nodes.inline("", text, classes=classes)]
        return marks

    def cells(self, name: str, kinds: frozenset[str] | set[str]) -> list[int]:
        """Return the cells with a record of these kinds, each once."""
        found = [
            r.cell for r in self.records if r.id == name and r.kind in kinds
        ]
        return sorted(set(found))

    def power(self, name: str) -> str:
        """Say what the strongest check of a statement would notice."""
        known = [
            r.power
            for r in self.records
            if r.id == name and r.kind in records.POSITIVE
        ]
        numeric = [power for power in known if power is not None]
        return records.notices(min(numeric)) if numeric else ""

    def experiments(self, names: list[str]) -> nodes.admonition | None:
        """Return the list of a page's experiments, folded, and their lines.

        An experiment has a line for each of its checks.
        """
        items = nodes.bullet_list()
        for name in names:
            head = nodes.reference(
                "", records.words(name), refid=name, internal=True
            )
            lines = nodes.bullet_list()
            for record in self.records:
                if record.id != name:
                    continue
                anchor = self.anchors[name, record.cell]
                text = f"✓ {record.says}"
                link = nodes.reference("", text, refid=anchor, internal=True)
                line = nodes.paragraph("", "", link)
                if words := records.notices(record.power):
                    line += nodes.Text(f" ({words})")
                lines += nodes.list_item("", line)
            item = nodes.list_item("", nodes.paragraph("", "", head))
            items += item
            if lines.children:
                item += lines
        if not items.children:
            return None
        title = nodes.title("", "Experiments of this chapter")
        classes = ["admonition", "dropdown", "dl-experiments"]
        return nodes.admonition("", title, items, classes=classes)

    def mark(
        self,
        name: str,
        cells: list[int],
        words: str,
        kind: str,
        power: str = "",
    ) -> Iterator[nodes.Node]:
        """Yield the links: words for the first cell, numbers for the rest.

        What the numbers stand for is said to those who do not see them. The
        power comes last.
        """
        mark = nodes.inline("", "", classes=["dl-mark", f"dl-{kind}"])
        for cell in cells:
            anchor = self.anchors[name, cell]
            link = nodes.reference("", "", refid=anchor, internal=True)
            number = str(self.numbers[cell])
            if mark.children:
                mark += nodes.Text(", ")
                words = "also in cell "
                link += nodes.inline("", words, classes=["dl-hidden"])
                link += nodes.Text(number)
            else:
                link += nodes.Text(f"{words} in cell {number}")
            mark += link
        if power:
            mark += nodes.Text(f", {power}")
        yield nodes.Text(" ")
        yield mark


class References(SphinxPostTransform):
    """Resolve links to statements, with the sheet's number as their text."""

    default_priority = 4  # before sphinx-exercise, MyST and Sphinx

    def run(self, **kwargs: Any) -> None:
        """Replace every reference whose target is a statement."""
        places = _places(self.env)
        for node in list(self.document.findall(addnodes.pending_xref)):
            target = node.get("reftarget")
            if node.get("reftype") == "eq":
                self.equation(node, target)
                continue
            if node.get("refdomain") not in ("prf", "std", "", None):
                continue
            if target in places and node.get("reftype") != "doc":
                docname, text = places[target]
            elif node.get("refdomain") != "prf":
                continue
            elif target in getattr(self.env, "sphinx_exercise_registry", {}):
                registry = self.env.sphinx_exercise_registry
                docname, text = registry[target]["docname"], "Exercise"
            else:
                near = _near(target, places)
                message = f"no statement is labelled {target!r}{near}"
                logger.warning(message, location=node)
                node.replace_self(nodes.literal("", target))
                continue
            inner = nodes.inline("", text)
            if node.get("refexplicit"):
                inner = node[0].deepcopy()
            here = node.get("refdoc", self.env.docname)
            builder = self.app.builder
            link = make_refnode(builder, here, docname, target, inner)
            node.replace_self(link)

    def equation(self, node: addnodes.pending_xref, label: str) -> None:
        """Say of which page an equation is that stands on another one."""
        domain = self.env.get_domain("math")
        docname, _ = domain.equations.get(label, (None, None))
        here = node.get("refdoc", self.env.docname)
        if docname in (None, here):
            return
        anchor = nodes.make_id(f"equation-{label}")
        numbers = self.env.toc_fignumbers.get(docname, {})
        (number,) = numbers["displaymath"][anchor]
        page = self.env.titles[docname].astext().split()[0]
        inner = nodes.inline("", f"({number}) of {page}")
        builder = self.app.builder
        link = make_refnode(builder, here, docname, anchor, inner)
        node.replace_self(link)


def take_back(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Hand Sphinx the numbers that it gave itself in the last build.

    It compares with them to see which pages have to be written again.
    """
    env.toc_fignumbers = getattr(env, "dl_fignumbers", {})
    return []


def number(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Put the sheet's numbers where Sphinx looks numbers up."""
    env.dl_fignumbers = copy.deepcopy(env.toc_fignumbers)
    for kinds in env.toc_fignumbers.values():
        for kind, numbers in kinds.items():
            for place, name in enumerate(numbers, start=1):
                if kind in ("exercise", "displaymath"):  # anew on each page
                    numbers[name] = (place,)
                elif name in env.dl_inventory:
                    text = env.dl_inventory[name]["number"]
                    numbers[name] = tuple(map(int, text.split(".")))
    return []


def visit_unnumbered(translator: Any, node: nodes.Element) -> None:
    """Open an unnumbered box; its id stands on its title alone."""
    bare = node.copy()
    bare["ids"] = []
    tag = translator.starttag(bare, "div", CLASS="admonition")
    translator.body.append(tag)


def visit_image(translator: Any, node: nodes.Element) -> None:
    """Draw an image, with its size as attributes: the page does not jump."""
    type(translator).visit_image(translator, node)
    if "dl_size" in node:
        width, height = node["dl_size"]
        size = f'<img width="{width}" height="{height}" '
        last = translator.body[-1]
        translator.body[-1] = last.replace("<img ", size, 1)


def drop_thebe(app: Sphinx) -> None:
    """Keep Jupyter Book's live kernels out: they need a foreign host."""
    for listeners in app.events.listeners.values():
        listeners[:] = [
            listener
            for listener in listeners
            if not listener.handler.__module__.startswith("sphinx_thebe")
        ]
    sheets = app.registry.css_files
    sheets[:] = [s for s in sheets if "thebe" not in s[0]]


def _dress_equations(env: BuildEnvironment, doctree: nodes.document) -> None:
    """Name amsmath equations by their place: MyST names them at random."""
    equations = env.get_domain("math").equations
    renamed = {}
    for block in doctree.findall(nodes.math_block):
        label = block.get("label") or ""
        if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", label):
            place = len(renamed) + 1
            block["label"] = f"{env.docname}:amsmath-{place}"
            equations[block["label"]] = equations.pop(label)
            old = nodes.make_id(f"equation-{label}")
            renamed[old] = f"equation-amsmath-{place}"
    for node in doctree.findall(nodes.Element):
        node["ids"] = [renamed.get(name, name) for name in node["ids"]]
        if node.get("refid") in renamed:
            node["refid"] = renamed[node["refid"]]


def _dress_proofs(doctree: nodes.document) -> None:
    """Give proofs and exercises ids of their own."""
    last = "page"
    used: Counter[str] = Counter()
    for node in doctree.findall(nodes.Element):
        if "realtype" in node:
            last = node["label"]
        elif isinstance(node, nodes.admonition) and node["ids"] == ["proof"]:
            used[last] += 1
            suffix = "" if used[last] == 1 else f"-{used[last]}"
            node["ids"] = [f"proof-of-{last}{suffix}"]
        elif node.get("ids") in (["exercise-content"], ["solution-content"]):
            node["ids"] = [f"{node.parent['label']}-content"]


def _note(
    env: BuildEnvironment,
    name: str,
    docname: str,
    words: str,
    warn: Any,
    node: nodes.Node,
    *,
    numbered: bool = True,
) -> None:
    """Remember where a statement stands and what links to it say."""
    places = _places(env)
    if name in places:
        warn(node, name, f"{name} is stated twice, also in {places[name][0]}")
    if numbered:
        words = f"{words} {env.dl_inventory[name]['number']}"
    places[name] = (docname, words)


def _places(env: BuildEnvironment) -> dict[str, tuple[str, str]]:
    if not hasattr(env, "dl_places"):
        env.dl_places = {}
    return env.dl_places


def _boxes(doctree: nodes.document) -> list[nodes.Element]:
    elements = doctree.findall(nodes.Element)
    return [node for node in elements if "realtype" in node]


def _next(node: nodes.Node) -> nodes.Element | None:
    """Return what follows a target, other targets passed over."""
    follower = node.next_node(descend=False, siblings=True)
    while isinstance(follower, nodes.target | Entry):
        follower = follower.next_node(descend=False, siblings=True)
    return follower


def _inside(node: nodes.Node, element: str) -> bool:
    while node is not None:
        if getattr(node, "attributes", {}).get("nb_element") == element:
            return True
        node = node.parent
    return False


def _cell_of(node: nodes.Node, nb: records.Notebook) -> str:
    """Name the cell of a node, or its line on other pages."""
    line = outputs.line_number(node)
    if line >= outputs.LINES and nb["cells"]:
        return outputs.place_of(nb, line // outputs.LINES - 1)
    return f"line {line}" if line else "page"


def _near(name: str, known: Any) -> str:
    """Name the ids that look like a wrong one."""
    found = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    return f" (did you mean {', '.join(found)}?)" if found else ""


def setup(app: Sphinx) -> dict[str, Any]:
    """Register everything with Sphinx."""
    app.setup_extension("sphinx_proof")
    app.setup_extension("sphinx_exercise")
    # JupyterLab's number; ours is that of the inventory, and a rule compares
    ElementDirective.option_spec["enumerator"] = directives.unchanged
    app.connect("builder-inited", load)
    app.connect("config-inited", lambda app, config: drop_thebe(app))
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("source-read", rewrite)
    app.connect("doctree-read", dress, priority=400)
    app.connect("env-get-updated", take_back, priority=400)
    app.connect("env-get-updated", number, priority=600)
    app.add_transform(Targets)
    app.add_post_transform(References)
    app.add_post_transform(outputs.CellNumbers)
    app.add_node(
        Entry,
        html=(
            lambda translator, node: translator.visit_paragraph(node),
            lambda translator, node: translator.depart_paragraph(node),
        ),
    )
    app.add_node(
        nodes.image,
        override=True,
        html=(
            visit_image,
            lambda translator, node: type(translator).depart_image(
                translator, node
            ),
        ),
    )
    app.add_node(
        unenumerable_node,
        override=True,
        html=(visit_unnumbered, depart_unenumerable_node),
    )
    app.add_directive("coverage", CoverageTable)
    app.add_directive("origins", Origins)
    app.add_directive_to_domain("prf", "proof", Proof, override=True)
    return {
        "version": "1",
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
