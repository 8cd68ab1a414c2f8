"""The search: what is in its index, what it finds, and how it is used."""

import gzip
import json
import re
from collections import Counter

import press
import pytest
import yaml

from _ext.lists import plainly, terms
from _ext.lists.hits import Hit
from _ext.notebook import coverage, records

KB = 1000
MOST = 150 * KB  # of the index, compressed
PAGE = "chapters/11-3-gradient-descent.html"
LIST = press.ROOT / "tests" / "queries.yml"


@pytest.fixture(scope="module")
def index(published):
    """The index, and its hits with names for their parts."""
    path = published.html / "_static" / "search-index.js"
    text = path.read_text("utf-8")
    data = json.loads(re.fullmatch(r"dlIndex\((.*)\);\n", text)[1])
    keys = ("kind", "page", "anchor", "id", "number", "title", "label")
    keys += ("marks", "says", "aliases", "words", "wrong")
    hits = []
    for row in data["hits"]:
        hit = dict.fromkeys(keys, "") | dict(zip(keys, row, strict=False))
        hit["page"] = data["pages"][hit["page"]][1]
        hit["id"] = hit["id"] or hit["anchor"]
        hits.append(hit)
    return {"hits": hits, "size": len(gzip.compress(text.encode()))}


@pytest.fixture(scope="module")
def pages(published):
    return {name: published.pages.text(name) for name in published.pages}


@pytest.fixture(scope="module")
def ids(pages):
    """The anchors of each page."""
    anchor = re.compile(r'\sid="([^"]*)"')
    return {name: {*anchor.findall(text)} for name, text in pages.items()}


@pytest.fixture(scope="module")
def queries():
    found = yaml.safe_load(LIST.read_text("utf-8"))
    return [{**query, "q": str(query["q"])} for query in found]


# ---- words ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("math", "read"),
    [
        ("<mi>J</mi><mo>∈</mo><mi>R</mi>", "J ∈ R"),
        ("<mfrac><mn>1</mn><mi>t</mi></mfrac>", "1/t"),
        (
            "<mfrac><mi>ab</mi><msqrt><mi>n</mi></msqrt></mfrac>",
            "ab/(√n)",
        ),
        ("<msub><mi>β</mi><mn>12</mn></msub>", "β₁₂"),
        ("<msub><mi>x</mi><mi>θ</mi></msub>", "x_θ"),
        ("<msup><mi>A</mi><mi mathvariant='normal'>⊤</mi></msup>", "Aᵀ"),
        ("<mover accent='true'><mi>m</mi><mo>^</mo></mover>", "m\u0302"),
        (
            "<msubsup><mo>∑</mo><mi>k</mi><mi>n</mi></msubsup><mi>k</mi>",
            "∑ₖⁿk",
        ),
        (
            "<semantics><mi>x</mi><annotation>\\x</annotation></semantics>",
            "x",
        ),
    ],
)
def test_a_formula_is_read_once_on_a_line(math, read):
    assert plainly.letters(f"<math>{math}</math>") == read


def test_a_bag_holds_new_words_once():
    text = "The Łojasiewicz inequality, and the inequality x of Łojasiewicz’s"
    assert plainly.bag(text, "inequality") == "łojasiewicz x łojasiewicz’s"


def test_terms_are_sorted_without_accents_and_articles():
    def hit(title, *aliases):
        return Hit("statement", "page", title, title, aliases=aliases)

    hits = [
        hit("Łojasiewicz", "a lemma", "why is it true"),
        hit("Lipschitz", "lemma"),
        hit("x^2", "Lévy"),
    ]
    found = terms.letters([*hits, hits[0]._replace(kind="exercise")])
    assert list(found) == ["L", terms.OTHER]
    names = [term.name for term in found["L"]]
    assert names == ["a lemma", "Lévy", "Lipschitz", "Łojasiewicz"]
    assert found["L"][0].hits == hits[:2]


def test_other_names_are_names_and_each_is_new(tmp_path):
    entry = {"id": "a", "number": "1.1", "section": "1", "verdict": "ok"}
    entry |= {"kind": "definition", "title": "Mean", "prints": "x"}
    path = tmp_path / "chapters" / "cheatsheet.yml"
    path.parent.mkdir()
    for aliases, said in (
        (["average", "mean"], "in the title already"),
        (["average", "Average"], "stands there"),
        ("average", "a list of names"),
        ([1.5], "in quotes"),
        (["average", "expected value"], None),
    ):
        path.write_text(yaml.safe_dump([{**entry, "aliases": aliases}]))
        if said:
            with pytest.raises(ValueError, match=said):
                records.inventory(tmp_path)
        else:
            assert records.inventory(tmp_path)["a"]["aliases"] == aliases


