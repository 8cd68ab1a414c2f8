"""The pages are lean: what they load, and what the press leaves out.

The rules that choose what stays are tried on small pieces; the book itself
is built once, and looked at as a reader's browser receives it.
"""

import gzip
import re
import shutil
from functools import cache
from pathlib import Path

import pytest
from docutils import nodes
from docutils.utils import new_document
from fontTools.ttLib import TTFont

from _ext.lists import search
from _ext.page import fonts, lean, script, shapes, stylesheet

ROOT = Path(__file__).parents[1]
CHAPTER = "chapters/11-3-gradient-descent.html"
MOST = 300_000  # bytes on the wire, compressed
FILES = 24
FONTS = {  # the classes that need a font
    "katex": "Main-Regular",
    "mathnormal": "Math-Italic",
    "mathbf|textbf": "Main-Bold",
    "mathbb|amsrm|proof": "AMS-Regular",  # the square of a proof
    "mathcal": "Caligraphic-Regular",
    "boldsymbol": "Math-BoldItalic",
    "mathfrak": "Fraktur-Regular",
    "mathscr": "Script-Regular",
    "mathsf": "SansSerif-Regular",
    "mathtt": "Typewriter-Regular",
    "mathit|textit": "Main-Italic",
    "size1|small-op": "Size1-Regular",
}


@pytest.fixture
def site(published):
    return published


@cache
def weight(path):
    content = path.read_bytes()
    packed = path.suffix in (".woff2", ".png", ".jpg")
    return len(content) if packed else len(gzip.compress(content, 9))


def asked(site, name):
    """Return the files that a page makes a browser load, all its figures."""
    page = site.pages[name]
    here = (site.html / name).parent
    found = {site.html / name}
    for node in page.find_all(["script", "img"], src=True):
        found.add((here / node["src"].split("?")[0]).resolve())
    for node in page.find_all("link", href=True):
        loads = {"stylesheet", "icon", "preload"} & set(node["rel"])
        if loads and not node["href"].startswith("data:"):
            found.add((here / node["href"].split("?")[0]).resolve())
    folder = site.html / "_static" / "katex" / "fonts"
    text = site.pages.text(name)
    for classes, font in FONTS.items():
        if re.search(rf'class="[^"]*\b({classes})\b', text):
            found.update(folder.glob(f"KaTeX_{font}.*.woff2"))
    return found


def raw(site):
    return [site.pages.text(name) for name in site.pages]


# ---- the rules ------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (".seen{color:red}", ".seen{color:red}"),
        (".gone{color:red}", ""),
        ("#gone .seen{color:red}", ""),
        (".seen.gone{color:red}", ""),
        ("p:hover > blockquote, p::after{a:b}", "p::after{a:b}"),
        (".gone, .seen > p{color:red}", ".seen > p{color:red}"),
        (".seen:not(.gone){color:red}", ".seen:not(.gone){color:red}"),
        ('a[href=".gone"]{color:red}', 'a[href=".gone"]{color:red}'),
        ("@media print{.gone{a:b}}", ""),
        ("@media print{.seen{a:b}}", "@media print{.seen{a:b}}"),
        ("@import 'x.css';", ""),
        (".seen{/* a } brace */a:b}", ".seen{a:b}"),
    ],
)
def test_rules_that_no_page_can_use_are_left_out(text, kept):
    assert "".join(stylesheet.rules(text, {"seen", "<p", "<a"})) == kept


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("@keyframes a{0%{b:c} 100%{b:d}}p{e:f}", "p{e:f}"),
        (
            "@keyframes a{0%{b:c}}p{animation: 1s a}",
            "@keyframes a{0%{b:c}}p{animation: 1s a}",
        ),
    ],
)
def test_motions_that_nothing_shows_are_left_out(text, short):
    assert stylesheet.still(text) == short


def test_a_shape_stands_once_on_a_page():
    path = "M" + "1 2" * 40
    svg = '<svg xmlns="x" viewBox="0" preserveAspectRatio="xMinYMin">'
    root = f'{svg}<path d="{path}"/></svg>'
    bare = svg.replace(' xmlns="x"', "")
    assert shapes.share(f"{root}a{root}") == (
        f'{bare}<path id="dl-shape-0" d="{path}"/></svg>a'
        f'{bare}<use href="#dl-shape-0"/></svg>'
    )
    short = f'{svg}<path d="M0"/></svg>'
    assert shapes.share(short * 2) == short.replace(' xmlns="x"', "") * 2


