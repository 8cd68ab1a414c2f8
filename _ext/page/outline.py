"""Statements in the outline of a page, and how to report an error in one.

A title is a heading for those who hear the page, one level below that of its
section, and stands in the page's contents. Where the address of the book's
repository is known, a link beside the title opens an issue that names
statement, version and place.
"""

import html
import re
from typing import Any
from urllib.parse import urlencode

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

from _ext.page import cite

# A heading, or the title of a statement; a level for the second.
PLACES = re.compile(
    r"<h(?P<level>[1-6])\b|"
    r'<div class="proof (?!admonition)[^"]*"(?: id="(?P<id>[^"]+)")?>'
    r'\s*(?P<title><p class="admonition-title")(?P<rest>[^>]*>.*?)</p>',
    re.DOTALL,
)


def list_statements(app: Sphinx, doctree: nodes.document) -> None:
    """Put the statements of a page below its sections in the contents."""
    env = app.env
    items = {
        link["anchorname"].lstrip("#"): link.parent.parent
        for link in env.tocs[env.docname].findall(nodes.reference)
    }
    inventory = env.dl_inventory
    for box in list(doctree.findall(nodes.Element)):
        if "realtype" not in box or box["label"] not in inventory:
            continue
        section = box.parent
        while section is not None and not isinstance(section, nodes.section):
            section = section.parent
        item = section and items.get(section["ids"][0])
        if not item or section.parent is doctree:
            item = items.get("") if item is None else item
        if item is None:
            continue
        entry = inventory[box["label"]]
        link = nodes.reference(
            "", f"{entry['number']} {entry['title']}", internal=True,
            refuri=env.docname, anchorname=f"#{box['label']}",
        )  # fmt: skip
        line = addnodes.compact_paragraph("", "", link)
        lists = [n for n in item.children if isinstance(n, nodes.bullet_list)]
        if not lists:
            lists = [nodes.bullet_list("")]
            item += lists[0]
        at = sum("dl_statement" in n for n in lists[0].children)
        lists[0].insert(at, nodes.list_item("", line, dl_statement=True))


def outline(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Make headings of the titles, and put the links beside them."""
    body = context.get("body")
    if not body or doctree is None:
        return
    level = 1
    inventory = app.env.dl_inventory
    address = Report(app, pagename)

    def change(match: re.Match[str]) -> str:
        nonlocal level
        if match["level"]:
            level = int(match["level"])
            return match[0]
        whole, start = match[0], match.start()
        cut = match.start("title") - start
        end = match.end("title") - start
        rank = f' role="heading" aria-level="{min(level + 1, 6)}"'
        entry = inventory.get(match["id"])
        link = address(match["id"], entry) if entry else ""
        return f"{whole[:cut]}{whole[cut:end]}{rank}{match['rest']}</p>{link}"

    context["body"] = PLACES.sub(change, body)


class Report:
    """The link that reports an error in a statement of a page."""

    def __init__(self, app: Sphinx, pagename: str):
        kept = app.dl_repository
        self.issues = f"{kept.url}/issues/new" if kept else ""
        self.commit = kept.commit[:7] if kept else ""
        uri = app.builder.get_target_uri(pagename)
        self.page = f"{cite.base(app)}{uri}" if kept else ""

    def __call__(self, name: str, entry: dict[str, Any]) -> str:
        """Return the link, or nothing where no repository is known."""
        if not self.issues:
            return ""
        number, title = entry["number"], entry["title"]
        text = (
            f"Statement: {number} {title}\nPage: {self.page}#{name}\n"
            f"Version: {self.commit}\n\nWhat is wrong:\n"
        )
        query = urlencode({"title": f"{number} {title}: ", "body": text})
        words = f"Report an error in {number}"
        return (
            f'<a class="dl-report" href="{html.escape(self.issues)}?'
            f'{html.escape(query)}" aria-label="{words}" title="{words}">'
            "Report</a>"
        )


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the outline; contents are complete before it."""
    app.connect("doctree-read", list_statements, priority=600)
    app.connect("html-page-context", outline, priority=700)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
