"""The site in a browser: what it asks for, weighs, says and does."""

import math
import re
from io import BytesIO
from itertools import pairwise

import matplotlib as mpl
import nbformat
import pytest
from nbconvert import HTMLExporter
from PIL import Image, ImageStat

from dlbook import plot
from dlbook.plot import sliders

pytest.importorskip("playwright.sync_api")

from browser import LOADED, Visit, served

KB = 1000
MOST = {"chapter": 300 * KB, "sheet": 400 * KB, "page": 300 * KB}
MOST_REQUESTS = 24
# Rules of axe: what the dark can change, and a narrow window.
COLOURS = ("color-contrast", "link-in-text-block")
SPACE = ("scrollable-region-focusable", "target-size")
KINDS = {  # a page of each kind
    "bibliography.html",
    "chapters/11-3-gradient-descent.html",
    "cheatsheet.html",
    "index.html",
    "notation.html",
    "search.html",
}
PAPER = {"width": 718, "height": 1047}  # A4 within margins of a centimetre
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}
WIDTHS = (390, 768, 1600, 1280)  # pixels; the last one stays
SOME = (  # chapters, for what the press makes alike in all
    "chapters/01-probability.html",
    "chapters/11-3-gradient-descent.html",
)
FIGURE = ".dl-play"


@pytest.fixture(scope="module")
def site(published):
    with served(published.html) as address:
        yield address


@pytest.fixture
def visit(browser, site):
    """Open pages in contexts of their own, closed at the end."""
    visits = []

    def start(**options):
        visits.append(Visit(browser, site, **options))
        return visits[-1]

    yield start
    for each in visits:
        each.close()


@pytest.fixture(scope="module")
def chapters(published):
    names = [name for name in published.pages if name.startswith("chapters/")]
    assert names
    return sorted(names)


# ---- every page -----------------------------------------------------------


def test_pages_are_light_quiet_accessible_and_fit_a_phone(visit, published):
    """A page of each kind gets all rules of axe each time; the others all of
    them once, then those for what a phone or the dark can change."""
    assert set(published.pages) > KINDS
    found = {}
    for name in sorted(published.pages):
        seen = visit(color_scheme="light", viewport=PHONE)
        page = seen.open(name, whole=True)
        faults = seen.faults
        faults += weighed(name, seen.sizes())
        for width in WIDTHS:
            page.set_viewport_size({**DESK, "width": width})
            wide = page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                faults.append(f"{width} px: scrolls sideways, {wide} px")
        faults += [f"1280 px: {fault}" for fault in seen.judged()]
        page.set_viewport_size(PHONE)
        rules = () if name in KINDS else SPACE
        faults += [f"390 px: {fault}" for fault in seen.judged(*rules)]
        page.emulate_media(color_scheme="dark")
        rules = () if name in KINDS else COLOURS
        faults += [f"dark: {fault}" for fault in seen.judged(*rules)]
        theme = page.locator("html").get_attribute("data-theme")
        if theme != "dark" and name != "404.html":  # it has no script
            faults.append("does not follow the system into the dark")
        if faults:
            found[name] = sorted(set(faults))
        seen.close()
    assert found == {}


def weighed(name, sizes):
    kind = "chapter" if name.startswith("chapters/") else "page"
    kind = "sheet" if name == "cheatsheet.html" else kind
    heavy = sum(sizes.values()) > MOST[kind]
    many = kind == "chapter" and len(sizes) > MOST_REQUESTS
    worst = sorted(sizes.items(), key=lambda item: -item[1])[:5]
    said = f"{len(sizes)} requests, {sum(sizes.values())} bytes, {worst}"
    return [said] if heavy or many else []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_open_in_the_colours_of_the_system(visit, theme):
    for name in sorted(KINDS):
        seen = visit(color_scheme=theme)
        page = seen.open(name)
        assert page.locator("html").get_attribute("data-theme") == theme
        assert seen.faults == [], name
        seen.close()


# ---- without scripts ------------------------------------------------------