def test_the_dark_mode_needs_no_script():
    text = 'html[data-theme="dark"] .a{color:red}'
    rules = list(stylesheet.rules(text, {"a", "<html"}))
    assert rules[0] == text
    assert rules[1] == (
        "@media (prefers-color-scheme:dark)"
        "{html[data-theme=auto] .a{color:red}}"
    )


def test_variables_that_nothing_asks_for_are_left_out():
    text = ':root{--a:1;--b:var(--a);--c:url("x;y");--d:2}\np{m:var(--b)}'
    page = '<p style="color: var(--d)">'
    short = stylesheet.variables(text, page)
    assert short == ":root{--a:1;--b:var(--a);--d:2}\np{m:var(--b)}"


def test_addresses_are_seen_from_the_folder_of_the_style_sheet(tmp_path):
    (tmp_path / "_static" / "a").mkdir(parents=True)
    path = tmp_path / "_static" / "a" / "b.css"
    path.write_text("p{a:url(../c.png);b:url('data:x');c:url(#d)}")
    text = stylesheet.sheet(tmp_path, "_static/a/b.css")
    assert text == "p{a:url(\"c.png\");b:url('data:x');c:url(#d)}"
    with pytest.raises(Exception, match="missing"):
        stylesheet.sheet(tmp_path, "_static/none.css")


def test_the_body_of_a_page_is_rewritten_once():
    body = (
        '<math><semantics><mi>x</mi><annotation encoding="application/x-tex">'
        "x &lt; 1</annotation></semantics></math><pre><span></span>"
        '<span class="n">f</span><span class="p">(</span></pre>'
        '<summary aria-label="Toggle hidden content">'
        '<img width="3" height="4" src="a">'
    )
    for _ in range(2):
        for pattern, text in lean.BODY:
            body = pattern.sub(text, body)
        assert body == (
            '<math><mi>x</mi></math><pre tabindex="0"><span></span>f('
            '</pre><summary><img loading="lazy" width="3" height="4" src="a">'
        )


def test_the_description_is_the_first_paragraph_cut_at_a_word():
    document = new_document("page")
    note = nodes.note("", nodes.paragraph("", "Not this."))
    section = nodes.section("", note, nodes.paragraph("", "word " * 50))
    document += section
    text = lean.description(document)
    assert text == "word " * 29 + "word…"
    assert len(text) <= lean.LONGEST
    assert lean.description(None) == ""


def test_glyphs_are_those_of_the_formulas():
    page = (
        '<p>ж <span class="katex"><span class="katex-mathml">µ</span>'
        '<span class="katex-html" aria-hidden="true"><i>∇&lt;</i></span>'
        "</span></p>\n<p>я</p>"
    )
    found = "".join(map(chr, fonts.glyphs([page])))
    assert "∇" in found
    assert "<" in found
    assert not {"ж", "я"} & set(found)


# ---- the book -------------------------------------------------------------


def test_a_page_loads_little(site):
    for name in site.pages:
        files = asked(site, name)
        size = sum(map(weight, files))
        assert size <= MOST, (name, size)
        assert len(files) <= FILES, (name, sorted(files))


def test_the_scripts_of_figures_come_behind_the_text():
    data = '<script type="application/json">{}</script>'
    figure = f"<figure>{data}<script>play()</script></figure>"
    body = f"<p>A</p>{figure}<pre>&lt;script></pre>{figure}<p>B</p>"
    bare = f"<figure>{data}</figure>"
    assert lean.scripts_last(body) == (
        f"<p>A</p>{bare}<pre>&lt;script></pre>{bare}<p>B</p>"
        "<script>play()</script>"
    )


def test_a_page_asks_for_one_style_sheet_and_waits_for_no_script(site):
    for name, page in site.pages.items():
        sheets = page.find_all("link", rel="stylesheet")
        if name == "404.html":  # it stands anywhere, and asks for nothing
            assert sheets == []
            continue
        assert len(sheets) == 1, (name, sheets)
        assert re.search(r"site\.css\?v=\w{10}$", sheets[0]["href"])
        for node in page.find_all("script", src=True):
            assert node.has_attr("defer"), (name, node)
        assert not page.find("script", src=re.compile("search-?index")), name


def test_nothing_is_left_that_no_page_asks_for(site):
    left = {path.name for path in site.html.rglob("*") if path.is_file()}
    assert not {"fontawesome.js", "bootstrap.js", "screenshot.png"} & left
    assert not [name for name in left if name.endswith((".map", ".mo"))]
    assert not (site.html / "_sources").exists()
    named = "".join(map(str, site.pages.values()))
    named += (site.html / "_static" / "site.css").read_text("utf-8")
    static = site.html / "_static"
    for path in static.rglob("*"):
        if path.relative_to(static).as_posix().startswith(script.LATER):
            continue  # a script asks for it when a reader does
        assert path.is_dir() or path.name in named, path


