"""What can be found: statements, exercises, figures, sections, functions.

All of it is taken from the pages as they were read. A statement that is not
written yet stands at its line of the cheat sheet.
"""

import ast
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx_exercise.nodes import (
    exercise_enumerable_node,
    exercise_node,
    solution_node,
)

from _ext.lists import borrow
from _ext.lists.plainly import Plainly, bag, tidy
from _ext.notebook import records
from _ext.page import outputs

NUMBERED = re.compile(r"\d+(?:\.\d+)*(?=\s|–)")
_SOURCE = re.compile(r"plot\.source\((?P<names>[\s\w.,]*)\)")
_IMPORT = re.compile(r"^from dlbook\.(\w+) import (.+)$", re.M)
_OWN = (exercise_enumerable_node, exercise_node, solution_node)


class Hit(NamedTuple):
    """One thing to find: where it stands, how it is called, what it says.

    `says` is shown; `words` are further ones that lead to it, `wrong` is what
    the sheet or the scan prints in its place. `marks`: ✓ checked, ✗ refuted
    as printed, s as scanned, … not yet written.
    """

    kind: str
    docname: str
    anchor: str
    title: str
    number: str = ""
    label: str = ""
    marks: str = ""
    says: str = ""
    words: str = ""
    aliases: tuple[str, ...] = ()
    wrong: str = ""
    id: str = ""


def collect(app: Sphinx) -> list[Hit]:
    """Return all that can be found, in the order of the book."""
    if not hasattr(app, "dl_hits"):
        env = app.env
        places = getattr(env, "dl_places", {})
        works = env.get_domain("cite").bibdata.data.entries
        reader = Plainly(getattr(app, "dl_drawer", None), places, works)
        found: list[Hit] = []
        shown: set[str] = set()
        for docname in _pages(env):
            page = Page(app, docname, reader)
            found += page.hits()
            for hit in _functions(borrow.notebook(env, docname), docname):
                if hit.title not in shown:
                    shown.add(hit.title)
                    found.append(hit)
        stated = borrow.stated(app)
        found += _unwritten(env, stated, reader)
        found += _figures(env, reader)
        app.dl_hits = found
    return app.dl_hits


class Page:
    """What stands on one page: its sections, boxes and exercises."""

    def __init__(self, app: Sphinx, docname: str, reader: Plainly):
        self.env = app.env
        self.inventory = self.env.dl_inventory
        self.docname = docname
        self.reader = reader
        self.doctree = self.env.get_doctree(docname)
        stated = borrow.stated(app)
        self.stated = {
            name: found
            for name, found in stated.items()
            if found.docname == docname
        }
        self.proofs: dict[str, list[nodes.Node]] = {}
        self.solutions: dict[str, list[nodes.Node]] = {}
        for node in self.doctree.findall(nodes.Element):
            if name := _proved(node):
                self.proofs.setdefault(name, []).append(node)
            elif isinstance(node, solution_node):
                self.solutions[node["target_label"]] = node[1:]

    def hits(self) -> Iterator[Hit]:
        """Yield the sections, and in each its boxes and exercises."""
        top = next(iter(self.doctree.findall(nodes.section)), None)
        for section in self.doctree.findall(nodes.section):
            if any(_whole(node) for node in _above(section)):
                continue  # the inside of an exercise
            if "dl-section" in section["classes"]:
                continue  # of the sheet, on a page that lists its entries
            yield self.section(section, section is top)
        for name in self.stated:
            yield self.statement(name)
        for node in self.doctree.findall(nodes.Element):
            if "realtype" in node and node["label"] not in self.inventory:
                yield self.box(node)
            elif isinstance(node, _OWN[:2]):
                yield self.exercise(node)

    def section(self, section: nodes.section, top: bool) -> Hit:
        """Return a section, with the words between its statements."""
        title = self.reader([section.next_node(nodes.title)])
        first = ""
        rest: list[nodes.Node] = []
        for node in section.children:
            if isinstance(node, nodes.section | nodes.title) or _whole(node):
                continue
            if isinstance(node, nodes.paragraph) and not first:
                first = _cut(self.reader([node]))
            rest += _prose(node)
        number = NUMBERED.match(title)
        return Hit(
            kind="section",
            docname=self.docname,
            anchor="" if top else section["ids"][0],
            id=self.docname.split("/")[-1] if top else section["ids"][0],
            number=number[0] if number else "",
            title=title,
            says=first,
            words=self.reader.words(rest, f"{title} {first}"),
        )

    def statement(self, name: str) -> Hit:
        """Return a statement of the sheet as the chapter states it."""
        found, entry = self.stated[name], self.inventory[name]
        label = self.reader.places[name][1].rsplit(" ", 1)[0]
        says = self.reader(found.content)
        scan = entry.get("origin") == "copy"
        marks = "✓" if found.checked else ""
        marks += ("s" if scan else "✗") if found.refuted else ""
        return _entry(entry, self.reader)._replace(
            docname=self.docname,
            anchor=name,
            label=label,
            marks=marks,
            says=says,
            words=self.reader.words(self.proofs.get(name, []), says),
        )

    def box(self, node: nodes.Element) -> Hit:
        """Return a statement that the book adds to the sheet's."""
        name = node["label"]
        says = self.reader(node[1].children)
        title = re.sub(r"^\((.*)\)$", r"\1", self.reader(node[0].children))
        label = node["realtype"].title()
        return Hit(
            kind="statement",
            docname=self.docname,
            anchor=name,
            id=name,
            title=title.strip() or label,
            label=label,
            says=says,
            words=self.reader.words(self.proofs.get(name, []), says),
        )

    def exercise(self, node: nodes.Element) -> Hit:
        """Return an exercise; words of its solution lead to it, too."""
        name = node["label"]
        fignumbers = self.env.toc_fignumbers.get(self.docname, {})
        number = fignumbers.get("exercise", {}).get(name, ())
        title = " ".join(
            self.reader(sub.children)
            for sub in node[0].findall(nodes.subtitle)
        )
        says = self.reader(node[1:])
        return Hit(
            kind="exercise",
            docname=self.docname,
            anchor=name,
            id=name,
            title=re.sub(r"^\((.*)\)$", r"\1", title),
            label=" ".join(["Exercise", *map(str, number)]),
            says=_cut(says, 400),
            words=self.reader.words(self.solutions.get(name, []), says),
        )


