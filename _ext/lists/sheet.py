"""The verified cheat sheet: the sheet on one page, and on four of paper.

It lists the entries of the inventory by section. While the page is read,
an entry's number and title are put down; when it is written, every chapter
has been read, and the entry gets its statement, its links and its marks.
There are two views of one list: a dense one in columns, which is also the
one for paper, and a long one; `dense.css` and `paper.css` beside this file
make the first.
"""

import re
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from _ext.lists import borrow, errata, items
from _ext.page import assets
from _ext.page.statements import refuted

logger = logging.getLogger(__name__)

HERE = Path(__file__).parent
STATES = {
    "checked": "✓ checked",
    "refuted": "✗ refuted as printed or scanned",
    "erratum": "wrong or incomplete on the sheet",
    "scan": "damaged in our copy",
    "unchecked": "written, no check",
    "unwritten": "not yet written",
}
BY_ORIGIN = {
    "sheet": ["erratum"],
    "both": ["erratum", "scan"],
    "copy": ["scan"],
}
# Where the rules of each view hold.
WHEN = {"dense": "print, (min-width: 1100px)", "paper": "print"}
EXAM = """
<div class="dl-exam pst-js-only">
<button type="button" class="dl-view" aria-pressed="false">Long view</button>
<button type="button" class="dl-open" aria-expanded="false"
 aria-controls="exam-sheet">Make your exam sheet</button>
<div id="exam-sheet" role="group" aria-label="Your exam sheet" hidden>
<p>Tick statements, or whole sections: they are set on the two sides of a
sheet of A4. The address holds your choice.</p>
<label>Side 1 <meter min="0" max="1" value="0"></meter></label>
<label>Side 2 <meter min="0" max="1" value="0"></meter></label>
<label>Font size <select>{sizes}</select></label>
<button type="button" class="dl-print">Print</button>
<button type="button" class="dl-link">Copy the link</button>
<button type="button" class="dl-clear">Clear</button>
<output aria-live="polite"></output>
</div>
</div>
"""
SIZES = ("7", "7.5", "8", "8.5", "9")
# Before the page is drawn, so that nothing moves.
EARLY = (
    '{let v=new URLSearchParams(location.search).get("view");'
    "try{v??=localStorage.dlView}catch{}"
    'if(v=="long")document.documentElement.dataset.sheet=v}'
)
_STOP = re.compile(
    r"(?:[.!?…]|\\[lc]?dots)(?:\s|[)}]|\\[,;: ]|\\end\{\w+\})*$"
)
_ROWS = re.compile(r"\\begin\{(?:align|aligned|cases|split|gather)")
_GOES_ON = re.compile(r"\s*(?:Then\b|[a-z(])")


class Sheet(SphinxDirective):
    """List every entry by section; the lines give the sections' titles."""

    has_content = True
    option_spec: ClassVar = {}

    def run(self) -> list[nodes.Node]:
        """Return the controls and the sections."""
        borrow.depend(self.env)
        inventory = self.env.dl_inventory
        titles = items.titles(self.content, inventory, self._warn)
        sizes = "".join(f"<option value={s}>{s} pt</option>" for s in SIZES)
        controls = items.form(
            titles,
            list(inventory.values()),
            STATES,
            what="statements",
            status="Status",
        )
        self.env.metadata[self.env.docname]["dl_filter"] = True
        self.env.metadata[self.env.docname]["dl_exam"] = True
        entries = {n: items.new(self.env, n, "sheet") for n in inventory}
        return [
            *(self._style(name, media) for name, media in WHEN.items()),
            controls,
            nodes.raw("", EXAM.format(sizes=sizes), format="html"),
            *items.sections(titles, inventory, entries),
        ]

    def _style(self, name: str, media: str) -> nodes.raw:
        """Return the rules of a view; scripts change where they hold."""
        path = HERE / f"{name}.css"
        self.env.note_dependency(path)
        rules = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"))
        rules = " ".join(rules.split())
        text = f'<style id="dl-{name}" media="{media}">{rules}</style>'
        return nodes.raw("", text, format="html")

    def _warn(self, message: str) -> None:
        logger.warning(message, location=self.get_location())


