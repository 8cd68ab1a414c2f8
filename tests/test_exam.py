"""The sheet as a sheet: its dense view, on paper, and one's own choice."""

import re
import subprocess

import pytest
from browser import AXE
from bs4 import BeautifulSoup
from press import ROOT

from _ext.notebook import records

FINISHED = ".dl-item:not([data-status~=unwritten])"
# What reaches beyond the column in which it stands, by more than a letter.
BEYOND = """(items) => items.flatMap((item) => {
  const edge = Math.max(...[...item.getClientRects()].map((r) => r.right));
  const parts = [...item.querySelectorAll(".katex-html span")];
  const ends = parts.map((part) => part.getBoundingClientRect())
    .filter((rect) => rect.width > 1).map((rect) => rect.right);
  return Math.max(0, ...ends) > edge + 14 ? [item.id] : [];
})"""
SILENT = """() => axe.run("#exam-sheet, #sheet-prob-sum-rule", {
  runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21aa",
    "wcag22aa", "best-practice"]},
}).then((told) => told.violations.flatMap(
  (rule) => rule.nodes.map((node) => `${rule.id} ${node.html}`)))"""
OPEN = re.compile(r"(?:[,:;(\[]|\b(?:and|or|where|with|then))$")


def address(site, query=""):
    return (site.html / "cheatsheet.html").as_uri() + query


@pytest.fixture
def site(published):
    """The site as it stands."""
    return published


