"""The site: what stands on its pages, and which faults stop its build.

A small book with the configuration of ours shows every feature of the
extensions; another one has a fault in each of its notebooks.
"""

import os
import re
import shutil
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlsplit

import press
import pytest
from press import (
    OTHER,
    ROOT,
    SAMPLE,
    SVG,
    book,
    build,
    check,
    code,
    figure,
    markdown,
    section,
)

from _ext.notebook import records

# A fault in each notebook: what is in it, and what the build says.
BOX = ":::{prf:definition} Box\n:label: %s\nText.\n:::"
FAULTS = {
    "reference": (
        "{prf:ref}`opt-sdg`",
        (
            "cell 1 ({prf:ref}`opt-sdg`), line 1: WARNING: no statement is "
            "labelled 'opt-sdg' (did"
        ),
    ),
    "link": ("A.\n\n[text](#nowhere)", "cell 1 (A.), line 3: WARNING: 'myst'"),
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
    "macro": (
        "A $\\bm x$.",
        "cell 1 (A $\\bm x$.), line 1: WARNING: \\bm is not portable",
    ),
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


@pytest.fixture(params=["published", "sample"])
def built(request):
    """Each of the two books that have no fault."""
    return request.getfixturevalue(request.param)


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
        ids = built.pages.ids(name)
        nb = records.read(path)
        stated = [s for s in records.statements(nb) if s.id in inventory]
        for statement in stated:
            node = ids[statement.id]
            head = node.find(class_="admonition-title") or node
            number = inventory[statement.id]["number"]
            words = text(head.find(["span", "strong"])).split()
            assert number in words, (statement, words)
        for record in records.records(nb):
            link = f"#check-{record.id}"
            cell = ids[link[1:]]
            cell = cell.parent if cell.name == "span" else cell
            assert cell.find(class_="dl-check"), record
            if record.id in {s.id for s in stated}:
                assert ids[record.id].find(href=link), record


def test_every_link_leads_somewhere(built):
    ids = {name: built.pages.ids(name).keys() for name in built.pages}
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
            # a card says in words what its picture shows
            if not image.find_parent(class_="dl-card"):
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
        assert "MathJax" not in built.pages.text(name), name
        for formula in page.find_all(class_="math"):
            assert formula.find(class_="katex"), (name, formula)
            assert not formula.find(class_="eqn-num"), (name, formula)


def test_two_builds_are_the_same_byte_by_byte(published, tmp_path):
    tree = tmp_path / "elsewhere"
    shutil.copytree(
        published.tree,
        tree,
        ignore=shutil.ignore_patterns("_build", "node_modules"),
    )
    again = press.build_published(tree, seed="77").html
    first = contents(published.html)
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
    third = page.find(id="proof-of-opt-gradient-descent-3")
    assert third.name == "details"
    assert text(third.summary) == "Proof"
    assert text(third.find_all("p")[-1]) == "Third."


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
    assert adam == (
        "Definition 11.3.25 (Adam) ✓ checked in cell 2 , would notice 2 %"
    )
    assert idea == "Remark 11.3.23 (Idea) ✓ checked in cell 2 , to rounding"


def test_experiments_are_listed_at_the_end_and_adorn_nothing(sample):
    page = section(sample, "other")
    (fold,) = page.select("details.dl-experiments")
    assert text(fold.summary) == "Experiments of this chapter"
    assert text(fold.li) == (
        "Long way ✓ it is <slow> (would notice 0.4 %) ✓ it arrives"
    )
    links = [a["href"] for a in fold.find_all("a")]
    anchor = "#check-exp-11-3-long-way"
    assert links == ["#exp-11-3-long-way", anchor, anchor]
    assert fold.find_next("details")["class"] == ["dl-cite"]
    question = page.find(id="exp-11-3-long-way")
    assert text(question) == "How fast ?"
    assert not question.select(".dl-mark")
    assert page.find(id=anchor.removeprefix("#"))
    (line,) = [
        line
        for line in page.select(".dl-check")
        if line.find("a", href="#exp-11-3-long-way")
    ]
    assert "it arrives" in text(line)
    assert not section(sample, "11-3-gradient-descent").select(
        ".dl-experiments"
    )


def test_links_carry_the_number_of_the_sheet(sample):
    page = section(sample, "11-3-gradient-descent")
    first = page.find("p", class_=False)
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


def test_what_the_scan_has_wrong_is_marked_as_the_scans_and_folded(sample):
    page = section(sample, "other")
    assert text(page.find(id="opt-nesterov")).endswith(
        "✗ refuted as scanned in cell 1"
    )
    line = page.find(id="check-opt-nesterov").find(class_="dl-check")
    assert text(line).startswith("✗ Refuted as scanned 11.3.19 ")
    (fold,) = page.select("details.erratum")
    assert fold.find(True, recursive=False).name == "summary"
    assert text(fold.summary) == "What our copy prints"
    assert not fold.has_attr("open")
    assert fold.p.em.get_text() == "One"


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
    folds = [fold for fold in page.select(".cell details") if fold.pre]
    (folded,) = [fold for fold in folds if "secret" in text(fold.pre)]
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
    assert row[:5] == ["Optimisation", "11.3 Sample", "27", "8", "6"]
    assert row[5:] == ["11", "0", "2", "1"]
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
    monkeypatch.setattr(press, "ROOT", tmp_path / "none")
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
