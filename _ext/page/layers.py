"""Layers of a chapter: statements, derivations, everything.

A cell that only checks shows what it found and folds its code; its green
lines about one statement are one line with a count that opens. A switch below
the title says how much of the chapter is shown (`layers.css` hides,
`layers.js` switches and remembers). Without scripts, all is there to be read.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx

from _ext.notebook import records
from _ext.notebook.page import only_checks, tags
from _ext.page.outputs import FIGURES

SWITCH = """<fieldset class="dl-layers pst-js-only">
<legend class="dl-hidden">What this chapter shows, also on paper</legend>
{}</fieldset>"""
CHOICE = (
    '<label title="{}"><input type="radio" name="dl-layer" value="{}"{}>'
    "<span>{}</span></label>\n"
)
LAYERS = {
    "statements": "Statements, result lines and figures",
    "derivations": "Text and proofs too; solutions and the code of checks "
    "are folded, and left out on paper",
    "everything": "All that folds is open",
}
TEXT = (nodes.paragraph, nodes.math_block, nodes.bullet_list)


class Lines(nodes.General, nodes.Element):
    """Several green lines of one cell about one statement."""


def arrange(app: Sphinx, doctree: nodes.document) -> None:
    """Fold what only checks, mark what states, and put the switch in."""
    nb = app.env.temp_data.get("dl_notebook")
    top = next(doctree.findall(nodes.section), None)
    if nb is None or top is None:
        return
    for container in doctree.findall(nodes.container):
        if container.get("nb_element") == "cell_code":
            cell = nb["cells"][container["cell_index"]]
            _fold(container, cell)
            if _lasts(cell):
                container["classes"].append("dl-lasts")
    for output in list(doctree.findall(nodes.container)):
        if output.get("nb_element") == "cell_code_output":
            _group(output)
    for section in top.findall(nodes.section):
        _state(section)
        inner = isinstance(section.parent, nodes.section)
        if inner and not any(_stated(section)):
            section["classes"].append("dl-unstated")
    choices = "".join(
        CHOICE.format(
            said, name, " checked" * (name == "derivations"), name.title()
        )
        for name, said in LAYERS.items()
    )
    top.insert(1, nodes.raw("", SWITCH.format(choices), format="html"))


def _fold(container: nodes.container, cell: dict[str, Any]) -> None:
    """Have the code of a cell that only checks folded, and name the fold."""
    if not (only_checks(cell) or "hide-input" in tags(cell)):
        return
    container["hide_mode"] = "input"
    of = ""
    if _drawn(cell):
        of = " of the figure"
    elif count := sum(records.MIME in d for d in _data(cell)):
        of = " of the check" if count == 1 else " of the checks"
    container["prompt_show"] = container["prompt_hide"] = f"Code{of}"


def _data(cell: dict[str, Any]) -> list[dict[str, Any]]:
    return [output.get("data", {}) for output in cell.get("outputs", [])]


def _drawn(cell: dict[str, Any]) -> bool:
    return any(
        "dl-play" in "".join(data.get("text/html", ""))
        or any(mime in data for mime in FIGURES)
        for data in _data(cell)
    )


def _lasts(cell: dict[str, Any]) -> bool:
    """Say whether a cell is seen when only statements are shown."""
    return _drawn(cell) or any(records.MIME in data for data in _data(cell))


def _group(output: nodes.container) -> None:
    """Make one line of the green lines about one statement."""

    def green(node: nodes.Node) -> bool:
        return "dl-checked" in getattr(node, "attributes", {}).get(
            "classes", ()
        )

    found: list[nodes.Node] = []
    for is_green, run in groupby(output.children, key=green):
        lines = list(run)
        found += _grouped(lines) if is_green else lines
    output.children = []
    output += found


def _grouped(lines: Iterable[nodes.Node]) -> Iterator[nodes.Node]:
    """Yield the lines, those about one statement together."""
    about: dict[str, list[nodes.Node]] = {}
    for line in lines:
        about.setdefault(line[0][2]["reftarget"], []).append(line)
    for one in about.values():
        if len(one) == 1:
            yield one[0]
            continue
        reference = one[0][0][2]
        title = reference.astext().replace("Experiment: ", "the experiment ")
        group = Lines("", count=len(one), about=title)
        items = nodes.bullet_list()
        for line in one:
            rest = line[0].children[3:]
            said = "".join(part.astext() for part in rest).removeprefix(": ")
            item = nodes.paragraph("", said or "no more is said")
            items += nodes.list_item("", item)
        reference[0].children = [nodes.Text("to the statement")]
        group += [items, nodes.paragraph("", "", reference)]
        yield group


def _state(section: nodes.section) -> None:
    """Mark what states a bare target: its paragraph, and what goes on."""
    stating = False
    first = False
    for node in section.children:
        classes = getattr(node, "attributes", {}).get("classes", [])
        if "dl-entry" in classes:
            stating = first = True
        elif stating and isinstance(node, TEXT):
            goes_on = node.astext()[:1].islower() or not isinstance(
                node, nodes.paragraph
            )
            stating = first or goes_on
            first = False
            if stating:
                classes.append("dl-stated")
        else:
            stating = False


def _stated(section: nodes.section) -> Iterator[nodes.Node]:
    """Yield what a section shows when only statements are shown."""
    for node in section.findall(nodes.Element):
        classes = set(node.get("classes", ()))
        proof = any(name.startswith("proof-of-") for name in node["ids"])
        if ("realtype" in node and not proof) or classes & {
            "dl-lasts",
            "dl-entry",
            "erratum",
        }:
            yield node


def visit_lines(translator: Any, node: Lines) -> None:
    """Open the fold of several lines."""
    translator.body.append(
        '<details class="dl-check dl-checked dl-lines"><summary>'
        f'<strong class="dl-word">✓ {node["count"]} checks</strong> of '
        f"{translator.encode(node['about'])}</summary>\n"
    )


def visit_code(translator: Any, node: HideCodeCellNode) -> None:
    """Open the fold of a cell's code."""
    translator.body.append(
        '<details class="hide above-input"><summary>'
        f"{translator.encode(node['prompt_show'])}</summary>\n"
    )


def close(translator: Any, node: nodes.Element) -> None:
    """Close a fold."""
    translator.body.append("</details>\n")


def tell(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Say to the template whether a page has layers."""
    context["dl_layers"] = 'class="dl-layers' in (context.get("body") or "")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register everything with Sphinx."""
    app.setup_extension("myst_nb")
    app.add_node(Lines, html=(visit_lines, close))
    app.add_node(HideCodeCellNode, override=True, html=(visit_code, close))
    app.connect("doctree-read", arrange, priority=450)
    app.connect("html-page-context", tell)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
