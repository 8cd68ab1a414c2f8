"""Layers of a chapter: what folds, what is shown, what a link opens."""

import pytest
from press import SAMPLE, book, build, check, code, markdown

pytest.importorskip("playwright.sync_api")

from browser import Visit, served

CHAPTER = "chapters/12-2-discrete-convolution.html"
SHOWN = """what => [...document.querySelectorAll(what)].filter(
  part => part.checkVisibility({ contentVisibilityAuto: false })).length"""
LAYER = "document.documentElement.dataset.layer"


def tagged(cell, *tags):
    cell["metadata"]["tags"] = list(tags)
    return cell


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A chapter with each kind of cell."""
    tree = tmp_path_factory.mktemp("layers")
    lines = [check("opt-sgd", says=f"line {k}") for k in range(3)]
    cells = [
        *SAMPLE[:2],
        code("check.close('opt-sgd', a, b)", *lines),
        tagged(code("check.close('opt-sgd', a, b)", lines[0]), "open"),
        code("both()", lines[0], check("opt-sgd", "refutes"), lines[1]),
        code("print(1)"),
        markdown("## Last\n\nWords.\n\n(opt-nesterov)=\nTwo points."),
    ]
    book(tree, {"11-3-sample": cells})
    site = build(tree)
    return site.pages["chapters/11-3-sample.html"]


@pytest.fixture(scope="module")
def site(published):
    with served(published.html) as address:
        yield address


@pytest.fixture
def visit(browser, site):
    visits = []

    def start(**options):
        visits.append(Visit(browser, site, **options))
        return visits[-1]

    yield start
    for each in visits:
        each.close()


def cell(page, number):
    return page.find(id=f"cell-{number}").find_parent(class_="cell")


def test_a_cell_that_only_checks_folds_its_code(small):
    fold = cell(small, 1).find("details", class_="hide")
    assert fold.summary.get_text() == "Code of the checks"
    assert fold.find(class_="cell_input")
    assert not cell(small, 2).find("details", class_="hide")  # open
    assert not cell(small, 4).find("details", class_="hide")  # no check


def test_green_lines_about_one_statement_are_one_that_opens(small):
    (group,) = cell(small, 1).select(".dl-lines")
    assert group.summary.get_text().startswith("✓ 3 checks of 11.3.")
    assert [item.get_text(strip=True) for item in group.find_all("li")] == [
        "line 0",
        "line 1",
        "line 2",
    ]
    assert group.find("a", href="#opt-sgd")


def test_a_refuted_line_stands_alone_and_in_its_order(small):
    output = cell(small, 3).find(class_="cell_output")
    lines = output.find_all(class_="dl-check", recursive=False)
    kinds = ["dl-refuted" in line["class"] for line in lines]
    assert kinds == [False, True, False]
    assert not output.select(".dl-lines")


def test_the_switch_hides_remembers_and_shows_again(visit):
    seen = visit()
    page = seen.open(CHAPTER, whole=True)
    assert page.evaluate(LAYER) == "derivations"
    proofs = "article [id^=proof-of-]"
    boxes = "article .proof:not([id^=proof-of-]) p:not(.admonition-title)"
    stated, proved = page.evaluate(SHOWN, boxes), page.evaluate(SHOWN, proofs)
    assert proved > 3
    chosen = page.locator(".dl-layers input:checked")
    chosen.focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(LAYER) == "statements"
    assert page.evaluate(SHOWN, proofs) == 0
    assert page.evaluate(SHOWN, boxes) == stated
    assert page.evaluate(SHOWN, "article .cell_input") == 0
    assert page.evaluate(SHOWN, "article .dl-check") > 10
    page = seen.open("index.html")
    assert page.evaluate(LAYER) is None  # no chapter
    page = seen.open(CHAPTER)
    assert page.evaluate(LAYER) == "statements"
    page.locator(".dl-layers [value=everything]").check()
    assert page.locator("article details:not([open])").count() == 0
    page.locator(".dl-layers [value=derivations]").check()
    assert page.locator("article details[open]").count() == 0
    assert seen.faults == []


def test_a_link_shows_what_the_layer_hides_and_the_code_of_a_check(visit):
    seen = visit()
    seen.context.add_init_script("localStorage.setItem('layer', 'statements')")
    page = seen.open(CHAPTER)
    name = page.locator("[id^=proof-of-]").first.get_attribute("id")
    assert not page.locator(f"#{name}").is_visible()
    page.evaluate("name => { location.hash = name }", name)
    page.locator(f"#{name}").wait_for()
    place = page.locator(".cell:has(> details.hide):has(.dl-lines)").first
    mark = place.locator("xpath=.").get_attribute("id")
    if mark is None or not mark.startswith("check-"):
        mark = place.locator("[id^=check-]").first.get_attribute("id")
    page.evaluate("name => { location.hash = name }", mark)
    page.wait_for_function(
        "cell => [...cell.querySelectorAll('details')].every(d => d.open)",
        arg=place.element_handle(),
    )
    assert seen.faults == []


def test_without_scripts_nothing_is_hidden(visit):
    page = visit(java_script_enabled=False).open(CHAPTER)
    assert not page.locator(".dl-layers").is_visible()
    assert page.locator("article [id^=proof-of-]").first.is_visible()


def test_choosing_a_layer_before_drawing_shifts_nothing(visit):
    seen = visit()
    seen.context.add_init_script(
        "localStorage.setItem('layer', 'statements');"
        "window.shifts = 0; new PerformanceObserver(list => {"
        "for (const shift of list.getEntries()) window.shifts += shift.value;"
        "}).observe({ type: 'layout-shift', buffered: true });"
    )
    page = seen.open(CHAPTER)
    page.evaluate("() => new Promise(requestAnimationFrame)")
    assert page.evaluate("window.shifts") < 0.01