def _entry(entry: dict[str, Any], reader: Plainly) -> Hit:
    """Return what the inventory knows of a statement."""
    wrong = ""
    if entry.get("origin"):
        text = f"{entry['prints']} {entry.get('why', '')}"
        whose = "scan" if entry["origin"] == "copy" else "misprint"
        wrong = f"wrong {whose} erratum {reader.marked(text)}"
    return Hit(
        kind="statement",
        docname="",
        anchor="",
        id=entry["id"],
        number=entry["number"],
        title=entry["title"],
        aliases=tuple(entry.get("aliases", ())),
        wrong=wrong,
    )


def _unwritten(
    env: BuildEnvironment, stated: Any, reader: Plainly
) -> Iterator[Hit]:
    """Yield what no chapter states yet, at its place on the cheat sheet."""
    for docname in env.found_docs:
        for item in env.get_doctree(docname).findall(nodes.Element):
            name = item.get("dl_id")
            if item.get("dl_page") != "sheet" or name in stated:
                continue
            entry = env.dl_inventory[name]
            yield _entry(entry, reader)._replace(
                docname=docname,
                anchor=item["ids"][0],
                label=entry["kind"].capitalize(),
                marks="…",
                wrong="",
            )


def _figures(env: BuildEnvironment, reader: Plainly) -> Iterator[Hit]:
    """Yield the numbered figures with their captions."""
    for anchor, figure in getattr(env, "dl_figures", {}).items():
        says = tidy(reader.marked(figure.caption).replace("**", ""))
        title = re.split(r"(?<=[.!?])\s", says)[0].rstrip(".")
        yield Hit(
            kind="figure",
            docname=figure.docname,
            anchor=anchor,
            id=anchor,
            number=figure.number,
            title=_cut(title, 90) or "A figure to play with",
            label="Figure",
            says=says,
        )


def _functions(nb: records.Notebook, docname: str) -> Iterator[Hit]:
    """Yield the functions whose source a notebook shows, at their cell."""
    numbers = outputs.code_numbers(nb)
    homes: dict[str, str] = {}
    for index, number in numbers.items():
        cell = nb["cells"][index]
        for module, names in _IMPORT.findall(cell["source"]):
            homes |= {name.strip(): module for name in names.split(",")}
        if not (match := _SOURCE.search(cell["source"])):
            continue
        texts = [o.get("data", {}) for o in cell.get("outputs", [])]
        shown = "".join(t.get("text/markdown", "") for t in texts)
        said = _docstrings(shown)
        for path in filter(None, map(str.strip, match["names"].split(","))):
            module, _, name = path.rpartition(".")
            module = module or homes.get(name, "")
            signature, doc = said.get(name, ("", ""))
            title = f"{module}.{name}".strip(".")
            yield Hit(
                kind="function",
                docname=docname,
                anchor=f"cell-{number}",
                id=title,
                title=title,
                label="Function",
                says=_cut(doc.strip().split("\n\n")[0].replace("\n", " ")),
                words=bag(f"{signature} {doc}"),
            )


def _docstrings(shown: str) -> dict[str, tuple[str, str]]:
    """Return signature and docstring of each function in shown source."""
    code = "\n".join(re.findall(r"```python\n(.*?)```", shown, re.S))
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return {}
    return {
        node.name: (
            ast.unparse(node.args)
            if isinstance(node, ast.FunctionDef)
            else "",
            ast.get_docstring(node) or "",
        )
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }


def _pages(env: BuildEnvironment) -> list[str]:
    """Return the pages in the order of the book."""
    found = [env.config.root_doc]
    for docname in found:
        children = env.toctree_includes.get(docname, [])
        found += [name for name in children if name not in found]
    return found


def _above(node: nodes.Node) -> Iterator[nodes.Element]:
    while node.parent is not None:
        node = node.parent
        yield node


def _proved(node: nodes.Element) -> str:
    """Return the label of the statement that a node proves."""
    name = (node.get("ids") or [""])[0]
    match = re.fullmatch(r"proof-of-(.*?)(?:-\d+)?", name)
    return match[1] if match else ""


def _whole(node: nodes.Node) -> bool:
    """Say whether a part of a page has an entry of its own."""
    if not isinstance(node, nodes.Element):
        return False
    return "realtype" in node or isinstance(node, _OWN) or bool(_proved(node))


def _prose(node: nodes.Node) -> list[nodes.Node]:
    """Return a part of a section, of a cell only its figures' captions."""
    if isinstance(node, nodes.Element) and "nb_element" in node:
        return [*node.findall(nodes.caption), *node.findall(nodes.raw)]
    return [node]


def _cut(text: str, most: int = 240) -> str:
    if len(text) <= most:
        return text
    return text[: most - 1].rsplit(" ", 1)[0] + "…"