def test_what_the_style_sheet_asks_for_exists(site):
    static = site.html / "_static"
    text = (static / "site.css").read_text("utf-8")
    for match in stylesheet.URL.finditer(text):
        assert (static / match[2].split("?")[0]).exists(), match[0]


def test_every_icon_has_a_drawing(site):
    text = (site.html / "_static" / "site.css").read_text("utf-8")
    kinds = {"solid", "regular", "brands", "lg", "fw"}
    for name, page in site.pages.items():
        for icon in page.select("[class*='fa-']"):
            shapes = {c[3:] for c in icon["class"] if c.startswith("fa-")}
            for shape in shapes - kinds:
                assert f".fa-{shape}{{--dl-icon" in text, (name, icon)


def test_every_formula_keeps_its_glyphs(site):
    """What a whole font has, its part has for every glyph in use."""
    pages = list(raw(site))
    every, few = fonts.glyphs(pages), fonts.signs(pages)
    source = ROOT / "node_modules" / "katex" / "dist" / "fonts"
    text = (site.html / "_static" / "site.css").read_text("utf-8")
    for path in sorted(source.glob("*.ttf")):
        assert f"{path.stem}." in text or "data:font/woff2" in text
        part = list(site.html.glob(f"_static/katex/fonts/{path.stem}.*.woff2"))
        if part:
            whole = set(TTFont(path)["cmap"].getBestCmap())
            have = set(TTFont(part[0])["cmap"].getBestCmap())
            codes = set(few.get(path.stem, every))
            assert have >= whole & codes, path.stem


def test_a_font_keeps_the_signs_that_it_draws():
    page = (
        '<span class="mord mathbf mtight" style="a:b">A&lt;</span>'
        '<span class="mord mathnormal">n</span>'
        '<span class="mord boldsymbol">θ</span>'
    )
    found = fonts.signs([page])
    assert found["KaTeX_Main-Bold"] == [ord("<"), ord("A")]
    assert found["KaTeX_Math-BoldItalic"] == [ord("θ")]
    assert found["KaTeX_Math-Italic"] == [ord("n")]
    assert found["KaTeX_AMS-Regular"] == [ord("□")]
    assert fonts.signs([page, '<span class="mord textbf">all</span>']) == {}


def test_a_page_says_what_it_is_about(site):
    seen = set()
    for name, page in site.pages.items():
        texts = [
            m["content"]
            for m in page.find_all("meta", {"name": "description"})
        ]
        assert len(texts) == 1, name
        assert 10 <= len(texts[0]) <= 160, (name, texts)
        seen.add(texts[0])
        assert page.find("link", rel="icon"), name
    assert len(seen) == len(site.pages)


def test_solutions_are_folded_without_a_script(site):
    folds = site.pages[CHAPTER].select("details.solution")
    assert len(folds) >= 5
    for fold in folds:
        assert fold.find(True, recursive=False).name == "summary"
        assert not fold.summary.find("a"), fold.summary
        assert not fold.has_attr("open")


def test_boxes_that_scroll_are_reached_by_the_keyboard(site):
    for name, page in site.pages.items():
        boxes = page.select(
            "article pre, .dl-display, .pst-scrollable-table-container"
        )
        for box in boxes:
            assert box.get("tabindex") == "0", (name, box.get("class"))


def test_formulas_carry_their_mathml_but_not_their_tex(site):
    for name, page in site.pages.items():
        assert not page.find("annotation"), name
        for formula in page.select(".katex"):
            assert formula.find("math"), name


def test_a_second_run_changes_nothing(site, tmp_path):
    """The press may run over pages that it has written before."""
    page = str(site.pages["index.html"])
    link = '<link rel="stylesheet" href="_static/x.css">'
    once = stylesheet.HEAD.sub(f"<!-- style -->{link}<!-- /style -->", page)
    again = stylesheet.HEAD.sub(f"<!-- style -->{link}<!-- /style -->", once)
    assert once == again
    assert once.count(link) == 1
    shutil.copytree(site.html / "_static", tmp_path / "_static")
    text = (site.html / "_static" / "site.css").read_text("utf-8")
    named = stylesheet.files(map(str, site.pages.values()))
    stylesheet.sweep(tmp_path / "_static", named, text)
    left = {p.relative_to(tmp_path) for p in tmp_path.rglob("*")}
    static = {
        p.relative_to(site.html) for p in (site.html / "_static").rglob("*")
    }
    late = {Path("_static") / name for name in (search.INDEX, search.ENGINE)}
    assert late <= static  # they are written after all else, each time
    assert left - {Path("_static")} == static - late