def test_everything_can_be_read_without_scripts(visit):
    for name in SOME:
        seen = visit(java_script_enabled=False)
        page = seen.open(name, whole=True)
        # Chromium reports preloaded scripts as failed where there are none.
        assert [f for f in seen.faults if ".js" not in f] == [], name
        formulas = page.locator("article .katex")
        size = page.locator("article .katex:visible").first.bounding_box()
        assert size["width"] > 2, name
        assert size["height"] > 2, name
        assert page.locator("article .katex math").count() == formulas.count()
        font = "el => getComputedStyle(el).fontFamily"
        assert "KaTeX" in formulas.first.evaluate(font)
        for image in page.locator("article img").all():
            assert image.evaluate("el => el.naturalWidth > 20"), name
        for figure in page.locator(FIGURE).all():
            assert figure.locator("svg").bounding_box()["height"] > 100
            assert figure.locator("svg path:visible").count() > 2
            assert figure.locator("figcaption").is_visible()
            assert "Without JavaScript" in figure.inner_text()
            assert not figure.locator("form").is_visible()


# ---- on paper -------------------------------------------------------------

FONTS = """() => [...document.fonts].filter(face => face.status == "loaded")
  .map(face => [face.family, face.style, face.weight].join(" "))"""


def test_the_fonts_of_all_formulas_are_there_before_they_are_printed(visit):
    needed = visit().open(SOME[1], whole=True).evaluate(FONTS)
    assert len(needed) > 6
    page = visit().open(SOME[1])
    page.keyboard.press("Shift")  # a hand is at the keys
    has = f"needed => needed.every(font => ({FONTS})().includes(font))"
    page.wait_for_function(has, arg=needed)


# The parts of formulas that end beyond the paper, and how far.
BEYOND = """() => {
  for (const fold of document.querySelectorAll("details")) fold.open = true;
  return [...document.querySelectorAll(".dl-display .katex-base")].map(
    part => [part.getBoundingClientRect().right, part.textContent]
  ).filter(([right]) => right > innerWidth);
}"""


def test_no_formula_is_cut_off_on_paper(visit, chapters):
    for name in chapters:
        seen = visit(viewport=PAPER)
        page = seen.open(name)
        page.emulate_media(media="print")
        page.evaluate(LOADED)
        assert page.locator(".dl-display .katex-base").count() > 0, name
        assert page.evaluate(BEYOND) == [], name
        seen.close()


# ---- figures --------------------------------------------------------------


def drawing(figure):
    return figure.locator("svg").evaluate(
        "svg => [...svg.querySelectorAll('[data-g]')]"
        ".map(g => g.innerHTML).join()"
    )


def test_keys_move_every_figure(visit, chapters):
    moved = 0
    for name in chapters:
        seen = visit()
        page = seen.open(name)
        for figure in page.locator(FIGURE).all():
            moved += moves(figure)
        assert seen.faults == [], name
        seen.close()
    assert moved


def moves(figure):
    """Use each control by its keys; return how many there are."""
    controls = figure.locator("[data-p]").all()
    for control in controls:
        before = drawing(figure)
        if control.locator("[type=range]").count():
            slides(control)
        else:
            chooses(control)
        assert drawing(figure) != before, control.inner_text()
    return len(controls)


def slides(control):
    slider = control.locator("[type=range]")
    said = control.locator("span")
    word = said.text_content()
    assert slider.get_attribute("aria-valuetext") == word
    key = "Left" if slider.input_value() != "0" else "Right"
    slider.focus()
    slider.press(f"Arrow{key}")
    assert said.text_content() != word
    assert slider.get_attribute("aria-valuetext") == said.text_content()


def chooses(control):
    listed = control.locator("select")
    if listed.count():
        before = listed.input_value()
        listed.press("ArrowDown")
        assert listed.input_value() != before
        return
    chosen = control.locator("input:checked")
    before = chosen.input_value()
    chosen.press("ArrowRight")
    assert control.locator("input:checked").input_value() != before


