"""The verified cheat sheet and the errata: the sheet on one page each.

Both list entries of the inventory by section. While a page is read, an
entry's number and title, and for an erratum what the sheet prints, are put
down; when it is written, every chapter has been read, and the entry gets
its statement, its links and its marks.
"""

import html
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from _ext.lists import borrow
from _ext.notebook import records
from _ext.page import assets, mathematics
from _ext.page.statements import refuted

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
# The parts of the errata: heading, and what it holds.
PARTS = {
    "sheet": (
        "Misprints of the sheet",
        "What the sheet itself prints wrongly or incompletely.",
    ),
    "both": (
        "Misprints that the scan damaged further",
        (
            "The sheet is wrong or incomplete, and our copy of it has lost or "
            "changed something more. The note says which is whose."
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
    "checked": "✓ checked",
    "refuted": "✗ refuted as printed or scanned",
    "erratum": "wrong or incomplete on the sheet",
    "scan": "damaged in our copy",
    "unchecked": "written, no check",
    "unwritten": "not yet written",
}
FORM = """
<form class="dl-filter pst-js-only" aria-label="Filter the statements">
<label>Text <input type="search" name="q" autocomplete="off"></label>
<label>Section <select name="section">{sections}</select></label>
<label>Kind <select name="kind">{kinds}</select></label>
<label>Status <select name="status">{states}</select></label>
<button type="reset">Show all</button>
<output aria-live="polite">{count} of {count} entries</output>
</form>
"""
_MARKED = re.compile(r"\$(?P<tex>[^$]+)\$|`(?P<code>[^`]+)`")


class Item(nodes.General, nodes.Element):
    """One entry; `dl_id` says which, `dl_page` where it is listed."""


class Sheet(SphinxDirective):
    """List every entry by section; the lines give the sections' titles."""

    has_content = True
    option_spec: ClassVar = {}

    def run(self) -> list[nodes.Node]:
        """Return the controls and the sections."""
        borrow.depend(self.env)
        inventory = self.env.dl_inventory
        titles = _titles(self.content, inventory, self._warn)
        form = FORM.format(
            sections=_options({s: f"{s} {t}" for s, t in titles.items()}),
            kinds=_options(
                {k: k for k in sorted({e["kind"] for e in inventory.values()})}
            ),
            states=_options(STATES),
            count=len(inventory),
        )
        self.env.metadata[self.env.docname]["dl_filter"] = True
        controls = nodes.raw("", form, format="html")
        items = {name: _item(self.env, name, "sheet") for name in inventory}
        return [controls, *_sections(titles, inventory, items)]

    def _warn(self, message: str) -> None:
        logger.warning(message, location=self.get_location())


class Errata(Sheet):
    """List the entries that are not printed correctly, by their origin."""

    def run(self) -> list[nodes.Node]:
        """Return a part for each origin; no TeX of the file may fail."""
        borrow.depend(self.env)
        inventory = self.env.dl_inventory
        titles = _titles(self.content, inventory, self._warn)
        prose = {
            (name, key): self._prose(name, key, entry[key])
            for name, entry in inventory.items()
            for key in ("prints", "why", "note")
            if entry.get(key)
        }
        items: dict[str, dict[str, Item]] = {o: {} for o in records.ORIGINS}
        for name, entry in inventory.items():
            origin = entry.get("origin")
            if origin is None:
                continue
            item = items[origin][name] = _item(self.env, name, "erratum")
            item[0] += nodes.Text(" ")
            verdict = _verdict(entry)
            item[0] += nodes.inline("", verdict, classes=["dl-kind"])
            for key, words in (
                ("prints", PRINTS[origin]),
                ("why", "What is wrong:"),
                ("note", "Where it comes from:"),
            ):
                if (name, key) not in prose:
                    continue
                line = nodes.paragraph("", "", classes=[f"dl-{key}"])
                line += nodes.strong("", words)
                line += [nodes.Text(" "), *prose[name, key]]
                item += line
        return [
            _part(origin, list(_sections(titles, inventory, held, origin)))
            for origin, held in items.items()
            if held
        ]

    def _prose(self, name: str, key: str, text: str) -> list[nodes.Node]:
        """Return a text of the inventory; only $ and ` mean something."""

        def warn(message: str) -> None:
            where = f"chapters/cheatsheet.yml: {name}: {key}"
            logger.warning(f"{where}: {message}")

        drawer = getattr(self.env.app, "dl_drawer", None)
        return list(_prose(text, drawer, warn))


class Complete(SphinxPostTransform):
    """Give the entries what stands in the chapters."""

    default_priority = 2  # before references are resolved
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Complete every entry of the page."""
        items = list(self.document.findall(Item))
        if items:
            found = borrow.stated(self.app)
            for item in items:
                self.complete(item, found.get(item["dl_id"]))

    def complete(self, item: Item, found: borrow.Stated | None) -> None:
        """Add link, marks and statement, or say that there are none yet."""
        here, name = self.env.docname, item["dl_id"]
        inventory = self.env.dl_inventory
        entry = inventory[name]
        origin = entry.get("origin")
        states = {
            "sheet": ["erratum"],
            "both": ["erratum", "scan"],
            "copy": ["scan"],
        }.get(origin, [])
        head = item[0]
        marks = []
        if found is None:
            states.append("unwritten")
            if item["dl_page"] == "sheet":
                marks += _mark("not yet written", "none")
        else:
            title = head[0]
            label = title.astext()
            title.clear()
            title += borrow.link(self.app, here, found.docname, name, label)
            for cell, state, sign in (
                (found.checked, "checked", "✓ checked"),
                (found.refuted, "refuted", refuted(inventory, name)),
            ):
                if cell:
                    states.append(state)
                    text = f"{sign} in cell {cell[1]}"
                    mark = borrow.link(
                        self.app, here, found.docname, cell[0], text
                    )
                    marks += _mark(mark, state)
            if not found.checked:
                states.append("unchecked")
        if item["dl_page"] == "erratum":
            if not found or not found.refuted:
                marks += _mark("not yet refuted", "none")
            if found:
                item += nodes.paragraph(
                    "", "", nodes.strong("", "Correct:"), classes=["dl-right"]
                )
        elif origin and (page := self.env.dl_errata):
            anchor = f"erratum-{name}"
            text = _verdict(entry)
            marks += _mark(
                borrow.link(self.app, here, page, anchor, text), "refuted"
            )
        head += marks
        item["dl_states"] = states
        if found:
            item += borrow.take(self.app, found, here)


def visit_item(translator: Any, node: Item) -> None:
    """Open the box of an entry; the script filters by its attributes."""
    entry = translator.builder.env.dl_inventory[node["dl_id"]]
    tag = translator.starttag(
        node,
        "div",
        CLASS=f"dl-item dl-{node['dl_page']}",
        **{
            "data-section": entry["section"],
            "data-kind": entry["kind"],
            "data-status": " ".join(node["dl_states"]),
        },
    )
    translator.body.append(tag)


def depart_item(translator: Any, node: Item) -> None:
    """Close the box of an entry."""
    translator.body.append("</div>\n")


def find_errata(app: Sphinx, env: Any) -> list[str]:
    """Note which page holds the errata."""
    pages = [n for n, data in env.metadata.items() if "dl_errata" in data]
    env.dl_errata = pages[0] if pages else None
    return []


def add_script(app: Sphinx, docname: str, *context: Any) -> None:
    """Load the filter on pages that have something to filter."""
    if "dl_filter" in app.env.metadata.get(docname, {}):
        app.add_js_file("sheet.js", loading_method="defer")


def _item(env: Any, name: str, page: str) -> Item:
    entry = env.dl_inventory[name]
    head = nodes.paragraph("", "", classes=["dl-head"])
    head += nodes.strong("", f"{entry['number']} {entry['title']}")
    if page == "sheet":
        kind = nodes.inline("", entry["kind"], classes=["dl-kind"])
        head += [nodes.Text(" "), kind]
    else:
        env.metadata[env.docname]["dl_errata"] = True
    return Item("", head, ids=[f"{page}-{name}"], dl_id=name, dl_page=page)


def _verdict(entry: dict[str, Any]) -> str:
    """Return "wrong as printed" and the like."""
    return f"{VERDICTS[entry['verdict']]} {WHERE[entry['origin']]}"


def _part(origin: str, sections: list[nodes.section]) -> nodes.section:
    """Return the part of the errata that one origin is to blame for."""
    heading, holds = PARTS[origin]
    lead = nodes.paragraph("", holds)
    node = nodes.section("", nodes.title("", heading), lead, *sections)
    node["ids"] = [f"errata-{origin}"]
    return node


def _sections(
    titles: dict[str, str],
    inventory: dict[str, Any],
    items: dict[str, Item],
    part: str = "section",
) -> Iterator[nodes.section]:
    """Yield the sections of the sheet that hold one of the items."""
    for section, title in titles.items():
        held = [
            item
            for name, item in items.items()
            if inventory[name]["section"] == section
        ]
        if held:
            anchor = f"{part}-{section.replace('.', '-')}"
            heading = nodes.title("", f"{section} {title}")
            node = nodes.section("", heading, *held, ids=[anchor])
            node["classes"].append("dl-section")
            yield node


def _titles(
    lines: Any, inventory: dict[str, Any], warn: Callable[[str], None]
) -> dict[str, str]:
    """Read "11.3 Gradient descent" and the like; no section may miss."""
    given = [line.split(maxsplit=1) for line in lines if line.strip()]
    titles = {line[0]: line[-1] for line in given}
    sections = list(dict.fromkeys(e["section"] for e in inventory.values()))
    for section in titles.keys() ^ set(sections):
        warn(f"section {section} stands in one of page and inventory only")
    return {s: titles[s] for s in sections if s in titles}


def _options(values: dict[str, str]) -> str:
    found = ['<option value="">all</option>']
    for value, text in values.items():
        value, text = html.escape(value), html.escape(text)
        found.append(f'<option value="{value}">{text}</option>')
    return "".join(found)


def _mark(what: str | nodes.Node, kind: str) -> list[nodes.Node]:
    node = nodes.Text(what) if isinstance(what, str) else what
    classes = ["dl-mark", f"dl-{kind}"]
    return [nodes.Text(" "), nodes.inline("", "", node, classes=classes)]


def _prose(
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


def setup(app: Sphinx) -> dict[str, Any]:
    """Register directives, entries and the script."""
    app.add_node(Item, html=(visit_item, depart_item))
    app.add_directive("cheatsheet", Sheet)
    app.add_directive("errata", Errata)
    app.add_post_transform(Complete)
    script = Path(__file__).with_name("sheet.js")
    app.connect("builder-inited", partial(assets.copy, file=script))
    app.connect("env-updated", find_errata)
    app.connect("html-page-context", add_script)
    return {
        "version": "1",
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
