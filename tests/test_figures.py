"""A figure has a number, a caption and an anchor on its page."""

import xml.etree.ElementTree as ET

import press
import pytest

from _ext.page import night
from dlbook.plot import picture

CAPTION = "The line falls as $x^2$ does; see [](#opt-sgd)."
QUESTION = '<figcaption style="color:inherit">Where to?</figcaption>'


def below(name, text):
    return {
        "output_type": "display_data",
        "metadata": {"dlbook": {"caption": name}},
        "data": {"text/markdown": text, "text/plain": text},
    }


def moved(name):
    html = f'<figure class="dl-play">\n{QUESTION}<p>Drawing</p></figure>'
    return {
        "output_type": "display_data",
        "metadata": {"dlbook": {"name": name, "caption": "Where to?"}},
        "data": {"text/html": html, "text/plain": "a figure"},
    }


def drawn(name):
    return press.figure(
        "image/svg+xml", press.SVG, alt="A line.", dark="invert", name=name
    )


PHOTO = (
    '<svg style="background:#fff" xmlns="http://www.w3.org/2000/svg" '
    'xmlns:xlink="http://www.w3.org/1999/xlink" width="60pt" height="60pt" '
    'viewBox="0 0 60 60"><g><image xlink:href="data:image/png;base64,'
    f'{press.png(4, 4)}" width="4" height="4" '
    'transform="matrix(10 0 0 10 10 10)"/></g>'
    '<text id="on" x="30" y="30">7</text><text id="by" x="30" y="8">A</text>'
    '<path id="axis" d="M10 50L50 50" style="stroke:#000000"/>'
    '<path id="line" d="M20 20L40 40" style="stroke:#0072b2"/>'
    '<path id="out" d="M2 2L40 5" style="stroke:#0072b2"/></svg>'
)


def kept(name):
    return press.figure(
        "image/svg+xml", PHOTO, alt="A photograph.", dark="keep", name=name
    )


CELLS = [
    press.markdown(
        "# 11.3 Figures\n\nSee [](#fig-11-3-last) and {ref}`fig-11-3-move`."
        "\n\n:::{prf:definition} Noise\n:label: opt-sgd\n\nText.\n:::"
    ),
    press.code("plot", drawn("first"), below("first", CAPTION)),
    press.code("play", moved("move")),
    press.code(
        "plot", press.check("opt-sgd"), drawn("last"), below("last", "Last.")
    ),
    press.code("plot", kept("photo"), below("photo", "Kept. Two colours.")),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    tree = tmp_path_factory.mktemp("figures")
    press.book(
        tree, {"11-3-figures": CELLS},
        [
            ("other", "# Other\n\n[](#fig-11-3-first)"),
            ("figures", "# Figures\n\n:::{figure-list}\n:::"),
        ],
    )  # fmt: skip
    return press.build(tree)


def test_it_builds_without_a_warning(site):
    assert site.status == 0, site.log


def test_number_caption_and_anchor(site):
    ids = site.pages.ids("chapters/11-3-figures.html")
    for place, name in enumerate(("first", "move", "last"), start=1):
        figure = ids[f"fig-11-3-{name}"]
        assert figure.name == "figure"
        words = figure.figcaption.get_text()
        assert words.startswith(f"Figure 11.3.{place}. ")
    assert ids["fig-11-3-first"].img["alt"] == "A line."
    caption = ids["fig-11-3-first"].figcaption
    assert caption.math
    assert caption.find("a", href="#opt-sgd").text == "Definition 11.3.3"
    link = caption.select_one("a.headerlink")
    assert link["href"] == "#fig-11-3-first"


def test_links_say_the_number_on_every_page(site):
    page = site.pages["chapters/11-3-figures.html"]
    assert page.find("a", href="#fig-11-3-last").text == "Figure 11.3.3"
    assert page.find("a", href="#fig-11-3-move").text == "Figure 11.3.2"
    where = "chapters/11-3-figures.html#fig-11-3-first"
    other = site.pages["other.html"]
    assert other.article.find("a", href=where).text == "Figure 11.3.1"


def test_the_list_has_each_figure_with_its_first_sentence(site):
    article = site.pages["figures.html"].article
    assert article.h2.get_text().startswith("11.3 Figures")
    items = article.select("ul.dl-figures > li")
    words = [" ".join(item.get_text(" ").split()) for item in items]
    assert len(words) == 4
    assert words[1] == "Figure 11.3.2 Where to? To be moved."
    assert words[2:] == ["Figure 11.3.3 Last.", "Figure 11.3.4 Kept."]
    assert items[0].math
    where = "chapters/11-3-figures.html#fig-11-3-"
    names = ("first", "move", "last", "photo")
    links = [item.strong.a["href"] for item in items]
    assert links == [where + name for name in names]


def test_a_photograph_has_a_drawing_around_it_for_the_dark_page(site):
    ids = site.pages.ids("chapters/11-3-figures.html")
    day, dark = ids["fig-11-3-photo"].select("img")
    assert {"dl-keep", "dl-day"} <= set(day["class"])
    assert dark["class"] == ["dl-night"]
    assert day["alt"] == dark["alt"] == "A photograph."
    assert dark["loading"] == "lazy"
    folder = site.html / "chapters"
    assert (folder / day["src"]).read_text("utf-8") == PHOTO
    text = (folder / dark["src"]).read_text("utf-8")
    assert "background:none" in text
    root = ET.fromstring(text)
    found = {node.get("id"): node for node in root.iter()}
    assert found["on"].get("fill") == "#000"  # stays on the picture
    assert found["by"].get("fill") is None
    ink = root.get("fill")
    assert int(ink[1:3], 16) > 192
    assert found["axis"].get("style") == f"stroke:{ink}"
    assert found["line"].get("style") == "stroke:#0072b2"
    assert found["out"].get("style") == "stroke:#56b4e9"


def test_the_dark_colours_are_those_of_plot():
    colours = [colour.lower() for colour in picture.COLOURS[:4]]
    assert dict(zip(colours, picture.BY_NIGHT, strict=True)) == night.COLOURS