def sine(ax, k, kind):
    t = [i / 20 for i in range(100)]
    wave = math.sin if kind == "sine" else math.cos
    ax.plot(t, [wave(k * s) for s in t], marker="o")
    ax.set(xlim=(0, 5), ylim=(-1, 1), title=f"{kind} {k}")


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """An HTML file of nbconvert with the same figure twice."""
    with mpl.rc_context():
        plot.style()
        figure = sliders._page(
            sine,
            (
                "a wave that gets shorter from left to right",
                "Where is the wave shorter? <script>bad()</script>",
                "The wave is shorter where k is larger.",
            ),
            {"k": "<i>k</i> (1/s)"},
            {},
            {"k": [1, 2, 3], "kind": ["sine", "cosine"]},
        )
    notebook = nbformat.v4.new_notebook()
    for _ in range(2):
        output = nbformat.v4.new_output("display_data", {"text/html": figure})
        notebook.cells.append(nbformat.v4.new_code_cell(outputs=[output]))
    folder = tmp_path_factory.mktemp("exported")
    for theme in ("light", "dark"):
        text, _ = HTMLExporter(theme=theme).from_notebook_node(notebook)
        # Its own libraries come from other hosts; the figure needs none.
        text = re.sub(r'<script src="http[^>]*></script>', "", text)
        (folder / f"{theme}.html").write_text(text, "utf-8")
    return folder


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figures_move_in_an_exported_notebook(browser, exported, theme):
    with served(exported) as address:
        seen = Visit(browser, address)
        page = seen.open(f"{theme}.html")
        first, second = page.locator(FIGURE).all()
        start = drawing(first)
        assert moves(first)
        assert drawing(second) == start
        slides(second.locator("[data-p]").first)
        assert drawing(second) not in (start, drawing(first))
        assert "<i>k</i>: " in first.inner_text()
        assert "<script>bad()</script>" in first.inner_text()
        judged = " ".join(seen.judged())
        assert "dl-" not in judged
        assert "figcaption" not in judged
        errors = [fault for fault in seen.faults if "error:" in fault]
        assert [e for e in errors if e.startswith("error")] == []
        words = "el => getComputedStyle(el).color"
        text = first.locator("figcaption").evaluate(words)
        axis = first.locator("svg text").first.evaluate(
            "el => getComputedStyle(el).fill"
        )
        assert text == axis
        light = max(map(int, re.findall(r"\d+", text)[:3])) > 127
        assert light is (theme == "dark")
        seen.close()


# ---- what a reader does ---------------------------------------------------


def test_the_theme_that_is_chosen_stays(visit):
    seen = visit(color_scheme="dark")
    page = seen.open("notation.html")
    theme = "document.documentElement.dataset.theme"
    button = page.locator(".theme-switch-button:visible").first
    modes = set()
    for _ in range(3):
        button.click()
        chosen = page.evaluate(theme)
        mode = page.evaluate("document.documentElement.dataset.mode")
        modes.add((mode, chosen))
        page.reload()
        assert page.evaluate(theme) == chosen
        seen.open("index.html")
        assert page.evaluate(theme) == chosen
        seen.open("notation.html")
    assert modes >= {("light", "light"), ("dark", "dark")}
    assert seen.faults == []


# All that a keyboard must reach; of buttons that exclude each other one.
STOPS = """() => {
  const stops = "a[href], button, input, select, summary, [tabindex='0']";
  const radios = new Set();
  return [...document.querySelectorAll(stops)].filter(stop => {
    if (stop.tabIndex < 0 || stop.disabled) return false;
    if (!stop.checkVisibility({visibilityProperty: true})) return false;
    return stop.type != "radio" || stop.checked;
  }).map((stop, k) => { stop.dataset.stop = k; return stop.outerHTML; });
}"""
# Which of them has the focus, and whether that is to be seen.
FOCUS = """() => {
  const stop = document.activeElement;
  if (stop == document.body) return null;
  const {width, height} = stop.getBoundingClientRect();
  const {outlineStyle, outlineWidth, boxShadow} = getComputedStyle(stop);
  const ring = outlineStyle != "none" && parseFloat(outlineWidth) >= 1;
  const shown = width * height > 0 && (ring || boxShadow != "none");
  return [Number(stop.dataset.stop ?? -1), stop.outerHTML, shown];
}"""
LEFT = """reached => [...document.querySelectorAll("[data-stop]")].filter(
  stop => stop.tabIndex >= 0 && !reached.includes(Number(stop.dataset.stop))
    && (!stop.matches("pre, div") || stop.scrollWidth > stop.clientWidth + 1)
).map(stop => stop.outerHTML)"""
WALKED = ("chapters/18-tensor-calculus.html", "index.html", "search.html")


