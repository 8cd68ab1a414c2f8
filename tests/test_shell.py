"""The frame of the pages: heads, menus, missing pages, what is copied."""

import json
import re
import struct

import pytest
from press import OWNER, ROOT, without_boxes

from _ext.page import script

pytest.importorskip("playwright.sync_api")

from browser import Visit, served

CHAPTER = "chapters/02-analysis.html"
SITE = "https://author.github.io/book/"
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def site(published):
    with served(published.html) as address:
        yield address


# ---- heads ----------------------------------------------------------------


def test_a_page_has_one_title_and_one_viewport(published):
    book = published.pages["index.html"].title.get_text()
    for name, page in published.pages.items():
        assert len(page.head.find_all("title")) == 1, name
        title = page.title.get_text()
        assert title.count(book) == 1, title
        views = page.find_all("meta", {"name": "viewport"})
        assert len(views) == 1, (name, views)


def test_a_page_names_its_address_and_its_picture(published):
    assert OWNER == "author/book"
    for name, page in published.pages.items():
        if name == "404.html":
            assert (
                page.find("meta", {"name": "robots"})["content"] == "noindex"
            )
            assert not page.find("link", rel="canonical")
            continue
        address = SITE + ("" if name == "index.html" else name)
        (link,) = page.find_all("link", rel="canonical")
        assert link["href"] == address
        said = {
            meta["property"]: meta["content"]
            for meta in page.find_all("meta", property=re.compile("^og:"))
        }
        assert said["og:url"] == address
        assert said["og:type"] == (
            "website" if name == "index.html" else "article"
        )
        about = page.find("meta", {"name": "description"})["content"]
        assert said["og:description"] == about
        assert said["og:title"] in page.title.get_text()
        picture = published.html / said["og:image"].removeprefix(SITE)
        data = picture.read_bytes()
        size = struct.unpack(">II", data[16:24])
        assert size == (1200, 630)
        assert len(data) <= 60_000
        width, height = said["og:image:width"], said["og:image:height"]
        assert (int(width), int(height)) == size


# ---- scripts --------------------------------------------------------------


def test_scripts_are_joined_in_the_order_of_their_names(tmp_path):
    static = tmp_path / "_static"
    static.mkdir()
    (static / "b.js").write_text("const x = 2;\nlater = x;", "utf-8")
    (static / "a.js").write_text("const x = 1;\nthrow new Error('a');")
    joined = script.join(tmp_path)
    assert joined.index("x = 1") < joined.index("x = 2")
    assert script.names(tmp_path) == {"_static/a.js", "_static/b.js"}


def test_a_script_that_fails_leaves_the_others(tab, tmp_path):
    static = tmp_path / "_static"
    static.mkdir()
    (static / "a.js").write_text("const x = 1;\nthrow new Error('a');")
    (static / "b.js").write_text("const x = 2;\nwindow.later = x;", "utf-8")
    errors = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.evaluate(f"() => {{ {script.join(tmp_path)} }}")
    assert tab.evaluate("later") == 2
    assert len(errors) == 1


def test_a_page_asks_for_one_script_of_all_pages(published):
    ours = {path.name for path in (ROOT / "_static").glob("*.js")}
    assert ours
    for name, page in published.pages.items():
        if name == "404.html":
            assert not page.find("script", src=True)
            continue
        asked = [s["src"] for s in page.find_all("script", src=True)]
        names = [re.sub(r".*/|\?.*", "", src) for src in asked]
        assert names.count(script.NAME) == 1, (name, asked)
        assert not ours & set(names), name


@pytest.mark.parametrize("hash_", ["#%", "#100%", "#a[b", "#%E0%A4%A", "#"])
def test_no_address_breaks_a_page(browser, site, hash_):
    seen = Visit(browser, site)
    page = seen.open(CHAPTER + hash_)
    page.locator(".theme-switch-button:visible").first.click()
    assert page.locator("html").get_attribute("data-mode") != "auto"
    page.locator(".dl-layers label", has_text="Everything").click()
    assert page.locator("article details:not([open])").count() == 0
    page.evaluate("hash => { location.hash = hash; }", "#%")
    assert seen.faults == []
    seen.close()


# ---- without scripts ------------------------------------------------------


