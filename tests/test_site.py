"""The site: what stands on its pages, and which faults stop its build.

The book is built twice from copies of the tree. A small book with the same
configuration shows every feature of the extensions; another one has a
fault in each of its notebooks.
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
from collections import Counter
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

from _ext import records

ROOT = Path(__file__).parents[1]
PRESS = ("_config.yml", "references.bib", "_ext", "_static")
PRESS += ("CITATION.cff", "dlbook/__init__.py")
SHEET = ("chapters/cheatsheet.yml", "chapters/sections.yml")


class Site(NamedTuple):
    """A tree that has been built, its pages, and what the build said."""

    tree: Path
    html: Path
    pages: dict[str, BeautifulSoup]
    status: int
    log: str


def build(tree, seed="0"):
    """Build the book that lies in `tree` as `make book` does."""
    (tree / "node_modules").symlink_to(ROOT / "node_modules")
    tool = Path(sys.executable).with_name("jupyter-book")
    command = [str(tool), "build", "."]
    command += ["--warningiserror", "--keep-going", "--nitpick", "--quiet"]
    done = subprocess.run(
        command,
        cwd=tree,
        env={**os.environ, "PYTHONHASHSEED": seed},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    html = tree / "_build" / "html"
    pages = {
        path.relative_to(html).as_posix(): BeautifulSoup(
            path.read_text("utf-8"), "html.parser"
        )
        for path in html.rglob("*.html")
        if "_static" not in path.relative_to(html).parts
    }
    log = re.sub(r"\x1b\[[\d;]*m", "", done.stdout)
    return Site(tree, html, pages, done.returncode, log)


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


def check(name, kind="close", says="both sides agree"):
    data = {
        records.MIME: {"id": name, "kind": kind, "says": says},
        "text/plain": f"✓ {name}: {says}",
    }
    return {"output_type": "display_data", "metadata": {}, "data": data}


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
        nb["metadata"] = {"kernelspec": kernel, "language_info": language}
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
        ":::{exercise} Third\n:label: ex-third\nAsk.\n:::"
    )
]

# A fault in each notebook: what is in it, and what the build says.
BOX = ":::{prf:definition} Box\n:label: %s\nText.\n:::"
FAULTS = {
    "reference": (
        "{prf:ref}`opt-sdg`",
        "cell 1, line 2: no statement is labelled 'opt-sdg' (did",
    ),
    "link": ("[text](#nowhere)", "target not found: 'nowhere'"),
    "citation": ("{cite:p}`nobody1900`", 'find bibtex key "nobody1900"'),
    "unknown": (
        BOX % "opt-sgdd",
        "'opt-sgdd' has no number on the sheet (did you mean opt-sgd,",
    ),
    "unnumbered": (
        ":::{prf:lemma} Mine\n:label: lem-mine\nText.\n:::",
        "lemma 'lem-mine' has no number on the sheet",
    ),
    "hidden": (
        ":::{prf:theorem} T\n:label: opt-rmsprop\n:nonumber:\nText.\n:::",
        "opt-rmsprop is on the sheet: drop :nonumber:",
    ),
    "twice": (
        BOX % "opt-sgd" + "\n\n(opt-sgd)=\nAgain.",
        "opt-sgd is stated twice",
    ),
    "formula": ("$$\n\\frac{1}{2\n$$", "KaTeX parse error"),
    "macro": ("A $\\bm x$.", "cell 1, line 2: \\bm is not portable"),
    "unicode": ("A $\\text{a}÷ä$.", "KaTeX parse error: LaTeX"),
    "equation": ("{eq}`eq-none`", "equation not found: eq-none"),
    "picture": ("![](picture.svg)", "cell 1 (![](picture.svg)): image "),
    "html": ("<img src='picture.svg'>", "without alternative text"),
    "figure": (
        code("plot.show(fig)", figure("image/svg+xml", SVG)),
        "cell 1 (plot.show(fig)): image without alternative text",
    ),
    "figures": (
        code(
            "two()",
            figure("image/svg+xml", SVG, alt="A line."),
            figure("image/svg+xml", SVG, alt="A line."),
        ),
        "cell 1 (two()): 2 figures; show one figure a cell",
    ),
    "check": (
        code("check.close(...)", check("opt-none")),
        "cell 1 (check.close(...)): check of an unknown id 'opt-none'",
    ),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The book itself."""
    tree = tmp_path_factory.mktemp("book")
    copy_book(tree)
    return build(tree)


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """A small book that uses everything."""
    tree = tmp_path_factory.mktemp("sample")
    state = "# State\n\n:::{coverage}\n:::\n"
    notebooks = {"11-3-gradient-descent": SAMPLE, "other": OTHER}
    book(tree, notebooks, [("state", state)])
    return build(tree)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    """A small book with every fault."""
    tree = tmp_path_factory.mktemp("faulty")
    notebooks = {}
    for name, (fault, _) in FAULTS.items():
        cell = markdown(fault) if isinstance(fault, str) else fault
        notebooks[name] = [markdown(f"# {name}"), dict(cell)]
    book(tree, notebooks)
    (tree / "chapters" / "picture.svg").write_text(SVG, "utf-8")
    return build(tree)


