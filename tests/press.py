"""The press at work: the book, and small books, built for the tests.

The book is built once for all tests, as it is for the pages of a repository.
"""

import base64
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from bs4 import BeautifulSoup, Tag

from _ext.notebook import records

ROOT = Path(__file__).parents[1]
PRESS = ("_config.yml", "references.bib", "_ext", "_static")
PRESS += ("CITATION.cff", "dlbook/__init__.py")
SHEET = ("chapters/cheatsheet.yml", "chapters/sections.yml")
PACKAGE = ("dlbook", "pyproject.toml", "hatch_build.py")
PACKAGE += ("README.md", "LICENSE", "CHANGELOG.md")
OWNER = "author/book"


class Pages(Mapping[str, BeautifulSoup]):
    """The pages of a site by their paths, each read when it is asked for.

    Of a formula they have the MathML; the boxes that are drawn, two thirds
    of a page, are left out.
    """

    def __init__(self, html: Path):
        self.html = html
        self.read: dict[str, BeautifulSoup] = {}

    @cached_property
    def names(self) -> list[str]:
        """The paths below the site's folder."""
        paths = (p.relative_to(self.html) for p in self.html.rglob("*.html"))
        return sorted(p.as_posix() for p in paths if "_static" not in p.parts)

    def __getitem__(self, name: str) -> BeautifulSoup:
        if name not in self.names:
            raise KeyError(name)
        if name not in self.read:
            page = without_boxes(self.text(name))
            self.read[name] = BeautifulSoup(page, "html.parser")
        return self.read[name]

    def text(self, name: str) -> str:
        """Return a page as it is sent."""
        return (self.html / name).read_text("utf-8")

    def ids(self, name: str) -> dict[str, Tag]:
        """Return the elements of a page that can be linked to."""
        return {node["id"]: node for node in self[name].find_all(id=True)}

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def without_boxes(page: str) -> str:
    """Empty every .katex-html."""
    kept, end = [], 0
    for found in re.finditer(r'<span class="katex-html"[^>]*>', page):
        kept.append(page[end : found.end()])
        depth = 1
        for tag in re.compile("<span|</span>").finditer(page, found.end()):
            depth += 1 if tag[0] == "<span" else -1
            if depth == 0:
                break
        end = tag.start()
    return "".join([*kept, page[end:]])


class Site(NamedTuple):
    """A tree that has been built, its pages, and what the build said."""

    tree: Path
    html: Path
    pages: Pages
    status: int
    log: str


def build(tree, seed="0", **environment):
    """Build the book that lies in `tree` as `make book` does."""
    (tree / "node_modules").symlink_to(ROOT / "node_modules")
    tool = Path(sys.executable).with_name("jupyter-book")
    command = [str(tool), "build", "."]
    command += ["--warningiserror", "--keep-going", "--nitpick", "--quiet"]
    done = subprocess.run(
        command,
        cwd=tree,
        env={**os.environ, **environment, "PYTHONHASHSEED": seed},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    log = re.sub(r"\x1b\[[\d;]*m", "", done.stdout)
    return built(tree, done.returncode, log)


def built(tree, status, log):
    """Return what a build has left in `tree`."""
    html = tree / "_build" / "html"
    return Site(tree, html, Pages(html), status, log)


def publish(tree):
    """Make the book in `tree` a repository, and build it for its pages."""
    copy_book(tree)
    copy(ROOT, tree, PACKAGE)
    (tree / ".gitignore").write_text("_build\nnode_modules\n", "utf-8")
    git(tree, "init", "--quiet")
    git(tree, "add", ".")
    git(tree, "commit", "--quiet", "--message", "All")
    return build_published(tree)


def build_published(tree, seed="0"):
    """Build the book as it is built for the pages of a repository."""
    return build(
        tree,
        seed,
        GITHUB_REPOSITORY=OWNER,
        GITHUB_SERVER_URL="https://github.com",
        GITHUB_SHA=git(tree, "rev-parse", "HEAD"),
    )


def git(tree, *arguments):
    """Return what git says in `tree`."""
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    done = subprocess.run(
        ["git", *who, *arguments],
        cwd=tree,
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    return done.stdout.strip()


def copy_book(tree, source=ROOT):
    names = [*PRESS, "_toc.yml", "chapters"]
    names += [path.name for path in source.glob("*.md")]
    copy(source, tree, names)


def section(built, name):
    return built.pages[f"chapters/{name}.html"].article


def copy(source, target, names):
    """Copy files and folders, without what builds and tests leave."""
    left = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for name in names:
        if (source / name).is_dir():
            shutil.copytree(
                source / name, target / name, ignore=left, dirs_exist_ok=True
            )
        else:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, target / name)


# ---- small books ----------------------------------------------------------


def markdown(source):
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def code(source, *outputs):
    return {
        "cell_type": "code",
        "execution_count": 1,
        "metadata": {},
        "source": source,
        "outputs": list(outputs),
    }


def check(name, kind="close", says="both sides agree", **stored):
    data = {
        records.MIME: {"id": name, "kind": kind, "says": says},
        "text/plain": f"✓ {name}: {says}",
    }
    metadata = {records.MIME: stored} if stored else {}
    return {
        "output_type": "display_data",
        "metadata": metadata,
        "data": data,
    }


def figure(mime, content, **given):
    return {
        "output_type": "display_data",
        "metadata": {"dlbook": given} if given else {},
        "data": {mime: content, "text/plain": "a figure"},
    }


def png(width, height):
    def chunk(kind, data):
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress((b"\0" + b"\x80" * width) * height)
    chunks = chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + chunks).decode()


SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="60pt" height="30pt" '
    'viewBox="0 0 60 30"><path d="M0 0L60 30" stroke="#000"/></svg>'
)


def book(tree, notebooks, pages=()):
    """Write a book of these notebooks with the configuration of ours."""
    copy(ROOT, tree, (*PRESS, *SHEET))
    (tree / "index.md").write_text("# Book\n\nText.\n", "utf-8")
    toc = ["format: jb-book", "root: index", "chapters:"]
    for name, cells in notebooks.items():
        for number, cell in enumerate(cells):
            cell["id"] = f"cell-{number}"
        nb = {"nbformat": 4, "nbformat_minor": 5, "cells": cells}
        kernel = {"name": "python3", "display_name": "Python 3"}
        language = {"name": "python"}
        hashes = {"code": "0", "outputs": "0"}  # as execution leaves them
        nb["metadata"] = {"kernelspec": kernel, "language_info": language}
        nb["metadata"]["dlbook"] = hashes
        path = tree / "chapters" / f"{name}.ipynb"
        path.write_text(json.dumps(nb), "utf-8")
        toc.append(f"  - file: chapters/{name}")
    for name, text in pages:
        (tree / f"{name}.md").write_text(text, "utf-8")
        toc.append(f"  - file: {name}")
    (tree / "_toc.yml").write_text("\n".join(toc) + "\n", "utf-8")


HIDDEN = code("secret", figure("image/svg+xml", SVG, alt="A third line."))
HIDDEN["metadata"]["tags"] = ["hide-input"]

SAMPLE = [
    markdown(
        "# 11.3 Sample\n\nSee {prf:ref}`opt-sgd`, [](#opt-sgd-escape), "
        "[by name](#opt-sgd-unbiased) and {prf:ref}`lem-small`."
    ),
    markdown(
        "## Boxes\n\n(opt-optimization)=\n"
        ":::{prf:definition} Descent\n:label: opt-gradient-descent\n\n"
        "Step by step.\n:::\n\n:::{prf:proof}\nFirst.\n:::\n\n"
        ":::{prf:proof}\n- Second.\n:::\n\n"
        ":::{prf:proof}\n:class: dropdown\n\nThird.\n:::\n\n"
        ":::{prf:lemma} Small lemma\n:label: lem-small\n:nonumber:\n\n"
        "Text.\n:::\n\n"
        "::::{prf:theorem} Noise\n:label: opt-sgd\n\nText.\n\n"
        "(opt-sgd-unbiased)=\nThe mean is $\\mathbf g$.\n\n"
        "(opt-sgd-escape)=\nIt escapes.\n::::"
    ),
    code(
        "check.close('opt-gradient-descent', a, b)",
        check("opt-gradient-descent", says="<b>5 < 6</b>"),
        check("opt-optimization", "holds"),
    ),
    code("check.refutes('opt-sgd', a, b)", check("opt-sgd", "refutes")),
    code("check.close('opt-sgd', a, b)", check("opt-sgd")),
    code(
        "check.exact('opt-sgd', a, b)",
        check("opt-sgd", "exact"),
        check("opt-sgd-unbiased", "within"),
    ),
    code("plot", figure("image/svg+xml", SVG, alt="A line.", dark="invert")),
    code("plot", figure("image/png", png(7, 5), alt="Grey.", dark="keep")),
    markdown(
        "## Formulas\n\n$$\nx^2\n$$ (eq-one)\n\nBy {eq}`eq-one`, "
        "($x$), [$y$] and $z$-th.\n\n"
        "\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}\n\n"
        ":::{exercise} First\n:label: ex-first\nAsk.\n:::\n\n"
        ":::{solution} ex-first\n:label: sol-first\nAnswer.\n:::\n\n"
        ":::{exercise} Second\n:label: ex-second\nAsk.\n:::"
    ),
    HIDDEN,
    code("check.exercise('ex-first', f)", check("ex-first", "exercise")),
]

OTHER = [
    markdown(
        "# Other\n\nIn {prf:ref}`opt-adam` and, elsewhere, "
        "{prf:ref}`opt-gradient-descent`.\n\n"
        ":::{prf:definition} Adam\n:label: opt-adam\nText.\n:::\n\n"
        ":::{prf:remark} Idea\n:label: opt-rmsprop-motivation\nText.\n:::\n\n"
        "(opt-nesterov)=\nTwo points.\n\n"
        ":::{admonition} What our copy prints\n"
        ":class: caution erratum dropdown\n\n*One* letter.\n:::\n\n"
        ":::{admonition} What the sheet prints\n"
        ":class: caution erratum\n\nAnother.\n:::\n\n"
        ":::{exercise} Third\n:label: ex-third\nAsk.\n:::\n\n"
        "(exp-11-3-long-way)=\nHow {prf:ref}`fast <exp-11-3-long-way>`?"
    ),
    code(
        "check.refutes('opt-nesterov', a, b)", check("opt-nesterov", "refutes")
    ),
    code(
        "check.close('opt-adam', a, b)",
        check("opt-adam", power=0.3),
        check("opt-adam", "holds", power=None),
        check("opt-adam", "bound", power=0.02),
        check("opt-rmsprop-motivation", power=2e-16),
        check("exp-11-3-long-way", "order", "it is <slow>", power=0.004),
        check("exp-11-3-long-way", "holds", "it arrives", power=None),
    ),
]
