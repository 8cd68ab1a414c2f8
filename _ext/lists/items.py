"""What the cheat sheet and the errata are made of: entries by section.

An entry is put down with its number and its title while the page is read;
`complete` gives it the rest when every chapter has been read.
"""

import html
from collections.abc import Callable, Iterator
from typing import Any

from docutils import nodes

# A narrow screen folds it, unless the address filters: entries come first.
FORM = """
<details class="dl-find pst-js-only" open><summary>Filter the {what}</summary>
<form class="dl-filter" aria-label="Filter the {what}">
<label>Text <input type="search" name="q" autocomplete="off"></label>
<label>Section <select name="section">{sections}</select></label>
<label>Kind <select name="kind">{kinds}</select></label>
<label>{status} <select name="status">{states}</select></label>
<button type="reset">Show all</button>
<output aria-live="polite">{count} of {count} entries</output>
<p class="dl-near" hidden></p>
</form>
</details>
"""


class Item(nodes.General, nodes.Element):
    """One entry; `dl_id` says which, `dl_page` where it is listed."""


def new(env: Any, name: str, page: str) -> Item:
    """Return the entry of a page, with its number and its title."""
    entry = env.dl_inventory[name]
    head = nodes.paragraph("", "", classes=["dl-head"])
    head += nodes.strong("", f"{entry['number']} {entry['title']}")
    if page == "sheet":
        kind = nodes.inline("", entry["kind"], classes=["dl-kind"])
        head += [nodes.Text(" "), kind]
    return Item("", head, ids=[f"{page}-{name}"], dl_id=name, dl_page=page)


def form(
    titles: dict[str, str],
    entries: list[dict[str, Any]],
    states: dict[str, str],
    *,
    what: str,
    status: str,
) -> nodes.raw:
    """Return the controls that filter the entries."""
    kinds = sorted({entry["kind"] for entry in entries})
    held = {entry["section"] for entry in entries}
    text = FORM.format(
        what=what,
        status=status,
        sections=options(
            {s: f"{s} {t}" for s, t in titles.items() if s in held}
        ),
        kinds=options({kind: kind for kind in kinds}),
        states=options(states),
        count=len(entries),
    )
    return nodes.raw("", text, format="html")


def sections(
    titles: dict[str, str],
    inventory: dict[str, Any],
    entries: dict[str, Item],
    part: str = "section",
) -> Iterator[nodes.section]:
    """Yield the sections of the sheet that hold one of the items."""
    for section, title in titles.items():
        held = [
            item
            for name, item in entries.items()
            if inventory[name]["section"] == section
        ]
        if held:
            anchor = f"{part}-{section.replace('.', '-')}"
            heading = nodes.title("", f"{section} {title}")
            node = nodes.section("", heading, *held, ids=[anchor])
            node["classes"].append("dl-section")
            yield node


def titles(
    lines: Any, inventory: dict[str, Any], warn: Callable[[str], None]
) -> dict[str, str]:
    """Read "11.3 Gradient descent" and the like; no section may miss."""
    given = [line.split(maxsplit=1) for line in lines if line.strip()]
    found = {line[0]: line[-1] for line in given}
    order = list(dict.fromkeys(e["section"] for e in inventory.values()))
    for section in found.keys() ^ set(order):
        warn(f"section {section} stands in one of page and inventory only")
    return {s: found[s] for s in order if s in found}


def options(values: dict[str, str]) -> str:
    """Return the options of a select, with one for all of them."""
    found = ['<option value="">all</option>']
    for value, text in values.items():
        value, text = html.escape(value), html.escape(text)
        found.append(f'<option value="{value}">{text}</option>')
    return "".join(found)


def mark(what: str | nodes.Node, kind: str) -> list[nodes.Node]:
    """Return a mark and the space before it."""
    node = nodes.Text(what) if isinstance(what, str) else what
    classes = ["dl-mark", f"dl-{kind}"]
    return [nodes.Text(" "), nodes.inline("", "", node, classes=classes)]
