"""A figure has a number, a caption and an anchor on its page."""

import press
import pytest

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
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    tree = tmp_path_factory.mktemp("figures")
    press.book(
        tree, {"11-3-figures": CELLS},
        [("other", "# Other\n\n[](#fig-11-3-first)")],
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