def test_what_is_written_has_other_names():
    inventory = records.inventory(press.ROOT)
    stated = {
        statement.id
        for path in coverage.written(press.ROOT)
        for statement in records.statements(records.read(path))
    }
    named = [name for name in stated & inventory.keys() if name]
    bare = [name for name in named if not inventory[name].get("aliases")]
    assert len(bare) <= len(named) / 20, bare


# ---- the index ------------------------------------------------------------


def test_the_index_is_small_and_waits_until_it_is_asked_for(
    published, pages, index
):
    assert index["size"] <= MOST
    for name in pages:
        loaded = re.findall(r'\b(?:src|href)="([^"]*)"', pages[name])
        named = " ".join(loaded)
        assert not re.search(r"search-?index|minisearch|find.js", named), name
    static = {path.name for path in published.html.rglob("*.js")}
    assert not static & {"searchindex.js", "searchtools.js", "doctools.js"}
    licence = (published.html / "_static" / "minisearch.js").read_text("utf-8")
    assert "Permission is hereby granted" in licence[:2000]


def test_every_hit_leads_to_what_it_names(published, ids, index):
    for hit in index["hits"]:
        assert not hit["anchor"] or hit["anchor"] in ids[hit["page"]], hit
        assert hit["title"].strip(), hit
    inventory = records.inventory(published.tree)
    times = Counter(hit["id"] for hit in index["hits"])
    assert {times[name] for name in inventory} == {1}
    for hit in index["hits"]:
        if hit["marks"] == "…":
            assert hit["page"] == "cheatsheet.html"
    kinds = Counter(hit["kind"] for hit in index["hits"])
    assert kinds["statement"] > len(inventory)
    assert kinds["exercise"] > 40
    assert kinds["section"] > 100
    assert kinds["function"] > 30


def test_a_formula_stands_once_in_the_text_of_a_statement(index):
    says = {hit["id"]: hit["says"] for hit in index["hits"]}
    text = says["ana-strongly-convex"]
    assert "JJ" not in text
    assert "μμ" not in text
    assert "μ" in text
    for name, text in says.items():
        assert not re.search(r"\\[a-z]{2}|\$|<math", text), (name, text)


def test_what_the_scan_did_is_not_called_a_misprint(published, index):
    inventory = records.inventory(published.tree)
    origins = {hit["id"]: hit for hit in index["hits"]}
    for name, entry in inventory.items():
        scan = entry.get("origin") == "copy"
        if scan:
            assert "✗" not in origins[name]["marks"], name
            assert "misprint" not in origins[name]["wrong"], name


def test_the_index_of_terms_leads_to_statements(published, ids):
    page = published.pages["genindex.html"]
    lines = {
        " ".join(line.get_text().split(",")[0].split()): line
        for line in page.select(".dl-terms li")
    }
    assert len(lines) > 800
    address = f"{PAGE}#opt-momentum"
    assert lines["heavy ball"].a["href"] == address
    assert lines["NAG"].a["href"] == f"{PAGE}#opt-nesterov"
    for link in page.select(".dl-terms a[href*='.html']"):
        name, _, anchor = link["href"].partition("#")
        assert anchor in ids[name], link
    assert not [line for line in lines if line.startswith("why ")]


def test_without_scripts_the_page_says_where_to_look(published):
    said = published.pages["search.html"].select_one("article noscript")
    assert {a["href"] for a in said.find_all("a")} == {
        "cheatsheet.html",
        "genindex.html",
    }


# ---- what is found --------------------------------------------------------