@pytest.fixture
def wide(browser):
    """A page as wide as the dense view asks for."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    page.close()
    assert faults == []


def pages_of(page, path):
    """Return how many pages of A4 in landscape a page prints on."""
    page.pdf(path=path, prefer_css_page_size=True)
    told = subprocess.run(
        ["pdfinfo", path], capture_output=True, text=True, check=True
    ).stdout
    assert re.search(r"Page size: +84[12]\.\d* x 59[45]", told), told
    return int(re.search(r"Pages: +(\d+)", told)[1])


def said(item):
    """Return the words of a statement, formulas as their MathML."""
    blocks = list(item.find_all(recursive=False))[1:]
    return " ".join(" ".join(b.get_text(" ").split()) for b in blocks)


@pytest.mark.parametrize("dense", [False, True])
def test_what_is_shown_of_a_statement_is_whole_sentences(site, dense):
    broken = {}
    for item in site.pages["cheatsheet.html"].select(FINISHED):
        copy = BeautifulSoup(str(item), "html.parser").div
        for more in copy.select(".dl-more") if dense else []:
            more.extract()
        words = said(copy)
        if not words or OPEN.search(words):
            broken[item["id"]] = words[-60:]
    assert broken == {}


def test_every_erratum_has_what_is_right(site):
    for item in site.pages["errata.html"].select(".dl-item"):
        right = item.select_one(".dl-correct")
        box = item.select_one(".dl-right")
        assert len((box or right).get_text().split()) > 3, item["id"]
        if "unwritten" in item["data-status"].split():
            assert right.get_text().endswith("is not yet written.")
        else:
            assert item.select_one(".dl-refutes a"), item["id"]


def test_the_correct_form_stands_where_no_chapter_says_it():
    for name, entry in records.inventory(ROOT).items():
        if "correct" in entry:
            assert entry.get("origin"), name
            assert entry["correct"].endswith((".", ")"))


def test_the_dense_view_is_that_of_wide_screens(wide, site):
    wide.goto(address(site))
    item = wide.locator("#sheet-prob-covariance")
    assert not item.locator(".dl-more").first.is_visible()
    assert not item.locator(".dl-kind").is_visible()
    assert item.locator(".dl-checked a").inner_text().startswith("✓")
    section = wide.locator("#section-1")
    columns = "node => getComputedStyle(node).columnWidth"
    assert section.evaluate(columns) != "auto"
    items = wide.locator(f"{FINISHED}:visible")
    assert items.evaluate_all(BEYOND) == []
    wide.get_by_role("button", name="Long view").press("Enter")
    assert item.locator(".dl-more").first.is_visible()
    assert section.evaluate(columns) == "auto"
    assert wide.url.endswith("?view=long")
    wide.goto(address(site))
    assert item.locator(".dl-more").first.is_visible()  # it is remembered
    wide.goto(address(site, "?view=dense"))
    assert not item.locator(".dl-more").first.is_visible()
    wide.set_viewport_size({"width": 390, "height": 850})
    assert item.locator(".dl-more").first.is_visible()


def test_the_sheet_fills_at_most_four_sides(wide, site, tmp_path):
    wide.goto(address(site))
    assert 2 <= pages_of(wide, tmp_path / "sheet.pdf") <= 4
    wide.emulate_media(media="print")
    wide.set_viewport_size({"width": 1070, "height": 740})
    items = wide.locator(f"{FINISHED}:visible")
    assert items.count() == wide.locator(FINISHED).count()
    assert items.evaluate_all(BEYOND) == []
    size = "node => parseFloat(getComputedStyle(node).fontSize) * 0.75"
    assert round(wide.locator(f"{FINISHED} > p").first.evaluate(size), 3) >= 7
    for gone in (".dl-filter", ".dl-exam", "[data-status~=unwritten]"):
        assert wide.locator(f"{gone}:visible").count() == 0
    assert wide.locator(".dl-sheets > h1").is_visible()


def test_one_ticks_a_sheet_by_keyboard(wide, site, tmp_path):
    wide.goto(address(site))
    wide.get_by_role("button", name="Make your exam sheet").press("Enter")
    wide.get_by_label("all of section 2", exact=True).press("Space")
    wide.get_by_label("1.5 on your sheet", exact=True).press("Space")
    wide.get_by_label("2.3 on your sheet", exact=True).press("Space")
    assert wide.url.endswith("?pick=1.5,2.1-2,2.4-25")
    mixed = wide.get_by_label("all of section 2", exact=True)
    assert mixed.evaluate("box => box.indeterminate")
    told = wide.locator("#exam-sheet output")
    wide.wait_for_function(
        """() => document.querySelector("#exam-sheet output")
        .value.startsWith("25 statements: side 1")"""
    )
    assert told.inner_text().endswith("side 2 0 %.")
    assert pages_of(wide, tmp_path / "own.pdf") == 1
    wide.emulate_media(media="print")
    assert wide.locator(".dl-item:visible").count() == 25


def test_a_choice_is_shared_and_its_size_is_told(wide, site, tmp_path):
    pick = "?pick=1.1-34,2.1-25,11.3.1-26,99.9,x&pt=9"
    wide.goto(address(site, pick))
    told = wide.locator("#exam-sheet output")
    wide.wait_for_function(
        """() => document.querySelector("#exam-sheet output")
        .value.includes("too much for two sides")"""
    )
    assert told.inner_text().startswith("85 statements")
    assert pages_of(wide, tmp_path / "more.pdf") > 2
    wide.get_by_label("Font size").select_option("7")
    assert wide.url.endswith("?pick=1.1-34,2.1-25,11.3.1-26")
    wide.get_by_role("button", name="Clear").press("Enter")
    assert "pick" not in wide.url


def test_the_filter_says_what_comes_nearest(wide, site):
    wide.goto(address(site, "?q=convoluton"))
    near = wide.locator(".dl-near a")
    near.first.wait_for()
    assert near.first.inner_text() == "12.1.6 Convolution"
    near.first.press("Enter")
    wide.locator("#sheet-conv-convolution").wait_for()
    assert "q=" not in wide.url


def test_the_errata_are_filtered(wide, site):
    wide.goto((site.html / "errata.html").as_uri() + "?status=copy")
    assert wide.locator(".dl-part:visible").count() == 1
    assert wide.get_by_label("Fault").input_value() == "copy"
    wide.get_by_label("Section").select_option("12.1")
    assert wide.locator(".dl-item:visible").count() == 0


def test_axe_is_silent_while_one_ticks(wide, site):
    wide.goto(address(site, "?pick=1.1-3&q=rule"))
    wide.add_script_tag(path=AXE)
    for scheme in ("light", "dark"):
        wide.emulate_media(color_scheme=scheme)
        assert wide.evaluate(SILENT) == []