@pytest.mark.parametrize("name", WALKED)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_keyboard_reaches_everything_and_shows_where_it_is(
    visit, name, theme
):
    page = visit(color_scheme=theme).open(name, whole=True)
    stops = page.evaluate(STOPS)
    assert len(stops) > 20
    reached, unseen = set(), []
    for _ in range(2 * len(stops)):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUS)
        if found is None:  # before the first one, or behind the last
            if reached:
                break
            continue
        stop, what, shown = found
        reached.add(stop)
        if not shown:
            unseen.append(what)
    # What does not scroll need not be a stop.
    missed = page.evaluate(LEFT, sorted(reached))
    assert missed == []
    assert unseen == []


# Whether the text of each part that folds is to be seen.
SHOWN = """parts => parts.map(part =>
  [...part.querySelectorAll("p, li, pre")].some(text =>
    !text.closest("summary, .admonition-title, button")
    && text.checkVisibility({opacityProperty: true, visibilityProperty: true})
    && text.getBoundingClientRect().height > 0))"""
FOLDED = "article details, article [id^=sol-]"


def test_solutions_are_folded_and_open_by_keyboard(visit):
    for name in SOME:
        page = visit().open(name)
        parts = page.locator(FOLDED)
        kinds = [
            page.locator("article details").first,
            page.locator("article [id^=sol-]").first,
        ]
        assert page.locator("[id^=sol-]").count() >= 5, name
        assert True not in parts.evaluate_all(SHOWN), name
        for part in kinds:
            handle = part.locator("summary, button").first
            for shown in (True, False, True):
                handle.press("Enter")
                assert part.evaluate(f"el => ({SHOWN})([el])[0]") is shown


# ---- what is wide ---------------------------------------------------------

# How many blocks of each kind scroll sideways.
WIDE = """() => {
  for (const fold of document.querySelectorAll("details")) fold.open = true;
  const found = { code: 0, formulas: 0, outputs: 0, all: 0 };
  const kinds = {
    code: "article .cell_input pre",
    formulas: "article .dl-display",
    outputs: "article .cell_output pre",
  };
  for (const [kind, blocks] of Object.entries(kinds)) {
    for (const block of document.querySelectorAll(blocks)) {
      found.all += 1;
      found[kind] += block.scrollWidth > block.clientWidth + 1;
    }
  }
  return found;
}"""


def test_code_fits_a_desk_and_formulas_a_phone(visit, chapters):
    for name in chapters:
        seen = visit(viewport=DESK)
        page = seen.open(name, whole=True)
        found = page.evaluate(WIDE)
        assert found["all"] > 50, name
        assert found["code"] == 0, name
        assert found["formulas"] + found["outputs"] <= 2, name
        page.set_viewport_size(PHONE)
        found = page.evaluate(WIDE)
        assert found["formulas"] <= 3, name
        assert found["outputs"] <= 1, name
        seen.close()


def edge(block):
    """Return the grey levels of the last pixels of a block, by columns."""
    picture = Image.open(BytesIO(block.screenshot())).convert("L")
    strip = picture.crop(
        (picture.width - 8, 4, picture.width - 2, picture.height - 4)
    )
    return ImageStat.Stat(strip).median[0]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_scrolls_shows_at_which_edge_there_is_more(visit, theme):
    page = visit(viewport=PHONE, color_scheme=theme).open(SOME[1])
    page.evaluate(
        """() => {
          for (const fold of document.querySelectorAll("details"))
            fold.open = true;
          const blocks = document.querySelectorAll("article .cell_input pre");
          [...blocks].find(pre => pre.scrollWidth > pre.clientWidth + 50)
            .dataset.wide = "";
        }"""
    )
    block = page.locator("[data-wide]")
    more = edge(block)
    block.evaluate("pre => { pre.scrollLeft = pre.scrollWidth }")
    last = edge(block)
    assert abs(more - last) > 20