@pytest.fixture(params=["site", "sample"])
def built(request):
    """Each of the two books that have no fault."""
    return request.getfixturevalue(request.param)


def copy_book(tree, source=ROOT):
    names = [*PRESS, "_toc.yml", "chapters"]
    names += [path.name for path in source.glob("*.md")]
    copy(source, tree, names)


def section(built, name):
    return built.pages[f"chapters/{name}.html"].article


def text(node):
    return " ".join(node.get_text(" ").split())


# ---- what holds on every page ---------------------------------------------


def test_the_build_succeeds_without_a_warning(built):
    assert built.status == 0, built.log
    assert "WARNING" not in built.log
    assert {"index.html", "search.html"} < set(built.pages)


def test_every_statement_shows_its_number_and_its_checks(built):
    inventory = records.inventory(built.tree)
    for path in records.notebooks(built.tree):
        name = f"chapters/{path.stem}.html"
        if name not in built.pages:  # not in the table of contents
            continue
        page = built.pages[name]
        nb = records.read(path)
        stated = [s for s in records.statements(nb) if s.id in inventory]
        for statement in stated:
            node = page.find(id=statement.id)
            head = node.find(class_="admonition-title") or node
            number = inventory[statement.id]["number"]
            words = text(head.find(["span", "strong"])).split()
            assert number in words, (statement, words)
        for record in records.records(nb):
            link = f"#check-{record.id}"
            cell = page.find(id=link[1:])
            cell = cell.parent if cell.name == "span" else cell
            assert cell.find(class_="dl-check"), record
            if record.id in {s.id for s in stated}:
                assert page.find(id=record.id).find(href=link), record


def test_every_link_leads_somewhere(built):
    ids = {
        name: {node["id"] for node in page.find_all(id=True)}
        for name, page in built.pages.items()
    }
    for name, page in built.pages.items():
        here = built.html / name
        for node in page.find_all(["a", "link"], href=True):
            link = urlsplit(node["href"])
            if link.scheme or link.netloc or node["href"] in ("", "#"):
                continue
            target = here.parent / unquote(link.path) if link.path else here
            target = Path(os.path.normpath(target))
            assert target.exists(), (name, node["href"])
            place = target.relative_to(built.html).as_posix()
            if link.fragment and place in ids:
                anchor = unquote(link.fragment)
                assert anchor in ids[place], (name, node["href"])


def test_every_image_has_an_alternative_text_and_exists(built):
    for name, page in built.pages.items():
        for image in page.find_all("img"):
            assert image.get("alt", "").strip(), (name, image)
            path = (built.html / name).parent / unquote(image["src"])
            assert path.exists(), (name, image)


def test_nothing_is_asked_of_another_host(built):
    asks = {"script": "src", "img": "src", "iframe": "src", "source": "src"}
    asks |= {"video": "src", "audio": "src", "object": "data"}
    relations = {"stylesheet", "preload", "prefetch", "preconnect", "icon"}
    relations |= {"modulepreload", "dns-prefetch", "manifest"}
    for name, page in built.pages.items():
        for tag, attribute in asks.items():
            for node in page.find_all(tag):
                url = urlsplit(node.get(attribute, ""))
                assert url.scheme in ("", "data"), (name, node)
                assert not url.netloc, (name, node)
        for node in page.find_all("link", href=True):
            if relations & set(node.get("rel", [])):
                assert not urlsplit(node["href"]).netloc, (name, node)
        for script in page.find_all("script", src=False):
            assert "unpkg.com" not in script.get_text(), name
    for path in built.html.rglob("*.css"):
        urls = re.findall(
            r"""url\(\s*["']?([^"')]+)""", path.read_text("utf-8")
        )
        for url in urls:
            assert not re.match(r"(https?:)?//", url), (path, url)


def test_no_page_has_an_id_twice(built):
    for name, page in built.pages.items():
        ids = Counter(node["id"] for node in page.find_all(id=True))
        assert [i for i, times in ids.items() if times > 1] == [], name


