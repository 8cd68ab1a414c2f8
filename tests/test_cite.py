"""References to the book, its pages and its statements."""

import shutil
from datetime import date
from types import SimpleNamespace

import press
import pytest
import yaml
from press import ROOT, SAMPLE, book, build
from pybtex.database import parse_string
from sphinx.errors import ExtensionError

import dlbook
from _ext.page import cite

CFF = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
PAGE = (
    "# Rates & costs of 100 %\n\n## Statement\n\n:::{citation} opt-sgd\n:::"
    "\n\n## Book\n\n:::{citation}\n:::\n\n## Chapter\n\n:::{citation} other\n"
    ":::\n\n## Nothing\n\n:::{citation} opt-nothing\n:::\n"
)


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """A small book that knows its address, with one wrong citation."""
    tree = tmp_path_factory.mktemp("cite")
    notebooks = {"11-3-gradient-descent": SAMPLE}
    other = "# Other\n\nSee {prf:ref}`opt-sgd`.\n\n(opt-adam)=\nAdam.\n"
    book(tree, notebooks, [("other", other), ("page", PAGE)])
    return build(
        tree, GITHUB_REPOSITORY="Some-One/a-book", GITHUB_SHA="0" * 40
    )


def references(node):
    return [box.pre.get_text() for box in node.select(".dl-reference")]


def fields(text):
    ((_, entry),) = parse_string(text, "bibtex").entries.items()
    return dict(entry.fields) | {"type": entry.type, "key": entry.key}


# ---- facts ----------------------------------------------------------------


def test_the_facts_are_those_of_the_citation_file():
    facts = cite.facts(ROOT)
    assert facts.title == CFF["title"]
    assert facts.authors == ("The dlbook authors",)
    assert facts.version == str(CFF["version"]) == dlbook.__release__
    assert facts.day.isoformat() == str(CFF["date-released"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("version: ", "version: 9", "version 9.* is not dlbook's"),
        ("title: ", "name: ", "'title' is wrong"),
        ('date-released: "', 'date-released: "9', "is wrong"),
    ],
)
def test_a_wrong_fact_stops_the_build(tmp_path, old, new, message):
    text = (ROOT / "CITATION.cff").read_text("utf-8")
    assert text.count(f"\n{old}") == 1
    changed = text.replace(f"\n{old}", f"\n{new}")
    (tmp_path / "CITATION.cff").write_text(changed, "utf-8")
    (tmp_path / "dlbook").mkdir()
    shutil.copy(ROOT / "dlbook" / "__init__.py", tmp_path / "dlbook")
    with pytest.raises(ExtensionError, match=message):
        cite.facts(tmp_path)


@pytest.mark.parametrize(
    ("base", "repository", "address"),
    [
        ("", "", ""),
        ("", "Some-One/a-book", "https://some-one.github.io/a-book/"),
        ("", "one/one.github.io", "https://one.github.io/"),
        ("https://books.org/dl", "one/two", "https://books.org/dl/"),
    ],
)
def test_the_address_is_found(
    monkeypatch, tmp_path, base, repository, address
):
    monkeypatch.setenv("GITHUB_REPOSITORY", repository)
    monkeypatch.setenv("GITHUB_SHA", "0" * 40)
    config = SimpleNamespace(html_baseurl=base)
    app = SimpleNamespace(config=config, srcdir=tmp_path)
    assert cite.base(app) == address


# ---- references -----------------------------------------------------------

FACTS = cite.Facts(
    "A Book", ("Doe, Jane", "The Team"), ("Doe, Jane", "{The Team}"), "1.2",
    date(2026, 3, 9),
)  # fmt: skip


def test_a_line_of_text_names_everything():
    line = cite.reference(FACTS, "3 Rates", "c/3.html", "https://x.org/")
    assert line == (
        "Doe, Jane; The Team (2026). 3 Rates. In A Book (version 1.2, "
        "9 March 2026). https://x.org/c/3.html"
    )
    line = cite.reference(FACTS, "", "", "")
    assert line == (
        "Doe, Jane; The Team (2026). A Book (version 1.2, 9 March 2026)."
    )


