"""Write the readers' copies with the site, and lead its buttons to them."""

import json
import posixpath
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.errors import NoUri
from sphinx.util import logging

from _ext.copies import address, reader
from _ext.notebook import execute, records

logger = logging.getLogger(__name__)

FOLDER = "notebooks"  # of the site, and the branch that Colab reads
BADGE = reader.TEMPLATE.with_name("colab.svg")
DOWNLOAD = "download-source-button"  # the theme's


class Links:
    """What the site says, for one notebook."""

    def __init__(self, app: Sphinx, docname: str, base: str):
        self.app, self.env = app, app.env
        self.docname, self.base = docname, base
        self.amsmath = 0

    def address(self, uri: str) -> str:
        """Return the address of what the page calls `uri`."""
        here = self.app.builder.get_target_uri(self.docname)
        if uri.startswith("#"):
            uri = posixpath.basename(here) + uri
        if "://" in uri:
            return uri
        return self.base + posixpath.normpath(
            posixpath.join(posixpath.dirname(here), uri)
        )

    def page(self, docname: str, fragment: str = "") -> str:
        """Return the address of a page, or of a place on it."""
        uri = self.base + self.app.builder.get_target_uri(docname)
        return f"{uri}#{fragment}" if fragment else uri

    def link(self, role: str, target: str, text: str | None) -> str | None:
        """Return a link; role "" is one of Markdown, its target a path."""
        if not role and not target.startswith("#"):
            return self._to_file(target, text)
        if role == "cite":  # sphinxcontrib-bibtex's short form
            role = "cite:p"
        domain, _, kind = role.rpartition(":")
        if not role:
            target = target[1:]
        elif domain not in ("", "cite", "prf", "std"):
            return None
        places = getattr(self.env, "dl_places", {})
        asked = not role or domain == "prf" or role in ("ref", "numref")
        if asked and target in places:
            docname, words = places[target]
            return f"[{text or words}]({self.page(docname, target)})"
        exercises = getattr(self.env, "sphinx_exercise_registry", {})
        if asked and target in exercises:
            words = "Exercise" if domain == "prf" else self.exercise(target)
            where = self.page(exercises[target]["docname"], target)
            return f"[{text or words}]({where})"
        equations = self.env.get_domain("math").equations
        if kind == "eq" and equations.get(target, ("",))[0] == self.docname:
            return f"({self.equation(target)})"
        if not role:
            return self._to_label(target, text)
        return self._to_object(domain or "std", kind, target, text)

    def image(self, path: str) -> str | None:
        """Return the address of a picture."""
        folder = posixpath.dirname(self.docname)
        found = posixpath.normpath(posixpath.join(folder, unquote(path)))
        if found not in self.env.images:
            return None
        return f"{self.base}_images/{self.env.images[found][1]}"

    def equation(self, label: str | None) -> str | None:
        """Return the number that the page shows beside an equation."""
        if label is None:
            self.amsmath += 1
            label = f"amsmath-{self.amsmath}"
        return self._number("displaymath", nodes.make_id(f"equation-{label}"))

    def exercise(self, label: str) -> str | None:
        """Return "Exercise 3"."""
        exercises = getattr(self.env, "sphinx_exercise_registry", {})
        if label not in exercises:
            return None
        docname = exercises[label]["docname"]
        number = self._number("exercise", label, docname)
        return f"Exercise {number}" if number else "Exercise"

    def entry(self, name: str) -> dict[str, Any] | None:
        """Return an entry of the sheet."""
        return self.env.dl_inventory.get(name)

    def _number(
        self, kind: str, name: str, docname: str | None = None
    ) -> str | None:
        numbers = self.env.toc_fignumbers.get(docname or self.docname, {})
        found = numbers.get(kind, {}).get(name)
        return ".".join(map(str, found)) if found else None

    def _to_file(self, target: str, text: str | None) -> str | None:
        path, _, fragment = target.partition("#")
        folder = posixpath.dirname(self.docname)
        path = posixpath.normpath(posixpath.join(folder, unquote(path)))
        docname, suffix = posixpath.splitext(path)
        if (
            suffix not in (".md", ".ipynb", "")
            or docname not in self.env.titles
        ):
            return None
        words = text or markdown(self.env.titles[docname], self)
        return f"[{words}]({self.page(docname, fragment)})"

    def _to_label(self, target: str, text: str | None) -> str | None:
        std = self.env.get_domain("std")
        if target in std.labels:
            docname, anchor, words = std.labels[target]
            return f"[{text or words}]({self.page(docname, anchor)})"
        if target in std.anonlabels and text:
            docname, anchor = std.anonlabels[target]
            return f"[{text}]({self.page(docname, anchor)})"
        return self._to_object("math", "eq", target, text)

    def _to_object(
        self, domain: str, kind: str, target: str, text: str | None
    ) -> str | None:
        """Let a domain of Sphinx resolve a reference, as on the page."""
        if (domain, kind) == ("std", "eq"):
            domain = "math"
        inner = nodes.inline("", text or target)
        node = addnodes.pending_xref(
            "",
            inner.deepcopy(),
            refdoc=self.docname,
            refdomain=domain,
            refexplicit=text is not None,
            reftarget=target,
            reftype=kind,
        )
        try:
            found = self.env.get_domain(domain).resolve_xref(
                self.env,
                self.docname,
                self.app.builder,
                kind,
                target,
                node,
                inner,
            )
        except NoUri:
            return None
        return None if found is None else markdown(found, self)