def test_formulas_are_drawn_and_need_no_script(built):
    page = built.pages.get("notation.html") or section(
        built, "11-3-gradient-descent"
    )
    assert page.find(class_="katex").find("math")
    for name, page in built.pages.items():
        assert "MathJax" not in str(page), name
        for formula in page.find_all(class_="math"):
            assert formula.find(class_="katex"), (name, formula)
            assert not formula.find(class_="eqn-num"), (name, formula)


def test_two_builds_are_the_same_byte_by_byte(site, tmp_path):
    tree = tmp_path / "elsewhere"
    tree.mkdir()
    copy_book(tree, site.tree)
    again = build(tree, seed="77").html
    first = contents(site.html)
    second = contents(again)
    assert first.keys() == second.keys()
    assert [n for n, data in first.items() if second[n] != data] == []


def contents(html):
    paths = [path for path in html.rglob("*") if path.is_file()]
    return {str(p.relative_to(html)): p.read_bytes() for p in paths}


# ---- what the extensions do -----------------------------------------------


def test_a_box_says_which_cells_check_it(sample):
    page = section(sample, "11-3-gradient-descent")
    title = page.find(id="opt-sgd").find(class_="admonition-title")
    assert text(title) == (
        "Theorem 11.3.3 (Noise) ✓ checked in cell 3 , also in cell 4 "
        "✗ refuted as printed in cell 2"
    )
    links = [a["href"] for a in title.select(".dl-mark a")]
    assert links == ["#check-opt-sgd-2", "#check-opt-sgd-3", "#check-opt-sgd"]
    cell = page.find(id="check-opt-sgd-2")
    assert "opt-sgd" in text(cell.pre)
    assert text(cell.find(class_="dl-cell")) == "Cell 3"


def test_proofs_have_a_heading_and_an_address(sample):
    page = section(sample, "11-3-gradient-descent")
    first = page.find(id="proof-of-opt-gradient-descent")
    second = page.find(id="proof-of-opt-gradient-descent-2")
    assert text(first.p) == "Proof. First."
    assert text(second.p) == "Proof."
    assert text(second.li) == "Second."


def test_entries_that_share_a_box_have_number_and_mark(sample):
    page = section(sample, "11-3-gradient-descent")
    inside = page.find(id="opt-gradient-descent").find(id="opt-optimization")
    assert text(inside).startswith("11.3.1 ")
    assert text(inside).endswith("✓ checked in cell 1")
    box = page.find(id="opt-sgd")
    unbiased = text(box.find(id="opt-sgd-unbiased"))
    assert unbiased.startswith("11.3.4 ")
    assert unbiased.endswith("✓ checked in cell 4")
    assert text(box.find(id="opt-sgd-escape")).endswith(" not computed")


def test_what_has_no_check_says_so(sample):
    page = section(sample, "other")
    adam = text(page.find(id="opt-adam").find(class_="admonition-title"))
    idea = text(
        page.find(id="opt-rmsprop-motivation").find(class_="admonition-title")
    )
    assert adam == "Definition 11.3.25 (Adam) not checked yet"
    assert idea == "Remark 11.3.23 (Idea) not computed"


def test_links_carry_the_number_of_the_sheet(sample):
    first = section(sample, "11-3-gradient-descent").find("p")
    second = section(sample, "other").find("p")
    escape = records.inventory(ROOT)["opt-sgd-escape"]["kind"]
    kind = "Remark" if escape == "comment" else escape.title()
    assert text(first) == (
        f"See Theorem 11.3.3 , {kind} 11.3.5 , by name and Small lemma ."
    )
    assert text(second) == (
        "In Definition 11.3.25 and, elsewhere, Definition 11.3.2 ."
    )
    link = second.find_all("a")[1]["href"]
    assert link == "11-3-gradient-descent.html#opt-gradient-descent"


def test_a_check_is_a_line_that_links_to_its_statement(sample):
    page = section(sample, "11-3-gradient-descent")
    line = page.find(id="check-opt-gradient-descent").find(class_="dl-check")
    assert text(line) == ("✓ Checked 11.3.2 Gradient descent : <b>5 < 6</b>")
    assert line.a["href"] == "#opt-gradient-descent"
    assert "dlbook-check" not in str(page)
    refuted = page.find(id="check-opt-sgd").find(class_="dl-check")
    assert text(refuted).startswith("✗ Refuted as printed 11.3.3 ")
    done = page.find(id="check-ex-first").find(class_="dl-check")
    assert done.a["href"] == "#ex-first"