def test_queries_find_what_they_must(browser, published, index, queries):
    """All of the list, without a server."""
    assert len(queries) >= 60
    ids = {hit["id"] for hit in index["hits"]}
    page = browser.new_page()
    page.goto((published.html / "index.html").as_uri())
    found = page.evaluate(
        """queries => Promise.all(queries.map(
          async q => (await dlSearch(q, {limit: 3})).map(hit => hit.id)))""",
        [query["q"] for query in queries],
    )
    some = page.evaluate(
        """async () => (await dlSearch("convolution",
          {kinds: ["exercise"], limit: 2})).map(hit => hit.kind)"""
    )
    page.close()
    missed = []
    for query, hits in zip(queries, found, strict=True):
        if "three" in query and not query["three"]:
            continue
        if query.get("none"):
            if hits:
                missed.append((query, hits))
            continue
        wanted = query.get("first") or query["three"]
        wanted = {wanted} if isinstance(wanted, str) else {*wanted}
        assert wanted <= ids, f"no such hit: {wanted - ids}"
        if not wanted & {*hits[: 1 if "first" in query else 3]}:
            missed.append((query, hits))
    assert missed == []
    assert some == ["exercise", "exercise"]


def test_what_is_not_in_the_book_has_neighbours(
    browser, published, index, queries
):
    asked = [query for query in queries if "near" in query]
    page = browser.new_page()
    page.goto((published.html / "index.html").as_uri())
    found = page.evaluate(
        """queries => dlSearch("a").then(() => Promise.all(queries.map(
          async q => (await dlSearch.near(q)).hits.map(hit => hit.id))))""",
        [query["q"] for query in asked],
    )
    page.close()
    for query, hits in zip(asked, found, strict=True):
        assert {*query["near"]} <= {*hits}, (query, hits)
        assert bool(query["near"]) == bool(hits), (query, hits)
    ids = {hit["id"] for hit in index["hits"]}
    path = press.ROOT / "chapters" / "elsewhere.yml"
    for entry in yaml.safe_load(path.read_text("utf-8")):
        assert {*entry["nearest"]} <= ids, entry


def test_what_is_written_stands_before_what_is_not(browser, published):
    page = browser.new_page()
    page.goto((published.html / "index.html").as_uri())
    marks = page.evaluate(
        """async () => (await dlSearch("softmax", {limit: 4}))
          .map(hit => hit.marks)"""
    )
    page.close()
    assert marks == ["", "", "…", "…"]


# ---- how it is used -------------------------------------------------------


@pytest.fixture(scope="module")
def site(browser, published):
    from browser import served

    with served(published.html) as address:
        yield address


@pytest.fixture
def visit(browser, site):
    from browser import Visit

    visits = []

    def start(**options):
        visits.append(Visit(browser, site, **options))
        return visits[-1]

    yield start
    for each in visits:
        each.close()


IN_VIEW = """id => {
  const {top, bottom} = document.getElementById(id).getBoundingClientRect();
  return top >= 0 && top < innerHeight && bottom > 0;
}"""
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}
COLOURS = ("color-contrast", "link-in-text-block")


def ask(page, words):
    """Open the search by its keys, and wait for what is found."""
    page.keyboard.press("Control+k")
    page.keyboard.type(words)
    told = page.locator("#pst-search-dialog .dl-told")
    told.filter(has_text=re.compile("result|Nothing")).wait_for()
    return page.locator("#dl-found [role=option]")


def test_a_name_and_enter_lead_to_the_statement_itself(visit):
    seen = visit()
    page = seen.open("index.html")
    before = len(seen.requests)
    options = ask(page, "adam")
    page.locator("[aria-selected=true]").wait_for()
    assert options.first.get_attribute("aria-selected") == "true"
    assert len(seen.requests) > before  # the index came with the search
    page.keyboard.press("Enter")
    page.wait_for_url("**/*#opt-adam")
    page.wait_for_function(IN_VIEW, arg="opt-adam")
    assert page.locator(".highlighted").count() == 0
    assert seen.faults == []


def test_keys_choose_among_what_is_found(visit):
    seen = visit(viewport=PHONE)
    page = seen.open(PAGE)
    field = page.locator("#pst-search-dialog input")
    options = ask(page, "nestrov")
    options.first.wait_for()
    assert field.get_attribute("aria-expanded") == "true"
    assert page.locator("[aria-selected=true]").count() == 0
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    chosen = page.locator("[aria-selected=true]")
    assert chosen.count() == 1
    assert field.get_attribute(
        "aria-activedescendant"
    ) == chosen.get_attribute("id")
    assert "11.3.19" in chosen.inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url("**/*#opt-nesterov")
    page.wait_for_function(IN_VIEW, arg="opt-nesterov")
    assert not page.locator("#pst-search-dialog").is_visible()
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE["width"]
    assert seen.faults == []