def markdown(node: nodes.Node, links: Links) -> str:
    """Return a line of a page as Markdown."""
    if isinstance(node, nodes.Text):
        return str(node)
    if isinstance(node, nodes.math):
        return f"${node.astext()}$"
    text = "".join(markdown(child, links) for child in node.children)
    if isinstance(node, nodes.reference):
        uri = node.get("refuri") or f"#{node['refid']}"
        return f"[{text}]({links.address(uri)})"
    marks = {nodes.emphasis: "*", nodes.strong: "**", nodes.literal: "`"}
    mark = marks.get(type(node), "")
    return f"{mark}{text}{mark}"


def prepare(app: Sphinx) -> None:
    """Ask once where the book is kept."""
    app.dl_repository = address.repository(Path(app.srcdir))


def is_notebook(app: Sphinx, docname: str) -> bool:
    """Tell whether a page is made from a notebook."""
    return docname in app.env.all_docs and str(
        app.env.doc2path(docname)
    ).endswith(".ipynb")


def file_of(docname: str) -> str:
    """Return the name of the copy of a page."""
    return f"{posixpath.basename(docname)}.ipynb"


def colab(app: Sphinx, docname: str) -> str | None:
    """Return the address at which Colab opens a copy."""
    kept = app.dl_repository
    return kept and kept.colab(FOLDER, file_of(docname))


def write(app: Sphinx) -> list[Any]:
    """Write the copies; a fault in one is a warning of its page."""
    folder = Path(app.outdir) / FOLDER
    written: dict[str, str] = {}
    for docname in sorted(app.env.all_docs):
        if not is_notebook(app, docname):
            continue
        name = file_of(docname)
        if name in written:
            text = f"{docname} and {written[name]} have one copy, {name}"
            logger.warning(text, location=docname)
        written[name] = docname
        folder.mkdir(exist_ok=True)
        shutil.copyfile(BADGE, folder / BADGE.name)
        nb = copy_of(app, docname)
        text = json.dumps(nb, ensure_ascii=False, indent=1, sort_keys=True)
        (folder / name).write_text(f"{text}\n", "utf-8")
    return []


def copy_of(app: Sphinx, docname: str) -> records.Notebook:
    """Return the reader's copy of one page."""
    kept = app.dl_repository
    site = app.config.html_baseurl or (kept.pages if kept else None)
    base = f"{site.rstrip('/')}/" if site else "../"
    links = Links(app, docname, base)
    nb = records.read(Path(app.env.doc2path(docname)))

    def warn(message: str) -> None:
        logger.warning(message, location=docname)

    home = reader.Home(
        links.page(docname),
        f"{base}{FOLDER}/{BADGE.name}",
        colab(app, docname),
        package(app, nb),
        app.dl_repository.commit if app.dl_repository else "",
    )
    return reader.make(nb, links, home, warn)


def package(app: Sphinx, nb: records.Notebook) -> str | None:
    """Return what pip installs for a notebook: the package at this commit."""
    kept = app.dl_repository
    if kept is None:
        return None
    root = Path(app.srcdir)
    sources = [c["source"] for c in nb["cells"] if c["cell_type"] == "code"]
    if (root / "dlbook").exists():
        modules = execute.modules(sources, root)
        sources += [p.read_text("utf-8") for p in modules]
    extra = any("torch_geometric" in source for source in sources)
    name = "dlbook[geometric]" if extra else "dlbook"
    return f"{name} @ git+{kept.url}@{kept.commit}"


def buttons(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Lead the buttons of a notebook's page to its copy."""
    if not is_notebook(app, pagename):
        return
    found = context.get("header_buttons", [])
    for group in found:
        for button in group.get("buttons", []):
            if button.get("label") == DOWNLOAD:
                path = f"{FOLDER}/{file_of(pagename)}"
                button["url"] = context["pathto"](path, 1)
                button["tooltip"] = "Download this page as a notebook"
    if url := colab(app, pagename):
        button = {
            "type": "link",
            "url": url,
            "text": "Colab",
            "tooltip": "Run this page in Colab",
            "icon": "fas fa-rocket",
            "label": "colab-button",
        }
        found.insert(0, button)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register copies and buttons."""
    app.connect("builder-inited", prepare)
    app.connect("html-collect-pages", write)
    app.connect("html-page-context", buttons, priority=600)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
