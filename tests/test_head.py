"""The head of a chapter is generated: needs, abilities, times, statements."""

import json
import re
from urllib.parse import parse_qs, urlsplit

import press
import pytest

from _ext.notebook import coverage, reading, records
from _ext.page import head

ROOT = press.ROOT
WRITTEN = [path.stem for path in coverage.written(ROOT)]


def cells(*sources):
    return {"cells": [*sources], "metadata": {}}


@pytest.mark.parametrize("name", WRITTEN)
def test_every_chapter_has_a_head(published, name):
    article = press.section(published, name)
    top = article.select_one(".dl-chapter")
    said = coverage.described(ROOT)[name]
    needs, able, *_ = top.select("dd")
    assert [item.text.strip() for item in able.select("li")] == said["able"]
    assert needs.text.count(";") == len(said["needs"]) - 1
    for need in said["needs"]:
        target = need.split()[-1]
        if target in WRITTEN:
            assert needs.select(f"a[href^='{target}.html']"), need
        else:
            assert need in needs.text
    nb = records.read(ROOT / "chapters" / f"{name}.ipynb")
    assert f"{reading.length(nb).minutes} minutes to read" in top.text
    inventory = records.inventory(ROOT)
    homes = coverage.homes(ROOT)
    mine = [i for i in inventory if homes[i] == name]
    rows = top.select("table tbody tr")
    assert [row.td.text.strip() for row in rows] == [
        inventory[i]["number"] for i in mine
    ]
    ids = published.pages.ids(f"chapters/{name}.html")
    links = top.select("table a")
    assert len(links) >= 2 * len(mine)
    for link in links:
        assert link["href"].removeprefix("#") in ids
    for mark in top.select(".dl-mark a"):
        assert re.search(r"in cell \d+$", mark.text)


@pytest.mark.parametrize("name", WRITTEN)
def test_the_head_stands_below_the_opening_paragraph(published, name):
    top = press.section(published, name).select_one(".dl-chapter")
    opening = top.find_previous_sibling("p")
    run = opening.find_previous_sibling("p")
    assert len(opening.text.split()) > 30
    assert [a.text for a in run.select("a.dl-button")] == [
        "Open in Colab", "Download notebook",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((5, 5, 0, 0), "5 statements of the sheet, all checked"),
        (
            (9, 9, 3, 0),
            "9 statements of the sheet, all checked; 3 refuted as printed",
        ),
        (
            (9, 8, 0, 1),
            (
                "9 statements of the sheet, 8 of them checked; "
                "1 refuted as scanned"
            ),
        ),
        (
            (9, 9, 3, 1),
            (
                "9 statements of the sheet, all checked; "
                "3 refuted as printed, 1 as scanned"
            ),
        ),
    ],
)
def test_the_list_is_summed_up(counts, words):
    all_, checked, printed, scanned = counts
    wrong = {"printed": printed, "scanned": scanned}
    assert head.counted(all_, checked, wrong) == words


@pytest.mark.parametrize("size", [(1280, 900), (390, 844)])
def test_the_first_figure_stands_within_two_screens(published, browser, size):
    width, height = size
    page = browser.new_page(viewport={"width": width, "height": height})
    places = {}
    for name in WRITTEN:
        address = (published.html / f"chapters/{name}.html").as_uri()
        page.goto(address, wait_until="load")
        figure = page.locator("article figure :is(img, svg):visible").first
        places[name] = figure.evaluate("f => f.getBoundingClientRect().y")
    page.close()
    assert {n: y for n, y in places.items() if y >= 2 * height} == {}


