"""Lean, accessible pages: what the theme adds and a book does not need.

The theme's templates are kept; `theme` beside this file overrides the few
that differ. Each page asks for one style sheet, one script, and the fonts and
figures that it shows. `stylesheet` writes the style sheet after the pages: it
holds the rules that some page can use, and the fonts hold the glyphs that
some formula shows.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders.html._assets import _JavaScript
from sphinx_exercise.nodes import solution_node

from _ext.page import cite, script, stylesheet

# Scripts of the theme and its companions, in the place of which stand
# `book.js`, native elements, or nothing.
DROPPED = {
    "clipboard.min.js",
    "copybutton.js",
    "design-tabs.js",
    "doctools.js",
    "documentation_options.js",
    "scripts/sphinx-book-theme.js",
    "sphinx_highlight.js",
    "togglebutton.js",
}
INLINE = re.compile(r"toggle(?:Hint|Open|button)|DOCUMENTATION_OPTIONS\.")
TITLES = {"genindex": "Index", "search": "Search"}
TAG = re.compile(r"<[^>]+>")
LONGEST = 155  # of a description, as search engines show it


def named(match: re.Match[str]) -> str:
    """Name the head of a column that is a formula by its letters."""
    letters = TAG.sub("", match[2]).replace("\u2061", "").strip()
    return f'{match[1]} aria-label="{letters}">{match[2]}'


# Names, punctuation, operators, numbers, white space and built-in names have
# the colour of text.
PLAIN = "n|o|p|w|mi|mf|nb|nn|bp|kn"
DOCSTRING = re.compile(
    r'<span class="sd">[^<]*</span>(?:\s*<span class="sd">[^<]*</span>)+'
)

# What is replaced in the body of a page: formulas lose the copy of their
# TeX, names, points and operators in code their marks; boxes that may
# scroll can be reached by the keyboard (book.js takes back what does not
# scroll), and names agree with what is to be seen. The corner of a table
# that is empty heads nothing.
BODY = [
    (re.compile(r"<annotation\b.*?</annotation>", re.S), ""),
    (re.compile(r"</?semantics>"), ""),
    (re.compile(r' xmlns="http://www.w3.org/1998/Math/MathML"'), ""),
    (re.compile(rf'<span class="(?:{PLAIN})">([^<]*)</span>'), r"\1"),
    (re.compile(r"<pre>"), '<pre tabindex="0">'),
    (
        re.compile(r'<div class="(dl-display|pst-scrollable[\w-]*)">'),
        r'<div class="\1" tabindex="0">',
    ),
    (
        re.compile(
            r'(<th\b[^>]*>(?:<p>)?<span class="math[^"]*"><span class="katex">'
            r'<span class="katex-mathml"><math)>(.*?(?=</math>))',
            re.S,
        ),
        named,
    ),
    (re.compile(r"<th\b([^>]*)>(?:<p></p>|\s)*</th>"), r"<td\1></td>"),
    (re.compile(r' aria-label="Toggle hidden content"'), ""),
    (re.compile(r' role="list" (?=class="citation-list")'), " "),
    (re.compile(r' role="doc-biblioentry"'), ""),
    (
        re.compile(r'<img (?=width="\d+" height="\d+" )(?!loading)'),
        '<img loading="lazy" ',
    ),
]
VIEWPORT = re.compile(r'<meta name="viewport"[^>]*>')
FIGURES = re.compile(r"<script>.*?</script>", re.S)


def lighten(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Change what a page is made of before its template is filled in."""
    if app.builder.format != "html":
        return
    sheets = sorted(context["css_files"], key=lambda css: css.priority)
    names = [str(css.filename).split("?")[0] for css in sheets]
    context["dl_sheets"] = [name for name in names if "://" not in name]
    context["css_files"] = []
    joined = script.names(Path(app.srcdir))
    context["script_files"] = list(scripts(context["script_files"], joined))
    title = context.get("title") or TITLES.get(pagename, pagename)
    context["title"] = title
    context["dl_description"] = description(doctree) or (
        f"{title} — {context['docstitle']}"
    )
    context["metatags"] = VIEWPORT.sub("", context.get("metatags", ""))
    if site := cite.base(app):
        context["dl_site"] = site
        uri = app.builder.get_target_uri(pagename)
        root = pagename == app.config.root_doc
        context["pageurl"] = site if root else site + uri
    context["header_buttons"] = buttons(context.get("header_buttons", []))
    body = context.get("body")
    if body:
        for pattern, text in BODY:
            body = pattern.sub(text, body)
        body = DOCSTRING.sub(whole, body)
        context["body"] = scripts_last(body)


