"""The page that a server shows for an address that leads nowhere.

It stands at any depth: where the site's address is known, its links begin
there, else they lead from the top of the site. It asks for no other file.
"""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sphinx import addnodes
from sphinx.application import Sphinx

from _ext.page import cite


def parts(app: Sphinx) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the parts of the book: caption, addresses and titles."""
    env = app.env
    found = []
    root = env.get_doctree(app.config.root_doc)
    for tree in root.findall(addnodes.toctree):
        pages = [
            (app.builder.get_target_uri(page), title or env.titles[page])
            for title, page in tree["entries"]
            if page in env.titles
        ]
        names = [
            (uri, name if isinstance(name, str) else name.astext())
            for uri, name in pages
        ]
        found.append((tree.get("caption") or "", names))
    return found


def page(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield the page."""
    icon = Path(app.srcdir) / "_static" / "favicon.svg"
    data = base64.b64encode(icon.read_bytes()).decode()
    context = {
        "title": "Not found",
        "dl_base": cite.base(app),
        "dl_icon": f"data:image/svg+xml;base64,{data}",
        "dl_parts": parts(app),
        "dl_root": app.builder.get_target_uri(app.config.root_doc),
    }
    yield "404", context, "404.html"


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the page to those of the book."""
    app.connect("html-collect-pages", page)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
