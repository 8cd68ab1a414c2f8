"""Previews: what a link leads to, ready to be shown in a card beside it.

Of each page the statements, equations, figures, exercises and references are
written, cleared of what a card has no use for, into a script of their own,
`_static/previews/<page>.js`. `previews.js` loads it when a reader rests on a
link; the search shows the same. A card is read where it stands: it has no
links, ids or stops of the keyboard.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

MOST = 4  # blocks that follow a number outside a box
LONG = 30_000  # characters of a drawing that a card can do without

# What has a card, by its opening tag: a box, or a line whose text follows. A
# box without a number has its id on its title.
WHOLE = re.compile(
    r'<(?:div|details) class="(?:proof (?!admonition")|exercise |citation"'
    r"|math )[^>]*?"
    r'\bid="(?!proof-of-)([^"]+)"[^>]*>'
    r'|<figure\b[^>]*?\bid="([^"]+)"[^>]*>'
    r'|<(?:div|details) class="proof (?!admonition")[^>]*>\s*'
    r'<(?:p|summary) class="admonition-title"[^>]*?\bid="([^"]+)"[^>]*>'
)
LINE = re.compile(r'<p class="dl-entry" id="([^"]+)"[^>]*>')
NEXT = re.compile(
    r"\s*(?:<!--.*?-->\s*)*<"
    r'(?!section|h\d|div class="(?:cell|proof|exercise|solution))'
    r"(\w+)\b[^>]*>",
    re.S,
)

# What a card has no use for: whole elements, tags, attributes.
ELEMENTS = re.compile(
    r'<(?:(a) class="headerlink|(span) class="dl-mark|(script|form|button)\b'
    r'|(svg)\b|(details) class="(?:hide|solution))'
)
TAGS = re.compile(r"</?a\b[^>]*>")
ATTRIBUTES = re.compile(
    r" (?:id|tabindex|aria-(?:controls|describedby|details|labelledby))"
    r'="[^"]*"'
)
FOLD = re.compile(r"<details(?: open)?(?: open=\"\")?(?=[ >])")
TITLE = re.compile(
    r'<(p|summary) class="admonition-title"[^>]*>(.*?)</\1>', re.S
)


def cards(body: str) -> dict[str, str]:
    """Return what a page has to show, by anchor."""
    found = {}
    for match in WHOLE.finditer(body):
        name = match[1] or match[2] or match[3]
        found[name] = clean(body[match.start() : end(body, match.start())])
    for match in LINE.finditer(body):
        parts = [body[match.start() : end(body, match.start())]]
        parts += following(body, end(body, match.start()))
        found[match[1]] = clean("".join(parts))
    return found


def end(body: str, start: int) -> int:
    """Return where the element ends that begins at `start`."""
    name = re.compile(r"<(\w+)").match(body, start)
    if name is None:
        raise ValueError(
            f"no element begins with {body[start : start + 30]!r}"
        )
    depth = 0
    for tag in re.compile(rf"<(/?){name[1]}\b").finditer(body, start):
        depth += -1 if tag[1] else 1
        if depth == 0:
            return body.index(">", tag.end()) + 1
    return len(body)


def following(body: str, place: int) -> Iterator[str]:
    """Yield the text that belongs to a number: up to the next one.

    Numbers that stand one below the other have the text in common.
    """
    count = 0
    while count < MOST and (match := NEXT.match(body, place)):
        start = match.start() + match[0].rindex(f"<{match[1]}")
        if LINE.match(body, start):
            if count:
                return
            place = end(body, start)
            continue
        place = end(body, start)
        count += 1
        yield body[start:place]


def clean(text: str) -> str:
    """Return a piece of a page as a card shows it."""
    kept, place = [], 0
    while match := ELEMENTS.search(text, place):
        kept.append(text[place : match.start()])
        place = end(text, match.start())
        if match[4] and place - match.start() < LONG:
            kept.append(text[match.start() : place])
    text = "".join([*kept, text[place:]])
    text = TAGS.sub("", text)
    if "<svg" not in text:
        text = ATTRIBUTES.sub("", text)
    text = FOLD.sub("<details open", text)
    return TITLE.sub(r'<p class="dl-preview-title">\2</p>', text, count=1)


def write(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Write the cards of a page; addresses of pictures begin at the root."""
    if app.builder.format != "html" or doctree is None:
        return
    found = cards(context.get("body", ""))
    up = context["pathto"]("", 1)
    data = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    data = data.replace(f'src=\\"{up}_images/', 'src=\\"_images/')
    folder = Path(app.outdir) / "_static" / "previews"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{pagename.replace('/', '-')}.js"
    path.write_text(f"dlPreviews({json.dumps(pagename)},{data});\n", "utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the cards of each page once its text is as it will be."""
    app.connect("html-page-context", write, priority=950)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
