"""Previews: what a link leads to, shown beside it.

What a card holds is tried on small pieces of a page, how it comes and goes
in a browser, from a server and from a disk.
"""

import gzip
import json
import re

import press
import pytest
from bs4 import BeautifulSoup

from _ext.page import previews

pytest.importorskip("playwright.sync_api")

from browser import Visit, served

CHAPTER = "chapters/02-analysis.html"
PHONE = {"width": 390, "height": 844}
OPEN = ".dl-preview:popover-open"
LIST = "details.dl-list > summary"  # of the chapter's statements
STATEMENT = "article p a[href='#ana-log-trick']"
EQUATION = "article p a[href^='#equation-']:not(.headerlink)"
CITATION = "article p a[href*='bibliography.html#']"
LARGEST = 100_000  # bytes of a page's cards on the wire

BOX = (
    '<div class="proof theorem admonition" id="a-box">\n'
    '<p class="admonition-title"><span>Theorem 1.1 </span> (Box) '
    '<span class="dl-mark dl-checked"><a href="#check-a">✓ <span>checked'
    '</span></a></span><a class="headerlink" href="#a-box">#</a></p>\n'
    '<section id="a-box-content"><p>By <a href="x.html#y">this</a></p>\n'
    '<p class="dl-entry" id="first"><strong>1.2</strong></p>\n'
    '<p class="dl-entry" id="second"><strong>1.3</strong></p>\n'
    '<p>Common.</p><div tabindex="0"><p>Formula</p></div>\n'
    '<p class="dl-entry" id="third"><strong>1.4</strong></p><p>Own.</p>'
    "</section></div>\n"
    '<div class="proof admonition" id="proof-of-a-box"><p>Proof.</p></div>'
)
BARE = (
    '<div class="proof lemma admonition">\n<p class="admonition-title" '
    'role="heading" id="lem"><span>Lemma </span> (Bare)</p>\n'
    '<section id="lem-content"><p>So it is.</p></section>\n</div>'
)
FIGURE = (
    '<figure class="dl-figure" id="fig-1-one"><img src="../_images/a.svg">'
    "<form><button>Next</button></form><script>play()</script>"
    "<figcaption>Caption.</figcaption></figure>"
)


# ---- what a card holds ----------------------------------------------------


def text(card):
    return " ".join(BeautifulSoup(card, "html.parser").get_text(" ").split())


def test_a_card_has_the_statement_and_nothing_to_press():
    cards = previews.cards(BOX)
    assert set(cards) == {"a-box", "first", "second", "third"}
    box = cards["a-box"]
    assert text(box).startswith("Theorem 1.1 (Box) By this 1.2 1.3 Common.")
    assert '<p class="dl-preview-title">' in box
    for gone in ("<a", " id=", "tabindex", "dl-mark", "checked", "#"):
        assert gone not in box, gone


def test_numbers_that_stand_together_have_the_text_in_common():
    cards = previews.cards(BOX)
    assert text(cards["first"]) == "1.2 Common. Formula"
    assert text(cards["second"]) == "1.3 Common. Formula"
    assert text(cards["third"]) == "1.4 Own."


def test_a_box_without_a_number_has_a_card():
    card = previews.cards(BARE + BOX)["lem"]
    assert text(card) == "Lemma (Bare) So it is."
    assert card.startswith('<div class="proof lemma admonition">')


def test_a_number_outside_a_box_ends_where_something_else_begins():
    line = '<p class="dl-entry" id="n">1.5</p>'
    for other in ("<section>", '<div class="cell docutils">', "<h2>"):
        body = f"{line}\n<p>One.</p>\n{other}<p>Two.</p>"
        assert text(previews.cards(body)["n"]) == "1.5 One."
    body = line + "<p>x</p>" * 9
    assert text(previews.cards(body)["n"]).count("x") == previews.MOST


def test_a_card_of_a_figure_has_no_controls():
    card = previews.cards(FIGURE)["fig-1-one"]
    assert text(card) == "Caption."
    assert "<img" in card
    assert "<form" not in card
    assert "play()" not in card


def test_a_fold_is_open_on_a_card():
    body = (
        '<details class="proof lemma dropdown admonition" id="lem">'
        '<summary class="admonition-title">Lemma</summary><p>L.</p></details>'
    )
    card = previews.cards(body)["lem"]
    assert card.startswith("<details open class=")
    assert '<p class="dl-preview-title">Lemma</p>' in card


# ---- what the site has ----------------------------------------------------


def read(published, name):
    path = published.html / "_static" / "previews" / f"{name}.js"
    line = path.read_text("utf-8")
    match = re.fullmatch(r'dlPreviews\("(.*?)",(.*)\);\n', line)
    assert len(gzip.compress(line.encode())) <= LARGEST, name
    return match[1], json.loads(match[2])


def test_every_statement_equation_and_reference_has_a_card(published):
    for name, page in published.pages.items():
        if not page.select("article [id]") or name == "genindex.html":
            continue
        place = name.removesuffix(".html")
        if not (published.tree / "_toc.yml").read_text("utf-8").count(place):
            continue
        docname, cards = read(published, place.replace("/", "-"))
        assert docname == place
        wanted = {
            node["id"]
            for node in page.select(
                "div.proof[id]:not([id^=proof-of-]), p.dl-entry[id],"
                ".proof > .admonition-title[id],"
                "div.math[id^=equation-], div.citation[id], figure[id],"
                "div.exercise[id]"
            )
        }
        assert set(cards) == wanted, name
        assert all(text(card) for card in cards.values()), name


