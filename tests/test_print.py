"""A chapter on paper: the layer that is shown, in pages that are full."""

import re
import shutil
import subprocess

import pytest

pytest.importorskip("playwright.sync_api")

from browser import Visit, served

CHAPTER = "chapters/12-2-discrete-convolution.html"
MOST = {"statements": 14, "derivations": 36, "everything": 66}  # pages

if shutil.which("pdftotext") is None:
    pytest.skip("pdftotext reads the paper", allow_module_level=True)


@pytest.fixture(scope="module")
def paper(published, browser, tmp_path_factory):
    """The pages of paper of a chapter, by the layer that is shown."""
    found = {}
    folder = tmp_path_factory.mktemp("paper")
    with served(published.html) as address:
        for layer in MOST:
            seen = Visit(browser, address)
            seen.context.add_init_script(
                f"localStorage.setItem('layer', '{layer}')"
            )
            page = seen.open(CHAPTER)
            path = folder / f"{layer}.pdf"
            page.pdf(path=path, format="A4", prefer_css_page_size=True)
            seen.close()
            text = subprocess.run(
                ["pdftotext", "-layout", path, "-"],
                check=True,
                capture_output=True,
                encoding="utf-8",
            ).stdout
            found[layer] = text.removesuffix("\f").split("\f")
    return found


def test_the_title_stands_on_paper_and_above_each_page(paper):
    for pages in paper.values():
        assert pages[0].count("12.2 Discrete convolution") >= 2
        assert all("12.2 Discrete convolution" in page for page in pages)


def test_pages_have_their_numbers(paper):
    for pages in paper.values():
        for number, page in enumerate(pages, start=1):
            assert page.split()[-1] == str(number)


def code(page, where):
    """Return the longer lines of the code in some blocks of a page."""
    text = "\n".join(block.get_text() for block in page.select(where))
    return {line.strip() for line in text.splitlines() if len(line) > 30}


def test_paper_shows_what_the_layer_shows(paper, published):
    whole = {layer: "".join(pages) for layer, pages in paper.items()}
    assert "Proof" not in whole["statements"]
    assert "Proof." in whole["derivations"]
    page = published.pages[CHAPTER]
    folded = code(page, "details.hide pre")
    folded -= code(page, ".cell > .cell_input pre, .cell_output pre")
    assert not [line for line in folded if line in whole["derivations"]]
    shown = [line for line in folded if line in whole["everything"]]
    assert len(shown) > 0.9 * len(folded) > 50
    assert "Theorem" in whole["statements"]
    for layer, pages in paper.items():
        assert len(pages) <= MOST[layer], layer


def test_no_number_of_a_cell_stands_alone_at_the_foot(paper):
    for pages in paper.values():
        for page in pages:
            lines = [line for line in page.splitlines() if line.strip()]
            assert not re.fullmatch(r"\s*Cell \d+\s*", lines[-2])


def test_the_references_to_cite_stand_on_paper(published, browser, tmp_path):
    with served(published.html) as address:
        seen = Visit(browser, address)
        page = seen.open("how-to-cite.html")
        page.pdf(path=tmp_path / "cite.pdf", format="A4")
        seen.close()
    text = subprocess.run(
        ["pdftotext", tmp_path / "cite.pdf", "-"],
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout
    assert text.count("@") >= 3