# ---- boxes ----------------------------------------------------------------

# What stands before and behind the parts of a page, drawn by the font of
# icons, which is not shipped: its signs have no other font.
TOFU = r"""() => [...document.querySelectorAll("body *")].flatMap(part =>
  ["::before", "::after", "::marker"].filter(place =>
    /[\ue000-\uf8ff]/.test(getComputedStyle(part, place).content)
  ).map(place => part.outerHTML.slice(0, 80) + place))"""
BOXES = {
    ".proof.definition",
    ".proof.theorem",
    ".proof.remark",
    ".proof[id^=proof-of-]",
    ".exercise",
    ".solution",
    "div.erratum",
    "details.erratum",
    ".dl-experiments",
    "details.hide",
    ".dl-lines",
    ".dl-cite",
}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_box_asks_for_a_sign_that_no_font_has(visit, theme):
    left = set(BOXES)
    for name in (*SOME, "cheatsheet.html", "errata.html"):
        seen = visit(color_scheme=theme)
        page = seen.open(name, whole=True)
        assert page.evaluate(TOFU) == [], name
        left -= {box for box in left if page.locator(box).count()}
        if name == SOME[0]:  # the test sees what it looks for
            page.add_style_tag(
                content='.admonition-title::before { content: "\\f071" '
                "!important }"
            )
            assert page.evaluate(TOFU) != []
        seen.close()
    assert left == set()


# ---- what once was broken --------------------------------------------------
def test_references_to_cite_stand_one_below_the_other(visit):
    """No box covers another one, nor leaves the column."""
    seen = visit()
    page = seen.open("how-to-cite.html", whole=True)
    boxes = page.evaluate(
        """() => [...document.querySelectorAll("article pre")].map(pre => {
          const { left, right, top, bottom } = pre.getBoundingClientRect();
          return [left, right, top, bottom];
        })"""
    )
    column = page.locator("article").bounding_box()
    assert len(boxes) >= 6
    for left, right, _, _ in boxes:
        assert left >= column["x"] - 1
        assert right <= column["x"] + column["width"] + 1
    for before, after in pairwise(boxes):
        assert after[2] >= before[3]


def test_an_address_that_means_nothing_breaks_nothing(visit):
    seen = visit()
    page = seen.open("chapters/11-3-gradient-descent.html#100%")
    assert seen.faults == []
    page.locator(".dl-layers label", has_text="Everything").click()
    folds = page.locator("article details:not([open])")
    assert folds.count() == 0


def test_a_link_opens_its_fold_again(visit):
    page = visit().open("chapters/11-3-gradient-descent.html")
    fold = (
        page.locator("article details").filter(has=page.locator("[id]")).first
    )
    name = fold.locator("[id]").first.get_attribute("id")
    page.evaluate(
        """name => {
          const link = document.createElement("a");
          link.href = "#" + name;
          link.id = "again";
          link.textContent = "again";
          document.querySelector("article").prepend(link);
        }""",
        name,
    )
    for _ in range(2):
        page.evaluate("document.getElementById('again').click()")
        page.wait_for_function("fold => fold.open", arg=fold.element_handle())
        fold.evaluate("fold => { fold.open = false }")


def test_a_page_on_a_disk_loads_its_fonts_for_paper(browser, published):
    """Without a server a script may not read the rules of a style sheet."""
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((published.html / SOME[0]).as_uri())
    page.keyboard.press("Shift")
    page.wait_for_function(
        """() => [...document.fonts].filter(({ family, status }) =>
          family.includes("KaTeX") && status == "loaded").length > 5"""
    )
    page.close()
    assert errors == []