# ---- how it comes and goes ------------------------------------------------


@pytest.fixture(scope="module")
def site(published):
    with served(published.html) as address:
        yield address


@pytest.fixture
def visit(browser, site):
    visits = []

    def start(name=CHAPTER, **options):
        visits.append(Visit(browser, site, **options))
        return visits[-1], visits[-1].open(name)

    yield start
    for each in visits:
        assert each.faults == []
        each.close()


def test_a_pointer_that_rests_on_a_link_shows_what_it_leads_to(visit):
    seen, page = visit()
    page.locator(".dl-layers label", has_text="Everything").click()
    before = page.evaluate("document.documentElement.scrollHeight")
    shift = (
        "() => new Promise(done => new PerformanceObserver(list => done("
        "list.getEntries().filter(e => !e.hadRecentInput)"
        ".reduce((sum, e) => sum + e.value, 0)))"
        ".observe({type: 'layout-shift', buffered: true})"
        "|| setTimeout(() => done(0), 50))"
    )
    link = page.locator(STATEMENT).first
    link.hover()
    card = page.locator(OPEN)
    card.wait_for()
    assert "Log-derivative" in card.locator(".dl-preview-title").inner_text()
    assert card.locator(".katex").count() > 3
    assert not card.locator(".dl-preview-open").is_visible()
    assert page.evaluate("document.documentElement.scrollHeight") == before
    assert page.evaluate(shift) < 0.01
    # It is persistent while the pointer is on it, and goes with Escape.
    card.hover()
    page.wait_for_function("() => document.querySelector('.dl-preview:hover')")
    assert card.is_visible()
    page.keyboard.press("Escape")
    card.wait_for(state="hidden")
    # Another link, another card; it goes when the pointer leaves.
    page.locator(EQUATION).first.hover()
    card.locator(".eqno").wait_for()
    page.mouse.move(5, 5)
    card.wait_for(state="hidden")
    assert seen.faults == []


def test_the_focus_shows_a_card_and_the_keyboard_reaches_it(visit):
    _, page = visit()
    page.locator(CITATION).first.evaluate(
        "link => link.focus({focusVisible: true})"
    )
    card = page.locator(OPEN)
    card.wait_for()
    link = page.locator(CITATION).first
    assert link.get_attribute("aria-details") == "dl-preview"
    assert link.get_attribute("title") is None
    assert len(card.inner_text()) > 60
    page.keyboard.press("Escape")
    card.wait_for(state="hidden")
    assert link.get_attribute("aria-details") is None
    assert link.evaluate("link => link == document.activeElement")


def test_a_long_card_scrolls_by_the_keyboard(visit):
    _, page = visit(viewport={"width": 1000, "height": 420})
    page.locator(LIST).click()
    link = page.locator(STATEMENT).first
    link.evaluate("link => link.focus({focusVisible: true})")
    page.locator(OPEN).wait_for()
    page.keyboard.press("Tab")
    inside = ".dl-preview-text:focus"
    page.locator(inside).wait_for()
    assert page.locator(OPEN).is_visible()


def test_a_tap_shows_the_card_and_its_link_leads_on(visit):
    _, page = visit(has_touch=True, viewport=PHONE)
    link = page.locator(CITATION).first
    link.tap()
    card = page.locator(OPEN)
    card.wait_for()
    assert page.url.endswith(CHAPTER)
    box, place = card.bounding_box(), link.bounding_box()
    assert box["width"] == PHONE["width"]
    apart = box["y"] + box["height"] <= place["y"]
    assert apart or box["y"] >= place["y"] + place["height"]
    card.locator(".dl-preview-open").tap()
    page.wait_for_url("**/bibliography.html#*")


def test_a_tap_on_what_has_no_card_leads_on(visit):
    _, page = visit(has_touch=True, viewport=PHONE)
    page.evaluate(
        """() => { const link = document.createElement("a");
        link.href = "18-tensor-calculus.html#remember"; link.id = "away";
        link.textContent = "away";
        document.querySelector("article").prepend(link); }"""
    )
    page.locator("#away").tap()
    page.wait_for_url("**/18-tensor-calculus.html#remember")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_cards_are_accessible(visit, theme):
    seen, page = visit("bibliography.html", color_scheme=theme)
    page.evaluate(
        """() => { const link = document.createElement("a");
        link.href = "chapters/02-analysis.html#ana-log-trick";
        link.textContent = "Property 2.1"; link.id = "there";
        document.querySelector("article p").append(" ", link); }"""
    )
    page.locator("#there").hover()
    page.locator(OPEN).wait_for()
    assert seen.judged() == []
    assert page.locator(OPEN).is_visible()


def test_cards_come_from_a_disk(browser, published):
    page = browser.new_page()
    page.goto((published.html / CHAPTER).as_uri())
    page.locator(CITATION).first.hover()
    page.locator(OPEN).wait_for()
    page.close()


def test_the_small_book_has_cards(tmp_path):
    press.book(
        tmp_path, {"11-3-gradient-descent": press.SAMPLE, "other": press.OTHER}
    )
    site = press.build(tmp_path)
    assert site.status == 0, site.log
    _, cards = read(site, "chapters-11-3-gradient-descent")
    assert {"opt-sgd", "opt-sgd-escape", "equation-eq-one"} <= set(cards)
    escape = text(cards["opt-sgd-escape"])
    assert escape.startswith("11.3.5 ")
    assert escape.endswith(" It escapes.")