def test_menus_are_reached_without_scripts_on_a_phone(browser, site):
    seen = Visit(browser, site, java_script_enabled=False, viewport=PHONE)
    page = seen.open(CHAPTER)
    for words, side in (
        ("Contents of the book", "#pst-primary-sidebar"),
        ("Of this page", "#pst-secondary-sidebar"),
    ):
        link = page.get_by_role("link", name=words)
        assert link.get_attribute("href") == side
        assert link.is_visible()
        bar = page.locator(side)
        assert bar.bounding_box()["y"] > PHONE["height"]
        assert bar.bounding_box()["width"] <= PHONE["width"]
        entries = bar.locator("nav a")
        assert entries.count() > 5
        for entry in entries.all():
            assert entry.is_visible()
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide == PHONE["width"]
    page.set_viewport_size({"width": 1280, "height": 800})
    assert not page.get_by_role("link", name="Of this page").is_visible()
    seen.close()


# ---- a missing page -------------------------------------------------------


def test_a_missing_page_asks_for_nothing_and_leads_everywhere(published):
    page = published.pages["404.html"]
    assert not page.find(src=True)
    assert not page.find("link", rel="stylesheet")
    links = {a["href"] for a in page.find_all("a")}
    names = {name for name in published.pages if name.startswith("chapters/")}
    assert links >= {SITE + name for name in names}
    assert SITE + "index.html" in links
    for link in links:
        assert (published.html / link.removeprefix(SITE)).exists(), link
    assert page.form["action"] == f"{SITE}search.html"
    assert page.form.input["name"] == "q"


# ---- what is copied -------------------------------------------------------

COPIED = """async () => {
  const [item] = await navigator.clipboard.read();
  const text = async (type) => (await item.getType(type)).text();
  return [await text("text/plain"), await text("text/html")];
}"""
SELECT = """what => {
  getSelection().selectAllChildren(document.querySelector(what));
}"""
TRICK = r"$p_\theta(\mathbf x)>0$"
RULE = (
    r"$$\nabla_\theta\,p_\theta(\mathbf x)"
    r"=p_\theta(\mathbf x)\,\nabla_\theta\log p_\theta(\mathbf x).$$"
)


@pytest.fixture(scope="module")
def chapter(browser, site):
    seen = Visit(browser, site)
    seen.context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield seen.open(CHAPTER)
    assert seen.faults == []
    seen.close()


def copied(page, what):
    page.evaluate(SELECT, what)
    page.wait_for_function("() => document.querySelector('[src*=\"/tex/\"]')")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Control+c")
    return page.evaluate(COPIED)


def test_a_text_is_copied_with_the_tex_of_its_formulas(chapter):
    text, html = copied(chapter, "#ana-log-trick")
    assert f"If {TRICK} is differentiable in $\\theta$, then\n\n{RULE}" in text
    assert "If" in html
    for piece in (TRICK.replace(">", "&gt;"), RULE, "<em>score</em>"):
        assert piece in html
    for rest in ("katex", "<math", "headerlink"):
        assert rest not in html


def test_a_formula_is_copied_whole(chapter):
    text, html = copied(chapter, "#ana-log-trick .dl-display .mord")
    assert text == RULE
    assert html == f"<div>{RULE}</div>"


def test_a_text_without_formulas_is_copied_as_it_is(chapter):
    chapter.locator("article .cell details > summary").first.click()
    text, _ = copied(chapter, "article .cell_input pre")
    assert text.startswith("import math\n")


def test_every_formula_has_its_tex_beside_the_page(published):
    for name in published.pages:
        page = without_boxes(published.pages.text(name))
        article = page.partition("<article")[2].partition("</article>")[0]
        count = len(re.findall(r'<span class="katex">', article))
        path = name.removesuffix(".html").replace("/", "-")
        kept = published.html / "_static" / "tex" / f"{path}.js"
        assert kept.exists() == (count > 0), name
        if count:
            data = kept.read_text("utf-8")
            assert len(json.loads(data[6:-3])) == count, name


# ---- tables ---------------------------------------------------------------


def test_heads_of_columns_have_a_name_in_open_folds_too(browser, site):
    seen = Visit(browser, site)
    page = seen.open("chapters/12-1-convolution.html", whole=True)
    page.evaluate(
        "() => { for (const fold of document.querySelectorAll('details'))"
        " fold.open = true; }"
    )
    assert page.locator("th:visible").count() > 4
    assert seen.judged("empty-table-header", "td-has-header") == []
    seen.close()
