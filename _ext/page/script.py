"""One script for the site: what every page loads, joined.

The scripts of `_static` are joined in the order of their names. Each keeps
its names to itself, and one that fails does not take the others with it.
Scripts that some pages ask for stay files of their own.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx

NAME = "site.js"
BARE = re.compile(r"^\s*//.*$|^\s+", re.M)  # a page is light
# What scripts ask for when a reader needs it, and no page names.
LATER = ("previews/", "tex/")


def join(root: Path) -> str:
    """Return the scripts of a tree as one."""
    parts = []
    for path in sorted((root / "_static").glob("*.js")):
        text = BARE.sub("", path.read_text("utf-8")).strip()
        parts.append(f"try {{\n{text}\n}} catch (e) {{ reportError(e); }}\n")
    return "".join(parts)


def names(root: Path) -> set[str]:
    """Return the scripts that are joined, as pages would name them."""
    return {f"_static/{path.name}" for path in (root / "_static").glob("*.js")}


def start(app: Sphinx) -> None:
    """Write the script, before the pages name it with its checksum."""
    if app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    static.mkdir(parents=True, exist_ok=True)
    (static / NAME).write_text(join(Path(app.srcdir)), "utf-8")
