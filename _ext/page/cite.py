"""Cite the book, a page or a statement: BibTeX and a line of text.

The facts come from CITATION.cff alone. The address is the one that
`html_baseurl` gives, else that of the repository's Pages; where neither is
known a reference names the page's path.
"""

import html
import re
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from _ext.copies import address
from _ext.page.statements import Entry

logger = logging.getLogger(__name__)

# Not those of strftime, which follow the locale.
MONTHS = [
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
]
_SPECIAL = re.compile(r"[#$%&_{}~^\\]")
_IN_TEX = {"\\": r"\textbackslash{}", "~": r"\~{}", "^": r"\^{}"}


class Facts(NamedTuple):
    """What CITATION.cff says of the book."""

    title: str
    authors: tuple[str, ...]
    bibtex: tuple[str, ...]
    version: str
    day: date


class Citation(nodes.General, nodes.Element):
    """The reference to what `dl_cited` names; "" is the book."""


class Cite(SphinxDirective):
    """Show how to cite the book, or the page or statement that is named."""

    optional_arguments = 1
    option_spec: ClassVar = {}

    def run(self) -> list[nodes.Node]:
        """Return a node that is filled in when all pages have been read."""
        self.env.note_dependency(Path(self.env.app.srcdir) / "CITATION.cff")
        node = Citation(dl_cited=(self.arguments or [""])[0])
        self.set_source_info(node)
        return [node]


def facts(root: Path) -> Facts:
    """Read CITATION.cff.

    Raises
    ------
    ExtensionError
        When a fact is missing, or the package has another version.
    """
    data = yaml.safe_load((root / "CITATION.cff").read_text("utf-8"))
    try:
        people = [_names(person) for person in data["authors"]]
        found = Facts(
            data["title"],
            tuple(name for name, _ in people),
            tuple(tex for _, tex in people),
            str(data["version"]),
            date.fromisoformat(str(data["date-released"])),
        )
    except (KeyError, ValueError) as error:
        raise ExtensionError(f"CITATION.cff: {error} is wrong") from error
    source = (root / "dlbook" / "__init__.py").read_text("utf-8")
    if f'\n__release__ = "{found.version}"\n' not in source:
        text = f"CITATION.cff: version {found.version} is not dlbook's"
        raise ExtensionError(text)
    return found


def base(app: Sphinx) -> str:
    """Return the address of the site with a slash at its end, or ""."""
    if app.config.html_baseurl:
        return f"{app.config.html_baseurl.rstrip('/')}/"
    repository = address.repository(Path(app.srcdir))
    return (repository and repository.pages) or ""


def reference(facts: Facts, title: str, path: str, site: str) -> str:
    """Return a line of text; without a title it is for the book."""
    month = MONTHS[facts.day.month - 1]
    day = f"{facts.day.day} {month} {facts.day.year}"
    book = f"{facts.title} (version {facts.version}, {day})."
    what = f"{title}. In {book}" if title else book
    names = "; ".join(facts.authors)
    return f"{names} ({facts.day.year}). {what} {site}{path}".rstrip()


def bibtex(facts: Facts, title: str, path: str, site: str) -> str:
    """Return an entry for a bibliography; without a title for the book."""
    fields = {"author": " and ".join(facts.bibtex)}
    if title:
        fields |= {"title": _tex(title), "booktitle": _tex(facts.title)}
    else:
        fields["title"] = _tex(facts.title)
    fields["year"] = str(facts.day.year)
    fields["month"] = MONTHS[facts.day.month - 1]
    note = f"Version {facts.version}"
    if site:
        fields["url"] = f"{site}{path}"
    elif path:
        note += f", {_tex(path)}"
    fields["note"] = note
    kind = "incollection" if title else "misc"
    stem = re.sub(r"[^a-z0-9]+", "-", path.removesuffix(".html").lower())
    label = "-".join(["dlbook", *([stem.strip("-")] if title else [])])
    lines = [f"  {key} = {{{value}}}," for key, value in fields.items()]
    return "\n".join([f"@{kind}{{{label},", *lines, "}"])


def block(app: Sphinx, title: str, path: str) -> str:
    """Return text and BibTeX of a reference, each with a copy button."""
    if not hasattr(app, "dl_cited"):  # once a build
        app.dl_cited = facts(Path(app.srcdir)), base(app)
    given = (app.dl_cited[0], title, path, app.dl_cited[1])
    parts = []
    for name, text in (
        ("reference", reference(*given)),
        ("BibTeX", bibtex(*given)),
    ):
        parts.append(
            f'<div class="dl-reference"><pre>{html.escape(text)}</pre>'
            f'<button type="button" hidden>Copy {name}</button> '
            '<output aria-live="polite"></output></div>'
        )
    return "\n".join(parts)


def visit_citation(translator: Any, node: Citation) -> None:
    """Write the reference to book, page or statement."""
    app, name = translator.builder.app, node["dl_cited"]
    places = getattr(app.env, "dl_places", {})
    title, path = "", ""
    if name in places and name in app.env.dl_inventory:
        docname, words = places[name]
        title = f"{words} ({app.env.dl_inventory[name]['title']})"
        path = f"{app.builder.get_target_uri(docname)}#{name}"
    elif name in app.env.titles:
        title = app.env.titles[name].astext()
        path = app.builder.get_target_uri(name)
    elif name:
        text = f"nothing to cite is called {name!r}"
        logger.warning(text, location=node)
    translator.body.append(block(app, title, path))
    raise nodes.SkipNode


def add_block(
    app: Sphinx,
    page: str,
    template: str,
    context: dict[str, Any],
    doctree: Any,
) -> None:
    """Put a folded block at the end of every page that has a text."""
    if doctree is None:
        return
    root = page == app.config.root_doc
    title = "" if root else app.env.titles[page].astext()
    path = "" if root else app.builder.get_target_uri(page)
    what = "book" if root else "page"
    context["body"] += (
        f'<details class="dl-cite"><summary>Cite this {what}</summary>\n'
        f"{block(app, title, path)}\n</details>\n"
    )


def add_permalinks(app: Sphinx, doctree: nodes.document) -> None:
    """Give every statement a link to itself; the style sheet draws it."""
    for node in doctree.findall(nodes.Element):
        if "realtype" in node:
            node[0] += _permalink(node["label"])
        elif isinstance(node, Entry):
            node += _permalink(node["dl_id"])


def _permalink(name: str) -> nodes.reference:
    link = nodes.reference("", "", refid=name, internal=True)
    link["classes"] += ["headerlink", "dl-permalink"]
    link["reftitle"] = "Link to this statement"
    return link


def _names(person: dict[str, str]) -> tuple[str, str]:
    """Return a name as text and as BibTeX wants it."""
    if "name" in person:
        return person["name"], f"{{{_tex(person['name'])}}}"
    family, given = person["family-names"], person["given-names"]
    return f"{family}, {given}", f"{_tex(family)}, {_tex(given)}"


def _tex(text: str) -> str:
    return _SPECIAL.sub(lambda m: _IN_TEX.get(m[0], f"\\{m[0]}"), text)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register directive, block and permalinks."""
    app.add_node(Citation, html=(visit_citation, lambda *_: None))
    app.add_directive("citation", Cite)
    app.connect("doctree-read", add_permalinks, priority=600)
    app.connect("html-page-context", add_block)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
