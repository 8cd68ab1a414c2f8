"""One style sheet for the site, with the rules that its pages can use.

The style sheets that pages asked for are joined after the last page is
written. A rule stays if every class and id in its selector occurs on some
page or in some script. What nothing refers to is then removed from
`_static`.
"""

import hashlib
import posixpath
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import tinycss2
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from _ext.page import fonts, script

# The theme links these two by itself, before all others.
FIRST = ("_static/basic.css", "_static/styles/pydata-sphinx-theme.css")
NAME = "site.css"
UNUSED = ("fontawesome",)  # fonts: book.css draws the icons

# Where a page names the style sheets that it asks for, and where it links to
# the one that is made of them.
HEAD = re.compile(r"<!-- style -->(.*?)<!-- /style -->", re.S)
WORD = re.compile(r"[\w-]+")
ELEMENT = re.compile(r"<([a-z][\w-]*)")
SPACE = re.compile(r"""("[^"]*"|'[^']*')|(?<!:)\s*([{};,])\s*""")
FRAMES = re.compile(r"@keyframes\s+([\w-]+)\s*\{(?:[^{}]*\{[^{}]*\})*\s*\}")
MOTION = re.compile(r"animation(?:-name)?\s*:([^;}]*)")
ATTRIBUTE = re.compile(r"""\s(?:class|id)=(?:"([^"]*)"|'([^']*)')""")
URL = re.compile(r"""url\(\s*(["']?)(?!data:|#)([^"')]+)\1\s*\)""")
ASKED = re.compile(r"var\(\s*(--[\w-]+)")
GIVEN = re.compile(
    r"""(?<![\w-])(--[\w-]+)\s*:(?:[^;{}"']|"[^"]*"|'[^']*')*(?:;|(?=\}))"""
)
MODES = ("dark", "light")


def write(app: Sphinx, error: Exception | None) -> None:
    """Write the style sheet and the fonts, name them in every page."""
    if error is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    static = out / "_static"
    pages = {
        path: path.read_text("utf-8")
        for path in sorted(out.rglob("*.html"))
        if static not in path.parents
    }
    heads = [head[1] for page in pages.values() if (head := HEAD.search(page))]
    asked = [head.split() for head in heads if "<link" not in head]
    if not asked:
        return  # no page was written
    sheets = dict.fromkeys([*FIRST, *chain(*asked)])
    named = files(pages.values())
    scripts = [static / name for name in sorted(named) if ".js" in name]
    cards = [
        path.read_text("utf-8").replace('\\"', '"')
        for path in sorted(static.glob("previews/*.js"))
    ]
    known = words([*pages.values(), *cards], scripts)
    text = "\n".join(
        "\n".join(rules(sheet(out, name), known)) for name in sheets
    )
    text = variables(still(text), "\n".join(pages.values()))
    text = SPACE.sub(lambda part: part[1] or part[2], text)
    drawn = fonts.write(Path(app.srcdir), static, pages.values())
    text = fonts.embed(text, drawn)
    digest = hashlib.sha256(text.encode()).hexdigest()[:10]
    (static / NAME).write_text(text, "utf-8")
    for path, page in pages.items():
        up = "../" * (len(path.relative_to(out).parts) - 1)
        link = f'<link rel="stylesheet" href="{up}_static/{NAME}?v={digest}">'
        head = [*fonts.preloads(page, drawn, f"{up}_static/"), link]
        filled = f"<!-- style -->{''.join(head)}<!-- /style -->"
        page = HEAD.sub(lambda _, filled=filled: filled, page)
        path.write_text(page, "utf-8")
        pages[path] = page
    sweep(static, files(pages.values()), text)


def files(pages: Iterable[str]) -> set[str]:
    """Return the files of `_static` that pages name."""
    found: set[str] = set()
    for page in pages:
        found.update(re.findall(r"_static/([^\"'?#\s)]+)", page))
    return found


def words(pages: Iterable[str], scripts: Iterable[Path]) -> set[str]:
    """Return all classes and ids of the pages, and the scripts' words.

    Elements are among them, as "<p".
    """
    known: set[str] = set()
    for page in pages:
        known.update(f"<{name}" for name in ELEMENT.findall(page))
        for double, single in ATTRIBUTE.findall(page):
            known.update((double or single).split())
        for code in re.findall(r"<script\b.*?</script>", page, re.S):
            known.update(WORD.findall(code))
    for path in scripts:
        known.update(WORD.findall(path.read_text("utf-8")))
    return known