def test_figures_have_text_size_and_dark_mode(sample):
    page = section(sample, "11-3-gradient-descent")
    line, grey, _ = page.find_all("img")
    assert (line["alt"], line["class"]) == ("A line.", ["dl-invert"])
    assert (line["width"], line["height"]) == ("80", "40")
    assert (grey["alt"], grey["class"]) == ("Grey.", ["dl-keep"])
    assert (grey["width"], grey["height"]) == ("7", "5")


def test_cells_are_numbered_and_folded(sample):
    page = section(sample, "11-3-gradient-descent")
    cells = page.find_all(class_="cell")
    labels = [text(cell.find(class_="dl-cell")) for cell in cells]
    assert labels == [f"Cell {k}" for k in range(1, len(cells) + 1)]
    (folded,) = page.select(".cell details")
    assert "secret" in text(folded.pre)
    assert page.find(id="cell-7").find_parent(class_="cell").details == folded


def test_numbered_environments_have_an_address_that_stays(sample):
    page = section(sample, "11-3-gradient-descent")
    assert text(page.find(id="equation-amsmath-1")).endswith("(2) #")


def test_a_formula_keeps_the_signs_that_touch_it(sample):
    page = section(sample, "11-3-gradient-descent")
    (first, second, third) = page.find(id="formulas").p.find_all(
        class_="dl-bound"
    )
    assert (first.contents[0], first.contents[2]) == ("(", "),")
    assert (second.contents[0], second.contents[2]) == ("[", "]")
    assert third.contents[1] == "-"
    words = first.parent.get_text()
    assert words.startswith("By (1), (")
    assert words.endswith("-th.")


def test_exercises_are_counted_anew_on_each_page(sample):
    first = section(sample, "11-3-gradient-descent")
    titles = [text(first.find(id=i).p) for i in ("ex-first", "ex-second")]
    assert titles == ["Exercise 1 (First)", "Exercise 2 (Second)"]
    assert text(first.find(id="sol-first").p) == (
        "Solution to Exercise 1 (First)"
    )
    third = section(sample, "other").find(id="ex-third")
    assert text(third.p) == "Exercise 1 (Third)"


def test_the_state_of_the_parts_is_counted(sample):
    rows = sample.pages["state.html"].find("table").find_all("tr")
    cells = [[text(c) for c in row.find_all(["td", "th"])] for row in rows]
    (row,) = [r for r in cells if r[0] == "Optimisation"]
    assert row == ["Optimisation", "11.3 Sample", "27", "7", "4", "13", "0"]
    assert cells[1][1] == "in preparation"


def test_a_second_build_writes_nothing_anew(sample):
    pages = sample.html / "chapters"
    before = {p.name: p.stat().st_mtime_ns for p in pages.glob("*.html")}
    (sample.tree / "node_modules").unlink()
    again = build(sample.tree)
    assert again.status == 0, again.log
    after = {p.name: p.stat().st_mtime_ns for p in pages.glob("*.html")}
    assert after == before


# ---- which faults stop the build ------------------------------------------


def test_a_faulty_book_is_not_built(faulty):
    assert faulty.status != 0


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_with_its_file(faulty, name):
    lines = [line for line in faulty.log.splitlines() if "WARNING" in line]
    mine = [line for line in lines if f"/chapters/{name}.ipynb" in line]
    assert any(FAULTS[name][1] in line for line in mine), faulty.log


def test_formulas_without_katex_stop_the_build(tmp_path, monkeypatch):
    book(tmp_path, {"other": OTHER})
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path / "none")
    done = build(tmp_path)
    assert done.status != 0
    assert "KaTeX or node is missing" in done.log


# ---- colours --------------------------------------------------------------


@pytest.mark.parametrize(
    ("theme", "grounds"),
    [
        ("light", ["#ffffff", "#f3f4f5", "#e9f0fd"]),
        ("dark", ["#121212", "#222832", "#29313d"]),
    ],
)
def test_marks_can_be_read_on_every_ground(theme, grounds):
    sheet = (ROOT / "_static" / "book.css").read_text("utf-8")
    light = re.search(r":root \{(.*?)\}", sheet, re.DOTALL)[1]
    dark = re.search(r'"dark"\] \{(.*?)\}', sheet, re.DOTALL)[1]
    block = light if theme == "light" else dark
    for name in ("--dl-checked", "--dl-refuted"):
        colour = re.search(rf"{name}: (#\w+)", block)[1]
        for ground in grounds:
            assert contrast(colour, ground) >= 4.5, (theme, name, ground)


def contrast(one, other):
    """Return the contrast ratio of WCAG 2."""

    def luminance(colour):
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
            for c in parts
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)
