"""A chapter in layers, on the screen and on paper."""

import re

import press
import pytest

CHAPTER = "chapters/12-1-convolution.html"
CHECKED = press.check("opt-sgd")
CELLS = [
    press.markdown(
        "# 11.3 Layers\n\nThe question.\n\n## One\n\nWhy one would.\n\n"
        ":::{prf:definition} Noise\n:label: opt-sgd\n\nThe statement.\n:::\n\n"
        ":::{prf:proof}\n:class: dropdown\n\nThe reason.\n:::"
    ),
    press.code("only = 'checks'", CHECKED, CHECKED),
    {
        **press.code("it = 'teaches'", CHECKED),
        "metadata": {"tags": ["open"]},
    },
    press.code("no = 'check'"),
    press.code(
        "one = 'refutes'",
        CHECKED,
        press.check("opt-sgd", "refutes"),
        CHECKED,
    ),
]


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    tree = tmp_path_factory.mktemp("layers")
    press.book(tree, {"11-3-layers": CELLS})
    return press.build(tree)


def test_code_that_only_checks_is_folded(sample):
    cells = press.section(sample, "11-3-layers").select("div.cell")
    folded = [bool(cell.select("details pre")) for cell in cells]
    assert folded == [True, False, False, True]
    assert "Code of the checks" in cells[0].summary.text


def test_lines_about_one_statement_are_one_that_opens(sample):
    first, second, *_ = press.section(sample, "11-3-layers").select("div.cell")
    (lines,) = first.select("details.dl-lines")
    assert " ".join(lines.summary.text.split()) == (
        "✓ 2 checks of 11.3.3 Stochastic gradient descent"
    )
    assert len(lines.select("li")) == 2
    assert not second.select("details.dl-lines")
    assert second.select_one(".dl-check")


def test_a_refuted_line_stands_alone_and_in_its_order(sample):
    last = press.section(sample, "11-3-layers").select("div.cell")[-1]
    lines = last.find(class_="cell_output").select(":scope > .dl-check")
    kinds = ["dl-refuted" in line["class"] for line in lines]
    assert kinds == [False, True, False]
    assert not last.select(".dl-lines")


@pytest.fixture
def chapter(published, browser):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto((published.html / CHAPTER).as_uri())
    yield page
    context.close()


def choose(page, name):
    page.locator(".dl-layers label", has_text=name).click()


def seen(page, selector):
    script = "nodes => nodes.filter(node => node.checkVisibility()).length"
    return page.locator(selector).evaluate_all(script)


PROSE = "article section > section > p"
BOX = ".proof:not([id^=proof-of-]) > section > p"
PROOF = "[id^=proof-of-]:not(details)"


def test_statements_show_what_they_state_and_no_more(chapter):
    boxes = chapter.locator(BOX).count()
    prose = seen(chapter, PROSE)
    assert seen(chapter, BOX) == boxes > 10
    assert seen(chapter, PROOF) > 3
    choose(chapter, "Statements")
    assert seen(chapter, BOX) == boxes
    assert seen(chapter, PROOF) == 0
    assert seen(chapter, "article .cell_input pre") == 0
    assert seen(chapter, PROSE) < prose / 4
    assert seen(chapter, "article figure.dl-figure img") > 4
    assert seen(chapter, ".dl-check") > 10


def test_everything_is_open_and_closes_again(chapter):
    closed = chapter.locator("article details:not([open])")
    before = closed.count()
    choose(chapter, "Everything")
    assert closed.count() == 0
    choose(chapter, "Derivations")
    assert closed.count() == before > 20


def test_the_choice_is_remembered(chapter):
    choose(chapter, "Statements")
    chapter.reload()
    checked = chapter.locator(".dl-layers input:checked")
    assert checked.get_attribute("value") == "statements"
    assert seen(chapter, PROOF) == 0


def test_a_link_to_what_is_hidden_shows_it(chapter):
    choose(chapter, "Statements")
    name = chapter.locator(PROOF).first.get_attribute("id")
    chapter.evaluate("name => { location.hash = name; }", name)
    chapter.locator(f"#{name}").wait_for(state="visible")


def test_a_link_to_a_check_opens_its_code(chapter):
    cell = chapter.locator("div.cell[id^=check-]:has(> details.hide)").first
    name = cell.get_attribute("id")
    for _ in range(2):
        chapter.evaluate("location.hash = ''")
        chapter.evaluate("name => { location.hash = name; }", name)
        chapter.wait_for_function(
            "cell => cell.querySelector('details.hide').open",
            arg=cell.element_handle(),
        )
        cell.locator("details.hide").evaluate("fold => { fold.open = false }")


def pages(page):
    paper = page.pdf(prefer_css_page_size=True)
    return len(re.findall(rb"/Type\s*/Page[^s]", paper))


def test_paper_shows_what_the_layer_shows(chapter):
    """Fewer sheets for less; the title stands on paper, no control does."""
    count = {}
    for name in ("Statements", "Derivations", "Everything"):
        choose(chapter, name)
        count[name] = pages(chapter)
    assert 2 * count["Statements"] < count["Derivations"]
    assert count["Derivations"] < count["Everything"]
    assert count["Derivations"] < 45  # 64 when code and folds were printed
    chapter.emulate_media(media="print")
    assert seen(chapter, "article h1") == 1
    for control in (".dl-layers", ".dl-run", ".dl-copy", ".dl-report"):
        assert seen(chapter, control) == 0, control


def test_without_scripts_all_is_there(published, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((published.html / CHAPTER).as_uri())
    assert page.locator(PROOF).first.is_visible()
    assert not page.locator(".dl-layers").is_visible()
    context.close()