def sheet(out: Path, name: str) -> str:
    """Return a style sheet, its addresses seen from `_static`."""
    path = out / name
    if not path.exists():
        raise ExtensionError(f"{name} is missing; build anew: `make clean`")
    folder = posixpath.dirname(posixpath.relpath(name, "_static"))

    def address(match: re.Match[str]) -> str:
        where = posixpath.normpath(posixpath.join(folder, match[2]))
        return f'url("{where}")'

    return URL.sub(address, path.read_text("utf-8"))


def rules(text: str, known: set[str]) -> Iterator[str]:
    """Yield the rules of a style sheet that some page can use."""
    nodes = tinycss2.parse_stylesheet(
        text, skip_comments=True, skip_whitespace=True
    )
    for node in nodes:
        if node.type == "error":
            raise ExtensionError(f"style sheet: {node.message}")
        if node.type == "qualified-rule":
            yield from rule(node, known)
        elif node.lower_at_keyword in ("media", "supports", "layer"):
            inner = tinycss2.serialize(node.content or [])
            kept = "".join(rules(inner, known))
            if kept:
                head = tinycss2.serialize(node.prelude).strip()
                yield f"@{node.lower_at_keyword} {head}{{{kept}}}"
        elif node.lower_at_keyword not in ("charset", "import"):
            text = node.serialize()
            if not any(font in text for font in UNUSED):
                yield text


def rule(node: Any, known: set[str]) -> Iterator[str]:
    """Yield a rule with the selectors that can match.

    What depends on the theme's mode stands a second time for readers
    without scripts, whose system says which mode it is.
    """
    kept = [
        tinycss2.serialize(selector).strip()
        for selector in split(node.prelude)
        if possible(selector, known)
    ]
    if not kept:
        return
    content = tinycss2.serialize(node.content).strip()
    content = re.sub(r"/\*.*?\*/", "", content, flags=re.S)
    content = re.sub(r"\s+", " ", content)
    yield f"{','.join(kept)}{{{content}}}"
    for mode in MODES:
        named = re.compile(rf"""\[data-theme=["']?{mode}["']?\]""")
        auto = [
            named.sub("[data-theme=auto]", one)
            for one in kept
            if named.search(one) and ":not(" + named.search(one)[0] not in one
        ]
        if auto:
            query = f"@media (prefers-color-scheme:{mode})"
            yield f"{query}{{{','.join(auto)}{{{content}}}}}"


def split(tokens: Iterable[Any]) -> Iterator[list[Any]]:
    """Split a list of selectors at its commas."""
    one: list[Any] = []
    for token in tokens:
        if token.type == "literal" and token.value == ",":
            yield one
            one = []
        elif token.type != "comment":
            one.append(token)
    yield one


def possible(selector: list[Any], known: set[str]) -> bool:
    """Say whether some page has all that a selector names.

    These are classes, ids and elements; a script may make some of them.
    """
    before = None
    for token in selector:
        kind = token.type
        if kind == "ident" and before not in (".", ":"):
            if not {token.value, f"<{token.lower_value}"} & known:
                return False
        elif (kind == "hash" or (kind == "ident" and before == ".")) and (
            token.value not in known
        ):
            return False
        before = token.value if token.type == "literal" else None
    return True


def still(text: str) -> str:
    """Leave out the motions that nothing shows."""
    shown = set(WORD.findall(" ".join(MOTION.findall(text))))
    return FRAMES.sub(lambda found: found[0] * (found[1] in shown), text)


def variables(text: str, pages: str) -> str:
    """Leave out the variables that nothing asks for."""
    while True:
        asked = set(ASKED.findall(text)) | set(ASKED.findall(pages))

        def keep(match: re.Match[str], asked: set[str] = asked) -> str:
            return match[0] if match[1] in asked else ""

        shorter = GIVEN.sub(keep, text)
        if shorter == text:
            return re.sub(r"\n[^{}]+\{\s*\}(?=\n)", "", text)
        text = shorter


def sweep(static: Path, named: set[str], text: str) -> None:
    """Remove the files that neither a page nor the style sheet names.

    What a script asks for later stays.
    """
    named |= {match[2].split("?")[0] for match in URL.finditer(text)}
    named.add(NAME)
    for path in sorted(static.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
            continue
        name = path.relative_to(static).as_posix()
        if name not in named and not name.startswith(script.LATER):
            path.unlink()
