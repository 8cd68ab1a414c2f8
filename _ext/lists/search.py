"""The search: an index of what a reader looks for, by number, name and words.

`_static/search.js` loads it when a search begins, as a script, so that it
works without a server, and before it `find.js` and MiniSearch, taken from
`node_modules`, which ranks. The page of results and the index of terms are
made here, too.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from _ext.lists import terms
from _ext.lists.hits import Hit, collect
from _ext.page import assets

INDEX = "search-index.js"
ENGINE = "minisearch.js"
ELSEWHERE = "chapters/elsewhere.yml"
FIND = Path(__file__).with_name("find.js")


def index(app: Sphinx) -> str:
    """Return the script that hands the index to `search.js`.

    `drawn` are the pages whose statements can be shown with their formulas.
    """
    static = Path(app.outdir) / "_static" / "previews"
    if not hasattr(app, "dl_index"):
        found = collect(app)
        docs = list(dict.fromkeys(hit.docname for hit in found))
        number = {docname: place for place, docname in enumerate(docs)}
        rows = []
        for hit in found:
            row = [
                hit.kind,
                number[hit.docname],
                hit.anchor,
                hit.id if hit.id != hit.anchor else "",
                hit.number,
                hit.title,
                hit.label,
                hit.marks,
                hit.says,
                list(hit.aliases),
                hit.words,
                hit.wrong,
            ]
            while not row[-1]:
                row.pop()
            rows.append(row)
        titles = app.env.titles
        pages = [
            [name, app.builder.get_target_uri(name), titles[name].astext()]
            for name in docs
        ]
        app.dl_index = {
            "pages": pages,
            "hits": rows,
            "elsewhere": elsewhere(app),
        }
    drawn = [
        name
        for name, _, _ in app.dl_index["pages"]
        if (static / f"{name.replace('/', '-')}.js").exists()
    ]
    data = {**app.dl_index, "drawn": drawn}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"dlIndex({text});\n"


def elsewhere(app: Sphinx) -> list[list[list[str]]]:
    """Return terms that the sheet does not have, with what comes nearest."""
    path = Path(app.srcdir) / ELSEWHERE
    if not path.exists():
        return []
    entries = yaml.safe_load(path.read_text("utf-8"))
    return [[entry["terms"], entry["nearest"]] for entry in entries]


def engine(app: Sphinx) -> str:
    """Return MiniSearch with its licence."""
    folder = Path(app.srcdir) / "node_modules" / "minisearch"
    script = folder / "dist" / "umd" / "index.js"
    if not script.exists():
        raise ExtensionError("MiniSearch is missing; `make book` installs it")
    licence = (folder / "LICENSE.txt").read_text("utf-8").strip()
    code = script.read_text("utf-8")
    code = re.sub(r"^//# sourceMappingURL=.*$", "", code, flags=re.M)
    return f"/* MiniSearch\n\n{licence}\n*/\n{code}"


def start(app: Sphinx) -> None:
    """Leave Sphinx's own search out: no index of it is made."""
    if app.builder.format == "html":
        app.builder.search = False


def name_files(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: Any,
) -> None:
    """Tell a page what the index is called, by its content.

    Names stand there without their folder, but for the script that has the
    classes of results: no style sheet has to serve the words of the index.
    """
    if app.builder.format != "html":
        return
    if not hasattr(app, "dl_search_files"):
        made = {INDEX: index(app), ENGINE: engine(app)}
        made[FIND.name] = FIND.read_text("utf-8")
        app.dl_search_files = {
            name: hashlib.sha256(text.encode()).hexdigest()[:10]
            for name, text in made.items()
        }
    for key, name in (("dl_search", INDEX), ("dl_engine", ENGINE)):
        context[key] = f"{name}?v={app.dl_search_files[name]}"
    where = context["pathto"](f"_static/{FIND.name}", 1)
    context["dl_find"] = f"{where}?v={app.dl_search_files[FIND.name]}"
    if pagename == "genindex":
        context["dl_terms"] = terms.letters(collect(app))
        context["dl_hit_address"] = lambda hit: address(context, hit)


def address(context: dict[str, Any], hit: Hit) -> str:
    """Return the address of a hit as seen from the page being written."""
    uri = context["pathto"](hit.docname)
    uri = "" if uri == "#" else uri
    return f"{uri}#{hit.anchor}" if hit.anchor else uri


def page(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield the page of the search."""
    yield "search", {"title": "Search"}, "search.html"


def write(app: Sphinx, error: Exception | None) -> None:
    """Write what the search loads, after all else is there or swept."""
    if error is not None or app.builder.format != "html":
        return
    if not hasattr(app, "dl_search_files"):
        return  # no page was written
    static = Path(app.outdir) / "_static"
    for name, text in ((INDEX, index(app)), (ENGINE, engine(app))):
        (static / name).write_text(text, "utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register everything with Sphinx."""
    app.connect("builder-inited", partial(assets.copy, file=FIND))
    app.connect("builder-inited", start)
    app.connect("html-collect-pages", page)
    app.connect("html-page-context", name_files)
    app.connect("build-finished", write, priority=990)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
