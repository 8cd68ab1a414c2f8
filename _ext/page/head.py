"""The head of a chapter: needs, abilities, times, and its statements.

`chapters/sections.yml` says what a chapter needs and what one can do after
it; times and marks come from the notebook. It stands below the paragraph
with which a chapter opens.
"""

from pathlib import Path, PurePosixPath
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

from _ext.copies import reader_sphinx
from _ext.notebook import coverage, reading, records
from _ext.page.statements import Marks, refuted

LONG = 4  # statements; a longer list is folded


def times(nb: records.Notebook) -> list[str]:
    """Return how long a notebook is read, and how long it runs."""
    found = [f"{reading.length(nb).minutes} minutes to read"]
    if seconds := nb["metadata"].get("dlbook", {}).get("seconds"):
        found.append(f"runs in {seconds} s on one core")
    return found


def add(app: Sphinx, doctree: nodes.document) -> None:
    """Put the head into a chapter of the plan."""
    env = app.env
    name = PurePosixPath(env.docname).name
    nb = env.temp_data.get("dl_notebook")
    root = Path(app.srcdir)
    known = coverage.described(root)
    section = doctree.next_node(nodes.section)
    opening = section and section.next_node(nodes.paragraph)
    if nb is None or name not in known or opening is None:
        return
    env.note_dependency(root / "chapters" / "sections.yml")
    said = known[name]
    rows = nodes.definition_list("", classes=["dl-facts"])
    if needs := said.get("needs"):
        line = nodes.paragraph()
        for one in needs:
            line += [*_need(one, env.found_docs), nodes.Text("; ")]
        line[-1] = nodes.Text(".")
        rows += row("You need", line)
    if able := said.get("able"):
        lines = [nodes.list_item("", nodes.paragraph("", i)) for i in able]
        rows += row("You will be able to", nodes.bullet_list("", *lines))
    rows += row("It takes", nodes.paragraph("", ", ".join(times(nb)) + "."))
    head = nodes.container("", rows, classes=["dl-chapter"])
    if listed := _statements(env.dl_inventory, nb):
        head += listed
    parent = opening.parent
    parent.insert(parent.index(opening) + 1, head)
    parent.insert(parent.index(opening), run(app, env.docname))


def run(app: Sphinx, docname: str) -> nodes.paragraph:
    """Return the buttons that open a chapter's copy, or give it."""
    line = nodes.paragraph("", classes=["dl-run"])
    file = reader_sphinx.file_of(docname)
    up = "../" * docname.count("/")
    targets = [(f"{up}{reader_sphinx.FOLDER}/{file}", "Download notebook")]
    if colab := reader_sphinx.colab(app, docname):
        targets.insert(0, (colab, "Open in Colab"))
    for uri, words in targets:
        link = nodes.reference("", words, refuri=uri, internal=True)
        link["classes"].append("dl-button")
        line += [nodes.inline("", "", link), nodes.Text(" ")]
    return line


def row(term: str, body: nodes.Node) -> nodes.definition_list_item:
    """Return a term with what it says."""
    return nodes.definition_list_item(
        "", nodes.term("", term), nodes.definition("", body)
    )


def _need(text: str, found: set[str]) -> list[nodes.Node]:
    """Return words with the chapter that they name, as a link if it stands.

    A chapter is named by its file: "means of 01-probability".
    """
    before, _, last = text.rpartition(" ")
    if f"chapters/{last}" not in found:
        return [nodes.Text(text)]
    link = addnodes.pending_xref(
        "",
        nodes.inline("", last),
        refdomain="std",
        reftype="doc",
        reftarget=f"/chapters/{last}",
        refexplicit=False,
        refwarn=True,
    )
    return [nodes.Text(f"{before} " if before else ""), link]


def _statements(
    inventory: dict[str, Any], nb: records.Notebook
) -> nodes.Element | None:
    """Return the table of the statements, folded if it is long."""
    marks = Marks(nb, inventory)
    stated = {s.id: s.cell for s in records.statements(nb)}
    names = [name for name in inventory if name in stated]
    if not names:
        return None
    rows = nodes.tbody()
    checked = 0
    wrong = {"printed": 0, "scanned": 0}
    for name in names:
        entry = inventory[name]
        right = marks.cells(name, records.POSITIVE)
        fails = marks.cells(name, {"refutes"})
        checked += bool(right)
        mark = nodes.paragraph()
        if right:
            mark += _mark(marks, name, right[0], "✓ checked", "checked")
        if fails:
            words = refuted(inventory, name)
            wrong[words.rpartition(" ")[2]] += 1
            mark += [nodes.Text(" ")] * bool(right)
            mark += _mark(marks, name, fails[0], words, "refuted")
        link = nodes.reference("", entry["title"], refid=name, internal=True)
        rows += _row(
            nodes.paragraph("", entry["number"]),
            nodes.paragraph("", "", link),
            nodes.paragraph("", entry["kind"]),
            mark,
        )
    words = ("Number", "Statement", "Kind", "Marks")
    titles = nodes.thead("", _row(*(nodes.paragraph("", w) for w in words)))
    columns = [nodes.colspec(colwidth=1) for _ in words]
    group = nodes.tgroup("", *columns, titles, rows, cols=len(words))
    table = nodes.table("", group, classes=["dl-statements"])
    if len(names) <= LONG:
        return table
    title = nodes.title("", counted(len(names), checked, wrong))
    return nodes.admonition(
        "", title, table, classes=["admonition", "dropdown", "dl-list"]
    )


def counted(all_: int, checked: int, wrong: dict[str, int]) -> str:
    """Return "34 statements of the sheet, all checked; 5 refuted ..."."""
    share = "all" if checked == all_ else f"{checked} of them"
    text = f"{all_} statements of the sheet, {share} checked"
    ways = [f"{count} as {how}" for how, count in wrong.items() if count]
    if not ways:
        return text
    first, *rest = ways
    first = first.replace(" ", " refuted ", 1)
    return f"{text}; {', '.join([first, *rest])}"


def _mark(
    marks: Marks, name: str, cell: int, words: str, kind: str
) -> nodes.inline:
    """Return ✓ or ✗; those who do not see it hear the words."""
    sign, rest = words[0], words[1:]
    link = nodes.reference(
        "", sign, refid=marks.anchors[name, cell], internal=True
    )
    said = f"{rest} in cell {marks.numbers[cell]}"
    link += nodes.inline("", said, classes=["dl-hidden"])
    return nodes.inline("", "", link, classes=["dl-mark", f"dl-{kind}"])


def _row(*cells: nodes.Node) -> nodes.row:
    return nodes.row("", *(nodes.entry("", cell) for cell in cells))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the head."""
    app.connect("doctree-read", add, priority=450)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