def test_bibtex_can_be_read_back():
    title = r"50 % of {x_1} & \alpha #2 ~ $"
    text = cite.bibtex(FACTS, title, "c/3.html#opt-sgd", "https://x.org/")
    found = fields(text)
    assert found["key"] == "dlbook-c-3-html-opt-sgd"
    assert found["type"] == "incollection"
    assert found["month"] == "March"
    assert found["url"] == "https://x.org/c/3.html#opt-sgd"
    assert found["title"] == (
        r"50 \% of \{x\_1\} \& \textbackslash{}alpha \#2 \~{} \$"
    )
    people = parse_string(text, "bibtex").entries[found["key"]].persons
    assert [str(p) for p in people["author"]] == ["Doe, Jane", "{The Team}"]


def test_without_an_address_the_path_is_named():
    found = fields(cite.bibtex(FACTS, "3 Rates", "c/3_a.html", ""))
    assert "url" not in found
    assert found["note"] == r"Version 1.2, c/3\_a.html"


# ---- pages ----------------------------------------------------------------


MADE = {"404.html", "genindex.html", "prf-prf.html", "search.html"}


def test_every_page_ends_with_its_reference(sample):
    site = "https://some-one.github.io/a-book/"
    for name, page in sample.pages.items():
        blocks = page.select("details.dl-cite")
        made = name in MADE
        assert len(blocks) == (not made), name
        if made:
            continue
        assert not blocks[0].has_attr("open")
        assert blocks[0].find_next_sibling() is None
        line, entry = references(blocks[0])
        path = "" if name == "index.html" else name
        assert line.endswith(f" {site}{path}")
        assert fields(entry)["url"] == f"{site}{path}"
        title = page.h1.find(string=True)
        if name != "index.html":
            assert f"). {title}. In {CFF['title']} (" in line
        else:
            assert f"). {CFF['title']} (" in line


def test_a_statement_can_be_cited(sample):
    page = sample.pages["page.html"].article
    line, entry = references(page.find(id="statement"))
    address = (
        "https://some-one.github.io/a-book/chapters/"
        "11-3-gradient-descent.html#opt-sgd"
    )
    title = "Theorem 11.3.3 (Stochastic gradient descent)"
    assert title in line
    assert line.endswith(f" {address}")
    assert fields(entry)["title"] == title
    assert fields(entry)["url"] == address
    assert fields(references(page.find(id="book"))[1])["key"] == "dlbook"
    assert fields(references(page.find(id="chapter"))[1])["title"] == "Other"


def test_a_citation_of_nothing_stops_the_build(sample):
    warnings = [li for li in sample.log.splitlines() if "WARNING" in li]
    assert len(warnings) == 1
    assert (
        "page.md:20: WARNING: nothing to cite is called 'opt-no"
        in (warnings[0])
    )
    assert sample.status != 0


def test_every_statement_links_to_itself(sample):
    page = press.section(sample, "11-3-gradient-descent")
    for name in ("opt-sgd", "lem-small", "opt-sgd-unbiased"):
        head = page.find(id=name)
        head = head.find(class_="admonition-title") or head
        (link,) = head.select("a.headerlink")
        assert link["href"] == f"#{name}"
        assert link["title"] == "Link to this statement"


def test_the_script_is_small():
    assert len((ROOT / "_static/cite.js").read_bytes()) <= 1024


# ---- in a browser ---------------------------------------------------------


@pytest.mark.parametrize("modern", [True, False])
def test_a_reference_is_copied_by_keyboard(tab, sample, modern):
    if not modern:
        tab.add_init_script("navigator.clipboard.writeText = undefined")
    tab.goto((sample.html / "other.html").as_uri())
    tab.locator(".dl-cite summary").focus()
    tab.keyboard.press("Enter")
    tab.get_by_role("button", name="Copy BibTeX").focus()
    tab.keyboard.press("Enter")
    said = tab.locator(".dl-cite output").nth(1)
    said.get_by_text("copied").wait_for()
    copied = tab.evaluate("navigator.clipboard.readText()")
    page = sample.pages["other.html"]
    assert copied.strip() == references(page.select_one(".dl-cite"))[1]
