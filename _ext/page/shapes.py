"""Shapes that formulas draw more than once stand once on a page.

The root of a square root is a drawing of six hundred characters. Its first
one on a page has a name, the others point to it.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

# A drawing that KaTeX stretches. A page needs no name space for it.
SHAPE = re.compile(
    r'<svg xmlns="[^"]*"([^>]*preserveAspectRatio="xM[^>]*>)'
    r'<path d="([^"]*)"\s*(?:/>|></path>)'
)
SHORT = 60  # characters: what is shorter than a link to it stays


def share(body: str) -> str:
    """Return a page in which each long shape stands once."""
    names: dict[str, str] = {}

    def once(match: re.Match[str]) -> str:
        svg, path = match.groups()
        if path in names:
            return f'<svg{svg}<use href="#{names[path]}"/>'
        if len(path) < SHORT:
            return f'<svg{svg}<path d="{path}"/>'
        names[path] = f"dl-shape-{len(names)}"
        return f'<svg{svg}<path id="{names[path]}" d="{path}"/>'

    return SHAPE.sub(once, body)


def change(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Share the shapes of a page; its cards have been taken from it."""
    if app.builder.format == "html" and context.get("body"):
        context["body"] = share(context["body"])


def setup(app: Sphinx) -> dict[str, Any]:
    """Change pages behind all that takes pieces from them."""
    app.connect("html-page-context", change, priority=960)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