def test_enter_leads_to_a_page_with_all_that_is_found(visit):
    seen = visit()
    page = seen.open(PAGE)
    ask(page, "noise of a gradient").first.wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=noise+of+a+gradient")
    page.locator("#dl-results li").first.wait_for()
    assert page.locator("#dl-results h2").count() >= 3
    number = page.locator("#dl-results li").count()
    assert page.locator("main .dl-told").inner_text() == f"{number} results"
    field = page.locator("main input[type=search]")
    field.fill("12.6.3")
    page.wait_for_url("**/search.html?q=12.6.3")
    first = page.locator("#dl-results li a").first
    page.locator("#dl-results", has_text="Max pooling, 2-D").wait_for()
    assert first.get_attribute("href").endswith("#cnn-max-pooling-2d")
    # What the book does not have: what comes nearest, and where to look.
    told = page.locator("main .dl-told")
    field.fill("kkt")
    told.filter(has_text="“kkt” is not on the sheet. Nearest:").wait_for()
    links = page.locator("#dl-results .dl-line a")
    assert "#opt-optimization" in links.first.get_attribute("href")
    assert [link.split("/")[-1] for link in links.evaluate_all(
        "links => links.slice(-2).map(link => link.href)")] == [
        "cheatsheet.html", "genindex.html"]  # fmt: skip
    field.fill("qwertz")
    told.filter(has_text="Nothing is found for “qwertz”.").wait_for()
    assert links.count() == 2
    assert seen.faults == []


def test_the_magnifier_covers_no_letter(visit):
    for name in ("search.html", PAGE):
        page = visit().open(name)
        page.keyboard.press("Control+k")
        place = "main" if name == "search.html" else "dialog"
        form = page.locator(f"{place} form[role=search]")
        icon = form.locator("i").bounding_box()
        field = form.locator("input")
        inset = field.evaluate(
            "el => parseFloat(getComputedStyle(el).paddingLeft)"
        )
        start = field.bounding_box()["x"] + inset
        assert icon["x"] + icon["width"] <= start, name


def test_axe_finds_nothing_in_what_is_found(visit):
    still = {"reduced_motion": "reduce"}  # no colour half way to another
    seen = visit(color_scheme="light", viewport=PHONE, **still)
    for name in ("how-to-cite.html", "search.html?q=momentum"):
        page = seen.open(name)
        page.emulate_media(color_scheme="light")
        if "search" in name:
            page.locator("#dl-results li").first.wait_for()
        else:
            ask(page, "momentum").first.wait_for()
        for size in (PHONE, DESK):
            page.set_viewport_size(size)
            assert seen.judged() == [], (name, size)
        page.emulate_media(color_scheme="dark")
        page.locator("html[data-theme=dark]").wait_for()
        assert seen.judged(*COLOURS) == [], name


def test_a_statement_is_shown_with_its_formulas(visit, published):
    """Where a page hands them over, in the dialog without further stops."""
    index = (published.html / "_static" / "search-index.js").read_text("utf-8")
    doc = PAGE.removesuffix(".html")
    data = json.loads(index[len("dlIndex(") : -len(");\n")])
    data["drawn"] = [doc]
    html = '<p id="x"><a href="#y">A</a> <b tabindex="0">drawn</b> formula</p>'
    script = f"dlPreviews({json.dumps(doc)}, {json.dumps({'opt-adam': html})})"
    seen = visit()

    def answer(route):
        body = f"dlIndex({json.dumps(data)})"
        if "previews" in route.request.url:
            body = script
        route.fulfill(body=body, content_type="text/javascript")

    seen.page.route("**/search-index.js*", answer)
    seen.page.route("**/previews/*.js*", answer)
    page = seen.open("index.html")
    ask(page, "adam")
    drawn = page.locator("#dl-found .dl-drawn")
    drawn.wait_for()
    assert drawn.inner_text() == "A drawn formula"
    assert drawn.locator("a, [tabindex], [id]").count() == 0
    page = seen.open("search.html?q=adam")
    drawn = page.locator("#dl-results .dl-drawn")
    drawn.wait_for()
    assert drawn.locator("a").count() == 1
    assert drawn.locator("[id]").count() == 0
    assert seen.faults == []