def test_the_opening_paragraph_stands_below_the_buttons(published, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    address = (published.html / f"chapters/{WRITTEN[0]}.html").as_uri()
    page.goto(address, wait_until="load")
    switch = page.locator(".dl-layers").bounding_box()
    opening = page.locator(".dl-run + p")
    top = opening.evaluate(
        """p => {
          const range = document.createRange();
          range.selectNodeContents(p);
          const first = range.getClientRects()[0];
          return [first.x - p.getBoundingClientRect().x, first.y];
        }"""
    )
    page.close()
    assert top[0] == 0
    assert top[1] >= switch["y"] + switch["height"]


def test_what_is_folded_is_not_read():
    open_ = "One two three $x$.\n\n$$y$$\n"
    fold = ":::{prf:proof}\n:class: dropdown\n\nfour five\n:::\n"
    proof = ":::{prf:proof}\n\nfour five\n:::\n"
    solution = ":::{solution} ex-a\n:label: b\n\nsix\n:::\n"
    found = [
        reading.length(cells(press.markdown(open_ + more)))
        for more in ("", fold, solution, proof)
    ]
    assert found[0] == found[1] == found[2] == (4, 1, 0, 1)
    assert found[3] == (6, 1, 0, 1)


def test_code_that_only_checks_is_not_read():
    def cell(*given, checked):
        outputs = [press.check("opt-adam")] if checked else []
        one = press.code("x = 1\n\ny = 2", *outputs)
        return {**one, "metadata": {"tags": list(given)}}

    shown = [
        cell(checked=False), cell("open", checked=True),
    ]  # fmt: skip
    hidden = [
        cell(checked=True), cell("hide-input", checked=False),
        cell("solution", checked=False), cell("grader", checked=False),
    ]  # fmt: skip
    assert reading.length(cells(*shown)) == (0, 0, 4, 2)
    assert reading.length(cells(*hidden)) == (0, 0, 0, 0)


def test_a_solution_of_several_cells_is_not_read():
    start = ":::{solution-start} ex-a\n:label: b\n:::"
    found = reading.length(
        cells(
            press.markdown(f"One.\n\n{start}"),
            press.markdown("Two."),
            press.code("three"),
            press.markdown(":::{solution-end}\n:::\n\nFour."),
        )
    )
    assert found.words == 2
    assert found.code == 0


def test_a_run_is_timed_up_to_ten_seconds():
    for name in WRITTEN:
        path = ROOT / "chapters" / f"{name}.ipynb"
        stored = json.loads(path.read_text("utf-8"))["metadata"]["dlbook"]
        assert stored["seconds"] % 10 == 0
        assert 0 < stored["seconds"] <= 60


def test_the_contents_open_where_one_reads(published, browser):
    """Statements below the section that is being read, and only those."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    address = (published.html / "chapters/01-probability.html").as_uri()
    page.goto(f"{address}#prob-chebyshev")
    nav = page.locator("#pst-page-toc-nav")
    nav.locator("a[href='#prob-chebyshev']:visible").wait_for()
    assert not nav.locator("a[href='#prob-sum-rule']").is_visible()
    page.close()


def test_titles_of_statements_are_headings(published):
    for name in WRITTEN:
        level = 1
        article = press.section(published, name)
        places = "h1, h2, h3, h4, .proof > .admonition-title"
        for place in article.select(places):
            if place.name.startswith("h"):
                level = int(place.name[1])
            elif place.name == "p":
                assert place.get("role") == "heading", place
                assert int(place["aria-level"]) == level + 1, place


def test_an_error_can_be_reported_beside_each_statement(published):
    page = published.pages["chapters/11-3-gradient-descent.html"]
    inventory = records.inventory(ROOT)
    links = page.select("a.dl-report")
    assert len(links) > 15
    for link in links:
        box = link.find_parent(class_="proof")
        number = inventory[box["id"]]["number"]
        assert link["aria-label"] == f"Report an error in {number}"
        query = parse_qs(urlsplit(link["href"]).query)
        assert query["title"][0].startswith(number)
        assert f"#{box['id']}" in query["body"][0]
        assert "Version: " in query["body"][0]


def test_equations_count_anew_on_each_page(published):
    for name in WRITTEN:
        article = press.section(published, name)
        numbers = [n.text.rstrip("#").strip() for n in article.select(".eqno")]
        wanted = [f"({k})" for k in range(1, len(numbers) + 1)]
        assert numbers == wanted, name


def test_references_to_equations_agree_with_their_numbers(published):
    seen = 0
    for name in WRITTEN:
        page = f"chapters/{name}.html"
        article = press.section(published, name)
        for link in article.select("a[href*='#equation-']"):
            if link.find_parent(class_="eqno"):
                continue
            path, _, anchor = link["href"].partition("#")
            target = published.pages.ids(f"chapters/{path}" if path else page)
            number = target[anchor].select_one(".eqno").text.rstrip("#")
            wanted = number.strip()
            if path:
                wanted += f" of {path[:-5]}"
            assert link.text == wanted, link
            seen += 1
    assert seen > 20