class Complete(SphinxPostTransform):
    """Give the entries what stands in the chapters."""

    default_priority = 2  # before references are resolved
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Complete every entry of the page."""
        entries = list(self.document.findall(items.Item))
        if not entries:
            return
        page = next(self.document.findall(nodes.section))
        page["classes"].append(f"dl-{entries[0]['dl_page']}s")
        found = borrow.stated(self.app)
        for item in entries:
            self.complete(item, found.get(item["dl_id"]))

    def complete(self, item: items.Item, found: borrow.Stated | None) -> None:
        """Add link, marks and statement, or say that there are none yet."""
        here, name = self.env.docname, item["dl_id"]
        inventory = self.env.dl_inventory
        head = item[0]
        on_sheet = item["dl_page"] == "sheet"
        states = []
        if found is None:
            states.append("unwritten")
            if on_sheet:
                head += items.mark("not yet written", "none")
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
                    head += items.mark(self.sign(found, cell, sign), state)
            if not found.checked:
                states.append("unchecked")
        if not on_sheet:
            if not found or not found.refuted:
                head += items.mark("not yet refuted", "none")
            errata.complete(self.app, item, found, here)
            return
        entry = inventory[name]
        origin = entry.get("origin")
        if origin and (page := self.env.dl_errata):
            link = borrow.link(
                self.app,
                here,
                page,
                f"erratum-{name}",
                errata.verdict(entry),
            )
            head += items.mark(link, "refuted")
        item["dl_states"] = [*BY_ORIGIN.get(origin, []), *states]
        if found:
            content = borrow.take(self.app, found, here)
            for node in content[lead(content) :]:
                node["classes"].append("dl-more")
            for node in content:
                if isinstance(node, nodes.math_block) and rows(node.astext()):
                    node["classes"].append("dl-rows")
            item += content

    def sign(
        self, found: borrow.Stated, cell: borrow.Cell, words: str
    ) -> nodes.reference:
        """Return ✓ or ✗ as a link to a cell, with its words."""
        sign, rest = words[0], words[1:]
        here = self.env.docname
        link = borrow.link(self.app, here, found.docname, cell[0], sign)
        rest = f"{rest} in cell {cell[1]}"
        link += nodes.inline("", rest, classes=["dl-words"])
        return link


def lead(content: list[nodes.Node]) -> int:
    """Return how many of a statement's blocks the dense view shows.

    It shows whole sentences with their assumptions, up to the end of the
    one that has the first displayed formula; where no formula is displayed,
    it shows the first block that ends with a sentence.
    """
    formulas = any(isinstance(node, nodes.math_block) for node in content)
    shown = False
    for place, node in enumerate(content):
        shown |= isinstance(node, nodes.math_block)
        after = content[place + 1].astext() if node != content[-1] else ""
        ends = _STOP.search(node.astext()) and not _GOES_ON.match(after)
        if ends and (shown or not formulas):
            return place + 1
    return len(content)


def rows(tex: str) -> bool:
    """Say whether a display has several lines, which stand by themselves."""
    return bool(_ROWS.search(tex)) or (r"\\" in tex and r"\begin" not in tex)


def visit_item(translator: Any, node: items.Item) -> None:
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


def depart_item(translator: Any, node: items.Item) -> None:
    """Close the box of an entry."""
    translator.body.append("</div>\n")


def find_errata(app: Sphinx, env: Any) -> list[str]:
    """Note which page holds the errata."""
    pages = [n for n, data in env.metadata.items() if "dl_errata" in data]
    env.dl_errata = pages[0] if pages else None
    return []


def add_script(app: Sphinx, docname: str, *context: Any) -> None:
    """Load the scripts on the pages that have something for them."""
    data = app.env.metadata.get(docname, {})
    if "dl_filter" in data:
        app.add_js_file("sheet.js", loading_method="defer")
    if "dl_exam" in data:
        app.add_js_file(None, body=EARLY)
        app.add_js_file("exam.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register directives, entries and the scripts."""
    app.add_node(items.Item, html=(visit_item, depart_item))
    app.add_directive("cheatsheet", Sheet)
    app.add_directive("errata", errata.Errata)
    app.add_post_transform(Complete)
    for name in ("sheet.js", "exam.js"):
        copy = partial(assets.copy, file=HERE / name)
        app.connect("builder-inited", copy)
    app.connect("env-updated", find_errata)
    app.connect("html-page-context", add_script)
    return {
        "version": "1",
        "env_version": 2,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