def whole(match: re.Match[str]) -> str:
    """Return a docstring, which has a mark for each line, with one."""
    text = re.sub(r'<span class="sd">|</span>', "", match[0])
    return f'<span class="sd">{text}</span>'


def scripts_last(body: str) -> str:
    """Move the scripts of figures behind the text, each of them once.

    A script within the text holds up the browser, which reads a long page in
    small steps before it and in one long step behind it.
    """
    found = dict.fromkeys(FIGURES.findall(body))
    return FIGURES.sub("", body) + "".join(found)


def buttons(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out links to sources, which the site does not carry."""
    kept = []
    for button in found:
        if button["type"] == "group":
            inner = buttons(button["buttons"])
            if inner:
                kept.append({**button, "buttons": inner})
        elif "_sources/" not in button.get("url", ""):
            kept.append(button)
    return kept


def scripts(
    files: list[_JavaScript], joined: set[str]
) -> Iterator[_JavaScript]:
    """Yield the scripts that stay, and what is joined as one of them.

    None of them holds up the page.
    """
    seen = False
    for file in files:
        name = str(file.filename or "").split("?")[0]
        if name in joined and not seen:
            seen = True
            yield _JavaScript(f"_static/{script.NAME}", defer="defer")
        if name in joined or name.removeprefix("_static/") in DROPPED:
            continue
        if not name:
            if not INLINE.search(file.attributes.get("body", "")):
                yield file
            continue
        attributes = {"defer": "defer", **file.attributes}
        yield _JavaScript(file.filename, priority=file.priority, **attributes)


def description(doctree: nodes.document | None) -> str:
    """Return the first paragraph of a page, cut at a word."""
    if doctree is None:
        return ""
    for paragraph in doctree.findall(nodes.paragraph):
        inside = isinstance(paragraph.parent, nodes.section | nodes.document)
        if inside and "dl-run" not in paragraph["classes"]:
            words = " ".join(paragraph.astext().split())
            if len(words) > LONGEST:
                words = words[: LONGEST - 1].rsplit(" ", 1)[0] + "…"
            return words
    return ""


def visit_admonition(translator: Any, node: nodes.admonition) -> None:
    """Open an admonition: what is a dropdown is folded by the browser."""
    if "dropdown" in node["classes"]:
        visit_solution(translator, node)
    else:
        type(translator).visit_admonition(translator, node)


def depart_admonition(translator: Any, node: nodes.admonition) -> None:
    """Close an admonition, folded or not."""
    if "dl_start" in node:
        depart_solution(translator, node)
    else:
        type(translator).depart_admonition(translator, node)


def visit_solution(translator: Any, node: nodes.Element) -> None:
    """Open a solution: folded by the browser, which needs no script."""
    if "dropdown" not in node["classes"]:
        opening = translator.starttag(node, "div", CLASS="admonition")
        translator.body.append(opening)
        return
    title = node.next_node(nodes.title)
    for link in list(title.findall(nodes.reference)):
        link.parent.replace(link, link.children)
    opening = translator.starttag(node, "details", CLASS="admonition")
    translator.body.append(opening)
    node["dl_start"] = len(translator.body)


def depart_solution(translator: Any, node: nodes.Element) -> None:
    """Close a solution; its title is the summary."""
    if "dl_start" not in node:
        translator.body.append("</div>\n")
        return
    body, start = translator.body, node["dl_start"]
    inner = "".join(body[start:])
    inner = re.sub(
        r'<p class="admonition-title"[^>]*>(.*?)</p>',
        r'<summary class="admonition-title">\1</summary>',
        inner,
        count=1,
        flags=re.S,
    )
    body[start:] = [inner, "</details>\n"]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register everything with Sphinx."""
    app.setup_extension("sphinx_exercise")
    app.add_node(
        solution_node, override=True, html=(visit_solution, depart_solution)
    )
    app.add_node(
        nodes.admonition,
        override=True,
        html=(visit_admonition, depart_admonition),
    )
    app.connect("builder-inited", script.start)
    app.connect("html-page-context", lighten, priority=900)
    app.connect("build-finished", stylesheet.write, priority=900)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
