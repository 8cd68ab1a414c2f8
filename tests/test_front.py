"""The front page says in ten seconds what is here, and what is not yet."""

import re

import press
import pytest

from _ext.lists import atlas
from _ext.notebook import coverage

ROOT = press.ROOT
PHONE, WIDE = (390, 844), (1280, 900)


@pytest.fixture
def front(published):
    return published.pages["index.html"]


def test_one_erratum_is_live(front):
    """Both formulas, the number of the record, and a link to the cell."""
    box = front.select_one(".dl-live")
    assert len(box.select("dd math")) == 2
    assert box.find("strong", string="80, not 68")
    mark = box.select_one(".dl-mark.dl-refuted a")
    page, anchor = mark["href"].split("#")
    assert page == "chapters/12-6-pooling-strides-channels.html"
    assert anchor.startswith("check-cnn-params-fc")


def test_the_figures_are_those_of_the_coverage(front):
    total = coverage.measure(ROOT).total
    words = " ".join(front.select_one(".dl-progress").text.split())
    assert [int(n) for n in re.findall(r"\d+", words)] == [
        total.checked, total.entries, total.refuted,
    ]  # fmt: skip


def test_nobody_says_every_statement_while_some_are_missing(published):
    assert coverage.measure(ROOT).total.missing
    for name in ("index.html", "cheatsheet.html", "how-to-cite.html"):
        text = " ".join(published.pages[name].article.text.split())
        assert not re.search(r"(every|all) (one )?(of the )?statement", text)
    readme = " ".join((ROOT / "README.md").read_text("utf-8").split())
    assert not re.search(r"takes (every|each|all)", readme)


def test_the_map_leads_to_every_chapter_and_names_each(front):
    tiles = [t for part in atlas.parts(ROOT) for t in part.tiles]
    links = front.select("svg.dl-map a")
    assert [link["href"] for link in links] == [
        f"chapters/{tile.name}.html" for tile in tiles if tile.finished
    ]
    for link in links:
        assert re.search(r"statements?, finished$", link["aria-label"])
    planned = front.select("svg.dl-map g > title")
    assert len(planned) == len([t for t in tiles if not t.finished])


def test_a_row_of_the_map_is_no_wider_than_the_picture():
    for part in atlas.parts(ROOT):
        widths = atlas.widths([tile.statements for tile in part.tiles])
        assert min(widths) >= atlas.NARROWEST
        total = sum(widths) + atlas.GAP * (len(widths) - 1)
        assert total <= atlas.WIDTH + 0.1 * len(widths)
        counts = [tile.statements for tile in part.tiles]
        by_width = sorted(range(len(counts)), key=widths.__getitem__)
        by_count = sorted(range(len(counts)), key=counts.__getitem__)
        assert by_width == by_count


def test_a_card_has_picture_question_needs_and_times(front):
    finished = sum(map(len, coverage.measure(ROOT).written.values()))
    cards = front.select(".dl-card")
    assert len(cards) == finished
    for card in cards:
        assert card.select_one("img")["alt"] == ""
        assert card.select_one(".dl-title a")["href"]
        text = card.text
        assert "?" in text
        assert "Needs" in text
        assert re.search(r"\d+ min", text)


@pytest.mark.parametrize("size", [PHONE, WIDE])
def test_ten_seconds_are_above_the_fold(published, browser, size):
    width, height = size
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto((published.html / "index.html").as_uri())
    for what in (".dl-live", ".dl-progress", "p.dl-start a >> nth=2"):
        box = page.locator(what).bounding_box()
        assert box["y"] + box["height"] <= height
        assert box["x"] + box["width"] <= width
    page.close()


def test_the_third_button_runs_a_chapter_or_gives_it(front, tmp_path):
    links = front.select("p.dl-start a")
    assert [link.text for link in links][2] == "Run in Colab"
    assert links[2]["href"].startswith("https://colab.research.google.com/")


def test_an_erratum_that_no_check_refutes_stops_the_build(tmp_path):
    text = "# Book\n\n:::{front-erratum} opt-adam\n:says: no, not so\n:::\n"
    press.book(tmp_path, {"11-3-sample": press.SAMPLE})
    (tmp_path / "index.md").write_text(text, "utf-8")
    site = press.build(tmp_path)
    assert site.status
    assert "front-erratum opt-adam: expected a misprint" in site.log


def test_the_readme_counts_as_the_coverage_does():
    state = coverage.measure(ROOT)
    total = state.total
    said = " ".join((ROOT / "README.md").read_text("utf-8").split())
    assert f"its {total.entries} statements" in said
    assert f"{total.checked} are finished" in said
    assert f"The sheet prints {total.errata} wrongly" in said
    assert f"{total.refuted} are refuted so far" in said
    assert f"Further {total.scans} stand correctly on the sheet" in said
