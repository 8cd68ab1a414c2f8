"""The errata: what is printed, what is right, and what refutes it.

The wrong stand before the incomplete, and the faults of the scan last. Each
entry says what is printed, the correct statement (that of the chapter, or
what the inventory holds until the chapter is written), what is wrong with
the printed one, and the checks that refute it.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from _ext.lists import borrow, items
from _ext.page import mathematics

logger = logging.getLogger(__name__)

VERDICTS = {
    "corrected": "wrong",
    "incomplete": "incomplete",
    "garbled": "illegible",
}
WHERE = {
    "sheet": "as printed",
    "both": "as printed, and damaged in our copy",
    "copy": "in our copy",
}
PRINTS = {
    "sheet": "The sheet prints:",
    "both": "The sheet prints, in our copy:",
    "copy": "Our copy prints:",
}
# The parts of the errata in their order: heading, and what it holds.
PARTS = {
    "wrong": (
        "Wrong on the sheet",
        (
            "What the sheet itself prints wrongly. Where our copy has "
            "changed something more, the entry says which is whose."
        ),
    ),
    "incomplete": (
        "Incomplete on the sheet",
        (
            "What is right under an assumption, a convention or an order of "
            "the factors that the sheet does not name."
        ),
    ),
    "copy": (
        "Faults of our copy",
        (
            "The sheet is right; the scan that we work from is not. Nothing "
            "here is a mistake of the sheet's authors."
        ),
    ),
}
STATES = {
    "wrong": "wrong on the sheet",
    "incomplete": "incomplete on the sheet",
    "copy": "fault of our copy",
    "refuted": "✗ refuted by a cell",
    "unwritten": "chapter not yet written",
}
TEXTS = ("prints", "correct", "why", "note")
_MARKED = re.compile(r"\$(?P<tex>[^$]+)\$|`(?P<code>[^`]+)`")


class Errata(SphinxDirective):
    """List the entries that are not printed correctly, the worst first."""

    has_content = True
    option_spec: ClassVar = {}

    def run(self) -> list[nodes.Node]:
        """Return a part for each severity; no TeX of the file may fail."""
        borrow.depend(self.env)
        inventory = self.env.dl_inventory
        titles = items.titles(self.content, inventory, self._warn)
        wrong = {n: e for n, e in inventory.items() if e.get("origin")}
        parts: dict[str, dict[str, items.Item]] = {p: {} for p in PARTS}
        for name, entry in inventory.items():
            texts = {
                key: self._prose(name, key, entry[key])
                for key in TEXTS
                if entry.get(key)
            }
            if name in wrong:
                item = self._item(name, entry, texts)
                parts[part(entry)][name] = item
        metadata = self.env.metadata[self.env.docname]
        metadata["dl_errata"] = metadata["dl_filter"] = True
        controls = items.form(
            titles,
            list(wrong.values()),
            STATES,
            what="errata",
            status="Fault",
        )
        return [
            controls,
            *(
                _section(key, items.sections(titles, inventory, held, key))
                for key, held in parts.items()
                if held
            ),
        ]

    def _item(
        self, name: str, entry: dict[str, Any], texts: dict[str, Any]
    ) -> items.Item:
        """Return an entry; what is said below "Correct:" comes later."""
        item = items.new(self.env, name, "erratum")
        kind = nodes.inline("", verdict(entry), classes=["dl-kind"])
        item[0] += [nodes.Text(" "), kind]
        for key, words in (
            ("prints", PRINTS[entry["origin"]]),
            ("correct", "Correct:"),
            ("why", "What is wrong:"),
            ("note", "Where it comes from:"),
        ):
            if key in texts:
                item += line(key, words, *texts[key])
        return item

    def _warn(self, message: str) -> None:
        logger.warning(message, location=self.get_location())

    def _prose(self, name: str, key: str, text: str) -> list[nodes.Node]:
        """Return a text of the inventory; only $ and ` mean something."""

        def warn(message: str) -> None:
            where = f"chapters/cheatsheet.yml: {name}: {key}"
            logger.warning(f"{where}: {message}")

        drawer = getattr(self.env.app, "dl_drawer", None)
        return list(prose(text, drawer, warn))


def part(entry: dict[str, Any]) -> str:
    """Return which part of the errata an entry belongs to."""
    if entry["origin"] == "copy":
        return "copy"
    return "incomplete" if entry["verdict"] == "incomplete" else "wrong"


def verdict(entry: dict[str, Any]) -> str:
    """Return "wrong as printed" and the like."""
    return f"{VERDICTS[entry['verdict']]} {WHERE[entry['origin']]}"


def line(key: str, words: str, *content: nodes.Node) -> nodes.paragraph:
    """Return a line of an entry: words in bold, and what they announce."""
    node = nodes.paragraph("", "", classes=[f"dl-{key}"])
    node += nodes.strong("", words)
    for child in content:
        if child is content[0]:
            node += nodes.Text(" ")
        node += child
    return node


def complete(
    app: Any, item: items.Item, found: borrow.Stated | None, here: str
) -> None:
    """Put the chapter's statement and its counterexamples in their places."""
    entry = app.env.dl_inventory[item["dl_id"]]
    item["dl_states"] = [part(entry)]
    by_class = {node["classes"][0]: node for node in item[1:]}
    right = by_class.get("dl-correct")
    if found is None:
        item["dl_states"].append("unwritten")
        if right is not None:
            words = " The chapter that derives it is not yet written."
            right += nodes.emphasis("", words)
        return
    if right is not None:
        item.remove(right)
    at = item.index(by_class["dl-prints"]) + 1
    statement = borrow.take(app, found, here)
    box = nodes.container("", *statement, classes=["dl-right"])
    item.insert(at, [line("correct", "Correct:"), box])
    if not found.refutations:
        return
    item["dl_states"].append("refuted")
    said: list[nodes.Node] = []
    for (anchor, number), says in found.refutations:
        if said:
            said.append(nodes.Text("; "))
        text = f"cell {number}"
        cell = borrow.link(app, here, found.docname, anchor, text)
        said += [nodes.Text(f"{says} ("), cell, nodes.Text(")")]
    after = by_class.get("dl-why")
    at = item.index(after) + 1 if after is not None else len(item)
    words = "Counterexample:" if len(said) == 3 else "Counterexamples:"
    item.insert(at, line("refutes", words, *said, nodes.Text(".")))


def prose(
    text: str, drawer: Any, warn: Callable[[str], None]
) -> Iterator[nodes.Node]:
    """Yield text, formulas and code; what KaTeX refuses is a warning."""
    end = 0
    for match in _MARKED.finditer(text):
        if match.start() > end:
            yield nodes.Text(text[end : match.start()])
        end = match.end()
        if match["code"]:
            yield nodes.literal("", match["code"])
            continue
        tex = match["tex"]
        answer = drawer(tex, display=False) if drawer else {}
        foreign = mathematics.FOREIGN.search(tex)
        if foreign or "error" in answer:
            reason = f"{foreign[0]} is not portable" if foreign else ""
            warn(f"{reason or answer['error']} in {tex!r}")
            yield nodes.literal("", tex)
        else:
            yield nodes.math("", tex)
    if "$" in text[end:] or "`" in text[end:]:
        warn(f"a $ or ` has no partner in {text[end:]!r}")
    yield nodes.Text(text[end:])


def _section(key: str, sections: Iterator[nodes.section]) -> nodes.section:
    """Return a part of the errata."""
    heading, holds = PARTS[key]
    lead = nodes.paragraph("", holds)
    node = nodes.section("", nodes.title("", heading), lead, *sections)
    node["ids"] = [f"errata-{key}"]
    node["classes"].append("dl-part")
    return node
